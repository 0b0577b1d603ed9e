"""Random lives of orders in three currencies: changes, cancellations, shipments, undo, and races.

After every step the units of each line and the money of the order add up, whatever was refused.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.orders.builders import NOW, SHIP_TO, document

from openiom.fulfillment import UnsentFulfillment
from openiom.kernel import Refused
from openiom.master_data import KINDS
from openiom.orders import LineCancellation, cancel_lines, receive_orders, record_shipped
from openiom.orders.changes.money import derive_money
from openiom.orders.changes.operations import OPERATIONS
from openiom.orders.changes.records import read_changes
from openiom.orders.changes.stored_values import read_values, version_of
from openiom.orders.changes.values import OrderValue
from openiom.orders.service.apply_changes import ChangeRequest, apply_changes
from openiom.orders.service.line_fulfillment import release_to_fulfillment
from openiom.orders.service.undo_changes import undo_change
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import InboundDocument

CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3}
PRODUCTS = ("Lamp", "Scale", "Flour")
PORT = UnsentFulfillment()


def sequence_master_data(database: Database) -> None:
    """Create three currencies, pieces and kilograms, and three products."""
    configuration = Configuration()
    configuration.register(*KINDS)
    documents: list[dict[str, Any]] = [
        {"kind": "unit", "name": "ea", "body": {"title": "Each"}},
        {
            "kind": "unit",
            "name": "kg",
            "body": {"title": "Kilogram", "unit_group": "mass", "decimals": 3},
        },
    ]
    for currency in CURRENCIES:
        documents.append({"kind": "currency", "name": currency, "body": {"title": currency}})
    for product in PRODUCTS:
        unit = "kg" if product == "Flour" else "ea"
        documents.append(
            {"kind": "product", "name": product, "body": {"name": product, "unit": unit}}
        )
    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=NOW, actor="test")


@dataclass
class OrderLife:
    """One order, and the random steps of its life."""

    database: Database
    random: random.Random
    number: str
    currency: str
    order_id: UUID = field(init=False)
    steps: int = 0
    applied: int = 0
    undone: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self.order_id = self._place()

    def run(self, steps: int) -> None:
        """Take random steps; check the order after each."""
        for _ in range(steps):
            self.steps += 1
            step = self.random.choice(
                [self.change] * 6 + [self.undo, self.undo, self.cancel, self.ship]
            )
            before = self.value()
            try:
                step()
            except Refused:
                self.refused += 1
            self.check(before)

    def value(self) -> OrderValue:
        """Return the order as it is stored."""
        with self.database.reading() as session:
            return read_values(session, [self.order_id], ())[self.order_id]

    def check(self, before: OrderValue) -> None:
        """Assert that units and money add up, and that shipped units stay shipped."""
        value = self.value()
        money = derive_money(value)
        assert money.kept == money.total - money.refunds
        assert money.kept >= 0
        assert (
            money.total
            == money.lines + money.shipping + money.tax - money.discount + value.difference
        )
        for line in value.lines:
            assert line.quantity > 0
            assert line.shipped + line.canceled + line.in_fulfillment <= line.quantity
            if line.quantity > line.fixed:
                assert line.net(value.currency) >= 0
        shipped = sum(line.shipped for line in value.lines)
        assert shipped >= sum(line.shipped for line in before.lines)

    def change(self) -> None:
        """Apply one or two random operations to the version that is read before."""
        operations = OPERATIONS.validate_python(
            [self._operation() for _ in range(self.random.randint(1, 2))]
        )
        with self.database.unit_of_work() as session:
            value = read_values(
                session, [self.order_id], PORT.planned_lines(session, [self.order_id])
            )
            version = version_of(session, value[self.order_id])
            request = ChangeRequest(self.order_id, operations, "", version)
            [outcome] = apply_changes(session, [request], NOW, "ann", PORT)
            if outcome.refusal is not None:
                raise outcome.refusal
            assert outcome.patch is not None
            expected = outcome.patch.after
        assert self.value().content() == expected.content()
        self.applied += 1

    def undo(self) -> None:
        """Undo a random change; the money is what it was before it, where nothing came between."""
        with self.database.unit_of_work() as session:
            changes = read_changes(session, [self.order_id])
            if not changes:
                return
            change = self.random.choice(changes[:3])
            outcome = undo_change(session, self.order_id, change.id, NOW, "ann", PORT)
            assert outcome.patch is not None
            if change is changes[0] and not self._moved_since:
                after = outcome.patch.money_after.kept
                assert after == Decimal(change.money_before["kept"])
        self.undone += 1

    _moved_since: bool = False

    def cancel(self) -> None:
        """Cancel units of a random line."""
        line = self.random.choice(self.value().lines)
        assert line.id is not None
        with self.database.unit_of_work() as session:
            [outcome] = cancel_lines(
                session,
                [LineCancellation(line.id, None if self.random.random() < 0.2 else Decimal(1))],
                NOW,
                "bob",
            )
        self._moved_since = self._moved_since or outcome.ok

    def ship(self) -> None:
        """Release and ship a unit of a random line."""
        lines = [line for line in self.value().lines if line.changeable > 0]
        if not lines:
            return
        line = self.random.choice(lines)
        assert line.id is not None
        with self.database.unit_of_work() as session:
            release_to_fulfillment(session, {line.id: 1}, NOW, "flow")
            record_shipped(session, [(line.id, 1)], NOW, "3pl")
        self._moved_since = True

    def _place(self) -> UUID:
        lines = [self._line(index) for index in range(self.random.randint(1, 4))]
        whole = document(
            self.number, *lines, currency=self.currency, shipping_amount=self._money(900)
        )
        total = sum(
            (Decimal(x["unit_price"]) * Decimal(x["quantity"]) + Decimal(x["tax"]) for x in lines),
            Decimal(0),
        )
        whole["total_amount"] = str(total + Decimal(whole["shipping_amount"]))
        with self.database.unit_of_work() as session:
            [result] = receive_orders(session, [InboundDocument(0, "manual", whole)], NOW, "ann")
        assert result.ok, result
        return UUID(result.entity_id)

    def _line(self, index: int) -> dict[str, Any]:
        product = self.random.choice(PRODUCTS)
        return {
            "external_id": str(index),
            "product": product,
            "unit": "kg" if product == "Flour" else "ea",
            "quantity": str(self.random.randint(2, 9)),
            "unit_price": self._money(3_000),
            "tax": self._money(300),
        }

    def _money(self, most: int) -> str:
        return str(Decimal(self.random.randint(0, most)).scaleb(-CURRENCIES[self.currency]))

    def _operation(self) -> dict[str, Any]:
        line = self.random.randint(1, 4)
        product = self.random.choice(PRODUCTS)
        return self.random.choice(
            [
                {
                    "kind": "change_quantity",
                    "line": line,
                    "quantity": str(self.random.randint(1, 12)),
                },
                {"kind": "change_quantity", "line": line, "quantity": "2.5"},
                {"kind": "remove_line", "line": line},
                {
                    "kind": "add_line",
                    "product": product,
                    "quantity": "3",
                    "unit_price": self._money(500),
                },
                {"kind": "exchange_line", "line": line, "product": product},
                {
                    "kind": "substitute_line",
                    "line": line,
                    "candidates": [product],
                    "mode": "first_match",
                },
                {"kind": "set_unit_price", "line": line, "unit_price": self._money(4_000)},
                {"kind": "set_discount", "line": line, "amount": self._money(300)},
                {"kind": "set_discount", "amount": self._money(500)},
                {"kind": "set_tax", "line": line, "amount": self._money(90)},
                {"kind": "set_shipping_method", "method": "Express", "amount": self._money(900)},
                {
                    "kind": "set_ship_to",
                    "address": SHIP_TO | {"city": self.random.choice(["Oslo", "Rome"])},
                },
                {"kind": "set_requested_date", "line": line, "date": "2026-12-24"},
                {"kind": "goodwill", "amount": self._money(200), "reason": "late"},
            ]
        )


def run_lives(
    database: Database, *, sequences: int, steps: int, seed: int, threads: int = 4
) -> list[OrderLife]:
    """Run orders at the same time, and two people on each; return their lives."""
    sequence_master_data(database)

    def live(number: int) -> OrderLife:
        currency = sorted(CURRENCIES)[number % len(CURRENCIES)]
        life = OrderLife(database, random.Random(seed * 100_003 + number), f"S{number}", currency)
        life.run(steps)
        race(life)
        return life

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(live, range(sequences)))


def race(life: OrderLife) -> None:
    """Let two people apply a change to the same version: at most one succeeds."""
    operation = {"kind": "goodwill", "amount": "1", "reason": "race"}
    operations = OPERATIONS.validate_python([operation])
    with life.database.reading() as session:
        version = version_of(session, life.value())

    def apply(_: int) -> bool:
        with life.database.unit_of_work() as session:
            request = ChangeRequest(life.order_id, operations, "", version)
            [outcome] = apply_changes(session, [request], NOW, "ann", PORT)
            return outcome.refusal is None

    with ThreadPoolExecutor(2) as people:
        assert sum(people.map(apply, range(2))) <= 1
