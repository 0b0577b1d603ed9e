"""Changes of orders through the API: preview, apply, undo, history, races, and the store."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.fulfillment.builders import (
    broken_invariants,
    create,
    fulfillment_orders,
    parcel,
    report,
    send,
)
from tests.orders.builders import (
    NOW,
    SHIP_TO,
    available,
    document,
    event_names,
    line,
    master_data,
    placed,
    receive,
    sourced,
    stock,
)
from tests.orders.changeable_order import change_client, five_scales

from openiom.orders import hold_orders
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

FEWER = {"kind": "change_quantity", "line": 1, "quantity": 3}
MORE = {"kind": "change_quantity", "line": 1, "quantity": 7}
LAMP = {"kind": "add_line", "product": "Lamp", "quantity": 2, "unit_price": "4.00"}
TACOMA = {"kind": "set_ship_to", "address": SHIP_TO | {"city": "Tacoma"}}


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    with change_client(database) as opened:
        yield opened


@pytest.fixture
def order(database: Database) -> UUID:
    return five_scales(database)


def preview(client: TestClient, order: UUID, *operations: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/orders/{order}/changes/preview", json={"operations": operations})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def change(
    client: TestClient, order: UUID, *operations: dict[str, Any], key: str = ""
) -> dict[str, Any]:
    body = {
        "operations": operations,
        "version": preview(client, order, *operations)["version"],
        "reason": "Customer called",
    }
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post(f"/api/v1/orders/{order}/changes", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def undo(client: TestClient, order: UUID, found: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/orders/{order}/changes/{found['id']}/undo")


def history(client: TestClient, order: UUID) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"/api/v1/orders/{order}/changes").json()["changes"]
    return rows


def details(client: TestClient, order: UUID) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/orders/{order}").json()
    return found


def units(client: TestClient, order: UUID) -> list[tuple[str, int, int, str]]:
    """Return product, ordered and canceled units, and the state of the lines."""
    rows = details(client, order)["lines"]
    return [(x["product"], x["quantity"], x["canceled"], x["state"]) for x in rows]


def test_a_preview_shows_everything_and_stores_nothing(
    client: TestClient, database: Database, order: UUID
) -> None:
    found = preview(client, order, FEWER, LAMP)

    money = found["money"]
    assert (money["before"]["kept"], money["after"]["kept"], money["difference"]) == (
        "50.00",
        "38.00",
        "-12.00",
    )
    assert found["words"] == [
        "Quantity of line 1 (Accu Scale) from 5 to 3 ea",
        "Added 2 of Lamp",
    ]
    [need] = found["stock"]
    assert (need["product"], need["enough"], need["available"]) == ("Lamp", True, "20.0000")
    assert found["tasks"] == [{"kind": "source", "text": "Line 2 (2) is sourced"}]
    assert units(client, order) == [("Accu Scale", 5, 0, "new")]
    assert event_names(database, order) == ["order.created"]


def test_a_change_is_applied_recorded_and_undone(
    client: TestClient, database: Database, order: UUID
) -> None:
    applied = change(client, order, FEWER, LAMP)

    assert units(client, order) == [("Accu Scale", 3, 0, "new"), ("Lamp", 2, 0, "new")]
    assert details(client, order)["total_amount"] == "38.00"
    assert "order.changed" in event_names(database, order)
    [row] = history(client, order)
    assert (row["author"], row["origin"], row["reason"], row["number"]) == (
        "ann",
        "person",
        "Customer called",
        1,
    )
    assert row["undo"] == {"allowed": True, "reason": ""}

    answer = undo(client, order, applied)
    assert answer.status_code == 200, answer.text
    assert answer.json()["money"]["after"]["kept"] == "50.00"
    assert details(client, order)["total_amount"] == "50.00"
    assert units(client, order)[0] == ("Accu Scale", 5, 0, "new")
    assert [(x["undone_by"] is not None, x["undo"]["allowed"]) for x in history(client, order)] == [
        (False, False),
        (True, False),
    ]
    assert undo(client, order, applied).status_code == 409
    assert broken_invariants(database) == []


def test_a_removed_line_comes_back_with_all_it_had(client: TestClient, database: Database) -> None:
    master_data(database)
    special = line("Lamp", 2, discount="1.50", tax="0.55", variant={"color": "red"})
    order = placed(database, line(), special)
    applied = change(client, order, {"kind": "remove_line", "line": 2})

    assert units(client, order)[1] == ("Lamp", 2, 2, "canceled")
    assert undo(client, order, applied).status_code == 200
    restored = details(client, order)["lines"][2]
    assert (restored["quantity"], restored["discount"], restored["tax"]) == (2, "1.50", "0.55")
    assert restored["variant"]["color"] == "red"
    assert restored["external_id"] == "Lamp"
    assert broken_invariants(database) == []


def test_a_sourced_order_reserves_what_it_needs_after_a_change(
    client: TestClient, database: Database, order: UUID
) -> None:
    sourced(database, [order])
    assert available(database, "Accu Scale", "SEA") == 15

    change(client, order, FEWER)
    assert available(database, "Accu Scale", "SEA") == 17
    assert details(client, order)["state"] == "fulfillment_in_process"

    assert preview(client, order, MORE)["tasks"] == [
        {"kind": "source", "text": "Line 1 (7) is sourced"}
    ]
    change(client, order, MORE)
    assert available(database, "Accu Scale", "SEA") == 20
    assert details(client, order)["state"] == "in_progress"
    assert broken_invariants(database) == []


def test_an_order_that_gains_a_line_is_sourced_as_a_whole(
    client: TestClient, database: Database, order: UUID
) -> None:
    sourced(database, [order])

    change(client, order, LAMP)

    assert available(database, "Accu Scale", "SEA") == 20
    assert [x["source"] for x in details(client, order)["lines"]] == [None, None]
    assert event_names(database, order).count("order.fulfillment_declined") == 1
    assert broken_invariants(database) == []


def test_an_unsent_fulfillment_order_is_recalled(
    client: TestClient, database: Database, order: UUID
) -> None:
    sourced(database, [order])
    create(database, order)
    [before] = fulfillment_orders(database, order)

    tasks = preview(client, order, TACOMA)["tasks"]
    assert tasks[0] == {
        "kind": "recall",
        "text": f"Fulfillment order {before['number']} is canceled before it is sent",
    }
    change(client, order, TACOMA)

    assert fulfillment_orders(database, order)[0]["state"] == "canceled"
    assert available(database, "Accu Scale", "SEA") == 20
    assert details(client, order)["ship_to"]["city"] == "Tacoma"
    assert broken_invariants(database) == []


def test_what_a_fulfiller_has_is_recalled_before_it_changes(
    client: TestClient, database: Database, order: UUID
) -> None:
    change(client, order, {"kind": "set_bill_to", "address": SHIP_TO})
    applied = change(client, order, MORE)
    sourced(database, [order])
    create(database, order)
    [found] = fulfillment_orders(database, order)
    send(database, found["id"])

    refused = client.post(f"/api/v1/orders/{order}/changes/preview", json={"operations": [FEWER]})
    assert refused.status_code == 409
    assert refused.json()["detail"] == "7 ea of line 1 are at a fulfiller"
    assert refused.json()["remedy"] == "recall its fulfillment order, then change the line"
    assert undo(client, order, applied).json()["remedy"] == (
        "recall its fulfillment order, then change the line"
    )

    report(database, parcel(found, "P1", 7))
    late = history(client, order)
    assert late[0]["undo"]["reason"] == "line 1 has shipped; start a return"
    assert late[1]["undo"]["allowed"]
    goodwill = {"kind": "goodwill", "amount": "7.50", "reason": "Scratched"}
    assert change(client, order, goodwill)["money"]["difference"] == "-7.50"
    assert details(client, order)["total_amount"] == "70.00"
    assert broken_invariants(database) == []


def test_an_open_line_of_a_partly_shipped_order_changes(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=20)
    order = placed(database, line(quantity=5), line("Lamp", 2))
    sourced(database, [order], only=["Accu Scale"])
    create(database, order)
    [found] = fulfillment_orders(database, order)
    send(database, found["id"])
    report(database, parcel(found, "P1", 5))

    change(client, order, {"kind": "exchange_line", "line": 2, "product": "Accu Scale"})

    assert units(client, order)[1:] == [("Lamp", 2, 2, "canceled"), ("Accu Scale", 2, 0, "new")]
    assert "order.partially_declined" in event_names(database, order)
    assert details(client, order)["state"] == "fulfillment_in_process"
    assert broken_invariants(database) == []


def test_a_change_of_another_version_says_what_happened_since(
    client: TestClient, database: Database, order: UUID
) -> None:
    version = preview(client, order, FEWER)["version"]
    with database.unit_of_work() as session:
        hold_orders(session, [order], NOW, "bob")
    change(client, order, MORE)

    answer = client.post(
        f"/api/v1/orders/{order}/changes", json={"operations": [FEWER], "version": version}
    )
    assert answer.status_code == 409
    assert "Manual hold placed by bob, Order changed by ann" in answer.json()["detail"]
    assert units(client, order) == [("Accu Scale", 7, 0, "new")]


def test_of_two_people_one_wins(client: TestClient, order: UUID) -> None:
    version = preview(client, order, FEWER)["version"]

    def apply(operation: dict[str, Any]) -> int:
        body = {"operations": [operation], "version": version}
        answer = client.post(f"/api/v1/orders/{order}/changes", json=body)
        return int(answer.status_code)

    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(apply, [FEWER, MORE, LAMP, TACOMA]))

    assert sorted(answers) == [200, 409, 409, 409]
    assert len(history(client, order)) == 1


def test_a_repeated_request_changes_nothing(client: TestClient, order: UUID) -> None:
    version = preview(client, order, LAMP)["version"]
    body = {"operations": [LAMP], "version": version}
    url, headers = f"/api/v1/orders/{order}/changes", {"Idempotency-Key": "k1"}

    first = client.post(url, json=body, headers=headers).json()
    second = client.post(url, json=body, headers=headers).json()

    assert first == second
    assert len(units(client, order)) == 2
    other = client.post(url, json=body | {"reason": "x"}, headers=headers)
    assert other.status_code == 409


def test_undo_waits_for_what_was_changed_later(client: TestClient, order: UUID) -> None:
    first = change(client, order, FEWER)
    second = change(client, order, MORE)

    refused = undo(client, order, first)
    assert refused.json()["detail"] == "change 2 changed line 1 later"
    assert refused.json()["remedy"] == "undo change 2 first, or edit the order instead"
    assert undo(client, order, second).status_code == 200
    assert undo(client, order, first).status_code == 200
    assert units(client, order) == [("Accu Scale", 5, 0, "new")]


def test_many_orders_change_with_a_result_each(
    client: TestClient, database: Database, order: UUID
) -> None:
    others = [placed(database, line(quantity=2), external_id=f"2{i}") for i in range(3)]
    ended = placed(database, line(), external_id="30", disposition="cancel")
    ids = [str(x) for x in [order, *others, ended]]
    express = {"kind": "set_shipping_method", "method": "Express", "amount": "9.00"}

    answer = client.post("/api/v1/orders/changes", json={"ids": ids, "operations": [express]})

    results = answer.json()["results"]
    assert [x["ok"] for x in results] == [True, True, True, True, False]
    assert results[0]["difference"] == "9.00"
    assert results[4]["reason"] == (
        "the order is canceled and cannot be changed; place a new order"
    )
    methods = {details(client, UUID(x))["shipping_method"] for x in ids[:4]}
    assert methods == {"Express"}
    assert broken_invariants(database) == []


def test_a_store_edit_is_a_change_of_the_same_history(
    client: TestClient, database: Database, order: UUID
) -> None:
    receive(database, document("1001", line(quantity=4), line("Lamp", 1), external_version=2))

    [row] = history(client, order)
    assert (row["author"], row["origin"]) == ("fabrikam-store", "source")
    assert row["words"] == [
        "Added 1 ea of Lamp",
        "Quantity of line 1 (Accu Scale) from 5 to 4 ea",
    ]
    assert [x["kind"] for x in row["operations"]] == ["add_line", "change_quantity"]
    assert row["money"]["difference"] == "0.00"
    assert row["undo"]["reason"] == (
        "fabrikam-store made this change; change the order in fabrikam-store, or edit it here"
    )


def test_a_store_that_repeats_itself_leaves_what_people_have_changed(
    client: TestClient, database: Database, order: UUID
) -> None:
    change(client, order, {"kind": "exchange_line", "line": 1, "product": "Lamp"})
    paid = document("1001", line(quantity=5), external_version=2, payment_status="paid")
    receive(database, paid)

    found = details(client, order)
    assert (found["payment_status"], found["source_changes"]) == ("paid", [])
    assert units(client, order) == [("Accu Scale", 5, 5, "canceled"), ("Lamp", 5, 0, "new")]

    receive(database, document("1001", line(quantity=6), external_version=3))
    assert units(client, order)[1] == ("Lamp", 5, 0, "new")
    changes = details(client, order)["source_changes"]
    assert [(x["what"], x["source"]) for x in changes if x["what"] == "line"] == [("line", 6)]
    assert broken_invariants(database) == []


def test_vendure_2874_a_cancellation_reserves_nothing_more(
    client: TestClient, database: Database, order: UUID
) -> None:
    """Canceling an order created another allocation of what was canceled."""
    sourced(database, [order])
    change(client, order, FEWER)
    canceled = client.post("/api/v1/orders/cancel", json={"ids": [str(order)]}).json()

    assert canceled["results"][0]["ok"]
    assert available(database, "Accu Scale", "SEA") == 20
    with database.reading() as session:
        open_units = "SELECT coalesce(sum(open), 0) FROM inventory_visibility.reservation"
        assert fetch(session, open_units) == [(0,)]
    assert broken_invariants(database) == []


def test_an_unknown_order_and_change_are_not_found(client: TestClient, order: UUID) -> None:
    nothing = UUID(int=1)
    assert client.get(f"/api/v1/orders/{nothing}/changes").status_code == 404
    answer = client.post(
        f"/api/v1/orders/{nothing}/changes", json={"operations": [FEWER], "version": "1-x"}
    )
    assert answer.status_code == 404
    assert client.post(f"/api/v1/orders/{order}/changes/{nothing}/undo").status_code == 404
