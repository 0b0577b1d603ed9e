"""Entities that flows can run for, and the actions they can call."""

from collections.abc import Sequence

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
from .service.apply_events import raise_fulfillment_order_events, raise_shipment_events
from .service.create import create_fulfillment_orders

ENTITIES = (
    Entity(
        "fulfillment_order",
        "Fulfillment order",
        facts=fulfillment_order_facts,
        raise_events=raise_fulfillment_order_events,
        root_of=fulfillment_order_roots,
        label_of=fulfillment_order_labels,
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


ACTIONS = (
    Action(
        "fulfillment.create_fulfillment_orders",
        "Create fulfillment orders",
        "order",
        NoParameters,
        _create,
        ("fulfillment_order.created",),
    ),
)
