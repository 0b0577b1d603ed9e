"""Recall what is planned for orders that their sources change before it is released."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import release
from openiom.kernel import sorted_ids
from openiom.orders.fulfillment_port import FulfillmentPort
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import lines_of_orders, lock_lines
from openiom.orders.order_batch import ids_of
from openiom.orders.states import IN_FULFILLMENT

from .apply_lines import CHANGED_BY_SOURCE, LinePlan
from .line_fulfillment import return_to_sourcing


@dataclass(frozen=True, slots=True)
class Obsolete:
    """What is planned for an order and does not fit its lines any more.

    sources    whether its lines must be sourced again
    documents  whether its fulfillment orders do not say what is to be shipped
    """

    plan: LinePlan
    sources: bool = False
    documents: bool = False

    def fulfillment_orders(self) -> Iterator[UUID]:
        """Yield the unsent fulfillment orders to cancel.

        Of an order that is released in part, these are the ones whose lines lose units.
        """
        if not self.documents:
            return

        reduced = self.plan.reduced_lines()
        for line in self.plan.unsent:
            if self.plan.changeable or line.order_line_id in reduced:
                yield line.fulfillment_order_id


def recall_obsolete(
    session: Session,
    obsolete: Sequence[Obsolete],
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> bool:
    """Cancel unsent fulfillment orders, sources and reservations; return whether there were any.

    The event of an order that was declined lets its flow source it again.
    """
    ids: set[UUID] = set()
    for one in obsolete:
        ids.update(one.fulfillment_orders())

    lines = ids_of(_sourced_lines(session, obsolete))
    return recall_planned(session, ids, lines, now, actor, fulfillment, reason=CHANGED_BY_SOURCE)


def recall_planned(
    session: Session,
    fulfillment_order_ids: Collection[UUID],
    line_ids: Collection[UUID],
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
    *,
    reason: str,
) -> bool:
    """Cancel unsent fulfillment orders; free lines that have a source and no fulfillment order.

    Return whether there were any. The orders of the lines are locked.
    """
    ids = sorted_ids(set(fulfillment_order_ids))
    if ids:
        fulfillment.recall(session, ids, now, actor, reason=reason)

    _, locked = lock_lines(session, line_ids)
    lines = [line.id for line in locked.values() if is_sourced(line)]
    if lines:
        steps = dict.fromkeys(lines, 0)
        return_to_sourcing(session, steps, now, actor, reason=reason)
        release(session, lines, now, actor, reason)

    return bool(ids or lines)


def _sourced_lines(session: Session, obsolete: Sequence[Obsolete]) -> list[LockedLine]:
    """Return the lines to source again that have a source and no fulfillment order."""
    order_ids: list[UUID] = []
    for one in obsolete:
        if one.sources and one.plan.changeable:
            order_ids.append(one.plan.order_id)
    return [line for line in lines_of_orders(session, order_ids) if is_sourced(line)]


def is_sourced(line: LockedLine) -> bool:
    """Return whether units of a line have a source, and none are in a fulfillment order."""
    return line.state == IN_FULFILLMENT and line.open > 0 and not line.in_fulfillment
