"""Actions on all orders that a filter matches, a portion in each request.

A portion is one short transaction: other users wait for no more than its orders, and a caller that
is interrupted continues from `next`. The results are grouped by reason, so that a report of 40,000
orders has a few lines.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom import fulfillment, orchestration, orders
from openiom.platform.http import CurrentPrincipal, Now, Router, WriteSession

from .application import FULFILLMENT_PROGRESS

router = Router(prefix="/api/v1/orders/matching", tags=["orders"])
PORTION = 200
MAX_EXAMPLES = 20
"""Orders that are listed for one reason; the others are counted."""

ActionName = Literal["hold", "release", "cancel", "recall", "recall_cancel", "reprocess"]


class ActionResult(Protocol):
    """Whether an action on one order succeeded; `reason` says why not."""

    @property
    def ok(self) -> bool: ...

    @property
    def reason(self) -> str: ...


class Portion(NamedTuple):
    """The orders of one request, and who acts when and why."""

    session: Session
    ids: Sequence[UUID]
    now: datetime
    actor: str
    reason: str


class OrderAction(NamedTuple):
    """An action and the permission it requires."""

    permission: str
    run: Callable[[Portion], Sequence[ActionResult]]


class MatchingRequest(BaseModel):
    """A filter, a reason for the timeline, and where to continue."""

    model_config = ConfigDict(extra="forbid")

    filter: orders.OrderQuery
    reason: str = Field("", max_length=500)
    after: UUID | None = Field(None, description="`next` of the response before")
    limit: int = Field(PORTION, ge=1, le=500, description="Most orders of this portion")


class OrderName(BaseModel):
    id: UUID
    number: str


class RefusedOrders(BaseModel):
    """Orders that were not changed for the same reason; 20 of them at most are listed."""

    reason: str
    count: int
    orders: list[OrderName]


class MatchingResponse(BaseModel):
    """The result of a portion. `next` is null when no further order matches."""

    matched: int
    changed: int
    refused: list[RefusedOrders]
    next: UUID | None


@router.post("/{action}")
def act_on_matching(
    action: ActionName,
    body: MatchingRequest,
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
) -> MatchingResponse:
    """Apply an action to the next orders that match a filter, newest first."""
    chosen = ACTIONS[action]
    principal.require("orders.read")
    principal.require(chosen.permission)
    late = orders.LateOrders(FULFILLMENT_PROGRESS, now)
    matching = orders.matching_orders(
        session, body.filter.to_filter(late), after=body.after, limit=body.limit
    )
    if not matching:
        return MatchingResponse(matched=0, changed=0, refused=[], next=None)

    ids = [order.id for order in matching]
    results = chosen.run(Portion(session, ids, now, principal.name, body.reason))
    refused = group_refusals(matching, results)
    return MatchingResponse(
        matched=len(matching),
        changed=len(matching) - sum(group.count for group in refused),
        refused=refused,
        next=ids[-1] if len(matching) == body.limit else None,
    )


def group_refusals(
    acted_on: Sequence[orders.OrderReference], results: Sequence[ActionResult]
) -> list[RefusedOrders]:
    """Return the orders that were not changed by reason, the most frequent one first."""
    groups: dict[str, RefusedOrders] = {}
    for order, result in zip(acted_on, results, strict=True):
        if result.ok:
            continue

        group = groups.setdefault(
            result.reason, RefusedOrders(reason=result.reason, count=0, orders=[])
        )
        group.count += 1
        if len(group.orders) < MAX_EXAMPLES:
            group.orders.append(OrderName(id=order.id, number=order.number))

    return sorted(groups.values(), key=lambda group: -group.count)


def _hold(portion: Portion) -> Sequence[ActionResult]:
    session, ids, now, actor, reason = portion
    return orders.hold_orders(session, ids, now, actor, reason=reason)


def _release(portion: Portion) -> Sequence[ActionResult]:
    session, ids, now, actor, reason = portion
    return orders.release_holds(session, ids, now, actor, reason=reason)


def _cancel(portion: Portion) -> Sequence[ActionResult]:
    session, ids, now, actor, reason = portion
    return orders.cancel_orders(session, ids, now, actor, reason=reason)


def _recall(portion: Portion, units: Literal["source_again", "cancel"]) -> Sequence[ActionResult]:
    session, ids, now, actor, reason = portion
    return fulfillment.recall_orders(session, ids, now, actor, units=units, reason=reason)


def _reprocess(portion: Portion) -> Sequence[ActionResult]:
    return orchestration.reprocess(portion.session, root_ids=portion.ids, now=portion.now)


ACTIONS: Mapping[ActionName, OrderAction] = {
    "hold": OrderAction("orders.write", _hold),
    "release": OrderAction("orders.write", _release),
    "cancel": OrderAction("orders.write", _cancel),
    "recall": OrderAction("orders.write", partial(_recall, units="source_again")),
    "recall_cancel": OrderAction("orders.write", partial(_recall, units="cancel")),
    "reprocess": OrderAction("orchestration.write", _reprocess),
}
