"""What orders still need, and what is free for them: the two sides every decision here weighs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import available, channels_matter
from openiom.master_data import kit_parts
from openiom.orders.locks import LockedLine, lines_of_orders, lock_orders
from openiom.orders.states import OPEN
from openiom.platform.bulk import fetch

from .decisions import NOBODY, Free, Need, Requester, Waiting


def unsourced(session: Session, order_ids: Collection[UUID]) -> dict[UUID, list[LockedLine]]:
    """Lines of these orders with units that are neither sourced nor done with, by order. Locks the orders."""
    lock_orders(session, order_ids)
    lines: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines_of_orders(session, order_ids):
        if line.open > 0 and line.state in OPEN:
            lines[line.order_id].append(line)
    return dict(lines)


def needs_of(session: Session, lines: Sequence[LockedLine]) -> dict[UUID, Need]:
    """What each line needs, kits taken apart, by line id."""
    kits = kit_parts(session, {line.product for line in lines})
    return {
        line.id: Need(
            line.id,
            {
                part: line.open * each
                for part, each in kits.get(line.product, {line.product: 1}).items()
            },
            line.source or "",
        )
        for line in lines
    }


@dataclass
class Views:
    """What is free, as each channel and customer group sees it; one view for all while nothing is kept for anybody."""

    session: Session
    known: dict[Requester, Free] = field(default_factory=dict)
    _matters: bool | None = None

    @property
    def matter(self) -> bool:
        if self._matters is None:
            self._matters = channels_matter(self.session)
        return self._matters

    def requesters(self, order_ids: Collection[UUID]) -> dict[UUID, Requester]:
        """On whose behalf each order asks."""
        if not self.matter:
            return dict.fromkeys(order_ids, NOBODY)
        rows = fetch(
            self.session,
            "SELECT id, origin, coalesce(customer->>'group', '') FROM orders.order WHERE id = ANY(%s)",
            (list(order_ids),),
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def see(self, requester: Requester, needs: Iterable[Need]) -> Free:
        """The requester's view, with the products these need."""
        view = self.known.setdefault(requester, {})
        missing = {part for need in needs for part in need.parts} - view.keys()
        for product in missing:
            view[product] = {}
        channel, group = requester
        free = (
            available(self.session, missing, channel=channel, customer_group=group)
            if missing
            else {}
        )
        for (product, source), units in free.items():
            view[product][source] = units
        return view

    def queue(
        self, lines: Mapping[UUID, Sequence[LockedLine]], order_ids: Sequence[UUID]
    ) -> list[Waiting]:
        """These orders as they wait, those among them that need anything; every view they ask in is loaded."""
        needs = needs_of(self.session, [line for some in lines.values() for line in some])
        requesters = self.requesters([i for i in order_ids if i in lines])
        waiting = [
            Waiting(i, [needs[x.id] for x in lines[i]], requesters[i])
            for i in order_ids
            if i in lines
        ]
        by_requester: dict[Requester, list[Need]] = defaultdict(list)
        for one in waiting:
            by_requester[one.requester] += one.needs
        for requester, wanted in by_requester.items():
            self.see(requester, wanted)
        return waiting
