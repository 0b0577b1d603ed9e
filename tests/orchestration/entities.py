"""Entities and actions of the test flows: orders with items, in tables of their own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import Event, new_id, new_ids
from openiom.platform.bulk import copy_rows, execute, fetch_as, fetch_column
from openiom.platform.database import Database
from openiom.platform.events import append_events
from openiom.provider_contract import (
    Action,
    ActionCall,
    ActionGuard,
    Entity,
    EventRequest,
    Facts,
    NoParameters,
    Outcome,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENTS = (
    "order.created",
    "order.checked",
    "order.refused",
    "order.approved",
    "order.canceled",
    "order.noted",
    "item.checked",
    "item.refused",
    "item.shipped",
)


def create_tables(database: Database) -> None:
    """Create empty tables of orders, of items and of what the actions were called for."""
    with database.unit_of_work() as session:
        execute(session, "DROP TABLE IF EXISTS public.sample_order, public.sample_item, public.ran")
        execute(
            session,
            "CREATE TABLE public.sample_order"
            " (id uuid primary key, number text, country text, state text, source text)",
        )
        execute(
            session,
            "CREATE TABLE public.sample_item (id uuid primary key, order_id uuid, quantity int,"
            " sku text, source text, state text, n int)",
        )
        execute(session, "CREATE TABLE public.ran (action text, id uuid, number text)")


def place_orders(
    session: Session,
    numbers: Sequence[str],
    *,
    country: str = "US",
    items: Sequence[int] = (),
    event: str = "order.created",
) -> list[UUID]:
    """Insert orders with one item for each quantity in `items`, and append their event."""
    ids = new_ids(len(numbers))
    orders = [(id, number, country, "new", None) for id, number in zip(ids, numbers, strict=True)]
    columns: Sequence[str] = ("id", "number", "country", "state", "source")
    copy_rows(session, "public.sample_order", columns, orders)

    rows = []
    for order_id in ids:
        for n, quantity in enumerate(items):
            rows.append((new_id(), order_id, quantity, f"SKU{n}", None, "new", n))

    columns = ("id", "order_id", "quantity", "sku", "source", "state", "n")
    copy_rows(session, "public.sample_item", columns, rows)
    raise_order_event(session, event, ids)
    return ids


def raise_order_event(
    session: Session, name: str, orders: Sequence[UUID], data: Mapping[str, Any] | None = None
) -> None:
    """Append an event on each order, without a change of its state."""
    events = []
    for id in orders:
        events.append(
            Event(name=name, subject_type="order", subject_id=id, root_id=id, data=data or {})
        )

    append_events(session, events, at=NOW, actor="test")


@dataclass(frozen=True)
class _Order:
    id: UUID
    number: str
    country: str
    state: str
    source: str | None


@dataclass(frozen=True)
class _Item:
    id: UUID
    order_id: UUID
    quantity: int
    sku: str | None
    source: str | None
    state: str


@dataclass(frozen=True)
class _Child:
    id: UUID
    order_id: UUID


@dataclass(frozen=True)
class _State:
    id: UUID
    root_id: UUID
    state: str


def order_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Facts of orders."""
    rows = fetch_as(
        session,
        _Order,
        "SELECT id, number, country, state, source FROM public.sample_order WHERE id = ANY(%s)",
        (list(ids),),
    )
    facts: dict[UUID, Facts] = {}
    for row in rows:
        facts[row.id] = {
            "id": str(row.id),
            "number": row.number,
            "country": row.country,
            "state": row.state,
            "source": row.source,
        }

    return facts


def item_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Facts of items."""
    rows = fetch_as(
        session,
        _Item,
        "SELECT id, order_id, quantity, sku, source, state FROM public.sample_item"
        " WHERE id = ANY(%s)",
        (list(ids),),
    )
    facts: dict[UUID, Facts] = {}
    for row in rows:
        facts[row.id] = {
            "id": str(row.id),
            "quantity": row.quantity,
            "sku": row.sku,
            "source": row.source,
            "state": row.state,
        }

    return facts


def items_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Ids of the items of orders."""
    rows = fetch_as(
        session,
        _Child,
        "SELECT id, order_id FROM public.sample_item WHERE order_id = ANY(%s) ORDER BY n",
        (list(ids),),
    )
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.order_id, []).append(row.id)

    return found


def event_raiser(table: str, entity: str, root: str) -> Callable[..., Sequence[Outcome]]:
    """A `raise_many` that sets the state to the event's second word; canceled entities refuse."""

    def raise_events(
        session: Session, requests: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        rows = fetch_as(
            session,
            _State,
            f"SELECT id, {root} AS root_id, state FROM public.{table} WHERE id = ANY(%s)"
            " ORDER BY id FOR UPDATE",
            ([request.entity_id for request in requests],),
        )
        known = {row.id: row for row in rows}

        outcomes = []
        events = []
        states: dict[UUID, str] = {}
        for request in requests:
            row = known[request.entity_id]
            if row.state == "canceled":
                outcomes.append(Outcome(False, f"{request.event} cannot happen while canceled"))
                continue

            outcomes.append(Outcome(True))
            states[row.id] = request.event.split(".")[1]
            data = {**request.data, "reason": request.reason}
            events.append(
                Event(
                    name=request.event,
                    subject_type=entity,
                    subject_id=row.id,
                    root_id=row.root_id,
                    data=data,
                )
            )

        execute(
            session,
            f"UPDATE public.{table} o SET state = n.state"
            " FROM unnest(%s::uuid[], %s::text[]) AS n(id, state) WHERE o.id = n.id",
            (list(states), list(states.values())),
        )
        append_events(session, events, at=now, actor=actor)
        return outcomes

    return raise_events


def source_setter(table: str) -> Callable[..., None]:
    """A `set_fields` for the one field `source`."""

    def set_fields(
        session: Session, fields: Mapping[UUID, Mapping[str, Any]], now: datetime, actor: str
    ) -> None:
        sources = [values["source"] for values in fields.values()]
        execute(
            session,
            f"UPDATE public.{table} o SET source = n.source"
            " FROM unnest(%s::uuid[], %s::text[]) AS n(id, source) WHERE o.id = n.id",
            (list(fields), sources),
        )

    return set_fields


def same_root(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Every entity is its own root."""
    return {id: id for id in ids}


def order_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers of orders."""
    return {id: facts["number"] for id, facts in order_facts(session, ids).items()}


def item_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The ids of items."""
    return {id: str(id) for id in ids}


def send_guard(state: str, lock: str = "") -> ActionGuard:
    """A guard that keeps items in a state from being sent; `lock` follows its query."""

    def guard(session: Session, ids: Sequence[UUID], event: str) -> Mapping[UUID, str]:
        if event != "item.sent":
            return {}

        query = "SELECT id FROM public.sample_item WHERE id = ANY(%s) AND state = %s"
        found = fetch_column(session, f"{query} {lock}", (list(ids), state))
        return {id: f"the item is {state}" for id in found}

    return guard


ORDER = Entity(
    name="order",
    title="Order",
    facts=order_facts,
    raise_events=event_raiser("sample_order", "order", "id"),
    root_of=same_root,
    label_of=order_labels,
    set_fields=source_setter("sample_order"),
    settable=("source",),
    children={"item": items_of},
)
ITEM = Entity(
    name="item",
    title="Item",
    impossible=send_guard("gone"),
    postponed=send_guard("parked", "FOR SHARE"),
    facts=item_facts,
    raise_events=event_raiser("sample_item", "item", "order_id"),
    root_of=same_root,
    label_of=item_labels,
    set_fields=source_setter("sample_item"),
    settable=("source",),
)


class CountParameters(BaseModel, extra="forbid"):
    """`name` is what the action notes; `fragile` and `picky` make it fail."""

    name: str


def count(call: ActionCall) -> Sequence[Outcome]:
    """Note the call; orders numbered poison crash a fragile batch, a picky one refuses bad ones."""
    name = getattr(call.parameters, "name", "count")
    numbers = order_labels(call.session, call.subject_ids)
    rows = [(name, id, numbers.get(id, "")) for id in call.subject_ids]
    copy_rows(call.session, "public.ran", ("action", "id", "number"), rows)
    if name == "fragile" and any(number.startswith("poison") for number in numbers.values()):
        raise RuntimeError("cannot digest poison")

    outcomes = []
    for id in call.subject_ids:
        if name == "picky" and numbers[id].startswith("bad"):
            outcomes.append(Outcome(False, "bad order"))
        else:
            outcomes.append(Outcome(True, "", {"n": 1}))

    return outcomes


def refuse_single_items(call: ActionCall) -> Sequence[Outcome]:
    """Refuse items of which only one is ordered."""
    facts = item_facts(call.session, call.subject_ids)
    outcomes = []
    for id in call.subject_ids:
        if facts[id]["quantity"] == 1:
            outcomes.append(Outcome(False, "one is too few"))
        else:
            outcomes.append(Outcome(True))

    return outcomes


COUNT = Action(
    name="sample.count", title="Count", entity="order", parameters=CountParameters, run=count
)
COUNT_ITEM = Action(
    name="sample.count_item",
    title="Count items",
    entity="item",
    parameters=NoParameters,
    run=count,
)
REFUSE_SINGLE = Action(
    name="sample.refuse_single",
    title="Refuse single items",
    entity="item",
    parameters=NoParameters,
    run=refuse_single_items,
)
ACTIONS = {action.name: action for action in (COUNT, COUNT_ITEM, REFUSE_SINGLE)}
