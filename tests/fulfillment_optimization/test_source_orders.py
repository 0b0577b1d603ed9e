"""A wave of orders is sourced together, reserved in the same breath, and explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import KINDS, OpenLine, source_orders
from openiom.fulfillment_optimization.decision_queries import list_decisions
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.geocoding import geocode
from openiom.provider_contract import EventRequest, Outcome

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INVARIANTS = Path(__file__).parents[2] / "invariants"
SEATTLE = {"city": "Seattle", "state": "WA", "postal_code": "98101", "country": "US"}
CHICAGO = {"city": "Chicago", "state": "IL", "postal_code": "60601", "country": "US"}


@dataclass
class MemoryOrderPort:
    """Orders kept in memory, in place of the order gateway."""

    lines: list[OpenLine] = field(default_factory=list)
    assigned: dict[UUID, str] = field(default_factory=dict)
    raised: list[EventRequest] = field(default_factory=list)

    def order(self, place: Mapping[str, str], **wanted: int) -> UUID:
        order = new_id()
        at = geocode(place)
        self.lines += [
            OpenLine(new_id(), order, product, quantity, place["country"], at, "")
            for product, quantity in wanted.items()
        ]
        return order

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> Sequence[OpenLine]:
        return [line for order in order_ids for line in self.lines if line.order_id == order]

    def assign_sources(
        self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str
    ) -> None:
        self.assigned.update(sources)

    def raise_events(
        self, session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        self.raised += raises
        return [Outcome(True)] * len(raises)

    def sources_of(self, order: UUID) -> dict[str, str | None]:
        return {x.product: self.assigned.get(x.line_id) for x in self.lines if x.order_id == order}


@pytest.fixture
def sourcing(database: Database) -> Database:
    configuration = Configuration()
    configuration.register(*KINDS)
    sources = [
        {"kind": "source", "name": name, "body": {"title": place["city"], "address": place}}
        for name, place in (("SEA", SEATTLE), ("CHI", CHICAGO))
    ]

    with database.unit_of_work() as session:
        configuration.apply(session, sources, at=NOW, actor="test")

    return database


def stock(database: Database, **units: int) -> None:
    changes = [StockChange(*key.split("_"), Decimal(n)) for key, n in units.items()]
    with database.unit_of_work() as session:
        change_on_hand(
            session, changes, mode="set", cause="count", document="c", now=NOW, actor="test"
        )


def source(database: Database, order_port: MemoryOrderPort, *orders: UUID) -> list[Outcome]:
    with database.unit_of_work() as session:
        outcomes = source_orders(session, order_port, orders, now=NOW, actor="test")
    with database.reading() as session:
        assert fetch(session, (INVARIANTS / "never_promise_twice.sql").read_text()) == []
    return outcomes


def test_an_order_is_served_from_the_nearest_source_that_has_it_all(sourcing: Database) -> None:
    stock(sourcing, LAMP_SEA=5, LAMP_CHI=5, SHADE_SEA=5, SHADE_CHI=5)
    order_port = MemoryOrderPort()
    west, east = order_port.order(SEATTLE, LAMP=1, SHADE=2), order_port.order(CHICAGO, LAMP=1)
    assert [o.ok for o in source(sourcing, order_port, west, east)] == [True, True]
    assert order_port.sources_of(west) == {"LAMP": "SEA", "SHADE": "SEA"}
    assert order_port.sources_of(east) == {"LAMP": "CHI"}
    assert [r.event for r in order_port.raised] == ["fulfillment.optimization.succeeded"] * 2


def test_orders_of_one_batch_compete_for_the_last_unit(sourcing: Database) -> None:
    stock(sourcing, LAMP_SEA=1)
    order_port = MemoryOrderPort()
    first, second = order_port.order(SEATTLE, LAMP=1), order_port.order(SEATTLE, LAMP=1)
    outcomes = source(sourcing, order_port, first, second)
    assert [o.ok for o in outcomes] == [True, False]
    assert outcomes[1].reason == "Inventory not found: no source can serve LAMP"

    with sourcing.reading() as session:
        why = list_decisions(session, second)[0]

    assert {c.line_id for c in (*why.candidates, *why.chosen)} == {
        x.line_id for x in order_port.lines if x.order_id == second
    }
    assert [(c.source, c.refused) for c in why.candidates] == [
        ("SEA", "taken by earlier orders of the same batch"),
        ("CHI", "nothing on hand"),
    ]


def test_an_order_that_cannot_be_served_whole_reserves_nothing(sourcing: Database) -> None:
    stock(sourcing, LAMP_SEA=5)
    order_port = MemoryOrderPort()
    order = order_port.order(SEATTLE, LAMP=1, SHADE=1)
    assert [o.ok for o in source(sourcing, order_port, order)] == [False]
    assert order_port.assigned == {}

    with sourcing.reading() as session:
        assert fetch(session, "SELECT count(*), sum(reserved) FROM inventory_visibility.stock") == [
            (1, 0)
        ]


def test_a_split_is_chosen_only_when_no_source_has_everything(sourcing: Database) -> None:
    stock(sourcing, LAMP_SEA=5, SHADE_CHI=5)
    order_port = MemoryOrderPort()
    order = order_port.order(SEATTLE, LAMP=1, SHADE=1)
    assert source(sourcing, order_port, order)[0].reason == "sourced from CHI, SEA"
    assert order_port.sources_of(order) == {"LAMP": "SEA", "SHADE": "CHI"}
    with sourcing.reading() as session:
        decision = list_decisions(session, order)[0]
    assert round(sum(decision.parts.values()), 2) == round(decision.cost, 2)


def test_a_line_whose_source_was_chosen_stays_there_though_another_is_nearer(
    sourcing: Database,
) -> None:
    stock(sourcing, LAMP_SEA=5, LAMP_CHI=5)
    order_port = MemoryOrderPort()
    order = order_port.order(SEATTLE, LAMP=1)
    order_port.lines = [
        OpenLine(x.line_id, x.order_id, x.product, x.quantity, x.country, x.place, "CHI")
        for x in order_port.lines
    ]
    source(sourcing, order_port, order)
    assert order_port.sources_of(order) == {"LAMP": "CHI"}


def test_without_any_active_source_every_order_says_so(database: Database) -> None:
    order_port = MemoryOrderPort()
    order = order_port.order(SEATTLE, LAMP=1)
    assert source(database, order_port, order)[0].ok is False
    with database.reading() as session:
        assert list_decisions(session, order)[0].note == "no active source"
