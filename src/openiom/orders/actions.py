"""Entities that flows can run for, and the actions they can call."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from openiom.provider_contract import Action, ActionCall, Entity, NoParameters, Outcome

from .backorder.place_on_hold import await_stock, hold_preorders
from .facts import (
    children_of_orders,
    line_facts,
    line_labels,
    line_roots,
    order_facts,
    order_labels,
    order_roots,
)
from .service.apply_events import raise_line_events, raise_order_events
from .service.hold_cancel import cancel_orders, confirm_billing, hold_orders, release_holds
from .service.set_fields import LINE_FIELDS, ORDER_FIELDS, set_line_fields, set_order_fields
from .states import BACKORDER_HOLD, CANCEL, HOLD, INVOICED, PREORDER_HOLD, RELEASE_HOLD

ENTITIES = (
    Entity(
        "order",
        "Order",
        facts=order_facts,
        raise_events=raise_order_events,
        root_of=order_roots,
        label_of=order_labels,
        set_fields=set_order_fields,
        settable=ORDER_FIELDS,
        children={"order_line": children_of_orders},
    ),
    Entity(
        "order_line",
        "Order line",
        facts=line_facts,
        raise_events=raise_line_events,
        root_of=line_roots,
        label_of=line_labels,
        set_fields=set_line_fields,
        settable=LINE_FIELDS,
    ),
)


class WithReason(BaseModel):
    """Parameters of an action on an order that shows a reason."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500, description="Shown on the order's timeline")


def _ids(call: ActionCall) -> list[UUID]:
    return list(call.subject_ids)


def _reason(call: ActionCall) -> str:
    assert isinstance(call.parameters, WithReason)
    return call.parameters.reason


def _hold(call: ActionCall) -> Sequence[Outcome]:
    return hold_orders(call.session, _ids(call), call.now, call.actor, reason=_reason(call))


def _release(call: ActionCall) -> Sequence[Outcome]:
    return release_holds(call.session, _ids(call), call.now, call.actor, reason=_reason(call))


def _cancel(call: ActionCall) -> Sequence[Outcome]:
    return cancel_orders(call.session, _ids(call), call.now, call.actor, reason=_reason(call))


def _confirm_billing(call: ActionCall) -> Sequence[Outcome]:
    return confirm_billing(call.session, _ids(call), call.now, call.actor)


def _hold_preorders(call: ActionCall) -> Sequence[Outcome]:
    return hold_preorders(call.session, _ids(call), call.now, call.actor)


def _await_stock(call: ActionCall) -> Sequence[Outcome]:
    return await_stock(call.session, _ids(call), call.now, call.actor)


ACTIONS = (
    Action("orders.hold", "Hold order", "order", WithReason, _hold, (HOLD,)),
    Action("orders.release", "Release hold", "order", WithReason, _release, (RELEASE_HOLD,)),
    Action("orders.cancel", "Cancel order", "order", WithReason, _cancel, (CANCEL,)),
    Action(
        "orders.confirm_billing",
        "Confirm billing",
        "order",
        NoParameters,
        _confirm_billing,
        (INVOICED,),
    ),
    Action(
        "orders.hold_preorders",
        "Hold preorders until their launch",
        "order",
        NoParameters,
        _hold_preorders,
        (PREORDER_HOLD,),
    ),
    Action(
        "orders.await_stock",
        "Hold until stock arrives",
        "order",
        NoParameters,
        _await_stock,
        (BACKORDER_HOLD,),
    ),
)
