"""The entries behind a quantity at any moment, and reservations, over HTTP."""

from datetime import datetime, timedelta
from decimal import Decimal

from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_visibility import (
    MeasureChange,
    SoftReservationRequest,
    StockReservationRequest,
    post_measures,
    reserve,
    soft_reserve,
)
from openiom.kernel import new_id
from openiom.platform.clock import utc_now

LEDGER = "/api/v1/inventory/1/ledger"


def seed(application: Application) -> tuple[datetime, str]:
    """Post ten changes of two systems, and reserve for an order line and for a cart."""
    begin, line = utc_now() - timedelta(hours=1), new_id()
    with application.database.unit_of_work() as session:
        for n in range(10):
            measure = ("erp", "unrestricted") if n % 2 else ("pos", "posinbound")
            change = MeasureChange(
                "", "LAMP", "SEA", {measure: Decimal(n)}, f"e{n}", document=f"d{n}"
            )
            post_measures(
                session, [change], now=begin + timedelta(minutes=n), actor="pos", cause="api"
            )

        later = begin + timedelta(minutes=20)
        assert reserve(
            session, [StockReservationRequest(line, "LAMP", "SEA", 4, "S-100")], later, "test"
        ) == [True]
        request = SoftReservationRequest(
            "", "LAMP", "SEA", Decimal(3), document="cart", expires_at=begin
        )
        assert soft_reserve(session, [request], now=later, actor="shop")[0].ok

    return begin, str(line)


def test_pages_of_the_ledger_count_the_balance_back_exactly(
    client: TestClient, application: Application
) -> None:
    seed(application)
    rows, after = [], ""
    while True:
        page = client.get(LEDGER, params={"limit": 3, **({"after": after} if after else {})}).json()
        rows += page["items"]
        after = page["next"]
        if not after:
            break

    assert [r["id"] for r in rows] == list(range(12, 0, -1))
    assert [(r["measure"], r["balance_after"]) for r in rows[:4]] == [
        ("softreservordered", 7),
        ("softreservordered", 4),
        ("unrestricted", 25),
        ("posinbound", 20),
    ]
    assert [r["balance_after"] for r in reversed(rows) if r["data_source"] == "pos"] == [
        0,
        2,
        6,
        12,
        20,
    ]
    assert rows[2] | {"recorded_at": ""} == {
        "id": 10,
        "recorded_at": "",
        "data_source": "erp",
        "measure": "unrestricted",
        "delta": 9,
        "balance_after": 25,
        "cause": "api",
        "document": "d9",
        "actor": "pos",
        "event_id": "/e9",
    }
    only = client.get(LEDGER, params={"data_source": "erp"}).json()["items"]
    assert [r["delta"] for r in only] == [9, 7, 5, 3, 1]


def test_any_quantity_answers_for_any_moment(client: TestClient, application: Application) -> None:
    begin, _ = seed(application)
    then = (begin + timedelta(minutes=5, seconds=30)).isoformat()
    past = client.get("/api/v1/inventory/1/balances", params={"as_of": then}).json()
    assert (past["on_hand"], past["reserved"]) == (15, 0)
    assert past["measures"] == [
        {"data_source": "erp", "measure": "unrestricted", "quantity": 9},
        {"data_source": "pos", "measure": "posinbound", "quantity": 6},
    ]
    entries = client.get(LEDGER, params={"as_of": then}).json()["items"]
    assert [(r["delta"], r["balance_after"]) for r in entries] == [
        (5, 9),
        (4, 6),
        (3, 4),
        (2, 2),
        (1, 1),
        (0, 0),
    ]
    now = client.get("/api/v1/inventory/1/balances").json()
    assert (now["on_hand"], now["reserved"]) == (45, 7)
    assert client.get("/api/v1/inventory/99/balances").status_code == 404


def test_reservations_are_found_by_order_and_released(
    client: TestClient, application: Application
) -> None:
    _, line = seed(application)
    every = client.get("/api/v1/inventory/reservations").json()["items"]
    assert [(r["document"], r["open"], r["state"]) for r in every] == [
        ("cart", 3, "open"),
        ("S-100", 4, "open"),
    ]

    for document in ("S-100", line):
        (found,) = client.get(
            "/api/v1/inventory/reservations", params={"document": document}
        ).json()["items"]
        assert found["line_id"] == line

    done = client.post(
        "/api/v1/inventory/reservations/release", json={"ids": [2, 77], "reason": "cart left"}
    ).json()
    assert done["results"] == [
        {"id": 2, "ok": True, "reason": ""},
        {"id": 77, "ok": False, "reason": "holds no units any more"},
    ]
    (released,) = client.get("/api/v1/inventory/reservations", params={"state": "released"}).json()[
        "items"
    ]
    assert (released["document"], released["released"]) == ("cart", 3)
    page = client.get("/api/v1/inventory/reservations", params={"limit": 1}).json()
    (second,) = client.get("/api/v1/inventory/reservations", params={"after": page["next"]}).json()[
        "items"
    ]
    assert second["id"] == 1
    assert (
        client.get("/api/v1/inventory/reservations", params={"product": "CHAIR"}).json()["items"]
        == []
    )


def test_health_says_how_far_the_checker_came(client: TestClient, application: Application) -> None:
    seed(application)
    assert client.get("/api/v1/inventory/health").json()["checked_through"] is None
    for turn in application.workers():
        if turn.kind == "ledger_check":
            turn.run_once(application.database, limit=500, now=utc_now())
    answer = client.get("/api/v1/inventory/health").json()
    assert answer["wrong"] == []
    assert answer["checked_through"] is not None
