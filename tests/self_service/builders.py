"""Orders in the states that customers see, and requests to the public pages, as tests make them."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from tests.fulfillment.builders import create, fulfillment_orders, parcel, report, send, update
from tests.orders.builders import NOW, line, placed, sourced
from tests.returns.builders import shop

from openiom.orders import cancel_orders
from openiom.platform.database import Database
from openiom.platform.http import current_time

PUBLIC = "/api/v1/public/orders"
ADDRESS = {
    "name": "Richard Miles",
    "line1": "7 Oak Ave",
    "city": "Tacoma",
    "state": "WA",
    "postal_code": "98402",
    "country": "US",
}
POLICY = {"withdrawal": {"countries": ["US"], "days": 20}, "rules": [{"title": "Any", "days": 30}]}
"""Goods come back for 30 days; purchases are withdrawn from for 20 days after the last parcel."""
STAGES = ("new", "sourced", "created", "sent", "packed", "partly shipped", "shipped", "delivered")
"""The stages of an order of 5 units, each one after those before it."""


def order_at(database: Database, stage: str) -> UUID:
    """Return an order of 3 scales and 2 lamps that has reached a stage, or was canceled."""
    shop(database, POLICY)
    order = placed(database, line(quantity=3), line("Lamp", quantity=2))
    if stage == "canceled":
        with database.unit_of_work() as session:
            [outcome] = cancel_orders(session, [order], NOW, "ann", reason="Out of stock")
        assert outcome.ok, outcome
        return order

    reached = STAGES.index(stage)
    if reached >= STAGES.index("sourced"):
        sourced(database, [order])
    if reached >= STAGES.index("created"):
        create(database, order)
    if reached >= STAGES.index("sent"):
        [found] = fulfillment_orders(database, order)
        send(database, found["id"])
        _ship(database, found, stage)
    return order


def _ship(database: Database, found: dict[str, Any], stage: str) -> None:
    """Report the parcels that an order of a stage has: one, or one after another."""
    documents: list[dict[str, Any]] = []
    if stage == "packed":
        documents.append(update(found, "packed"))
    if stage in STAGES[STAGES.index("partly shipped") :]:
        documents.append(parcel(found, "P1", 2))
    if stage in ("shipped", "delivered"):
        documents.append(parcel(found, "P2", 1, 2))
    if stage == "delivered":
        documents.append(update(found, "delivered"))
    for document in documents:
        [result] = report(database, document)
        assert result.ok, result


def at(client: TestClient, moment: datetime) -> None:
    """Set the time of the requests that follow."""

    async def now() -> datetime:
        return moment

    cast(FastAPI, client.app).dependency_overrides[current_time] = now


def link_of(client: TestClient, order: UUID) -> str:
    """Return the token of a new link of an order."""
    response = client.post(f"/api/v1/orders/{order}/customer-link")
    assert response.status_code == 200, response.text
    url: str = response.json()["url"]
    start, _, token = url.rpartition("/")
    assert start == "https://shop.example/track"
    return token


def read(client: TestClient, token: str) -> dict[str, Any]:
    """Return an order as its customer reads it."""
    response = client.get(f"{PUBLIC}/{token}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def post(client: TestClient, path: str, body: dict[str, Any], key: str = "") -> Response:
    """Send a change with an idempotency key, by default a new one."""
    headers = {"Idempotency-Key": key or str(uuid4())}
    return client.post(f"{PUBLIC}/{path}", json=body, headers=headers)


def version_of(client: TestClient, token: str, lines: list[dict[str, int]] | None = None) -> str:
    """Return the version that a preview of a cancellation shows."""
    path = f"{PUBLIC}/{token}/cancellation/preview"
    response = client.post(path, json={"lines": lines or []})
    assert response.status_code == 200, response.text
    version: str = response.json()["version"]
    return version


def returned_line(line_id: str, quantity: int = 1) -> dict[str, Any]:
    """Return a line of a return."""
    return {"line": line_id, "quantity": quantity, "reason": "no_longer_needed"}
