"""What went to the 3PL is taken back, and an order whose units are settled ends."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.order_stories.conftest import Fabrikam
from tests.order_stories.test_changes_before_release import delay_calls, place_for_two_towns
from tests.order_stories.test_the_store import in_store, place, shop

from openiom.app.invariants import check_invariants
from openiom.fulfillment import recall_fulfillment_orders, recall_orders
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.orchestration.queries import flow_runs_of
from openiom.orchestration.runtime.wakes import CALLS_WAKE
from openiom.orders import LineCancellation, cancel_lines, hold_orders, release_holds
from openiom.platform.batches import drain
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.providers import poll
from openiom_simulators.seed.company import SOURCES

__all__ = ["shop"]

SCALES = {"product_id": 77, "quantity": 3}


@pytest.fixture
def waiting_3pl(shop: Fabrikam) -> Fabrikam:
    """A 3PL that does nothing by itself."""
    behavior(shop, automatic=False)
    return shop


def behavior(shop: Fabrikam, **changes: Any) -> None:
    httpx.put(f"{shop.warehouse.url}/_sim/behavior", json=changes)


def at_the_3pl(shop: Fabrikam, action: str = "", **body: Any) -> dict[str, Any]:
    """Return the newest order of the 3PL, after an action of its operator."""
    headers = {"Authorization": "Bearer warehouse-token"}
    with httpx.Client(base_url=f"{shop.warehouse.url}/v1/", headers=headers) as client:
        newest: dict[str, Any] = client.get("orders").json()["orders"][-1]
        if not action:
            return newest
        done = client.post(f"orders/{newest['id']}/{action}", json=body)
        assert done.status_code == 200, done.text
        changed: dict[str, Any] = done.json()
        return changed


def order_id(shop: Fabrikam, number: str) -> UUID:
    return UUID(shop.order(number)["id"])


def fulfillment_orders(shop: Fabrikam, number: str) -> list[tuple[Any, ...]]:
    return shop.fetch(
        "SELECT f.id, f.state, f.recall FROM fulfillment.fulfillment_order f"
        " JOIN orders.order o ON o.id = f.order_id WHERE o.number = %s ORDER BY f.id",
        number,
    )


def broken(shop: Fabrikam) -> list[str]:
    """Names of violated invariants, as if the last change was an hour ago."""
    with shop.application.database.unit_of_work() as session:
        execute(session, "UPDATE orders.order_state SET updated_at = updated_at - interval '1h'")
    return [c.name for c in check_invariants(shop.application.database) if c.violations]


def recall(shop: Fabrikam, number: str, units: Any) -> None:
    ids = [row[0] for row in fulfillment_orders(shop, number)][-1:]
    with shop.application.database.unit_of_work() as session:
        (outcome,) = recall_fulfillment_orders(session, ids, utc_now(), "ann", units=units)
        assert outcome.ok, outcome.reason


def test_a_recalled_order_is_canceled_by_the_3pl_and_in_openiom(waiting_3pl: Fabrikam) -> None:
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()

    recall(waiting_3pl, number, "cancel")
    waiting_3pl.settle()

    assert at_the_3pl(waiting_3pl)["state"] == "canceled"
    assert waiting_3pl.order(number)["state"] == "canceled"
    assert [row[1:] for row in fulfillment_orders(waiting_3pl, number)] == [
        ("canceled", "accepted")
    ]
    reserved = "SELECT sum(reserved)::int FROM inventory_visibility.stock"
    assert waiting_3pl.fetch(reserved) == [(0,)]
    assert broken(waiting_3pl) == []


def test_recalled_units_are_sourced_again_and_ship(waiting_3pl: Fabrikam) -> None:
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()

    recall(waiting_3pl, number, "source_again")
    waiting_3pl.settle()
    behavior(waiting_3pl, automatic=True)
    waiting_3pl.settle()

    assert [row[1] for row in fulfillment_orders(waiting_3pl, number)] == ["canceled", "shipped"]
    assert waiting_3pl.order(number)["state"] == "completed"
    assert broken(waiting_3pl) == []


def test_what_the_3pl_refuses_to_cancel_is_a_task_and_ships(waiting_3pl: Fabrikam) -> None:
    behavior(waiting_3pl, refuse_cancel_ratio=1.0)
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()

    recall(waiting_3pl, number, "cancel")
    waiting_3pl.settle()

    order = waiting_3pl.order(number)
    assert (order["state"], order["state_reason"]) == ("fulfillment_in_process", "Recall Refused")
    ((_, state, recalled),) = fulfillment_orders(waiting_3pl, number)
    assert (state, recalled) == ("sent", "refused")
    ((reason,),) = waiting_3pl.fetch("SELECT state_reason FROM fulfillment.fulfillment_order")
    assert "is being packed and cannot be canceled" in reason

    at_the_3pl(waiting_3pl, "accept")
    at_the_3pl(waiting_3pl, "ship")
    waiting_3pl.settle()
    assert waiting_3pl.order(number)["state"] == "completed"
    assert broken(waiting_3pl) == []


def test_a_call_that_was_not_made_is_withdrawn_with_its_fulfillment_order(
    waiting_3pl: Fabrikam,
) -> None:
    behavior(waiting_3pl, automatic=True)
    number = place(waiting_3pl, SCALES)
    application = waiting_3pl.application
    poll(application.registry, application.database, "fabrikam-store")
    others = [worker for worker in application.workers() if worker.kind != CALLS_WAKE]
    drain(application.database, others)
    assert [row[1] for row in fulfillment_orders(waiting_3pl, number)] == ["new"]

    with application.database.unit_of_work() as session:
        ids = [order_id(waiting_3pl, number)]
        (outcome,) = recall_orders(session, ids, utc_now(), "ann", units="cancel")
        assert outcome.ok, outcome.reason

    waiting_3pl.settle()
    assert waiting_3pl.order(number)["state"] == "canceled"
    headers = {"Authorization": "Bearer warehouse-token"}
    received = httpx.get(f"{waiting_3pl.warehouse.url}/v1/orders", headers=headers).json()
    assert received["orders"] == []
    assert broken(waiting_3pl) == []


def test_a_cancellation_by_the_store_recalls_what_the_3pl_has(waiting_3pl: Fabrikam) -> None:
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()
    canceled = httpx.put(
        f"{waiting_3pl.store.url}/stores/fabrikam/v2/orders/{number}",
        json={"status_id": 5},
        headers={"X-Auth-Token": "store-token"},
    )
    assert canceled.status_code == 200, canceled.text

    waiting_3pl.settle()

    assert in_store(waiting_3pl, number)["status"] == "Cancelled"
    assert at_the_3pl(waiting_3pl)["state"] == "canceled"
    order = waiting_3pl.order(number)
    assert (order["state"], order["state_reason"]) == ("canceled", "Canceled upstream")
    reasons = "SELECT recall_reason FROM fulfillment.fulfillment_order"
    assert waiting_3pl.fetch(reasons) == [("Canceled upstream",)]
    assert "order.cancellation_requested" in waiting_3pl.events(number)
    assert broken(waiting_3pl) == []


def test_a_hold_in_fulfillment_keeps_the_order_from_being_billed(waiting_3pl: Fabrikam) -> None:
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()
    database = waiting_3pl.application.database
    with database.unit_of_work() as session:
        assert hold_orders(session, [order_id(waiting_3pl, number)], utc_now(), "ann")[0].ok

    at_the_3pl(waiting_3pl, "accept")
    at_the_3pl(waiting_3pl, "ship")
    waiting_3pl.settle()
    assert waiting_3pl.order(number)["state"] == "on_hold"
    assert waiting_3pl.fetch("SELECT step, state FROM orchestration.token") == [("held", "waiting")]

    with database.unit_of_work() as session:
        assert release_holds(session, [order_id(waiting_3pl, number)], utc_now(), "ann")[0].ok
    waiting_3pl.settle()
    assert waiting_3pl.order(number)["state"] == "completed"
    assert broken(waiting_3pl) == []


def received(shop: Fabrikam) -> list[list[int]]:
    """Return the quantities of the orders of the 3PL."""
    headers = {"Authorization": "Bearer warehouse-token"}
    body = httpx.get(f"{shop.warehouse.url}/v1/orders", headers=headers).json()
    found: list[list[int]] = []
    for order in body["orders"]:
        found.append([line["quantity"] for line in order["lines"]])
    return found


def hold(shop: Fabrikam, number: str) -> None:
    with shop.application.database.unit_of_work() as session:
        assert hold_orders(session, [order_id(shop, number)], utc_now(), "ann")[0].ok


def release(shop: Fabrikam, number: str) -> None:
    with shop.application.database.unit_of_work() as session:
        assert release_holds(session, [order_id(shop, number)], utc_now(), "ann")[0].ok


def test_a_hold_keeps_a_queued_fulfillment_order_from_being_sent(shop: Fabrikam) -> None:
    number = place(shop, SCALES)
    shop.settle(calls=False)
    hold(shop, number)
    shop.settle()

    assert received(shop) == []
    ((fulfillment_order, state, _),) = fulfillment_orders(shop, number)
    assert (state, shop.order(number)["state"]) == ("new", "on_hold")
    with shop.application.database.reading() as session:
        (run,) = flow_runs_of(session, shop.application.engine, order_id(shop, number))
    label = shop.fetch("SELECT number FROM fulfillment.fulfillment_order")[0][0]
    assert (run.step, run.postponed) == ("send", f"{label} waits: its order is on manual hold")
    assert broken(shop) == []

    release(shop, number)
    shop.settle()
    assert received(shop) == [[3]]
    assert shop.order(number)["state"] == "completed"
    assert [row[0] for row in fulfillment_orders(shop, number)] == [fulfillment_order]
    assert broken(shop) == []


def test_an_order_on_hold_is_recalled_without_being_sent(shop: Fabrikam) -> None:
    number = place(shop, SCALES)
    shop.settle(calls=False)
    hold(shop, number)
    shop.settle()
    recall(shop, number, "cancel")
    shop.settle()
    assert received(shop) == []
    assert shop.order(number)["state"] == "canceled"
    assert broken(shop) == []


def test_a_hold_stops_only_what_was_not_sent(shop: Fabrikam) -> None:
    number = place_for_two_towns(shop)
    shop.settle(calls=False)
    delay_calls(shop, "Dallas")
    shop.settle()
    hold(shop, number)
    with shop.application.database.unit_of_work() as session:
        statement = "UPDATE orchestration.provider_call SET due_at = now() WHERE state = 'ready'"
        assert execute(session, statement) == 1

    shop.settle()
    assert received(shop) == [[1]]
    assert [row[1] for row in fulfillment_orders(shop, number)] == ["shipped", "new"]
    assert broken(shop) == []

    release(shop, number)
    shop.settle()
    assert received(shop) == [[1], [2]]
    assert shop.order(number)["state"] == "completed"
    assert broken(shop) == []


def test_a_rest_that_no_source_ships_is_canceled_and_the_order_completes(
    waiting_3pl: Fabrikam,
) -> None:
    one_source_only(waiting_3pl)
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()
    sent = at_the_3pl(waiting_3pl, "accept")
    item = {"line_reference": sent["lines"][0]["line_reference"], "quantity": 1}
    at_the_3pl(waiting_3pl, "ship", items=[item], final=True)
    waiting_3pl.settle()

    (line,) = waiting_3pl.order(number)["lines"]
    assert (line["shipped"], line["in_fulfillment"], line["canceled"]) == (1, 0, 0)
    failed = "SELECT step FROM orchestration.token WHERE state = 'failed'"
    assert waiting_3pl.fetch(failed) == [("await_stock",)]
    assert broken(waiting_3pl) == []

    with waiting_3pl.application.database.unit_of_work() as session:
        cancellation = LineCancellation(UUID(line["id"]))
        assert cancel_lines(session, [cancellation], utc_now(), "ann")[0].ok
    waiting_3pl.settle()

    order = waiting_3pl.order(number)
    assert (order["state"], order["lines"][0]["shipped"], order["lines"][0]["canceled"]) == (
        "completed",
        1,
        2,
    )
    assert broken(waiting_3pl) == []


def one_source_only(shop: Fabrikam) -> None:
    """Leave scales in Seattle alone."""
    others = [source for source in SOURCES if source != "SEA"]
    changes = [StockChange("Accu Scale", source, Decimal(0)) for source in others]
    with shop.application.database.unit_of_work() as session:
        change_on_hand(
            session, changes, mode="set", cause="t", document="t", now=utc_now(), actor="t"
        )


def test_an_order_continues_without_the_one_line_that_held_it(waiting_3pl: Fabrikam) -> None:
    behavior(waiting_3pl, automatic=True)
    lamp = {"id": 78, "sku": "883988211855", "name": "Lamp", "price": 10, "weight": 1}
    httpx.post(
        f"{waiting_3pl.store.url}/_sim/load",
        json={"products": [lamp], "customers": [], "orders": []},
    )
    number = place(waiting_3pl, SCALES, {"product_id": 78, "quantity": 9_000})
    waiting_3pl.settle()
    order = waiting_3pl.order(number)
    assert order["state"] == "on_hold", order
    with waiting_3pl.application.database.unit_of_work() as session:
        cancellation = LineCancellation(UUID(order["lines"][1]["id"]))
        assert cancel_lines(session, [cancellation], utc_now(), "ann")[0].ok

    waiting_3pl.settle()

    order = waiting_3pl.order(number)
    assert order["state"] == "completed"
    assert [(x["shipped"], x["canceled"]) for x in order["lines"]] == [(3, 0), (0, 9_000)]
    assert broken(waiting_3pl) == []


def test_an_order_that_no_event_can_move_is_found(waiting_3pl: Fabrikam) -> None:
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()
    at_the_3pl(waiting_3pl, "accept")
    at_the_3pl(waiting_3pl, "ship")
    with waiting_3pl.application.database.unit_of_work() as session:
        execute(session, "UPDATE orchestration.token SET awaits = '{order.dreamt}', due_at = NULL")
    waiting_3pl.settle()
    assert broken(waiting_3pl) == []
    with waiting_3pl.application.database.unit_of_work() as session:
        execute(session, "UPDATE orchestration.token SET awaits = '{order.shipped}'")
    assert broken(waiting_3pl) == ["unfinished_orders_can_move"]
    assert waiting_3pl.order(number)["state_reason"] == "Shipped"


def test_a_fulfillment_order_is_sent_once_however_often_its_order_is_sourced(
    waiting_3pl: Fabrikam,
) -> None:
    number = place(waiting_3pl, SCALES)
    waiting_3pl.settle()
    sent = at_the_3pl(waiting_3pl, "accept")
    item = {"line_reference": sent["lines"][0]["line_reference"], "quantity": 1}
    at_the_3pl(waiting_3pl, "ship", items=[item], final=True)
    waiting_3pl.settle()

    headers = {"Authorization": "Bearer warehouse-token"}
    received = httpx.get(f"{waiting_3pl.warehouse.url}/v1/orders", headers=headers).json()
    assert [one["lines"][0]["quantity"] for one in received["orders"]] == [3, 2]
    assert [row[1] for row in fulfillment_orders(waiting_3pl, number)] == ["closed", "sent"]
    assert broken(waiting_3pl) == []
