"""
A quote says what a real run would do with a cart, when it arrives and what it costs, and writes
nothing.
"""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.fulfillment_optimization.quote_setup import (
    CHICAGO,
    MIAMI,
    SEATTLE,
    WEEK,
    doc,
    goods,
    put,
    source,
    stock,
    stock_hash,
)

from openiom.app.application import Application
from openiom.platform.bulk import fetch
from openiom_simulators.seed import company_documents

AT = "2026-11-20T18:00:00Z"
URL = "/api/v1/sourcing/quote"
HOURS = {day: [{"opens": "08:00", "closes": "17:00"}] for day in WEEK}
FEDEX = {
    "title": "FedEx",
    "services": [
        {
            "name": "ground",
            "title": "Ground",
            "bands": [{"up_to_km": 500, "zone": "near", "days": 1}, {"zone": "far", "days": 4}],
        },
        {
            "name": "express",
            "title": "Express",
            "bands": [{"zone": "air", "days": 1}],
            "rate_table": "express",
        },
    ],
}
UPS = {
    "title": "UPS",
    "services": [{"name": "standard", "title": "Standard", "bands": [{"zone": "1", "days": 2}]}],
}


def cart(*lines: tuple[str, int], to: dict[str, str] = SEATTLE, **more: Any) -> dict[str, Any]:
    wanted = [
        {"line_id": f"L{i}", "product": p, "quantity": n} for i, (p, n) in enumerate(lines, start=1)
    ]
    return {"destination": to, "lines": wanted, "at": AT, **more}


def post(client: TestClient, *lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    answer = client.post(URL, json=cart(*lines, **more))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def shop(application: Application) -> Application:
    put(
        application,
        *goods("LAMP", "SHADE"),
        doc("calendar", "west", title="West", time_zone="America/Los_Angeles", hours=HOURS),
        doc("carrier", "fedex", **FEDEX),
        doc("carrier", "ups", **UPS),
        doc(
            "pickup_schedule",
            "afternoon",
            title="Afternoon",
            carrier="fedex",
            pickups=[{"weekdays": WEEK, "at": "16:00"}],
        ),
        source(
            "SEA",
            SEATTLE,
            type="store",
            calendar="west",
            cutoff="14:00",
            processing_hours=2,
            pickup_schedule="afternoon",
            capabilities=["ship", "pickup", "curbside"],
            time_zone="America/Los_Angeles",
        ),
        source("CHI", CHICAGO, type="warehouse", time_zone="America/Chicago"),
    )
    stock(application.database, LAMP_SEA=5, LAMP_CHI=5, SHADE_CHI=5)
    return application


def test_a_cart_is_planned_promised_and_left_alone(shop: Application, client: TestClient) -> None:
    before = stock_hash(shop.database)
    found = post(client, ("LAMP", 2), carrier="fedex")
    assert found["plan"]["lines"] == [
        {
            **{"line_id": "L1", "product": "LAMP", "dimensions": {}},
            **{"source": "SEA", "quantity": 2, "ordered_quantity": 2},
        }
    ]
    assert (found["plan"]["complete"], found["plan"]["not_fulfilled"]) == (True, [])
    assert found["plan"]["cost_parts"] == {"parcel": 6.0, "picking": 0.4, "handling": 0.1}
    assert found["plan"]["cost"] == 6.5
    [promise] = found["promises"]
    assert (promise["ready_at"], promise["pickup_at"]) == (
        "2026-11-20T20:00:00Z",
        "2026-11-21T00:00:00Z",
    )
    assert (promise["source"], promise["carrier"], promise["service"]) == ("SEA", "fedex", "ground")
    assert promise["ship_date"] == "2026-11-20"
    assert promise["delivery"] == {
        "earliest": "2026-11-23",
        "expected": "2026-11-23",
        "latest": "2026-11-24",
    }
    assert promise["confidence"] == 0.9975
    assert stock_hash(shop.database) == before


def test_the_same_question_has_the_same_answer_and_id_until_stock_moves(
    shop: Application, client: TestClient
) -> None:
    first, second = (
        post(client, ("LAMP", 2), carrier="ups"),
        post(client, ("LAMP", 2), carrier="ups"),
    )
    assert first == second
    assert post(client, ("LAMP", 3), carrier="ups")["execution_id"] != first["execution_id"]
    stock(shop.database, LAMP_SEA=4)
    assert post(client, ("LAMP", 2), carrier="ups")["execution_id"] != first["execution_id"]
    stock(shop.database, LAMP_SEA=5)
    assert post(client, ("LAMP", 2), carrier="ups") == first
    put(shop, source("MIA", MIAMI))
    assert post(client, ("LAMP", 2), carrier="ups")["execution_id"] != first["execution_id"]


def test_without_a_carrier_nothing_is_rated_and_promises_are_of_the_standard_service(
    shop: Application, client: TestClient
) -> None:
    found = post(client, ("LAMP", 2))
    assert found["carrier"] is None
    assert (found["promises"][0]["carrier"], found["promises"][0]["service"]) == ("", "standard")


def test_both_carriers_rate_every_service_for_every_parcel(
    shop: Application, client: TestClient
) -> None:
    stock(shop.database, LAMP_CHI=0)
    fedex, ups = (
        post(client, ("LAMP", 1), ("SHADE", 1), carrier=c)["carrier"] for c in ("fedex", "ups")
    )
    assert [(r["source"], r["service"], r["zone"]) for r in fedex["rates"]] == [
        ("CHI", "express", "air"),
        ("CHI", "ground", "far"),
        ("SEA", "express", "air"),
        ("SEA", "ground", "near"),
    ]
    assert [(r["source"], r["service"], r["weight"], r["currency"]) for r in ups["rates"]] == [
        ("CHI", "standard", 2.0, "USD"),
        ("SEA", "standard", 2.0, "USD"),
    ]
    assert (fedex["is_fallback"], fedex["name"], ups["name"]) == (True, "fedex", "ups")


def test_a_carrier_without_a_rate_is_rated_by_the_fallback_of_the_rate_factor_table(
    shop: Application, client: TestClient
) -> None:
    """Threshold 5 kg, rate 8, increment 0.75, weight 10 kg: 8 + 0.75 x 5 = 11.75."""
    factor = {
        "name": "stores",
        "fallback_weight": 5,
        "fallback_rate": 8,
        "fallback_increment": 0.75,
    }
    put(
        shop,
        doc("rate_table", "express", title="Express", zones=[{"name": "air"}], factors=[factor]),
    )
    rates = post(client, ("LAMP", 5), carrier="fedex")["carrier"]["rates"]
    express = next(r for r in rates if r["service"] == "express")
    assert (express["weight"], express["base"], express["net"], express["is_fallback"]) == (
        10.0,
        11.75,
        11.75,
        True,
    )
    light = next(
        r
        for r in post(client, ("LAMP", 2), carrier="fedex")["carrier"]["rates"]
        if r["service"] == "express"
    )
    assert (light["weight"], light["net"]) == (4.0, 8.0)


def test_the_factor_is_a_surcharge_and_free_shipping_lines_are_weightless(
    shop: Application, client: TestClient
) -> None:
    table = {
        "title": "Express",
        "zones": [{"name": "air"}],
        "prices": [
            {"zone": "air", "up_to_kg": 5, "price": 20},
            {"zone": "air", "up_to_kg": 20, "price": 30},
        ],
        "factors": [{"name": "fuel", "rate_factor": 10}],
    }
    put(shop, doc("rate_table", "express", **table))
    asked = cart(("LAMP", 2), ("LAMP", 3), carrier="fedex")
    asked["lines"][1]["free_shipping"] = True
    found = client.post(URL, json=asked).json()["carrier"]["rates"]
    express = next(r for r in found if r["service"] == "express")
    assert (express["weight"], express["base"], express["net"], express["is_fallback"]) == (
        4.0,
        20.0,
        22.0,
        False,
    )
    assert express["surcharges"] == [{"name": "fuel", "amount": 2.0}]
    heavy = post(client, ("LAMP", 5), carrier="fedex")["carrier"]["rates"]
    assert next(r["net"] for r in heavy if r["service"] == "express") == 33.0


def test_every_rate_names_the_days_of_arrival_with_their_chances(
    shop: Application, client: TestClient
) -> None:
    rates = post(client, ("LAMP", 1), carrier="fedex")["carrier"]["rates"]
    assert next(r["edd"] for r in rates if r["service"] == "ground") == [
        {"date": "2026-11-23", "confidence": 0.95},
        {"date": "2026-11-24", "confidence": 0.9975},
    ]


def test_the_calendar_opens_on_the_first_day_everything_is_expected_and_skips_weekends(
    shop: Application, client: TestClient
) -> None:
    days = post(client, ("LAMP", 1), carrier="fedex")["calendar"]
    assert len(days) == 30
    assert [d["date"][-2:] for d in days[:9] if d["possible"]] == ["23", "24", "25", "26", "27"]
    assert not any(d["possible"] for d in post(client, ("LAMP", 500))["calendar"])


def test_a_store_that_holds_the_whole_cart_hands_it_out(
    shop: Application, client: TestClient
) -> None:
    found = post(client, ("LAMP", 2))["pickup"]
    assert [(p["kind"], p["source"], p["ready_at"]) for p in found] == [
        ("bopis", "SEA", "2026-11-20T20:00:00Z"),
        ("curbside", "SEA", "2026-11-20T20:00:00Z"),
    ]
    assert post(client, ("LAMP", 2), ("SHADE", 1))["pickup"] == []


def test_what_a_store_does_not_hold_is_shipped_to_it(shop: Application, client: TestClient) -> None:
    put(
        shop,
        source(
            "MIA", MIAMI, type="store", capabilities=["ship_to_store"], time_zone="America/New_York"
        ),
    )
    [option] = post(client, ("SHADE", 1), to=MIAMI)["pickup"]
    assert (option["kind"], option["source"], option["title"]) == (
        "ship_to_store",
        "MIA",
        "Miami store",
    )
    assert option["ready_at"] == "2026-11-26T05:00:00Z"
    assert option["distance_km"] < 25


def test_a_source_that_does_not_ship_hands_out_and_is_never_planned(
    shop: Application, client: TestClient
) -> None:
    put(shop, source("MIA", MIAMI, type="store", capabilities=["pickup"]))
    stock(shop.database, LAMP_MIA=9)
    found = post(client, ("LAMP", 7), to=MIAMI)
    assert found["plan"]["lines"] == []
    assert [(p["kind"], p["source"]) for p in found["pickup"]] == [("bopis", "MIA")]


def test_what_cannot_be_served_is_listed_with_the_reason(
    shop: Application, client: TestClient
) -> None:
    put(shop, doc("strategy", "partial", title="In part", allow_partial=True))
    found = post(client, ("LAMP", 2), ("SHADE", 99), ("GHOST", 1), strategy="partial")["plan"]
    assert [(x["line_id"], x["source"]) for x in found["lines"]] == [("L1", "SEA")]
    assert [(x["line_id"], x["quantity"], x["reason"]) for x in found["not_fulfilled"]] == [
        ("L2", 99, "not enough on hand for the whole line"),
        ("L3", 1, "unknown product: it is not in the catalog"),
    ]
    assert found["complete"] is False


def test_an_order_served_whole_or_not_at_all_names_the_line_that_prevents_it(
    shop: Application, client: TestClient
) -> None:
    found = post(client, ("LAMP", 2), ("SHADE", 99))["plan"]
    assert found["lines"] == []
    assert [x["reason"] for x in found["not_fulfilled"]] == [
        "another line cannot be served, and the strategy takes all lines of an order or none",
        "not enough on hand for the whole line",
    ]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"lines": []}, "body.lines"),
        (
            {"lines": [{"line_id": str(i), "product": "LAMP", "quantity": 1} for i in range(201)]},
            "body.lines",
        ),
        ({"lines": [{"line_id": "1", "product": "LAMP", "quantity": -1}]}, "body.lines.0.quantity"),
        ({"lines": [{"line_id": "1", "product": "LAMP", "quantity": 1}] * 2}, "lines.1.line_id"),
        ({"destination": {**SEATTLE, "country": "QQ"}}, "destination"),
        ({"destination": {"city": "Seattle"}}, "body.destination.state"),
        ({"carrier": "pigeon"}, "carrier"),
        ({"strategy": "hope"}, "strategy"),
        ({"at": "2026-11-20T18:00:00"}, "body.at"),
        (
            {
                "lines": [
                    {
                        "line_id": "1",
                        "product": "LAMP",
                        "quantity": 1,
                        "dimensions": {"shape": "red"},
                    }
                ]
            },
            "lines.0.dimensions.shape",
        ),
    ],
)
def test_bad_input_is_answered_with_its_path_and_a_remedy(
    shop: Application, client: TestClient, change: dict[str, Any], where: str
) -> None:
    answer = client.post(URL, json=cart(("LAMP", 1)) | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert where in [problem["where"] for problem in body["problems"]]
    assert body.get("remedy") or all(problem["remedy"] for problem in body["problems"])


def test_a_cart_may_have_200_lines(shop: Application, client: TestClient) -> None:
    stock(shop.database, LAMP_SEA=500)
    found = post(client, *[("LAMP", 1)] * 200)
    assert found["plan"]["complete"]
    assert {line["source"] for line in found["plan"]["lines"]} == {"SEA"}


def test_a_quote_needs_the_permission_to_read_sourcing(
    shop: Application, client: TestClient
) -> None:
    with shop.database.reading() as session:
        assert fetch(session, "SELECT 1") == [(1,)]

    assert (
        client.post(
            URL, json=cart(("LAMP", 1)), headers={"authorization": "Bearer nobody"}
        ).status_code
        == 401
    )


@pytest.mark.parametrize(
    ("carrier", "services"), [("fedex", ["ground", "two-day"]), ("ups", ["ground", "next-day"])]
)
def test_the_seeded_company_quotes_with_both_its_carriers(
    application: Application, client: TestClient, carrier: str, services: list[str]
) -> None:
    timed = ("calendar", "carrier", "pickup_schedule", "source")
    put(application, *(d for d in company_documents() if d["kind"] in timed), *goods("LAMP"))
    stock(application.database, LAMP_SEA=3, LAMP_ATL=3)
    found = post(client, ("LAMP", 2), carrier=carrier)
    assert [r["service"] for r in found["carrier"]["rates"]] == services
    assert found["promises"][0]["pickup_at"] == "2026-11-23T20:00:00Z"
    assert [(p["kind"], p["source"], p["ready_at"]) for p in found["pickup"]][:1] == [
        ("bopis", "SEA", "2026-11-21T18:00:00Z")
    ]


def test_a_channel_is_quoted_what_it_may_have(shop: Application, client: TestClient) -> None:
    before = post(client, ("LAMP", 1), channel="web")
    put(shop, doc("stock_policy", "p", title="P", buffers={"web": {"units": "1000000"}}))

    kept_back, other = (post(client, ("LAMP", 1), channel=channel) for channel in ("web", "store"))
    assert (len(before["plan"]["lines"]), before["plan"]["not_fulfilled"]) == (1, [])
    assert (kept_back["plan"]["lines"], len(kept_back["plan"]["not_fulfilled"])) == ([], 1)
    assert [line["source"] for line in other["plan"]["lines"]] == [
        line["source"] for line in before["plan"]["lines"]
    ]
