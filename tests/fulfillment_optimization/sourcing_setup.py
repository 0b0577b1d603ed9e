"""Orders, stock and the order gateway on the test database, for tests of sourcing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.orders.builders import NOW, line, master_data, placed, stock

from openiom.app.order_gateway import OrderGateway
from openiom.fulfillment_optimization import KINDS, source_orders
from openiom.fulfillment_optimization.planning import Reoptimizer
from openiom.orders import set_order_fields
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import Outcome

INVARIANTS = [
    path
    for path in sorted((Path(__file__).parents[2] / "invariants").glob("*.sql"))
    if "orchestration." not in path.read_text()
]
"""Invariants of stock, orders and sourcing; no flow runs in these tests."""
PRODUCTS = ("LAMP", "RUG", "BED")


@dataclass
class SourcingSetup:
    """
    A, B and C stand 1, 10 and 20 degrees east of every customer, who lives where the equator
    begins.
    """

    database: Database
    order_port: OrderGateway

    def configure(self, kind: str, name: str, **body: Any) -> None:
        configuration = Configuration()
        configuration.register(*KINDS)
        with self.database.unit_of_work() as session:
            documents = [{"kind": kind, "name": name, "body": {"title": name, **body}}]
            configuration.apply(session, documents, at=NOW, actor="test")

    def source_at(self, name: str, east: float, **body: Any) -> None:
        self.configure(
            "source", name, address={"latitude": 0.0, "longitude": east, "country": "US"}, **body
        )

    def strategy(self, name: str = "default", **body: Any) -> None:
        self.configure("strategy", name, **body)

    def stock(self, **units: int) -> None:
        """LAMP_A=5."""
        stock(self.database, **{key.replace("_", "__"): n for key, n in units.items()})

    def order(
        self, number: str, *, strategy: str = "", wanted: str | None = None, **units: int
    ) -> UUID:
        lines = [line(product, n, tax="1.00", discount="0.50") for product, n in units.items()]
        total = sum(10 * n + 0.5 for n in units.values())
        more = {
            "ship_to": {"country": "US", "latitude": 0.0, "longitude": 0.0},
            "total_amount": f"{total:.2f}",
        }
        order = placed(
            self.database, *lines, external_id=number, requested_delivery_date=wanted, **more
        )
        if strategy:
            with self.database.unit_of_work() as session:
                set_order_fields(session, {order: {"strategy": strategy}}, NOW, "test")

        return order

    def source(
        self, *orders: UUID, now: datetime = NOW, resumed: Sequence[UUID] = (), strategy: str = ""
    ) -> list[Outcome]:
        with self.database.unit_of_work() as session:
            outcomes = source_orders(
                session,
                self.order_port,
                orders,
                strategy_name=strategy,
                now=now,
                actor="test",
                resumed=frozenset(resumed),
            )

        self.check()
        return outcomes

    def reoptimize(self, now: datetime = NOW) -> int:
        """Run a re-optimizer that remembers nothing; return the orders it moved."""
        moved = Reoptimizer(self.order_port).run_once(self.database, limit=500, now=now).rows
        self.check()
        return moved

    def check(self) -> None:
        """Assert that every invariant holds."""
        with self.database.reading() as session:
            for invariant in INVARIANTS:
                assert fetch(session, invariant.read_text()) == [], invariant.name

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.database.reading() as session:
            return fetch(session, query, values)

    def sources(self, order: UUID) -> Mapping[str, str | None]:
        return dict(
            self.rows(
                "SELECT product, source FROM orders.order_line WHERE order_id = %s"
                " ORDER BY line_number",
                order,
            )
        )

    def reserved(self, order: UUID) -> list[tuple[str, str, Decimal]]:
        """Return (product, source, units) that the order has reserved."""
        return self.rows(
            "SELECT s.product, s.source, r.open FROM inventory_visibility.reservation r"
            " JOIN inventory_visibility.stock s ON s.id = r.stock_id"
            " JOIN orders.order_line l ON l.id = r.line_id"
            " WHERE l.order_id = %s AND r.open > 0 ORDER BY 1, 2",
            order,
        )

    def plans(self) -> list[dict[str, Any]]:
        """Return the plans, oldest first."""
        names = ("strategy", "mode", "orders", "open_lines", "cost", "lower_bound", "gap", "moves")
        rows = self.rows(
            f"SELECT {', '.join(names)} FROM fulfillment_optimization.sourcing_plan ORDER BY id"
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def day(self, source: str) -> list[tuple[int, int]]:
        """Return (parcels, lines) of each of the source's days."""
        return self.rows(
            "SELECT parcels, lines FROM fulfillment_optimization.source_daily_usage"
            " WHERE source = %s ORDER BY day",
            source,
        )


def sourcing_setup(database: Database) -> SourcingSetup:
    master_data(database, *PRODUCTS)
    made = SourcingSetup(database, OrderGateway())
    for name, east in (("A", 1.0), ("B", 10.0), ("C", 20.0)):
        made.source_at(name, east)
    return made
