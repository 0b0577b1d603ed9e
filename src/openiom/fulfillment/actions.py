"""Entities that flows can run for, and the actions they can call."""

from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from openiom.provider_contract import Action, ActionCall, Entity, NoParameters, Outcome

from .facts import (
    fulfillment_order_facts,
    fulfillment_order_labels,
    fulfillment_order_roots,
    fulfillment_orders_of_orders,
    shipment_facts,
    shipment_labels,
    shipment_roots,
)
from .guards import impossible_sends, postponed_sends
from .progress import RECALL_REFUSED_EVENT, RECALL_REQUESTED_EVENT
from .service.apply_events import raise_fulfillment_order_events, raise_shipment_events
from .service.create import create_fulfillment_orders
from .service.recall import (
    UnitsAfterRecall,
    answer_recalls,
    recall_fulfillment_orders,
    recall_orders,
)

ENTITIES = (
    Entity(
        "fulfillment_order",
        "Fulfillment order",
        facts=fulfillment_order_facts,
        raise_events=raise_fulfillment_order_events,
        root_of=fulfillment_order_roots,
        label_of=fulfillment_order_labels,
        impossible=impossible_sends,
        postponed=postponed_sends,
    ),
    Entity(
        "shipment",
        "Shipment",
        facts=shipment_facts,
        raise_events=raise_shipment_events,
        root_of=shipment_roots,
        label_of=shipment_labels,
    ),
)

CHILDREN_OF_ORDERS = {"fulfillment_order": fulfillment_orders_of_orders}
"""Children that the composition root adds to the order entity: orders cannot name this package."""


def _create(call: ActionCall) -> Sequence[Outcome]:
    return create_fulfillment_orders(call.session, list(call.subject_ids), call.now, call.actor)


class RecallParameters(BaseModel):
    """Parameters of the actions that recall."""

    model_config = ConfigDict(extra="forbid")

    units: UnitsAfterRecall | None = Field(
        None,
        description="What becomes of the units: sourced again or canceled; empty keeps what an"
        " earlier recall said, or sources them again",
    )
    reason: str = Field("", max_length=500, description="Shown on the order's timeline")


class AnswerParameters(BaseModel):
    """Parameters of `fulfillment.refuse_recall`."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500, description="Shown on the order's timeline")


def _recall(call: ActionCall) -> Sequence[Outcome]:
    return _recall_by(recall_fulfillment_orders, call)


def _recall_orders(call: ActionCall) -> Sequence[Outcome]:
    return _recall_by(recall_orders, call)


def _recall_by(recall: Callable[..., Sequence[Outcome]], call: ActionCall) -> Sequence[Outcome]:
    """Recall the subjects of a call, which are fulfillment orders or orders."""
    chosen = call.parameters
    assert isinstance(chosen, RecallParameters)
    ids = list(call.subject_ids)
    return recall(call.session, ids, call.now, call.actor, units=chosen.units, reason=chosen.reason)


def _refuse_recall(call: ActionCall) -> Sequence[Outcome]:
    chosen = call.parameters
    assert isinstance(chosen, AnswerParameters)
    ids = list(call.subject_ids)
    return answer_recalls(call.session, ids, "refused", call.now, call.actor, reason=chosen.reason)


ACTIONS = (
    Action(
        "fulfillment.create_fulfillment_orders",
        "Create fulfillment orders",
        "order",
        NoParameters,
        _create,
        ("fulfillment_order.created",),
    ),
    Action(
        "fulfillment.recall",
        "Recall fulfillment order",
        "fulfillment_order",
        RecallParameters,
        _recall,
        (RECALL_REQUESTED_EVENT,),
    ),
    Action(
        "fulfillment.recall_order",
        "Recall all fulfillment orders",
        "order",
        RecallParameters,
        _recall_orders,
        (RECALL_REQUESTED_EVENT,),
    ),
    Action(
        "fulfillment.refuse_recall",
        "Refuse recall",
        "fulfillment_order",
        AnswerParameters,
        _refuse_recall,
        (RECALL_REFUSED_EVENT,),
    ),
)
