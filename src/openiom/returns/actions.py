"""The entity that flows can run for, and the actions they can call."""

from collections.abc import Callable, Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from openiom.provider_contract import Action, ActionCall, Entity, Outcome

from .facts import return_facts, return_labels, return_roots, returns_of_orders
from .progress import (
    APPROVED_EVENT,
    CANCELED_EVENT,
    CLOSED_EVENT,
    ENTITY,
    LABEL_REQUESTED_EVENT,
    REFUSED_EVENT,
)
from .refund_port import RefundPort
from .service.apply_events import raise_return_events
from .service.approval import (
    approve_returns,
    cancel_returns,
    close_returns,
    refuse_returns,
    request_labels,
)

ENTITIES = (
    Entity(
        ENTITY,
        "Return order",
        facts=return_facts,
        raise_events=raise_return_events,
        root_of=return_roots,
        label_of=return_labels,
    ),
)

CHILDREN_OF_ORDERS = {ENTITY: returns_of_orders}
"""Children that the composition root adds to the order entity: orders cannot name this package."""


class ReturnReasonParameters(BaseModel):
    """Parameters of the actions on return orders."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500, description="Shown on the order's timeline")


def return_actions(refunds: RefundPort) -> tuple[Action, ...]:
    """Return the actions of flows over return orders; `refunds` pays what becomes due."""
    approve = partial(approve_returns, refunds=refunds)
    close = partial(close_returns, refunds=refunds)
    return (
        _action("returns.approve", "Approve return", approve, APPROVED_EVENT),
        _action("returns.refuse", "Refuse return", refuse_returns, REFUSED_EVENT),
        _action(
            "returns.request_label", "Request return label", request_labels, LABEL_REQUESTED_EVENT
        ),
        _action("returns.close", "Close return", close, CLOSED_EVENT),
        _action("returns.cancel", "Cancel return", cancel_returns, CANCELED_EVENT),
    )


def _action(name: str, title: str, service: Callable[..., Sequence[Outcome]], event: str) -> Action:
    def run(call: ActionCall) -> Sequence[Outcome]:
        chosen = call.parameters
        assert isinstance(chosen, ReturnReasonParameters)
        ids = list(call.subject_ids)
        return service(call.session, ids, call.now, call.actor, reason=chosen.reason)

    return Action(name, title, ENTITY, ReturnReasonParameters, run, (event,))
