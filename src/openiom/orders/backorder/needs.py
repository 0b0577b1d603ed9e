"""What orders still need, and what is free for them: the two sides every decision here weighs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import available
from openiom.master_data import kit_parts
from openiom.orders.locks import LockedLine, lines_of_orders, lock_orders
from openiom.orders.states import OPEN

from .decisions import Free, Need


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
            {part: line.open * each for part, each in kits.get(line.product, {line.product: 1}).items()},
            line.source or "",
        )
        for line in lines
    }


def free_for(session: Session, needs: Iterable[Need], known: Free) -> Free:
    """`known` with what is free of the products these need and it does not know yet."""
    missing = {part for need in needs for part in need.parts} - known.keys()
    for product in missing:
        known[product] = {}
    for (product, source), units in available(session, missing).items() if missing else ():
        known[product][source] = units
    return known
