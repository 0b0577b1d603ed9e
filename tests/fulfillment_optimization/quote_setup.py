"""
A small company for quotes and simulations: sources on the map, a catalog, stock, and the whole
product around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.app.application import Application
from openiom.fulfillment_optimization import OpenLine
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.provider_contract import EventRequest, Outcome

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)  # a Friday, 10:00 in Seattle
SEATTLE = {"city": "Seattle", "state": "WA", "postal_code": "98101", "country": "US"}
CHICAGO = {"city": "Chicago", "state": "IL", "postal_code": "60601", "country": "US"}
MIAMI = {"city": "Miami", "state": "FL", "postal_code": "33101", "country": "US"}
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def doc(kind: str, name: str, /, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "body": body}


def source(name: str, place: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return doc("source", name, title=f"{place['city']} store", address=dict(place), **more)


def goods(*numbers: str, weight: str = "2.0") -> list[dict[str, Any]]:
    """A unit, dollars and products of this weight."""
    return [
        doc("unit", "ea", title="Each"),
        doc("currency", "USD", title="US dollar"),
        doc("company", "default", title="Lamps", accounting_currency="USD"),
        *(doc("product", n, name=n, unit="ea", currency="USD", weight_kg=weight) for n in numbers),
    ]


def put(application: Application, *documents: dict[str, Any]) -> None:
    with application.database.unit_of_work() as session:
        application.configuration.apply(session, documents, at=NOW, actor="test")


def stock(database: Database, **units: int) -> None:
    """LAMP_SEA=5 sets five lamps in SEA."""
    changes = [StockChange(*key.split("_"), Decimal(n)) for key, n in units.items()]
    with database.unit_of_work() as session:
        change_on_hand(
            session, changes, mode="set", cause="count", document="c", now=NOW, actor="test"
        )


def stock_hash(database: Database) -> str:
    """
    One text that changes when any row of stock, ledger, reservations, orders or counters does.
    """
    tables = (
        "inventory_visibility.stock",
        "inventory_visibility.ledger_entry",
        "inventory_visibility.reservation",
        "orders.order",
        "orders.order_line",
        "fulfillment_optimization.source_daily_usage",
        "fulfillment_optimization.sourcing_decision",
        "platform.business_event",
        "platform.configuration_document",
    )
    with database.reading() as session:
        return "".join(
            fetch(
                session,
                "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
                f" FROM {table} t",
            )[0][0]
            for table in tables
        )


@dataclass
class RecordingOrderPort:
    """An order port over one order in memory that records what a run decides for it."""

    lines: Sequence[OpenLine]
    served: dict[UUID, dict[str, int]] = field(default_factory=dict)

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> Sequence[OpenLine]:
        return self.lines

    def split_lines(
        self, session: Session, parts: Mapping[UUID, Sequence[Any]], now: datetime, actor: str
    ) -> None:
        for line, mine in parts.items():
            self.served[line] = {part.source: part.quantity for part in mine if part.source}

    def assign_sources(
        self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str
    ) -> None:
        quantity = {line.line_id: line.quantity for line in self.lines}
        for line, name in sources.items():
            self.served.setdefault(line, {name: quantity.get(line, 0)})

    def raise_events(
        self, session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        return [Outcome(True)] * len(raises)
