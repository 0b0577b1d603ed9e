"""The shop of tau2-retail: its orders, customers and products, and the right actions of its tasks.

Every task has copies of its orders, so that tasks are independent of one another.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from tests.fulfillment.builders import FACTS, create, parcel, report, send
from tests.orders.builders import NOW

from openiom.fulfillment_optimization import KINDS as SOURCING_KINDS
from openiom.inventory_visibility import (
    StockChange,
    StockReservationRequest,
    change_on_hand,
    reserve,
)
from openiom.logistics import KINDS as LOGISTICS_KINDS
from openiom.master_data import KINDS as MASTER_KINDS
from openiom.orders import KINDS as ORDER_KINDS
from openiom.orders import assign_sources, open_lines, raise_order_events
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import EventRequest
from openiom.returns import KINDS as RETURN_KINDS

Json = dict[str, Any]
METHODS = {"credit_card": "card", "paypal": "paypal", "gift_card": "gift_card"}
VALIDATED = ("order.header_validation.succeeded", "order.lines_validation.succeeded")
POLICIES: list[Json] = [
    {
        "kind": "order_change_policy",
        "name": "default",
        "body": {
            "item_changes": 1,
            "exchange_within_product": True,
            "cancel_after_item_change": False,
            "cancel_reasons": ["no longer needed", "ordered by mistake"],
        },
    },
    {
        "kind": "return_policy",
        "name": "default",
        "body": {
            "rules": [{"title": "Any delivered order", "days": None}],
            "returns_per_order": 1,
            "exchange_within_product": True,
        },
    },
]
"""The rules of the shop, as documents of its configuration."""


@dataclass(frozen=True, slots=True)
class RetailData:
    """The files of the shop: products, users and orders by id, and its tasks."""

    products: Mapping[str, Json]
    users: Mapping[str, Json]
    orders: Mapping[str, Json]
    tasks: Sequence[Json]

    @classmethod
    def read(cls, folder: Path) -> "RetailData":
        """Read the files of a folder."""
        shop = json.loads((folder / "db.json").read_text(), parse_float=Decimal)
        tasks = json.loads((folder / "tasks.json").read_text())
        return cls(shop["products"], shop["users"], shop["orders"], tasks)

    def variant(self, item_id: str) -> tuple[str, Decimal]:
        """Return the product of an item, and its price."""
        for product_id, product in self.products.items():
            if item_id in product["variants"]:
                return product_id, Decimal(product["variants"][item_id]["price"])
        raise AssertionError(f"no item {item_id}")

    def payment_kind(self, user_id: str, method_id: str) -> str:
        """Return the kind of a payment method of a user."""
        return METHODS[self.users[user_id]["payment_methods"][method_id]["source"]]


def address_document(address: Mapping[str, Any]) -> Json:
    """Return an address of the shop as our documents have it."""
    return {
        "line1": address["address1"],
        "line2": address["address2"],
        "city": address["city"],
        "state": address["state"],
        "postal_code": address["zip"],
        "country": {"USA": "US"}[address["country"]],
    }


def account_document(user: Mapping[str, Any]) -> Json:
    """Return a user of the shop as an account."""
    name = f"{user['name']['first_name']} {user['name']['last_name']}"
    body = {
        "title": name,
        "email": user["email"],
        "address": address_document(user["address"]),
    }
    return {"kind": "account", "name": user["user_id"], "body": body}


def order_document(data: RetailData, order: Mapping[str, Any], number: str) -> Json:
    """Return an order of the shop as it is sent to the API, paid by its first payment."""
    lines: list[Json] = []
    for index, item in enumerate(order["items"]):
        lines.append(
            {
                "external_id": str(index),
                "product": item["product_id"],
                "unit": "ea",
                "quantity": 1,
                "variant": {"configuration": item["item_id"]},
                "unit_price": str(item["price"]),
            }
        )
    paid = order["payment_history"][0]
    amount = str(paid["amount"])
    payment = {
        "method": data.payment_kind(order["user_id"], paid["payment_method_id"]),
        "reference": paid["payment_method_id"],
        "amount": amount,
        "captured": amount,
    }
    return {
        "external_id": number,
        "external_version": 1,
        "number": number,
        "placed_at": "2026-11-20T11:00:00Z",
        "currency": "USD",
        "account": order["user_id"],
        "ship_to": address_document(order["address"]),
        "total_amount": str(sum(Decimal(item["price"]) for item in order["items"])),
        "payments": [payment],
        "lines": lines,
    }


def configuration_of_shop() -> Configuration:
    """Return a configuration that knows the kinds of documents of the shop."""
    configuration = Configuration()
    configuration.register(*MASTER_KINDS, *LOGISTICS_KINDS, *SOURCING_KINDS)
    configuration.register(*ORDER_KINDS, *RETURN_KINDS)
    return configuration


def apply_documents(database: Database, documents: Sequence[Json]) -> None:
    """Apply documents to the configuration."""
    with database.unit_of_work() as session:
        configuration_of_shop().apply(session, documents, at=NOW, actor="shop")


@dataclass
class RetailShop:
    """The shop in a database; orders are known by their numbers."""

    database: Database
    client: TestClient
    data: RetailData
    ids: dict[str, UUID] = field(default_factory=dict)
    documents: dict[str, Json] = field(default_factory=dict)

    def post(self, path: str, body: Json) -> Json:
        """Send a request that must be answered, and return the answer."""
        answer = self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code < 300, answer.text
        found: Json = answer.json()
        return found

    def get(self, path: str) -> Json:
        """Return what the API has at a path."""
        answer = self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def configure(self) -> None:
        """Create currency, unit, products, accounts, policies and stock."""
        documents: list[Json] = [
            {"kind": "unit", "name": "ea", "body": {"title": "Each"}},
            {"kind": "currency", "name": "USD", "body": {"title": "US dollar"}},
        ]
        warehouse = address_document(next(iter(self.data.users.values()))["address"])
        documents.append(
            {"kind": "source", "name": "SEA", "body": {"title": "Store", "address": warehouse}}
        )
        for number, product in self.data.products.items():
            documents.append({"kind": "product", "name": number, "body": {"name": product["name"]}})
        documents += map(account_document, self.data.users.values())
        apply_documents(self.database, documents + POLICIES)
        changes = [StockChange(number, "SEA", Decimal(9999)) for number in self.data.products]
        with self.database.unit_of_work() as session:
            failed = change_on_hand(
                session, changes, mode="set", cause="count", document="t", now=NOW, actor="shop"
            )
        assert not any(failed)

    def load(self, orders: Mapping[str, Json]) -> None:
        """Create orders by their numbers through the API, and move them to their status."""
        by_status: dict[str, list[str]] = defaultdict(list)
        for number, order in orders.items():
            self.documents[number] = order_document(self.data, order, number)
            by_status[order["status"]].append(number)

        numbers = list(orders)
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            sent = {"orders": [self.documents[number] for number in part]}
            results = self.post("/orders", sent)["results"]
            for number, result in zip(part, results, strict=True):
                assert result["ok"], result
                self.ids[number] = UUID(result["id"])

        self._cancel(by_status["cancelled"])
        self._send(by_status["processed"])
        self._deliver(by_status["delivered"])

    def _cancel(self, numbers: Sequence[str]) -> None:
        if not numbers:
            return
        ids = [str(self.ids[number]) for number in numbers]
        canceled = self.post("/orders/cancel", {"ids": ids, "reason": "no longer needed"})
        assert all(result["ok"] for result in canceled["results"])
        refunds = [{"order_id": order_id, "key": f"cancel-{order_id}"} for order_id in ids]
        refunded = self.post("/payments/refund", {"refunds": refunds})
        assert all(result["ok"] for result in refunded["results"])

    def _send(self, numbers: Sequence[str]) -> None:
        """Send orders to a fulfiller."""
        found = self._fulfillment_orders(numbers)
        sent = send(self.database, *[one["id"] for one in found])
        assert all(outcome.ok for outcome in sent)

    def _deliver(self, numbers: Sequence[str]) -> None:
        """Report that the parcels of orders were delivered."""
        reports: list[Json] = []
        for found in self._fulfillment_orders(numbers):
            quantities = [line["quantity"] for line in found["lines"]]
            reports.append(parcel(found, f"P-{found['number']}", *quantities, kind="delivered"))
        results = report(self.database, *reports)
        assert all(result.ok for result in results)

    def _fulfillment_orders(self, numbers: Sequence[str]) -> list[Json]:
        """Source orders and return their new fulfillment orders."""
        orders = [self.ids[number] for number in numbers]
        if not orders:
            return []
        with self.database.unit_of_work() as session:
            for event in VALIDATED:
                raise_order_events(session, [EventRequest(i, event) for i in orders], NOW, "flow")
            lines = open_lines(session, orders)
            wanted = [
                StockReservationRequest(line.line_id, line.product, "SEA", Decimal(line.quantity))
                for line in lines
            ]
            assert all(reserve(session, wanted, NOW, "flow"))
            sources = {line.line_id: ("SEA", "nearest") for line in lines}
            assign_sources(session, sources, NOW, "flow")
            found = "fulfillment.optimization.succeeded"
            raise_order_events(session, [EventRequest(i, found) for i in orders], NOW, "flow")

        assert all(outcome.ok for outcome in create(self.database, *orders))
        with self.database.reading() as session:
            query = "SELECT id FROM fulfillment.fulfillment_order WHERE order_id = ANY(%s)"
            ids = [row[0] for row in fetch(session, query, (orders,))]
            facts = FACTS["fulfillment_order"](session, ids)
        return [facts[one] for one in ids]

    def order(self, number: str) -> Json:
        """Return an order with its lines."""
        return self.get(f"/orders/{self.ids[number]}")

    def payments(self, number: str) -> Json:
        """Return the payments of an order."""
        return self.get(f"/orders/{self.ids[number]}/payments")

    def lines_of(self, number: str, item_ids: Iterable[str]) -> list[Json]:
        """Return a line of an order for each of these items; a line is used once."""
        left = list(self.order(number)["lines"])
        chosen: list[Json] = []
        for item_id in item_ids:
            [line, *_] = [x for x in left if x["variant"]["configuration"] == item_id]
            left.remove(line)
            chosen.append(line)
        return chosen

    def change(self, number: str, operations: list[Json]) -> Any:
        """Preview and apply operations; return the response of the first that is refused."""
        path = f"/api/v1/orders/{self.ids[number]}/changes"
        preview = self.client.post(f"{path}/preview", json={"operations": operations})
        if preview.status_code != 200:
            return preview
        body = {"operations": operations, "version": preview.json()["version"]}
        return self.client.post(path, json=body)

    def create_return(self, number: str, lines: list[Json], **more: Any) -> Json:
        """Request a return of an order; return its result."""
        request = {"order_id": str(self.ids[number]), "lines": lines, **more}
        [result] = self.post("/returns", {"returns": [request]})["results"]
        found: Json = result
        return found

    def inspect(self, return_id: str) -> Json:
        """Receive and inspect every unit of a return; return the return."""
        lines = self.get(f"/returns/{return_id}")["lines"]
        items: list[Json] = []
        for line in lines:
            item = {"id": line["id"], "quantity": line["quantity"], "condition": "new"}
            items.append(item | {"disposition": "restock"})
        received = self.post("/returns/receive", {"place": "SEA", "items": items})
        assert all(result["ok"] for result in received["results"])
        return self.get(f"/returns/{return_id}")
