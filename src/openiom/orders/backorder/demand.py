"""Demand and supply of waiting orders: what they still need, and what is available to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import available, channels_matter
from openiom.kernel import StockUnits
from openiom.master_data import kit_parts
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import lines_of_orders, lock_orders
from openiom.orders.order_batch import flush_new, subset
from openiom.orders.states import OPEN
from openiom.platform.bulk import fetch

from .decisions import NO_REQUESTER, Available, Need, Requester, WaitingOrder


def unsourced_lines(session: Session, order_ids: Collection[UUID]) -> dict[UUID, list[LockedLine]]:
    """Return lines with open units that are not sourced yet, by order. Locks the orders."""
    lock_orders(session, order_ids)
    lines: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines_of_orders(session, order_ids):
        if line.open > 0 and line.state in OPEN:
            lines[line.order_id].append(line)
    return dict(lines)


def flatten(lines: Mapping[UUID, Sequence[LockedLine]]) -> list[LockedLine]:
    """Return the lines of all orders, in the order of the mapping."""
    flat: list[LockedLine] = []
    for order_lines in lines.values():
        flat += order_lines
    return flat


def needs_of(session: Session, lines: Sequence[LockedLine]) -> dict[UUID, Need]:
    """Return what each line needs by line id, with kits expanded."""
    kits = kit_parts(session, {line.product for line in lines})
    needs: dict[UUID, Need] = {}
    for line in lines:
        quantity = line.in_stock(line.open)
        per_unit = kits.get(line.product, {line.product: 1})
        needs[line.id] = Need(line.id, multiply(per_unit, quantity), line.source or "")
    return needs


def multiply(per_unit: Mapping[str, int], units: StockUnits) -> dict[str, StockUnits]:
    """Return the parts of `units` units of a product."""
    return {part: quantity * units for part, quantity in per_unit.items()}


@dataclass
class AvailabilityViews:
    """Available stock as each channel and customer group sees it, read once per product.

    There is one view for all while no stock is allocated to channels.
    """

    session: Session
    views: dict[Requester, Available] = field(default_factory=dict)
    _channels_matter: bool | None = None

    @property
    def channels_matter(self) -> bool:
        """Whether requesters see different stock."""
        if self._channels_matter is None:
            self._channels_matter = channels_matter(self.session)
        return self._channels_matter

    def requesters(self, order_ids: Collection[UUID]) -> dict[UUID, Requester]:
        """Return the requester of each order."""
        if not self.channels_matter:
            return dict.fromkeys(order_ids, NO_REQUESTER)

        flush_new(self.session)
        rows = fetch(
            self.session,
            "SELECT id, origin, coalesce(customer->>'group', '') FROM orders.order"
            " WHERE id = ANY(%s)",
            (list(order_ids),),
        )
        return {order_id: (channel, group) for order_id, channel, group in rows}

    def load(self, requester: Requester, needs: Iterable[Need]) -> Available:
        """Return the view of a requester, with the products of these needs read."""
        view = self.views.setdefault(requester, {})
        missing: set[str] = set()
        for need in needs:
            missing.update(need.parts.keys() - view.keys())

        if not missing:
            return view

        for product in missing:
            view[product] = {}

        channel, group = requester
        found = available(self.session, missing, channel=channel, customer_group=group)

        for (product, source), units in found.items():
            view[product][source] = units

        return view

    def waiting_orders(
        self, lines: Mapping[UUID, Sequence[LockedLine]], order_ids: Sequence[UUID]
    ) -> list[WaitingOrder]:
        """Return those of these orders that have lines, in order, and load the views they need."""
        needs = needs_of(self.session, flatten(lines))
        with_lines = list(subset(lines, order_ids))
        requesters = self.requesters(with_lines)

        orders: list[WaitingOrder] = []
        needs_by_requester: dict[Requester, list[Need]] = defaultdict(list)
        for order_id in with_lines:
            order_needs = [needs[line.id] for line in lines[order_id]]
            requester = requesters[order_id]
            orders.append(WaitingOrder(order_id, order_needs, requester))
            needs_by_requester[requester] += order_needs

        for requester, requester_needs in needs_by_requester.items():
            self.load(requester, requester_needs)

        return orders
