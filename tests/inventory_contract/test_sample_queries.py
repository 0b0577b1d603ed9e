"""Published samples of queries and product searches, sent as published."""

from typing import Any

from starlette.testclient import TestClient
from tests.inventory_contract.contract_client import (
    CONTOSO,
    Sample,
    Send,
    configure,
    index_query,
    not_zero,
    on_hand,
    post,
)

from openiom.inventory_visibility.default_configuration import DEFAULT


def shirts(client: TestClient) -> None:
    for location, color, size, quantity in (
        ("11", "red", "small", 5),
        ("11", "red", "large", 2),
        ("12", "red", "small", 3),
        ("13", "black", "small", 7),
    ):
        on_hand(
            client, "T-shirt", quantity, siteId="1", locationId=location, colorId=color, sizeId=size
        )

    on_hand(client, "Socks", 9, siteId="1", locationId="11")


def test_15_an_index_query_returns_all_combinations_of_sites_and_locations(
    client: TestClient, sample: Sample, send: Send
) -> None:
    shirts(client)
    rows = send(sample(15))
    assert [(r["dimensions"], not_zero(r["quantities"]["iom"])) for r in rows] == [
        ({"colorid": "red", "sizeid": "large", "siteid": "1", "locationid": "11"}, {"onhand": 2}),
        ({"colorid": "red", "sizeid": "small", "siteid": "1", "locationid": "11"}, {"onhand": 5}),
        ({"colorid": "red", "sizeid": "small", "siteid": "1", "locationid": "12"}, {"onhand": 3}),
    ]
    assert {r["productId"] for r in rows} == {"T-shirt"}


def test_16_an_index_query_without_products_returns_all_at_a_location(
    client: TestClient, sample: Sample, send: Send
) -> None:
    shirts(client)
    found = [(r["productId"], r["quantities"]["iom"]["onhand"]) for r in send(sample(16))]
    assert found == [("Socks", 9), ("T-shirt", 2), ("T-shirt", 5)]


def test_18_the_index_query_by_url_returns_the_same(
    client: TestClient, sample: Sample, send: Send
) -> None:
    on_hand(
        client,
        "iv_contoso_product",
        4,
        organization="SCM_IV",
        **CONTOSO,
        colorId="red",
        sizeId="small",
    )
    on_hand(
        client,
        "iv_contoso_product",
        6,
        organization="SCM_IV",
        **CONTOSO,
        colorId="blue",
        sizeId="small",
    )
    rows = send(sample(18))
    assert [r["quantities"]["iom"]["onhand"] for r in rows] == [4]
    assert rows == index_query(
        client,
        filters={
            "organizationId": ["SCM_IV"],
            "productId": ["iv_contoso_product"],
            "siteId": ["iv_contoso_site"],
            "locationId": ["iv_contoso_location"],
            "colorId": ["red"],
        },
        groupByValues=["colorId", "sizeId"],
        returnNegative=True,
    )


def test_19_an_exact_query_returns_only_its_tuples_and_groups_by_their_dimensions(
    client: TestClient, sample: Sample, send: Send
) -> None:
    for color, size, quantity in (("red", "small", 4), ("blue", "small", 6), ("green", "small", 8)):
        on_hand(
            client,
            "iv_contoso_product",
            quantity,
            organization="SCM_IV",
            **CONTOSO,
            colorId=color,
            sizeId=size,
        )

    given = sample(19)
    assert [
        (r["dimensions"]["colorid"], r["quantities"]["iom"]["onhand"]) for r in send(given)
    ] == [
        ("blue", 6),
        ("red", 4),
    ]
    given["request"]["groupByValues"] = []
    assert all({"siteid", "locationid", "colorid"} == r["dimensions"].keys() for r in send(given))


def test_24_a_calculated_measure_adds_and_subtracts_across_systems(
    client: TestClient, sample: Sample, send: Send
) -> None:
    given = sample(24)
    sources = {name: dict(source) for name, source in DEFAULT["data_sources"].items()}
    measure = given["expect"]["calculatedMeasure"]
    sources["fno"] |= {
        "physical_measures": [
            *sources["fno"]["physical_measures"],
            "orderedintotal",
            "orderedreserved",
        ],
        "read_only": False,
    }
    sources["ecommerce"] = {"physical_measures": ["received", "scheduled", "issued", "reserved"]}
    sources[measure["dataSource"]] = {
        "calculated_measures": {
            measure["name"]: [
                [m["type"], m["dataSource"], m["measure"]] for m in measure["modifiers"]
            ]
        }
    }
    before = given["expect"]["before_config"][0]
    record = {"id": "all systems", "organizationId": "usmf", "productId": before["productId"]}
    configure(client, data_sources=sources)
    post(
        client,
        "/onhand",
        {**record, "dimensions": before["dimensions"], "quantities": before["quantities"]},
    )
    given["request"] = {
        "filters": {
            "organizationId": ["usmf"],
            "productId": ["D0002"],
            "siteId": ["1"],
            "locationId": ["11"],
        },
        "groupByValues": ["colorId"],
    }
    (row,) = send(given)
    published = given["response"][0]
    assert row["productId"] == published["productId"]
    assert row["dimensions"] == {
        name.lower(): value for name, value in published["dimensions"].items()
    }
    # The built-in configuration calculates one more measure.
    del row["quantities"]["pos"]["availquantity"]

    for source, measures in published["quantities"].items():
        found = not_zero(row["quantities"][source.lower()])
        assert found == {name.lower(): quantity for name, quantity in measures.items()}

    assert row["quantities"]["crosschannel"] == {"mycustomavailableforreservation": 220}


# Product search


def catalog(client: TestClient) -> None:
    def product(number: str, name: str, **more: Any) -> dict[str, Any]:
        return {"kind": "product", "name": number, "body": {"name": name, "unit": "ea", **more}}

    limit = {"name": "Weight Limit", "type": "PoundDomain"}
    documents = [
        {"kind": "unit", "name": "ea", "body": {"title": "Each"}},
        product("M0030", "Speaker Cable 10"),
        product("M0031", "Power cable"),
        product("D1", "Bench Deluxe", attributes=[{**limit, "value": "400"}]),
        product("D2", "Stool deluxe", attributes=[{**limit, "value": "320"}]),
        product("D3", "Chair Deluxe", attributes=[{**limit, "value": "350"}]),
        product(
            "D4", "Deluxe assembly", product_type="service", attributes=[{**limit, "value": "400"}]
        ),
    ]
    answer = client.post("/api/v1/configuration/apply", json={"documents": documents})
    assert answer.status_code == 200, answer.text


def test_43_products_are_found_by_part_of_their_name(
    client: TestClient, sample: Sample, send: Send
) -> None:
    catalog(client)
    for color, quantity in (("White", 20), ("Black", 3)):
        on_hand(client, "M0030", quantity, siteId="1", locationId="13", colorId=color)

    on_hand(client, "M0031", 8, siteId="1", locationId="13", colorId="Black")
    given = sample(43)
    rows = send(given)
    published = [(r["productId"], r["dimensions"]["ColorId"]) for r in given["response"]]
    assert sorted((r["productId"], r["dimensions"]["colorid"]) for r in rows) == sorted(published)
    assert {
        r["dimensions"]["colorid"]: r["quantities"]["iv"]["availabletoreserve"] for r in rows
    } == {
        "White": 20,
        "Black": 3,
    }


def test_45_a_search_nests_product_and_attribute_conditions(
    client: TestClient, sample: Sample, send: Send
) -> None:
    catalog(client)
    for number in ("D1", "D2", "D3", "D4"):
        on_hand(client, number, 5, siteId="1", locationId="11")

    given = sample(45)
    filters = {"organizationId": ["usmf"], "siteId": ["1"], "locationId": ["11"]}
    given["request"] = {"productSearch": given["request"], "filters": filters}
    # Above 370 or below 330 pounds, an item, and deluxe: not D3 by weight, not D4 by type.
    assert [r["productId"] for r in send(given)] == ["D1", "D2"]
