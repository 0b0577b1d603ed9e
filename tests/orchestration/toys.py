"""A toy company on real PostgreSQL: orders with items, a few actions, a provider that remembers its keys."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import Event, NotFound, Problem, ProviderDown, ProviderError, new_id, new_ids
from openiom.orchestration import (
    Catalog,
    Dispatcher,
    Engine,
    ProviderCallWorker,
    StepWorker,
    flow_kind,
)
from openiom.platform.batches import drain
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.events import append_events
from openiom.policies import KINDS, policies_in_use
from openiom.provider_contract import (
    Action,
    ActionCall,
    Call,
    CallResult,
    Entity,
    EventRequest,
    Facts,
    NoParameters,
    Outcome,
    ProviderAction,
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
    with database.unit_of_work() as session:
        execute(session, "DROP TABLE IF EXISTS public.toy_order, public.toy_item, public.toy_ran")
        execute(
            session,
            "CREATE TABLE public.toy_order (id uuid primary key, number text, country text, state text, source text)",
        )
        execute(
            session,
            "CREATE TABLE public.toy_item (id uuid primary key, order_id uuid, quantity int, source text, state text,"
            " n int)",
        )
        execute(session, "CREATE TABLE public.toy_ran (action text, id uuid, number text)")


def place(
    session: Session,
    numbers: Sequence[str],
    *,
    country: str = "US",
    items: Sequence[int] = (),
    event: str = "order.created",
) -> list[UUID]:
    """Orders with one item for each quantity in `items`, announced."""
    ids = new_ids(len(numbers))
    rows = [(id, number, country, "new", None) for id, number in zip(ids, numbers, strict=True)]
    copy_rows(session, "public.toy_order", ("id", "number", "country", "state", "source"), rows)
    of_items = [
        (new_id(), id, quantity, None, "new", n) for id in ids for n, quantity in enumerate(items)
    ]
    copy_rows(
        session, "public.toy_item", ("id", "order_id", "quantity", "source", "state", "n"), of_items
    )
    happen(session, event, ids)
    return ids


def happen(
    session: Session, name: str, orders: Sequence[UUID], data: Mapping[str, Any] | None = None
) -> None:
    events = [
        Event(name=name, subject_type="order", subject_id=id, root_id=id, data=data or {})
        for id in orders
    ]
    append_events(session, events, at=NOW, actor="test")


def _order_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    rows = fetch(
        session,
        "SELECT id, number, country, state, source FROM public.toy_order WHERE id = ANY(%s)",
        (list(ids),),
    )
    return {
        id: {"id": str(id), "number": number, "country": country, "state": state, "source": source}
        for id, number, country, state, source in rows
    }


def _item_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    query = "SELECT id, quantity, source, state FROM public.toy_item WHERE id = ANY(%s)"
    rows = fetch(session, query, (list(ids),))
    return {
        id: {"id": str(id), "quantity": q, "source": source, "state": state}
        for id, q, source, state in rows
    }


def _items_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    rows = fetch(
        session,
        "SELECT order_id, id FROM public.toy_item WHERE order_id = ANY(%s) ORDER BY n",
        (list(ids),),
    )
    found: dict[UUID, list[UUID]] = {}
    for order, item in rows:
        found.setdefault(order, []).append(item)
    return found


def _raise(table: str, entity: str) -> Any:
    def raise_many(
        session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        root = "id" if entity == "order" else "order_id"
        query = f"SELECT id, state, {root} FROM public.{table} WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
        known = {
            id: (state, at)
            for id, state, at in fetch(session, query, ([r.entity_id for r in raises],))
        }
        outcomes, good = [], []
        for r in raises:
            if known[r.entity_id][0] == "canceled":
                outcomes.append(Outcome(False, f"{r.event} cannot happen while canceled"))
            else:
                outcomes.append(Outcome(True))
                good.append(r)
        execute(
            session,
            f"UPDATE public.{table} o SET state = n.state FROM unnest(%s::uuid[], %s::text[]) AS n(id, state)"
            " WHERE o.id = n.id",
            ([r.entity_id for r in good], [r.event.split(".")[1] for r in good]),
        )
        append_events(
            session,
            [
                Event(
                    name=r.event,
                    subject_type=entity,
                    subject_id=r.entity_id,
                    root_id=known[r.entity_id][1],
                    data={**r.data, "reason": r.reason},
                )
                for r in good
            ],
            at=now,
            actor=actor,
        )
        return outcomes

    return raise_many


def _set(table: str) -> Any:
    def set_fields(
        session: Session, fields: Mapping[UUID, Mapping[str, Any]], now: datetime, actor: str
    ) -> None:
        execute(
            session,
            f"UPDATE public.{table} o SET source = n.source FROM unnest(%s::uuid[], %s::text[]) AS n(id, source)"
            " WHERE o.id = n.id",
            (list(fields), [values["source"] for values in fields.values()]),
        )

    return set_fields


ORDER = Entity(
    name="order",
    title="Order",
    facts=_order_facts,
    raise_many=_raise("toy_order", "order"),
    root_of=lambda session, ids: {id: id for id in ids},
    label_of=lambda session, ids: {
        id: facts["number"] for id, facts in _order_facts(session, ids).items()
    },
    set_fields=_set("toy_order"),
    settable=("source",),
    children={"item": _items_of},
)
ITEM = Entity(
    name="item",
    title="Item",
    facts=_item_facts,
    raise_many=_raise("toy_item", "item"),
    root_of=lambda session, ids: {id: id for id in ids},
    label_of=lambda session, ids: {id: str(id) for id in ids},
    set_fields=_set("toy_item"),
    settable=("source",),
)


class Named(BaseModel, extra="forbid"):
    name: str


def _count(call: ActionCall) -> Sequence[Outcome]:
    """Note that it ran; orders numbered poison crash the batch, those numbered bad are refused."""
    name = getattr(call.parameters, "name", "count")
    numbers = {
        id: facts["number"] for id, facts in _order_facts(call.session, call.subject_ids).items()
    }
    copy_rows(
        call.session,
        "public.toy_ran",
        ("action", "id", "number"),
        [(name, id, numbers.get(id, "")) for id in call.subject_ids],
    )
    if name == "fragile" and any(number.startswith("poison") for number in numbers.values()):
        raise RuntimeError("cannot digest poison")
    return [
        Outcome(False, "bad order")
        if name == "picky" and numbers[id].startswith("bad")
        else Outcome(True, "", {"n": 1})
        for id in call.subject_ids
    ]


COUNT = Action(name="toy.count", title="Count", entity="order", parameters=Named, run=_count)
COUNT_ITEM = Action(
    name="toy.count_item", title="Count items", entity="item", parameters=NoParameters, run=_count
)


@dataclass
class ToyProvider:
    """The outside as a toy: counts how often each key reached it; the same key again has no further effect there."""

    effects: Counter[str] = field(default_factory=Counter)
    requests: list[list[str]] = field(default_factory=list)
    answers: dict[str, ProviderError] = field(default_factory=dict)  # by payload id, until removed
    die_before: int = 0  # this many calls end the worker before reaching the other side
    die_after: int = 0  # this many calls end the worker after the other side has acted
    unmapped: set[str] = field(default_factory=set)
    send: ProviderAction = ProviderAction(
        name="send",
        title="Send",
        entity="item",
        transformation={},
        run=lambda connector, calls: [],
        succeeded="item.sent",
        failed="item.sent.failed",
        batch=100,
        max_attempts=3,
    )
    tell: ProviderAction = ProviderAction(
        name="tell",
        title="Tell",
        entity="order",
        transformation={},
        run=lambda connector, calls: [],
        succeeded="order.told",
        failed="order.told.failed",
        batch=1,
        concurrency=8,
        max_attempts=3,
    )

    def actions(self, session: Session | None = None) -> dict[tuple[str, str], ProviderAction]:
        return {
            (instance, a.name): a for instance in ("east", "west") for a in (self.send, self.tell)
        }

    def action(self, session: Session, instance: str, name: str) -> ProviderAction:
        if (instance, name) not in self.actions():
            raise NotFound(f"no action {name} of {instance}")
        return self.actions()[instance, name]

    def call(
        self, database: Database, instance: str, action: ProviderAction, calls: Sequence[Call]
    ) -> Sequence[CallResult]:
        if self.die_before:
            self.die_before -= 1
            raise KeyboardInterrupt
        self.requests.append([call.key for call in calls])
        results = []
        for call in calls:
            error = self.answers.get(call.payload["id"])
            if error is None:
                self.effects[call.key] += 1
                results.append(
                    CallResult(call.key, {"ok": True}, external_id="X-" + call.payload["id"][-4:])
                )
            else:
                results.append(CallResult(call.key, error=error))
        if self.die_after:
            self.die_after -= 1
            raise KeyboardInterrupt
        return results

    def payloads(
        self, session: Session, instance: str, action: str, facts: Sequence[Facts]
    ) -> Sequence[dict[str, Any] | Problem]:
        return [
            Problem("sku", f"{f['id']} is not mapped", "map it")
            if f["id"] in self.unmapped
            else {"id": f["id"]}
            for f in facts
        ]


DOWN = ProviderDown("try later")


@dataclass
class Toys:
    """The company, its engine and its clock."""

    database: Database
    provider: ToyProvider = field(default_factory=ToyProvider)
    now: datetime = NOW
    actions: Mapping[str, Action] = field(default_factory=dict)  # more than those of the company

    def __post_init__(self) -> None:
        self.catalog = Catalog(
            entities={"order": ORDER, "item": ITEM},
            actions={"toy.count": COUNT, "toy.count_item": COUNT_ITEM, **self.actions},
            provider_actions=self.provider.actions,
            policies=policies_in_use,
            events=EVENTS,
        )
        self.engine = Engine(self.catalog, self.provider)
        self.configuration = Configuration()
        self.configuration.register(flow_kind(self.catalog), *KINDS)
        self.dispatcher, self.steps = Dispatcher(self.engine), StepWorker(self.engine)
        self.calls = ProviderCallWorker(self.engine)

    def apply(self, kind: str, name: str, body: Mapping[str, Any]) -> None:
        with self.database.unit_of_work() as session:
            self.configuration.apply(
                session, [{"kind": kind, "name": name, "body": body}], at=NOW, actor="test"
            )

    def flow(
        self, name: str, *steps: dict[str, Any], event: str = "order.created", **more: Any
    ) -> None:
        """Publish a flow about orders; steps without `to` lead to the one behind them by their first port."""
        trigger = {"event": event, **more.pop("trigger", {})}
        body = {
            "title": name.title(),
            "subject": "order",
            "trigger": trigger,
            "steps": chain(steps),
            **more,
        }
        self.apply("flow", name, body)

    def place(self, *numbers: str, **more: Any) -> list[UUID]:
        with self.database.unit_of_work() as session:
            return place(session, numbers, **more)

    def happen(self, name: str, *orders: UUID) -> None:
        with self.database.unit_of_work() as session:
            happen(session, name, orders)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def run(self, *only: Any, limit: int = 500) -> int:
        return drain(
            self.database,
            only or (self.dispatcher, self.steps, self.calls),
            limit=limit,
            now=self.now,
        )

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.database.reading() as session:
            return fetch(session, query, parameters)

    def where(self) -> dict[str, tuple[str, ...]]:
        """For each order: the state of its flow run, then "state at step" of its tokens."""
        rows = self.rows(
            "SELECT o.number, j.state,"
            " array_remove(array_agg(t.state || ' at ' || t.step ORDER BY t.state, t.step), NULL)"
            " FROM orchestration.flow_run j JOIN public.toy_order o ON o.id = j.subject_id"
            " LEFT JOIN orchestration.token t ON t.run_id = j.id GROUP BY j.id, o.number, j.state ORDER BY 1"
        )
        return {number: (state, *tokens) for number, state, tokens in rows}

    def history(self, number: str) -> list[str]:
        """Steps an order went through, as "step: port"."""
        rows = self.rows(
            "SELECT r.entries FROM orchestration.step_result r JOIN orchestration.flow_run j ON j.id = r.run_id"
            " JOIN public.toy_order o ON o.id = j.subject_id WHERE o.number = %s ORDER BY r.id",
            number,
        )
        return [f"{entry['step']}: {entry['port']}" for (entries,) in rows for entry in entries]

    def ran(self) -> Counter[tuple[str, str]]:
        return Counter(
            (action, number)
            for action, number in self.rows("SELECT action, number FROM public.toy_ran")
        )


def chain(steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A start, the steps, an end; what is not wired leads to the next step."""
    first = {
        "policies": "passed",
        "action": "succeeded",
        "provider_action": "succeeded",
        "wait": "happened",
    }
    every = [{"id": "start", "kind": "start"}, *steps, {"id": "end", "kind": "end"}]
    out = []
    for step, following in zip(every, [*every[1:], None], strict=True):
        port = first.get(step["kind"], "next")
        wired = dict(step.get("to", {}))
        if following is not None and step["kind"] not in ("condition", "splitter", "end"):
            wired.setdefault(port, following["id"])
        out.append({**step, "to": wired})
    return out


def action(id: str, name: str = "count", **more: Any) -> dict[str, Any]:
    return {"id": id, "kind": "action", "action": "toy.count", "parameters": {"name": name}, **more}
