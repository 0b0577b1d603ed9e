"""Every published sample of changes, reservations, queries and jobs, sent as published, with what it must do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.inventory_contract import export_job_worker
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch

BASE = "/api/environment/dev"
Sample = Callable[[int], dict[str, Any]]
Send = Callable[..., Any]


def index_query(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"{BASE}/onhand/indexquery", json=body)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def quantities(
    client: TestClient, product: str, *, organization: str = "usmf", **filters: str
) -> dict[str, Any]:
    """All quantities of a product together, under the dimensions given."""
    named = {name: [value] for name, value in filters.items()}
    rows = index_query(
        client,
        filters={"organizationId": [organization], "productId": [product], **named},
        groupByValues=["colorId", "sizeId"],
        returnNegative=True,
    )
    out: dict[str, Any] = {}
    for row in rows:
        for source, measures in row["quantities"].items():
            for measure, quantity in measures.items():
                found = out.setdefault(source, {})
                found[measure] = found.get(measure, 0) + quantity
    return out


def post(client: TestClient, path: str, body: Any) -> Any:
    answer = client.post(f"{BASE}{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def configured(client: TestClient, **changes: Any) -> None:
    answer = client.put(f"{BASE}/configuration", json={**DEFAULT, **changes})
    assert answer.status_code == 200, answer.text


def on_hand(
    client: TestClient,
    product: str,
    quantity: float,
    *,
    organization: str = "usmf",
    **dimensions: str,
) -> None:
    body = {
        "id": f"given-{product}-{'-'.join(dimensions.values())}-{quantity}",
        "organizationId": organization,
        "productId": product,
        "dimensions": dimensions,
        "quantities": {"iom": {"onhand": quantity}},
    }
    assert post(client, "/onhand", body)["processingStatus"] == "success"


# Changes and sets


def test_03_a_change_under_a_data_source_counts_once(
    client: TestClient, sample: Sample, send: Send
) -> None:
    first, retry_transient = send(sample(3)), send(sample(3))
    assert first == {
        "id": "Test201",
        "processingStatus": "success",
        "message": "",
        "statusCode": 200,
    }
    assert retry_transient == {**first, "message": "this id was counted before; nothing changed"}
    assert quantities(client, "T-shirt", siteId="1", locationId="11", colorId="red")["pos"] == {
        "inbound": 1
    }
    rows = index_query(
        client,
        dimensionDataSource="pos",
        filters={"organizationId": ["usmf"], "productId": ["T-shirt"], "posMachineId": ["0001"]},
    )
    assert [r["quantities"]["pos"]["inbound"] for r in rows] == [1]


def test_04_a_change_under_base_dimensions_adds_to_the_same_color(
    client: TestClient, sample: Sample, send: Send
) -> None:
    send(sample(3))
    assert send(sample(4))["id"] == "Test202"
    assert (
        quantities(client, "T-shirt", siteId="1", locationId="11", colorId="red")["pos"]["inbound"]
        == 2
    )


def test_05_a_bulk_change_answers_every_record(
    client: TestClient, sample: Sample, send: Send
) -> None:
    answers = send(sample(5))
    assert [(a["index"], a["id"], a["processingStatus"]) for a in answers] == [
        (0, "Test203", "success"),
        (1, "Test204", "success"),
    ]
    assert quantities(client, "T-shirt", siteId="Site1", locationId="11")["pos"]["inbound"] == 1
    assert quantities(client, "T-shirt", siteId="1", colorId="black")["pos"]["outbound"] == 3


def test_06_a_set_replaces_whatever_was_there(
    client: TestClient, sample: Sample, send: Send
) -> None:
    send(sample(3))
    send(
        sample(5)
    )  # Its second record has the id of the set: a set and a change of one id are two events.
    assert send(sample(6), inventorySystem="pos")[0]["processingStatus"] == "success"
    found = quantities(client, "T-shirt", siteId="1", locationId="11", colorId="red")
    assert found["pos"]["inbound"] == 100


def test_07_own_names_of_a_data_source_mean_base_dimensions(
    client: TestClient, sample: Sample, send: Send
) -> None:
    given = sample(7)
    send(given)
    base = {"SizeId": "Large", "ColorId": "Red", "SiteId": "2", "LocationId": "21"}
    post(client, "/onhand", {**given["request"], "id": "in base names", "dimensions": base})
    with_names = index_query(
        client,
        filters={
            "organizationId": ["usmf"],
            "productId": ["MyProduct"],
            "siteId": ["2"],
            "locationId": ["21"],
        },
        groupByValues=["ColorId", "SizeId"],
        returnNegative=True,
    )
    assert len(with_names) == 1
    assert with_names[0]["dimensions"] == {
        "colorid": "Red",
        "sizeid": "Large",
        "siteid": "2",
        "locationid": "21",
    }
    assert with_names[0]["quantities"]["pos"] == {"outbound": 2}


# Reservations

CONTOSO = {"siteId": "iv_contoso_site", "locationId": "iv_contoso_location"}


def contoso(client: TestClient) -> dict[str, Any]:
    return quantities(client, "iv_contoso_product", organization="SCM_IV", **CONTOSO, colorId="red")


def test_09_a_reservation_is_refused_without_stock_and_held_with_it(
    client: TestClient, sample: Sample, send: Send
) -> None:
    given = sample(9)
    refused = client.post(f"{BASE}/onhand/reserve", json=given["request"])
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert {k: refused.json()[k] for k in ("id", "processingStatus", "statusCode")} == {
        "id": "reserve-0",
        "processingStatus": "failed",
        "statusCode": 409,
    }
    on_hand(
        client,
        "iv_contoso_product",
        3,
        organization="SCM_IV",
        **CONTOSO,
        colorId="red",
        sizeId="small",
    )
    held = send(given)
    assert held.keys() == given["response"].keys()
    assert {**held, "reservationId": "", "id": ""} == {
        **given["response"],
        "reservationId": "",
        "id": "",
    }
    assert held["reservationId"]
    found = contoso(client)
    assert found["iv"]["softreservordered"] == 1
    assert found["iv"]["availabletoreserve"] == 2


def test_10_a_reservation_id_stands_for_the_product_and_its_dimensions(
    client: TestClient, sample: Sample, send: Send
) -> None:
    given = sample(10)
    where = {"siteId": "1", "locationId": "11", "colorId": "red", "sizeId": "small"}
    on_hand(client, "D0002", 5, **where)
    first = send(given)
    other = post(client, "/onhand/reserve", {**given["request"], "id": "another request"})
    assert first["reservationId"] == other["reservationId"]
    assert quantities(client, "D0002", colorId="red")["iv"]["softreservphysical"] == 2


def test_11_unreserving_gives_back_and_reports_what_was_not_reserved(
    client: TestClient, sample: Sample, send: Send
) -> None:
    on_hand(
        client,
        "iv_contoso_product",
        3,
        organization="SCM_IV",
        **CONTOSO,
        colorId="red",
        sizeId="small",
    )
    reservation = send(sample(9))["reservationId"]
    given = sample(11)
    given["request"]["reservationId"] = reservation
    done = send(given)
    assert done.keys() == given["response"].keys()
    assert {**done, "id": ""} == {**given["response"], "id": "", "reservationId": reservation}
    assert contoso(client)["iv"]["availabletoreserve"] == 3
    send(sample(9) | {"request": {**sample(9)["request"], "id": "again", "quantity": 2}})
    surplus = post(
        client, "/onhand/unreserve", {**given["request"], "id": "too many", "OffsetQty": 5}
    )
    assert (surplus["processingStatus"], surplus["totalInvalidOffsetQtyByReservId"]) == (
        "partialSuccess",
        3,
    )
    assert contoso(client)["iv"]["softreservordered"] == 0


def test_13_and_14_cleaning_reservations_is_a_job_whose_progress_shows(
    client: TestClient, application: Application, sample: Sample, send: Send
) -> None:
    on_hand(
        client,
        "iv_contoso_product",
        3,
        organization="SCM_IV",
        **CONTOSO,
        colorId="red",
        sizeId="small",
    )
    reservation = send(sample(9))["reservationId"]
    given = sample(11)
    given["request"]["reservationId"] = reservation
    send(given)
    expired = {**sample(9)["request"], "id": "long ago", "expiresAt": "2020-01-01T00:00:00Z"}
    assert post(client, "/onhand/reserve", expired)["processingStatus"] == "success"
    job = send(sample(13))["jobId"]
    asked = sample(14)
    asked["query"]["jobId"] = job
    assert (send(asked)["jobStatus"], send(asked)["progress"]) == ("Queued", 0)
    drain(application.database, [export_job_worker()])
    done = send(asked)
    assert (done["jobStatus"], done["progress"]) == ("Completed", 100)
    assert done["result"] == {"reservationsReleased": 1, "reservationsDropped": 2}
    assert contoso(client)["iv"]["availabletoreserve"] == 3
    with application.database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM inventory_visibility.reservation")[0][0] == 0
    unknown = client.get(f"{BASE}/getJobProgress", params=sample(14)["query"])
    assert unknown.status_code == 404


@pytest.mark.parametrize("which", ["valid", "invalid"])
def test_27_only_an_unbroken_beginning_of_the_hierarchy_can_be_reserved(
    client: TestClient, sample: Sample, which: str
) -> None:
    expected = sample(27)["expect"]
    configured(client, reservation_hierarchy=expected["hierarchy"])
    values = {
        "SiteId": "1",
        "LocationId": "11",
        "ColorId": "red",
        "SizeId": "small",
        "StyleId": "slim",
    }
    on_hand(client, "D0002", 10, **values)
    for i, level in enumerate(expected[which]):
        body = {
            "id": f"level-{i}",
            "organizationId": "usmf",
            "productId": "D0002",
            "dimensions": {name: values[name] for name in level},
            "quantityDataSource": "iv",
            "modifier": "SoftReservOrdered",
            "quantity": 1,
        }
        answer = client.post(f"{BASE}/onhand/reserve", json=body)
        assert answer.status_code == (200 if which == "valid" else 422), answer.text
        if which == "invalid":
            assert answer.json()["where"] == "dimensions"
    found = quantities(client, "D0002")["iv"]
    assert found.get("softreservordered", 0) == (len(expected["valid"]) if which == "valid" else 0)


# Queries


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


def test_15_an_index_query_answers_the_cross_product_of_its_locations(
    client: TestClient, sample: Sample, send: Send
) -> None:
    shirts(client)
    rows = send(sample(15))
    assert [(r["dimensions"], r["quantities"]["iom"]) for r in rows] == [
        ({"colorid": "red", "sizeid": "large", "siteid": "1", "locationid": "11"}, {"onhand": 2}),
        ({"colorid": "red", "sizeid": "small", "siteid": "1", "locationid": "11"}, {"onhand": 5}),
        ({"colorid": "red", "sizeid": "small", "siteid": "1", "locationid": "12"}, {"onhand": 3}),
    ]
    assert {r["productId"] for r in rows} == {"T-shirt"}


def test_16_an_index_query_without_products_answers_all_at_a_place(
    client: TestClient, sample: Sample, send: Send
) -> None:
    shirts(client)
    found = [(r["productId"], r["quantities"]["iom"]["onhand"]) for r in send(sample(16))]
    assert found == [("Socks", 9), ("T-shirt", 2), ("T-shirt", 5)]


def test_18_the_index_query_by_url_answers_the_same(
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


def test_19_an_exact_query_answers_only_its_tuples_and_groups_by_their_dimensions(
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
    asked = given["expect"]["calculatedMeasure"]
    sources["fno"] |= {
        "physical_measures": [
            *sources["fno"]["physical_measures"],
            "orderedintotal",
            "orderedreserved",
        ],
        "read_only": False,
    }
    sources["ecommerce"] = {"physical_measures": ["received", "scheduled", "issued", "reserved"]}
    sources[asked["dataSource"]] = {
        "calculated_measures": {
            asked["name"]: [[m["type"], m["dataSource"], m["measure"]] for m in asked["modifiers"]]
        }
    }
    before = given["expect"]["before_config"][0]
    record = {"id": "all systems", "organizationId": "usmf", "productId": before["productId"]}
    configured(client, data_sources=sources)
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
    found = {s: row["quantities"][s.lower()] for s in published["quantities"]}
    del found["pos"][
        "availquantity"
    ]  # ours calculates more: the measures of the configuration we ship
    lowered = {
        s: {m.lower(): q for m, q in ms.items()} for s, ms in published["quantities"].items()
    }
    assert found == lowered
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


# Adjustments and the log


def test_46_an_adjustment_is_kept_for_the_erp_and_moves_on_hand_when_asked(
    client: TestClient, application: Application, sample: Sample, send: Send
) -> None:
    given = sample(46)
    given["query"] = {"createWithIVSync": "false"}
    given["request"][0]["id"] = "adj-0"
    assert send(given)[0]["detailLineStatus"] == "Created"
    assert quantities(client, "T-shirt") == {}
    posted = send(sample(46))
    assert (posted[0]["processingStatus"], posted[0]["detailLineStatus"]) == ("success", "IVPosted")
    assert send(sample(46))[0]["message"] == "this id was counted before; nothing changed"
    assert quantities(client, "T-shirt", siteId="1", locationId="11")["pos"]["inbound"] == 5
    with application.database.reading() as session:
        kept = fetch(
            session,
            "SELECT external_id, status, journal_name, reference_id, cost_price::float8, transaction_date::text"
            " FROM inventory_contract.adjustment ORDER BY external_id",
        )
    assert kept == [
        ("adj-0", "created", "IMov", "R-100", 1.5, "2024-08-26"),
        ("adj-1", "iv_posted", "IMov", "R-100", 1.5, "2024-08-26"),
    ]


def test_47_the_log_of_a_day_is_exported_by_a_job(
    client: TestClient, application: Application, sample: Sample, send: Send
) -> None:
    given = sample(47)
    nothing = send(given)["jobId"]
    on_hand(client, "D0001", 5, siteId="1", locationId="13", colorId="red")
    on_hand(client, "D0001", 7, siteId="1", locationId="14")
    today = f"{datetime.now(UTC):%Y/%-m/%-d}"
    given["request"] |= {"UtcFromDate": today, "UtcToDate": today}
    job = send(given)["jobId"]
    assert job.startswith("LogTransactionDetails:")
    drain(application.database, [export_job_worker()])
    progress = client.get(f"{BASE}/getJobProgress", params={"jobId": job}).json()
    assert (progress["jobStatus"], progress["result"]) == ("Completed", {"records": 1})
    file = client.get(progress["downloadUrl"])
    assert file.headers["content-type"].startswith("text/csv")
    header, line = file.text.splitlines()
    assert header.startswith(
        "id,at,organizationId,productId,locationId,dimensions,dataSource,measure,delta"
    )
    assert "usmf,D0001,13,colorid=red;siteid=1,iom,onhand,5.0000,onhand,given-D0001" in line
    empty = client.get(f"{BASE}/getJobProgress", params={"jobId": nothing}).json()
    assert empty["result"] == {"records": 0}
