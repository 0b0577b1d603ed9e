"""Queries: version 2.0 and its pages, negative numbers, stock of the own organization."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_visibility import StockReservationRequest, available, reserve
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.kernel import new_id
from openiom.platform.bulk import fetch

BASE = "/api/environment/dev"
RETURNED = {"refurbishment": 0, "scrapped": 0, "vendorreturn": 0}
"""The measures of returned units."""
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def post_changes(
    client: TestClient, *records: tuple[str, str, Mapping[str, str], Mapping[str, float]]
) -> None:
    """Post changes of (organization, product, dimensions, measures like {"iom.onhand": 5})."""
    body = []
    for organization, product, dimensions, measures in records:
        quantities: dict[str, dict[str, float]] = {}
        for name, units in measures.items():
            source, measure = name.split(".")
            quantities.setdefault(source, {})[measure] = units

        body.append(
            {
                "id": str(new_id()),
                "organizationId": organization,
                "productId": product,
                "dimensions": dimensions,
                "quantities": quantities,
            }
        )

    answers = client.post(f"{BASE}/onhand/bulk", json=body).json()
    assert [a["message"] for a in answers if a["statusCode"] != 200] == []


def run_query(
    client: TestClient, filters: Mapping[str, Any], *, path: str = "indexquery", **more: Any
) -> Any:
    version = more.pop("version", "1.0")
    page = more.pop("page", {})
    answer = client.post(
        f"{BASE}/onhand/{path}",
        json={"filters": filters, **more},
        params=page,
        headers={"Api-Version": version},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def at(location: str, **more: str) -> dict[str, str]:
    return {"siteId": "1", "locationId": location, **more}


def test_version_2_pages_by_warehouse_until_the_next_link_is_empty(client: TestClient) -> None:
    for location in ("c", "a", "e", "b", "d"):
        post_changes(client, ("usmf", "D1", at(location), {"iom.onhand": 1}))

    post_changes(client, ("usmf", "D2", at("b"), {"iom.onhand": 1}))
    filters = {"organizationId": ["usmf"], "productId": ["D1", "D2"]}
    link, pages = "onhand/indexquery?pageNumber=1&pageSize=2", []
    while link:
        answer = client.post(
            f"{BASE}/{link}", json={"filters": filters}, headers={"Api-Version": "2.0"}
        ).json()
        pages.append([(r["dimensions"]["locationid"], r["productId"]) for r in answer["Value"]])
        link = answer["nextLink"]

    assert pages == [
        [("a", "D1"), ("b", "D1"), ("b", "D2")],
        [("c", "D1"), ("d", "D1")],
        [("e", "D1")],
    ]
    beyond = run_query(client, filters, version="2.0", page={"pageNumber": 9, "pageSize": 2})
    assert beyond == {"Value": [], "nextLink": ""}
    whole = run_query(client, filters, version="2.0")
    assert (len(whole["Value"]), whole["nextLink"]) == (6, "")


def test_version_2_queries_several_organizations_and_shows_each(client: TestClient) -> None:
    post_changes(
        client,
        ("usmf", "D1", at("a"), {"iom.onhand": 1}),
        ("demf", "D1", at("a"), {"iom.onhand": 2}),
    )
    post_changes(
        client,
        ("main", "D1", at("a"), {"iom.onhand": 4}),
        ("frrt", "D1", at("a"), {"iom.onhand": 8}),
    )
    filters = {"organizationId": ["usmf", "demf", "MAIN"], "productId": ["D1"]}
    rows = run_query(client, filters, version="2.0")["Value"]
    assert {r["dimensions"]["organizationid"]: r["quantities"]["iom"]["onhand"] for r in rows} == {
        "usmf": 1,
        "demf": 2,
        "main": 4,
    }


def test_version_2_exact_query_accepts_the_organization_as_a_key_and_pages(
    client: TestClient,
) -> None:
    post_changes(
        client,
        ("usmf", "D1", at("a"), {"iom.onhand": 1}),
        ("demf", "D1", at("b"), {"iom.onhand": 2}),
    )
    post_changes(client, ("demf", "D1", at("a"), {"iom.onhand": 4}))
    filters = {
        "productId": ["D1"],
        "keys": ["organizationId", "siteId", "locationId"],
        "values": [["usmf", "1", "a"], ["demf", "1", "b"], ["demf", "1", "b"], ["usmf", "1", "b"]],
    }
    first = run_query(
        client, filters, path="exactquery", version="2.0", page={"pageNumber": 1, "pageSize": 1}
    )
    assert [r["quantities"]["iom"]["onhand"] for r in first["Value"]] == [1]
    assert first["nextLink"] == "onhand/exactquery?pageNumber=2&pageSize=1"
    second = run_query(
        client, filters, path="exactquery", version="2.0", page={"pageNumber": 2, "pageSize": 1}
    )
    assert [(r["dimensions"], r["quantities"]["iom"]["onhand"]) for r in second["Value"]] == [
        ({"organizationid": "demf", "siteid": "1", "locationid": "b"}, 2)
    ]
    assert second["nextLink"] == ""


def test_negative_numbers_are_returned_only_on_request(client: TestClient) -> None:
    post_changes(client, ("usmf", "D1", at("a"), {"iom.onhand": -2, "pos.inbound": 5}))
    post_changes(client, ("usmf", "D1", at("b"), {"iom.onhand": -2}))
    filters = {"organizationId": ["usmf"], "productId": ["D1"]}
    shown = {
        r["dimensions"]["locationid"]: r["quantities"]
        for r in run_query(client, filters, returnNegative=True)
    }
    assert shown["a"]["iom"] == {"onhand": -2, "onorder": 0, **RETURNED}
    assert shown["b"]["iv"]["availabletoreserve"] == -2
    hidden = {r["dimensions"]["locationid"]: r["quantities"] for r in run_query(client, filters)}
    assert hidden["a"]["iom"] == {"onorder": 0, **RETURNED}
    assert hidden["a"]["pos"]["inbound"] == 5
    assert hidden["a"]["iv"]["availabletoreserve"] == 3
    assert "b" not in hidden


def test_measures_without_postings_are_shown_as_zero(client: TestClient) -> None:
    post_changes(client, ("usmf", "D1", at("a"), {"pos.inbound": 5}))
    (row,) = run_query(client, {"organizationId": ["usmf"], "productId": ["D1"]})
    shown = row["quantities"]
    assert shown["pos"] == {
        "inbound": 5,
        "outbound": 0,
        "posinbound": 0,
        "posoutbound": 0,
        "availquantity": 0,
    }
    assert (shown["fno"]["arrived"], shown["fno"]["onorder"]) == (0, 0)
    assert (shown["iv"]["softreservordered"], shown["iv"]["softreserved"]) == (0, 0)
    assert (shown["@iv"]["@allocated"], shown["@iv"]["@available_to_allocate"]) == (0, 5)


def test_an_older_query_names_its_data_source_within_the_filters(client: TestClient) -> None:
    red = at("a") | {"colorId": "red"}
    post_changes(client, ("usmf", "D1", red, {"pos.inbound": 5}))
    filters = {
        "DimensionDataSource": "pos",
        "organizationId": ["usmf"],
        "productId": ["D1"],
        "PosLocationId": ["a"],
        "PosColorId": ["red"],
    }
    assert [row["quantities"]["pos"]["inbound"] for row in run_query(client, filters)] == [5]

    exact = {
        "dimensionDataSource": "pos",
        "organizationId": ["usmf"],
        "productId": ["D1"],
        "dimensions": ["PosSiteId", "PosLocationId", "PosColorId"],
        "values": [["1", "a", "red"]],
    }
    answer = client.post(f"{BASE}/onhand/exactquery", json={"filters": exact})
    assert [row["quantities"]["pos"]["inbound"] for row in answer.json()] == [5]
    unknown = filters | {"DimensionDataSource": "sap"}
    refused = client.post(f"{BASE}/onhand/indexquery", json={"filters": unknown})
    assert "there is no data source sap" in refused.text


def test_sums_are_exact_to_four_decimals(client: TestClient) -> None:
    for units in (0.1, 0.2, 0.0001):
        post_changes(client, ("usmf", "D1", at("a"), {"iom.onhand": units, "pos.inbound": units}))
    (row,) = run_query(client, {"organizationId": ["usmf"], "productId": ["D1"]})
    assert row["quantities"]["iom"]["onhand"] == 0.3001
    assert row["quantities"]["iv"]["onhand"] == 0.6002


def test_with_the_product_partition_sites_are_summed_and_optional(client: TestClient) -> None:
    assert (
        client.put(f"{BASE}/configuration", json={**DEFAULT, "partition": "product"}).status_code
        == 200
    )
    post_changes(
        client,
        ("usmf", "D1", at("a"), {"iom.onhand": 1}),
        ("usmf", "D1", {"siteId": "2"}, {"iom.onhand": 2}),
    )
    post_changes(client, ("usmf", "D1", {}, {"iom.onhand": 4}))
    (whole,) = run_query(client, {"organizationId": ["usmf"], "productId": ["D1"]})
    assert (whole["dimensions"], whole["quantities"]["iom"]["onhand"]) == ({}, 7)
    refused = client.post(
        f"{BASE}/onhand/indexquery", json={"filters": {"organizationId": ["usmf"]}}
    )
    assert (refused.status_code, refused.json()["where"]) == (422, "filters.productId")


# The own organization, whose stock sourcing uses


def test_orders_are_sourced_from_on_hand_of_the_own_organization(
    client: TestClient, application: Application
) -> None:
    post_changes(
        client, ("MAIN", "LAMP", {"siteId": "SEA", "locationId": "SEA"}, {"iom.onhand": 5})
    )
    with application.database.reading() as session:
        assert available(session, ["LAMP"]) == {("LAMP", "SEA"): 5}

    (row,) = run_query(
        client,
        {
            "organizationId": ["main"],
            "productId": ["LAMP"],
            "siteId": ["SEA"],
            "locationId": ["SEA"],
        },
    )
    assert row["dimensions"] == {"siteid": "SEA", "locationid": "SEA"}


def test_a_reservation_of_an_order_line_lowers_available_to_reserve(
    client: TestClient, application: Application
) -> None:
    post_changes(
        client, ("main", "LAMP", {"siteId": "SEA", "locationId": "SEA"}, {"iom.onhand": 5})
    )
    with application.database.unit_of_work() as session:
        assert reserve(
            session, [StockReservationRequest(new_id(), "LAMP", "SEA", 2)], NOW, "test"
        ) == [True]

    (row,) = run_query(client, {"organizationId": ["main"], "productId": ["LAMP"]})
    assert row["quantities"]["iv"]["softreservordered"] == 2
    assert row["quantities"]["iv"]["availabletoreserve"] == 3
    assert row["quantities"]["iom"]["onhand"] == 5


def open_reservations(application: Application) -> list[tuple[Any, ...]]:
    with application.database.reading() as session:
        return fetch(
            session,
            "SELECT line_id IS NULL, open::int FROM inventory_visibility.reservation"
            " WHERE open > 0 ORDER BY id",
        )


def test_unreserving_never_releases_reservations_of_order_lines(
    client: TestClient, application: Application
) -> None:
    where = {"siteId": "SEA", "locationId": "SEA"}
    post_changes(client, ("main", "LAMP", where, {"iom.onhand": 5}))

    with application.database.unit_of_work() as session:
        reserve(session, [StockReservationRequest(new_id(), "LAMP", "SEA", 2)], NOW, "test")

    body = {"organizationId": "main", "productId": "LAMP", "dimensions": where}
    request = {
        **body,
        "id": "r-1",
        "quantityDataSource": "iv",
        "modifier": "SoftReservOrdered",
        "quantity": 1,
    }
    mine = client.post(f"{BASE}/onhand/reserve", json=request).json()["reservationId"]
    answer = client.post(
        f"{BASE}/onhand/unreserve",
        json={**body, "id": "u-1", "reservationId": mine, "OffsetQty": 3},
    ).json()
    assert (answer["processingStatus"], answer["totalInvalidOffsetQtyByReservId"]) == (
        "partialSuccess",
        2,
    )
    assert open_reservations(application) == [(False, 2)]
    negative = client.post(
        f"{BASE}/onhand/reserve", json={**request, "id": "r-2", "quantity": -1}
    ).json()
    assert negative["processingStatus"] == "failed"
    assert open_reservations(application) == [(False, 2)]


def test_the_configuration_defines_the_site_of_an_own_location(
    client: TestClient, application: Application
) -> None:
    assert (
        client.put(f"{BASE}/configuration", json={**DEFAULT, "sites": {"SEA": "west"}}).status_code
        == 200
    )
    post_changes(
        client, ("main", "LAMP", {"siteId": "west", "locationId": "SEA"}, {"iom.onhand": 5})
    )
    post_changes(
        client, ("main", "LAMP", {"siteId": "east", "locationId": "SEA"}, {"iom.onhand": 7})
    )

    with application.database.reading() as session:
        assert available(session, ["LAMP"]) == {("LAMP", "SEA"): 5}

    filters = {"organizationId": ["main"], "productId": ["LAMP"]}
    assert {
        r["dimensions"]["siteid"]: r["quantities"]["iom"]["onhand"]
        for r in run_query(client, filters)
    } == {
        "west": 5,
        "east": 7,
    }
    (west,) = run_query(client, {**filters, "siteId": ["west"], "locationId": ["SEA"]})
    assert west["quantities"]["iom"]["onhand"] == 5


# Reservations beyond the samples


def reservation(number: int, quantity: float, **dimensions: str) -> dict[str, Any]:
    return {
        "id": f"r-{number}",
        "organizationId": "usmf",
        "productId": "D1",
        "dimensions": dimensions,
        "quantityDataSource": "iv",
        "modifier": "SoftReservOrdered",
        "quantity": quantity,
    }


def test_bulk_reservations_are_applied_in_their_order(client: TestClient) -> None:
    post_changes(client, ("usmf", "D1", at("a", colorId="red"), {"iom.onhand": 5}))
    body = [reservation(i, 2, **at("a", colorId="red")) for i in range(3)]
    answers = client.post(f"{BASE}/onhand/reserve/bulk", json=body).json()
    assert [a["processingStatus"] for a in answers] == ["success", "success", "failed"]
    assert answers[2]["statusCode"] == 409
    back = [
        {**body[0], "id": f"u-{i}", "reservationId": answers[0]["reservationId"], "OffsetQty": 3}
        for i in range(2)
    ]
    given = client.post(f"{BASE}/onhand/unreserve/bulk", json=back).json()
    assert [(a["processingStatus"], a["totalInvalidOffsetQtyByReservId"]) for a in given] == [
        ("success", 0),
        ("partialSuccess", 2),
    ]


def test_no_level_of_the_hierarchy_is_reserved_beyond_the_stock_below_it(
    client: TestClient,
) -> None:
    post_changes(client, ("usmf", "D1", at("a", colorId="red"), {"iom.onhand": 3}))
    post_changes(client, ("usmf", "D1", at("a", colorId="blue"), {"iom.onhand": 2}))

    def status(number: int, quantity: float, **dimensions: str) -> int:
        return client.post(
            f"{BASE}/onhand/reserve", json=reservation(number, quantity, **dimensions)
        ).status_code

    assert status(1, 4, **at("a")) == 200  # any color: of the five
    assert (
        status(2, 2, **at("a", colorId="red")) == 409
    )  # red has three, but only one of all is left
    assert status(3, 1, **at("a", colorId="red")) == 200
    assert status(4, 1, **at("a", colorId="blue")) == 409
    (row,) = run_query(client, {"organizationId": ["usmf"], "productId": ["D1"]})
    assert row["quantities"]["iv"]["availabletoreserve"] == 0


def test_an_unchecked_reservation_may_exceed_stock_and_a_negative_one_unreserves(
    client: TestClient,
) -> None:
    unchecked = {**reservation(1, 4, **at("a")), "ifCheckAvailForReserv": False}
    assert client.post(f"{BASE}/onhand/reserve", json=unchecked).status_code == 200
    filters = {"organizationId": ["usmf"], "productId": ["D1"]}
    (row,) = run_query(client, filters, returnNegative=True)
    assert row["quantities"]["iv"]["availabletoreserve"] == -4
    back = {**reservation(2, -4, **at("a")), "ifCheckAvailForReserv": False}
    assert client.post(f"{BASE}/onhand/reserve", json=back).json()["processingStatus"] == "success"
    (row,) = run_query(client, filters, returnNegative=True)
    assert row["quantities"]["iv"]["availabletoreserve"] == 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"modifier": "Ordered"}, "modifier"),
        ({"modifier": None}, "modifier"),
        ({"quantity": 0}, "quantity"),
        ({"quantities": {"iv": {"SoftReservOrdered": 1, "SoftReservPhysical": 1}}}, "quantities"),
        ({"dimensions": at("a", sizeId="small")}, "dimensions"),
        ({"expiresAt": "soon"}, "expiresAt"),
    ],
)
def test_an_invalid_reservation_is_refused(
    client: TestClient, change: dict[str, Any], where: str
) -> None:
    answer = client.post(f"{BASE}/onhand/reserve", json={**reservation(1, 1, **at("a")), **change})
    assert (answer.status_code, answer.json()["where"]) == (422, where)


def test_a_reservation_may_name_its_measure_under_quantities(client: TestClient) -> None:
    post_changes(client, ("usmf", "D1", at("a"), {"iom.onhand": 5}))
    request = {
        k: v for k, v in reservation(1, 1, **at("a")).items() if k not in ("quantity", "modifier")
    }
    answer = client.post(
        f"{BASE}/onhand/reserve", json={**request, "quantities": {"iv": {"softreservphysical": 2}}}
    )
    assert answer.status_code == 200
    (row,) = run_query(client, {"organizationId": ["usmf"], "productId": ["D1"]})
    assert row["quantities"]["iv"]["softreservphysical"] == 2


def test_a_reservation_id_of_another_product_is_refused(client: TestClient) -> None:
    post_changes(client, ("usmf", "D1", at("a"), {"iom.onhand": 5}))
    client.post(f"{BASE}/onhand/reserve", json=reservation(1, 1, **at("a")))
    wrong = {**reservation(2, 1, **at("a")), "reservationId": "elsewhere", "OffsetQty": 1}
    answer = client.post(f"{BASE}/onhand/unreserve", json=wrong)
    assert (answer.status_code, answer.json()["processingStatus"]) == (409, "failed")


def promised(row: dict[str, Any]) -> list[float]:
    """Return available to promise of a row, day by day."""
    days = sorted(row["atpQuantities"].items())
    return [quantities["iv"]["availabletopromise"] for _, quantities in days]


def test_a_dated_query_returns_groups_with_postings_or_scheduled_changes(
    client: TestClient,
) -> None:
    post_changes(client, ("usmf", "D1", at("a", colorId="red"), {"iom.onhand": 5}))
    today = datetime.now(UTC).date()
    coming = {
        "id": "s-1",
        "organizationId": "usmf",
        "productId": "D1",
        "dimensions": at("b", colorId="red"),
    }
    dated = {**coming, "quantitiesByDate": {f"{today + timedelta(days=2)}": {"iom": {"onhand": 3}}}}
    assert client.post(f"{BASE}/onhand/changeschedule", json=dated).status_code == 200
    rows = run_query(
        client,
        {"organizationId": ["usmf"], "productId": ["D1"]},
        groupByValues=["colorId"],
        QueryATP=True,
    )
    assert [(r["dimensions"]["locationid"], r["quantities"].get("iom")) for r in rows] == [
        ("a", {"onhand": 5, "onorder": 0, **RETURNED}),
        ("b", {"onhand": 0, "onorder": 0, **RETURNED}),
    ]
    assert promised(rows[0]) == [5.0] * 30
    assert promised(rows[1]) == [0.0] * 2 + [3.0] * 28
    assert rows[0]["quantitiesByDate"] == {}
    exact = run_query(
        client,
        {
            "organizationId": ["usmf"],
            "productId": ["D1"],
            "dimensions": ["siteId", "locationId"],
            "values": [["1", "b"]],
        },
        path="exactquery",
        QueryATP=True,
        ATPFromDate=f"{today + timedelta(days=1)}",
        ATPToDate=f"{today + timedelta(days=2)}",
    )
    (row,) = exact
    assert list(row["atpQuantities"]) == [f"{today + timedelta(days=n)}T00:00:00Z" for n in (1, 2)]
