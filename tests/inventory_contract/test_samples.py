"""Published samples of changes, reservations, adjustments and jobs, sent as published."""

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient
from tests.inventory_contract.contract_client import (
    BASE,
    CONTOSO,
    Sample,
    Send,
    configure,
    contoso,
    index_query,
    not_zero,
    on_hand,
    post,
    quantities,
)

from openiom.app.application import Application
from openiom.inventory_contract import export_job_worker
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch

# Changes and sets


def test_03_a_change_under_a_data_source_counts_once(
    client: TestClient, sample: Sample, send: Send
) -> None:
    first, repeated = send(sample(3)), send(sample(3))
    assert first == {
        "id": "Test201",
        "processingStatus": "success",
        "message": "",
        "statusCode": 200,
    }
    assert repeated == {**first, "message": "this id was already applied; nothing changed"}
    shown = quantities(client, "T-shirt", siteId="1", locationId="11", colorId="red")["pos"]
    assert not_zero(shown) == {"inbound": 1}
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


def test_05_a_bulk_change_has_a_result_for_every_record(
    client: TestClient, sample: Sample, send: Send
) -> None:
    answers = send(sample(5))
    assert [(a["index"], a["id"], a["processingStatus"]) for a in answers] == [
        (0, "Test203", "success"),
        (1, "Test204", "success"),
    ]
    assert quantities(client, "T-shirt", siteId="Site1", locationId="11")["pos"]["inbound"] == 1
    assert quantities(client, "T-shirt", siteId="1", colorId="black")["pos"]["outbound"] == 3


def test_06_a_set_replaces_the_quantity(client: TestClient, sample: Sample, send: Send) -> None:
    send(sample(3))
    # Its second record has the id of the set; ids of changes and sets are separate.
    send(sample(5))
    assert send(sample(6), inventorySystem="pos")[0]["processingStatus"] == "success"
    found = quantities(client, "T-shirt", siteId="1", locationId="11", colorId="red")
    assert found["pos"]["inbound"] == 100


def test_07_names_of_a_data_source_map_to_base_dimensions(
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
    assert not_zero(with_names[0]["quantities"]["pos"]) == {"outbound": 2}


# Reservations


def test_09_a_reservation_needs_stock(client: TestClient, sample: Sample, send: Send) -> None:
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
    reserved = send(given)
    assert reserved.keys() == given["response"].keys()
    assert {**reserved, "reservationId": "", "id": ""} == {
        **given["response"],
        "reservationId": "",
        "id": "",
    }
    assert reserved["reservationId"]
    found = contoso(client)
    assert found["iv"]["softreservordered"] == 1
    assert found["iv"]["availabletoreserve"] == 2


def test_10_a_reservation_id_identifies_the_product_and_its_dimensions(
    client: TestClient, sample: Sample, send: Send
) -> None:
    given = sample(10)
    where = {"siteId": "1", "locationId": "11", "colorId": "red", "sizeId": "small"}
    on_hand(client, "D0002", 5, **where)
    first = send(given)
    other = post(client, "/onhand/reserve", {**given["request"], "id": "another request"})
    assert first["reservationId"] == other["reservationId"]
    assert quantities(client, "D0002", colorId="red")["iv"]["softreservphysical"] == 2


def test_11_unreserve_reports_the_quantity_that_was_not_reserved(
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
    send(sample(9) | {"request": {**sample(9)["request"], "id": "second", "quantity": 2}})
    too_many = {**given["request"], "id": "too many", "OffsetQty": 5}
    surplus = post(client, "/onhand/unreserve", too_many)
    assert post(client, "/onhand/unreserve", too_many) == surplus
    assert send(given) == done
    assert (surplus["processingStatus"], surplus["totalInvalidOffsetQtyByReservId"]) == (
        "partialSuccess",
        3,
    )
    assert contoso(client)["iv"]["softreservordered"] == 0


def test_13_and_14_reservations_are_cleaned_up_by_a_job_with_progress(
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
    progress = sample(14)
    progress["query"]["jobId"] = job
    assert (send(progress)["jobStatus"], send(progress)["progress"]) == ("Queued", 0)
    drain(application.database, [export_job_worker()])
    done = send(progress)
    assert (done["jobStatus"], done["progress"]) == ("Completed", 100)
    assert done["result"] == {"reservationsReleased": 1, "reservationsDropped": 2}
    assert contoso(client)["iv"]["availabletoreserve"] == 3

    with application.database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM inventory_visibility.reservation")[0][0] == 0

    unknown = client.get(f"{BASE}/getJobProgress", params=sample(14)["query"])
    assert unknown.status_code == 404


@pytest.mark.parametrize("which", ["valid", "invalid"])
def test_27_only_a_prefix_of_the_hierarchy_can_be_reserved(
    client: TestClient, sample: Sample, which: str
) -> None:
    expected = sample(27)["expect"]
    configure(client, reservation_hierarchy=expected["hierarchy"])
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


# Adjustments and the log


def test_46_an_adjustment_is_stored_and_changes_on_hand_on_request(
    client: TestClient, application: Application, sample: Sample, send: Send
) -> None:
    given = sample(46)
    given["query"] = {"createWithIVSync": "false"}
    given["request"][0]["id"] = "adj-0"
    assert send(given)[0]["detailLineStatus"] == "Created"
    assert quantities(client, "T-shirt") == {}
    posted = send(sample(46))
    assert (posted[0]["processingStatus"], posted[0]["detailLineStatus"]) == ("success", "IVPosted")
    assert send(sample(46))[0]["message"] == "this id was already applied; nothing changed"
    assert quantities(client, "T-shirt", siteId="1", locationId="11")["pos"]["inbound"] == 5

    with application.database.reading() as session:
        stored = fetch(
            session,
            "SELECT external_id, status, journal_name, reference_id, cost_price::float8,"
            " transaction_date::text FROM inventory_contract.adjustment ORDER BY external_id",
        )

    assert stored == [
        ("adj-0", "created", "IMov", "R-100", 1.5, "2024-08-26"),
        ("adj-1", "iv_posted", "IMov", "R-100", 1.5, "2024-08-26"),
    ]


def test_47_the_ledger_of_a_day_is_exported_by_a_job(
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
