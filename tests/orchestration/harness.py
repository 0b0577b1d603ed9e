"""The harness of the orchestration tests: an engine with a fake provider, and its clock."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy.orm import Session
from tests.orchestration.builders import flow_body
from tests.orchestration.entities import (
    ACTIONS,
    EVENTS,
    ITEM,
    NOW,
    ORDER,
    place_orders,
    raise_order_event,
)
from tests.orchestration.fake_provider import FakeProvider, instance_documents

from openiom.orchestration import (
    Catalog,
    Dispatcher,
    Engine,
    ProviderCallWorker,
    StepWorker,
    flow_kind,
    start_inline,
)
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.secrets import Secrets
from openiom.policies import KINDS
from openiom.provider_contract import Action
from openiom.providers import ProviderRegistry, instance_kind

_KEY = Fernet.generate_key().decode()

_POSITIONS = """
SELECT o.number, r.state,
       array_remove(array_agg(t.state || ' at ' || t.step ORDER BY t.state, t.step), NULL)
FROM orchestration.flow_run r
JOIN public.sample_order o ON o.id = r.subject_id
LEFT JOIN orchestration.token t ON t.run_id = r.id
GROUP BY r.id, o.number, r.state
ORDER BY 1
"""
_HISTORY = """
SELECT s.entries FROM orchestration.step_result s
JOIN orchestration.flow_run r ON r.id = s.run_id
JOIN public.sample_order o ON o.id = r.subject_id
WHERE o.number = %s ORDER BY s.id
"""


def sample_catalog(provider: FakeProvider, actions: Mapping[str, Action]) -> Catalog:
    """The catalog of the sample entities, with a registry that knows the fake provider."""
    registry = ProviderRegistry(
        catalog={"sample": provider.provider()}, secrets=Secrets([_KEY]), receivers={}
    )
    return Catalog(
        entities={"order": ORDER, "item": ITEM},
        actions={**ACTIONS, **actions},
        registry=registry,
        events=EVENTS,
    )


@dataclass
class Harness:
    """An engine, its workers and its clock, over the database of a test."""

    database: Database
    provider: FakeProvider = field(default_factory=FakeProvider)
    now: datetime = NOW
    actions: Mapping[str, Action] = field(default_factory=dict)  # besides the sample actions

    def __post_init__(self) -> None:
        self.catalog = sample_catalog(self.provider, self.actions)
        self.engine = Engine(self.catalog)
        self.configuration = Configuration()
        self.configuration.register(
            flow_kind(self.catalog), instance_kind(self.catalog.registry), *KINDS
        )
        self.dispatcher = Dispatcher(self.engine)
        self.steps = StepWorker(self.engine)
        self.calls = ProviderCallWorker(self.engine)
        self._apply(instance_documents())

    def apply(self, kind: str, name: str, body: Mapping[str, Any]) -> None:
        """Store a configuration document."""
        self._apply([{"kind": kind, "name": name, "body": body}])

    def _apply(self, documents: list[dict[str, Any]]) -> None:
        with self.database.unit_of_work() as session:
            self.configuration.apply(session, documents, at=NOW, actor="test")

    def flow(
        self, name: str, *steps: dict[str, Any], event: str = "order.created", **more: Any
    ) -> None:
        """Publish a flow about orders; see `builders.chain` for how its steps are wired."""
        body = flow_body(*steps, event=event, title=name.title(), **more)
        self.apply("flow", name, body)

    def policy(self, body: Mapping[str, Any]) -> None:
        """Publish a policy under its own name."""
        self.apply("policy", body["name"], body)

    def place(self, *numbers: str, **more: Any) -> list[UUID]:
        """Place orders in a transaction of their own."""
        with self.database.unit_of_work() as session:
            return place_orders(session, numbers, **more)

    def place_and_start(self, *numbers: str, **more: Any) -> list[UUID]:
        """Place orders as an intake does: in one transaction with the start of their flows."""
        with self.database.unit_of_work() as session:
            ids = place_orders(session, numbers, **more)
            start_inline(self.engine)(session, self.now)
        return ids

    def raise_event(self, name: str, *orders: UUID) -> None:
        """Append an event on each order."""
        with self.database.unit_of_work() as session:
            raise_order_event(session, name, orders)

    def advance_clock(self, **time: float) -> None:
        """Move the clock."""
        self.now += timedelta(**time)

    def run(self, *workers: Any, limit: int = 500) -> int:
        """Run the workers, by default all of them, until none finds anything to do."""
        chosen = workers or (self.dispatcher, self.steps, self.calls)
        return drain(self.database, chosen, limit=limit, now=self.now)

    def run_call_worker(self, limit: int = 500) -> int:
        """Run the call worker once; return how many calls it made."""
        return self.calls.run_once(self.database, limit=limit, now=self.now).rows

    def session(self) -> Any:
        """A transaction that is committed at the end of its block."""
        return self.database.unit_of_work()

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.database.reading() as session:
            return fetch(session, query, parameters)

    def execute(self, statement: str, *parameters: Any) -> None:
        """Run a statement in a transaction of its own."""
        with self.database.unit_of_work() as session:
            fetch_nothing(session, statement, *parameters)

    def positions(self) -> dict[str, tuple[str, ...]]:
        """For each order: the state of its flow run, then "state at step" of its tokens."""
        found = {}
        for number, state, tokens in self.rows(_POSITIONS):
            found[number] = (state, *tokens)
        return found

    def history(self, number: str) -> list[str]:
        """The steps an order has passed, as "step: port"."""
        return [f"{entry['step']}: {entry['port']}" for entry in self.entries(number)]

    def entries(self, number: str) -> list[dict[str, Any]]:
        """The entries of an order's history, as they are stored."""
        entries: list[dict[str, Any]] = []
        for (stored,) in self.rows(_HISTORY, number):
            entries.extend(stored)
        return entries

    def ran(self) -> Counter[tuple[str, str]]:
        """How often the sample actions ran, by (name, order number)."""
        return Counter(self.rows("SELECT action, number FROM public.ran"))  # type: ignore[arg-type]

    def run_states(self) -> dict[str, int]:
        """How many flow runs are in which state."""
        query = "SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1"
        return dict(self.rows(query))  # type: ignore[arg-type]

    def run_ids(self) -> dict[str, UUID]:
        """The flow runs by order number."""
        query = (
            "SELECT o.number, r.id FROM orchestration.flow_run r"
            " JOIN public.sample_order o ON o.id = r.subject_id"
        )
        return dict(self.rows(query))  # type: ignore[arg-type]

    def token_error(self) -> dict[str, str]:
        """The error of the only token that has one."""
        [(error,)] = self.rows("SELECT error FROM orchestration.token WHERE error IS NOT NULL")
        return dict(error)


def fetch_nothing(session: Session, statement: str, *parameters: Any) -> None:
    """Run a statement without a result."""
    session.connection().exec_driver_sql(statement, parameters or None)
