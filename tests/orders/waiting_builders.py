"""Orders that wait for stock or a launch, and what their tests read of them."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.orders.builders import NOW, event_names, facts, happen, state_of

from openiom.inventory_visibility import StockReservationRequest, reserve
from openiom.master_data import KINDS as MASTER_DATA
from openiom.orders import KINDS, BackorderReleaseWorker, assign_sources
from openiom.orders.backorder.place_on_hold import await_stock, hold_preorders
from openiom.orders.backorder.queries import WaitingFilter, WaitingRow, list_waiting
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import Outcome

INVARIANTS = Path(__file__).parents[2] / "invariants"
TODAY = NOW.date()
PROMISES = (
    "waiting_lines_say_why",
    "order_state_follows_its_lines",
    "never_promise_twice",
    "ended_lines_reserve_no_stock",
    "reserved_equals_open_reservations",
    "sourced_lines_have_permanent_reservations",
    "allocations_add_up",
    "allocation_consumption_is_reserved",
)
VALID = ("order.header_validation.succeeded", "order.lines_validation.succeeded")


def broken_invariants(database: Database, names: tuple[str, ...] = PROMISES) -> list[str]:
    """Return those of these invariants that find a violation."""
    broken: list[str] = []
    with database.reading() as session:
        for name in names:
            if fetch(session, (INVARIANTS / f"{name}.sql").read_text()):
                broken.append(name)
    return broken


def prefer(database: Database, **body: Any) -> None:
    apply(database, {"kind": "order_preferences", "name": "default", "body": body})


def apply(database: Database, *documents: dict[str, Any]) -> None:
    configuration = Configuration()
    configuration.register(*MASTER_DATA, *KINDS)
    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=NOW, actor="test")


def unserved(database: Database, *orders: UUID, now: datetime = NOW) -> list[Outcome]:
    """Let sourcing find nothing, and the flow hold the orders until stock arrives."""
    with database.unit_of_work() as session:
        for order in orders:
            if state_of(database, order)[0] == "new":
                happen(session, order, *VALID)
            happen(session, order, "fulfillment.optimization.failed")
        return await_stock(session, orders, now, "flow")


def sourced(database: Database, order: UUID, source: str = "SEA") -> None:
    """Reserve every open line as the flow does after a release."""
    lines = facts(database, order)["lines"]
    wanted = [x for x in lines if x["state"] != "canceled" and not x["source"]]

    with database.unit_of_work() as session:
        asks = [
            StockReservationRequest(UUID(x["id"]), x["product"], source, x["quantity"])
            for x in wanted
        ]
        assert all(reserve(session, asks, NOW, "flow", backorder_lines=[a.line_id for a in asks]))
        assign_sources(session, {a.line_id: (source, "t") for a in asks}, NOW, "flow")
        happen(session, order, "fulfillment.optimization.succeeded")


def turn(database: Database, *, now: datetime = NOW) -> None:
    drain(database, [BackorderReleaseWorker()], now=now)


def released(database: Database, *orders: UUID) -> list[bool]:
    return ["order.backorder_hold_released" in event_names(database, order) for order in orders]


def waiting(database: Database) -> list[WaitingRow]:
    with database.reading() as session:
        return list_waiting(session, WaitingFilter(), after=None, limit=100, now=NOW)


def launched(database: Database, product: str, day: date) -> None:
    body = {"name": product, "preorder_eligible": True, "launch_date": str(day)}
    apply(database, {"kind": "product", "name": product, "body": body})


def preorder(database: Database, *orders: UUID) -> list[Outcome]:
    with database.unit_of_work() as session:
        for order in orders:
            happen(session, order, *VALID)
        return hold_preorders(session, orders, NOW, "flow")
