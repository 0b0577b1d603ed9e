"""Orders in boxes, cartons, grams and variants, from intake to the payload of the 3PL."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.fulfillment.builders import create, fulfillment_orders, report, update
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup, sourcing_setup
from tests.orders.builders import NOW, document, facts, line, receive

from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.library.demo_fulfillment import PROVIDER
from openiom.master_data import KINDS
from openiom.orders import LineCancellation, cancel_lines
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.policies import Transformation, TransformationDocument
from openiom.provider_contract import IntakeResult, Outcome

SEND = next(action for action in PROVIDER.actions if action.name == "send_to_fulfillment")
AT_THE_EQUATOR = {"country": "US", "latitude": 0.0, "longitude": 0.0}
UNITS: dict[str, dict[str, Any]] = {
    "box": {"factor": 12},
    "carton": {"factor": 100, "decimals": 2},
    "shipload": {"factor": 1_000_000},
    "kg": {"unit_group": "mass", "factor": 1000, "decimals": 3},
    "g": {"unit_group": "mass"},
    "t": {"unit_group": "mass", "factor": 1_000_000, "decimals": 3},
}


def apply(database: Database, kind: str, name: str, **body: Any) -> None:
    configuration = Configuration()
    configuration.register(*KINDS)
    with database.unit_of_work() as session:
        documents = [{"kind": kind, "name": name, "body": {"title": name, **body}}]
        configuration.apply(session, documents, at=NOW, actor="test")


@dataclass
class QuantitySetup:
    """Sources A, B and C of `SourcingSetup`, and products counted in pieces and kilograms."""

    sourcing: SourcingSetup

    @classmethod
    def on(cls, database: Database) -> "QuantitySetup":
        """Return the setup with `LAMP` in ea and `FLOUR` in kg."""
        sourcing = sourcing_setup(database)
        for name, body in UNITS.items():
            apply(database, "unit", name, **body)

        configuration = Configuration()
        configuration.register(*KINDS)

        with database.unit_of_work() as session:
            flour = {"kind": "product", "name": "FLOUR", "body": {"name": "Flour", "unit": "kg"}}
            configuration.apply(session, [flour], at=NOW, actor="test")

        return cls(sourcing)

    @property
    def database(self) -> Database:
        return self.sourcing.database

    def stock(self, product: str, source: str, quantity: str) -> None:
        """Set what is on hand, in the stock unit of the product."""
        with self.database.unit_of_work() as session:
            refused = change_on_hand(
                session,
                [StockChange(product, source, Decimal(quantity))],
                mode="set",
                cause="count",
                document="t",
                now=NOW,
                actor="test",
            )
            assert not any(refused), refused

    def receive(self, number: str, *lines: dict[str, Any], **more: Any) -> IntakeResult:
        fields = {"ship_to": AT_THE_EQUATOR, "total_amount": "1.00", **more}
        order = document(number, *lines, **fields)
        return receive(self.database, order)[0]

    def order(self, number: str, *lines: dict[str, Any]) -> UUID:
        received = self.receive(number, *lines)
        assert received.ok, received
        return UUID(received.entity_id)

    def modified(self, order: UUID) -> list[dict[str, Any]]:
        """Return what later deliveries changed, the newest first."""
        with self.database.reading() as session:
            events = timeline(session, [order])
        found: list[dict[str, Any]] = []
        for event in events:
            if event.name == "order.modified":
                found.append({name: event.data[name] for name in ("changed", "not_applied")})
        return found

    def source(self, *orders: UUID) -> list[Outcome]:
        return self.sourcing.source(*orders)

    def lines(self, order: UUID) -> list[tuple[Any, ...]]:
        """Return (quantity, unit, source) of each line of an order."""
        found = facts(self.database, order)["lines"]
        return [(one["quantity"], one["unit"], one["source"]) for one in found]

    def counters(self, order: UUID) -> list[tuple[Any, ...]]:
        """Return (quantity, in fulfillment, shipped, canceled) of each line of an order."""
        found: list[tuple[Any, ...]] = []
        for one in facts(self.database, order)["lines"]:
            found.append((one["quantity"], one["in_fulfillment"], one["shipped"], one["canceled"]))
        return found

    def cancel(self, order: UUID, index: int, quantity: str | None = None) -> Outcome:
        line_id = UUID(facts(self.database, order)["lines"][index]["id"])
        amount = None if quantity is None else Decimal(quantity)
        with self.database.unit_of_work() as session:
            return cancel_lines(session, [LineCancellation(line_id, amount)], NOW, "ann")[0]

    def fulfill(self, order: UUID) -> list[dict[str, Any]]:
        """Create the fulfillment orders of an order and return them as flows see them."""
        assert create(self.database, order)[0].ok
        self.check()
        return fulfillment_orders(self.database, order)

    def payload(self, fulfillment_order: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the lines that the demo 3PL is sent, without their references."""
        transformation = Transformation(TransformationDocument.model_validate(SEND.transformation))
        (sent,) = transformation.transform_many([fulfillment_order])
        lines: list[dict[str, Any]] = []
        for one in sent.document["lines"]:  # type: ignore[union-attr]
            lines.append({name: one[name] for name in one if name != "line_reference"})
        return lines

    def ship(self, found: dict[str, Any], parcel: str, *quantities: Any) -> IntakeResult:
        """Ship quantities of the lines of a fulfillment order, in their order."""
        items = []
        for one, quantity in zip(found["lines"], quantities, strict=False):
            items.append({"line": one["reference"], "quantity": quantity})
        shipment = {"external_id": parcel, "shipped_at": "2026-11-21T07:00:00Z", "items": items}
        result = report(self.database, update(found, "shipped", shipment=shipment))[0]
        self.check()
        return result

    def end(self, found: dict[str, Any]) -> None:
        """The 3PL cancels what it has not shipped."""
        assert report(self.database, update(found, "canceled"))[0].ok
        self.check()

    def stock_rows(self, product: str) -> list[tuple[str, str, Decimal, Decimal]]:
        """Return (source, dimensions, on hand, reserved) of a product's stock."""
        with self.database.reading() as session:
            return fetch(
                session,
                "SELECT source, dimensions, on_hand, reserved FROM inventory_visibility.stock"
                " WHERE product = %s AND organization = '' ORDER BY 1, 2",
                (product,),
            )

    def check(self) -> None:
        """Assert that every invariant holds."""
        self.sourcing.check()


def lamp(quantity: Any, unit: str = "ea", **more: Any) -> dict[str, Any]:
    return line("LAMP", quantity, unit=unit, **more)


def flour(quantity: Any, unit: str = "kg", **more: Any) -> dict[str, Any]:
    return line("FLOUR", quantity, unit=unit, **more)


def total(rows: Sequence[tuple[Any, ...]], column: int) -> Decimal:
    """Return the exact sum of one column of numbers."""
    return sum((Decimal(str(row[column])) for row in rows), Decimal(0))
