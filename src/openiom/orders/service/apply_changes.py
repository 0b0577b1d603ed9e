"""Apply patches to orders: decided on locked orders, written together, recorded, and undone.

Many orders are changed by the same statements; a refused one stops no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import IomError, NotFound, Refused, sorted_ids
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.operations import Operation
from openiom.orders.changes.patches import DecidedPatch, decide_patch, products_of
from openiom.orders.changes.policy import ChangeLimits
from openiom.orders.changes.records import NewChange, record_changes
from openiom.orders.changes.stored_values import read_facts, read_values, require_version
from openiom.orders.changes.values import OrderValue
from openiom.orders.event_titles import EVENT_TITLES
from openiom.orders.fulfillment_port import FulfillmentPort, UnsentLine
from openiom.orders.line_quantities import QuantityReader
from openiom.orders.locks import lock_orders
from openiom.orders.promises import update_promises

from .source_content import remember_source_content
from .write_changes import write_patches


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change of one order that a person wants.

    version  the version that was previewed; None applies to the order as it is
    undoes   the change that this one undoes
    """

    order_id: UUID
    operations: Sequence[Operation]
    reason: str = ""
    version: str | None = None
    undoes: UUID | None = None


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """What became of a request: the change that was stored, or why it was refused."""

    request: ChangeRequest
    patch: DecidedPatch | None = None
    change_id: UUID | None = None
    refusal: IomError | None = None


@dataclass(slots=True)
class LockedValues:
    """Orders that are locked for a change, and what is planned for them and not sent."""

    values: dict[UUID, OrderValue]
    unsent: list[UnsentLine]
    facts: ChangeFacts = field(default_factory=lambda: ChangeFacts(QuantityReader({}, {})))


def lock_values(
    session: Session, order_ids: Sequence[UUID], fulfillment: FulfillmentPort
) -> LockedValues:
    """Lock orders and return their values. Unknown ids are absent."""
    ids = sorted_ids(order_ids)
    known = lock_orders(session, ids)
    unsent = fulfillment.unsent_lines(session, list(known)) if known else []
    return LockedValues(read_values(session, list(known), unsent), unsent)


def apply_changes(
    session: Session,
    requests: Sequence[ChangeRequest],
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> list[ChangeOutcome]:
    """Apply one request per order; one outcome each, in order. Refused ones change nothing."""
    ids = [request.order_id for request in requests]
    if len(set(ids)) < len(ids):
        raise Refused("an order is named twice", where="ids", remedy="name every order once")

    return apply_to_locked(
        session, requests, lock_values(session, ids, fulfillment), now, actor, fulfillment
    )


def apply_to_locked(
    session: Session,
    requests: Sequence[ChangeRequest],
    locked: LockedValues,
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> list[ChangeOutcome]:
    """Apply requests to orders that were locked; one outcome each, in order."""
    locked.facts = _facts_for(session, requests, locked.values)
    limits = ChangeLimits.load(session, list(locked.values))
    decided: dict[UUID, DecidedPatch] = {}
    refused: dict[UUID, IomError] = {}
    for request in requests:
        try:
            decided[request.order_id] = _decide(session, request, locked, limits)
        except IomError as error:
            refused[request.order_id] = error

    changes = _write(session, requests, decided, locked, now, actor, fulfillment)
    outcomes: list[ChangeOutcome] = []
    for request in requests:
        order_id = request.order_id
        patch, refusal = decided.get(order_id), refused.get(order_id)
        outcomes.append(ChangeOutcome(request, patch, changes.get(order_id), refusal))
    return outcomes


def _facts_for(
    session: Session, requests: Sequence[ChangeRequest], values: Mapping[UUID, OrderValue]
) -> ChangeFacts:
    """Return the facts of the products that are named, and of those that the orders have."""
    products: set[str] = set()
    named: set[str] = set()
    for request in requests:
        value = values.get(request.order_id)
        if value is not None:
            products |= value.products
            named |= products_of(request.operations, value)
    return read_facts(session, products | named, with_stock=bool(named))


def _decide(
    session: Session, request: ChangeRequest, locked: LockedValues, limits: ChangeLimits
) -> DecidedPatch:
    value = locked.values.get(request.order_id)
    if value is None:
        raise no_order(request.order_id)
    if request.version is not None:
        require_version(session, value, request.version, EVENT_TITLES)
    if request.undoes is None:
        limits.check(value, request.operations)
    return decide_patch(value, request.operations, locked.facts)


def no_order(order_id: UUID) -> NotFound:
    """Return the refusal of an order that does not exist."""
    return NotFound(f"no order {order_id}", remedy="look it up in the list of orders")


def _write(
    session: Session,
    requests: Sequence[ChangeRequest],
    decided: Mapping[UUID, DecidedPatch],
    locked: LockedValues,
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> dict[UUID, UUID]:
    """Write decided patches and record them; return the ids of the changes by order."""
    if not decided:
        return {}

    remember_source_content(session, list(decided))
    patches = list(decided.values())
    write_patches(session, patches, locked.unsent, now, actor, fulfillment)
    update_promises(session, list(decided))

    changes: list[NewChange] = []
    order_ids: list[UUID] = []
    for request in requests:
        patch = decided.get(request.order_id)
        if patch is not None:
            order_ids.append(request.order_id)
            changes.append(NewChange(patch, actor, "person", request.reason, request.undoes))

    ids = record_changes(session, changes, locked.facts, now)
    return dict(zip(order_ids, ids, strict=True))
