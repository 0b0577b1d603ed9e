"""Refused requests: their errors, by index in a bulk, and that they change nothing."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.inventory_contract.contract_client import not_zero

from openiom.app.application import Application
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.platform.bulk import fetch

BASE = "/api/environment/dev"
PLACE = {"siteId": "1", "locationId": "11"}


def change(number: int, **other: Any) -> dict[str, Any]:
    record = {
        "id": f"c-{number}",
        "organizationId": "usmf",
        "productId": "D0001",
        "dimensions": PLACE,
    }
    return {**record, "quantities": {"iom": {"onhand": 1}}, **other}


def ledger(application: Application) -> int:
    with application.database.reading() as session:
        count: int = fetch(session, "SELECT count(*) FROM inventory_visibility.ledger_entry")[0][0]
    return count


def query(
    client: TestClient, *, version: str = "1.0", path: str = "indexquery", **body: Any
) -> Any:
    return client.post(f"{BASE}/onhand/{path}", json=body, headers={"Api-Version": version})


BAD = [
    ({"organizationId": None}, 422, "organizationId"),
    ({"productId": ""}, 422, "productId"),
    ({"id": ""}, 422, "id"),
    ({"dimensions": {"siteId": "1"}}, 422, "dimensions.locationId"),
    ({"dimensions": {**PLACE, "shelf": "7"}}, 422, "dimensions.shelf"),
    ({"dimensions": {**PLACE, "SITEID": "2"}}, 422, "dimensions"),
    ({"dimensions": [PLACE]}, 422, "dimensions"),
    ({"dimensionDataSource": "sap"}, 422, "dimensionDataSource"),
    ({"quantities": {}}, 422, "quantities"),
    ({"quantities": {"sap": {"onhand": 1}}}, 422, "quantities.sap.onhand"),
    ({"quantities": {"iom": {"shelf": 1}}}, 422, "quantities.iom.shelf"),
    ({"quantities": {"iom": {"onhand": "5"}}}, 422, "quantities.iom.onhand"),
    ({"quantities": {"iom": {"onhand": 0.00001}}}, 422, "quantities.iom.onhand"),
    ({"quantities": {"iom": {"onhand": 10**14}}}, 422, "quantities.iom.onhand"),
    ({"quantities": {"fno": {"arrived": 1}}}, 403, "quantities.fno.arrived"),
    ({"quantities": {"iv": {"softreservordered": 1}}}, 409, "quantities"),
    ({"productId": "a\x00b"}, 422, "productId"),
]


def test_an_invalid_record_of_a_bulk_fails_by_index_and_the_others_are_applied(
    client: TestClient, application: Application
) -> None:
    records = []
    for i, (bad, _, _) in enumerate(BAD):
        records.append(change(i))
        records.append(change(100 + i, **bad))

    answers = client.post(f"{BASE}/onhand/bulk", json=[*records, "no record"]).json()
    assert [a["index"] for a in answers] == list(range(2 * len(BAD) + 1))
    assert {a["processingStatus"] for a in answers[::2][:-1]} == {"success"}
    refused = [(a["statusCode"], a["where"]) for a in answers[1::2]]
    assert refused == [(status, where) for _, status, where in BAD]
    assert all(a["message"] and a["remedy"] for a in answers[1::2])
    assert answers[-1]["statusCode"] == 422
    assert ledger(application) == len(BAD)


@pytest.mark.parametrize(
    ("bad", "status", "where"), BAD, ids=[f"{i}-{where}" for i, (_, _, where) in enumerate(BAD)]
)
def test_an_invalid_single_record_is_a_problem_document_and_changes_nothing(
    client: TestClient, application: Application, bad: dict[str, Any], status: int, where: str
) -> None:
    answer = client.post(f"{BASE}/onhand", json=change(1, **bad))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["where"], problem["processingStatus"]) == (
        status,
        where,
        "failed",
    )
    assert ledger(application) == 0


@pytest.mark.parametrize(
    "path", ["onhand/bulk", "setonhand/iom/bulk", "onhand/reserve/bulk", "onhand/unreserve/bulk"]
)
def test_more_than_512_records_are_refused_as_a_whole(
    client: TestClient, application: Application, path: str
) -> None:
    answer = client.post(f"{BASE}/{path}", json=[change(i) for i in range(513)])
    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        "513 records are more than 512, the limit of a request",
    )
    assert ledger(application) == 0
    assert (
        client.post(f"{BASE}/onhand/bulk", json=[change(i) for i in range(512)]).status_code == 200
    )
    assert ledger(application) == 512


@pytest.mark.parametrize("body", ["{", "[]", '{"id": 1}', "7", ""])
def test_a_bulk_that_is_not_a_list_of_records_is_refused(client: TestClient, body: str) -> None:
    answer = client.post(f"{BASE}/onhand/bulk", content=body)
    assert (answer.status_code, answer.json()["where"]) == (422, "body")


def test_the_same_id_in_one_bulk_counts_once(client: TestClient, application: Application) -> None:
    answers = client.post(f"{BASE}/onhand/bulk", json=[change(1), change(1), change(2)]).json()
    assert [a["message"] for a in answers] == [
        "",
        "this id was already applied; nothing changed",
        "",
    ]
    assert ledger(application) == 2


def test_a_set_older_than_the_current_value_is_ignored_and_reported(
    client: TestClient, application: Application
) -> None:
    def set_quantities(
        number: int, at: str | None, quantity: float, **more: float
    ) -> dict[str, Any]:
        quantities = {"pos": {"inbound": quantity, **more}}
        record = change(number, quantities=quantities) | ({"modifiedDateTimeUTC": at} if at else {})
        answer: dict[str, Any] = client.post(f"{BASE}/setonhand/pos/bulk", json=[record]).json()[0]
        return answer

    def current() -> dict[str, float]:
        rows = query(client, filters={"organizationId": ["usmf"], "productId": ["D0001"]}).json()
        return not_zero(rows[0]["quantities"]["pos"])

    assert set_quantities(1, "2026-01-02T00:00:00Z", 10)["message"] == ""
    late = set_quantities(2, "2026-01-01T23:59:59Z", 99)
    assert (late["processingStatus"], late["message"]) == (
        "success",
        "older than the current values and ignored: pos.inbound was set as of 2026-01-02T00:00:00Z",
    )
    assert current() == {"inbound": 10}
    partly = set_quantities(3, "2026-01-01T12:00:00Z", 99, outbound=4)
    assert partly["processingStatus"] == "partialSuccess"
    assert current() == {"inbound": 10, "outbound": 4}
    assert set_quantities(4, "2026-01-03T00:00:00+02:00", 7)["message"] == ""
    assert current()["inbound"] == 7
    assert set_quantities(5, None, 8)["message"] == ""
    assert set_quantities(6, "2026-01-04T00:00:00Z", 9)["processingStatus"] == "success"
    assert current()["inbound"] == 8


def test_a_set_of_another_systems_quantities_is_refused(
    client: TestClient, application: Application
) -> None:
    answer = client.post(f"{BASE}/setonhand/pos/bulk", json=[change(1)]).json()[0]
    assert (answer["statusCode"], answer["where"]) == (422, "quantities.iom")
    assert client.post(f"{BASE}/setonhand/sap/bulk", json=[change(1)]).status_code == 422
    assert ledger(application) == 0


def test_a_repeated_set_does_not_undo_changes_after_it(client: TestClient) -> None:
    count = change(1, quantities={"pos": {"inbound": 100}})
    client.post(f"{BASE}/setonhand/pos/bulk", json=[count])
    client.post(f"{BASE}/onhand", json=change(2, quantities={"pos": {"inbound": -30}}))
    repeated = client.post(f"{BASE}/setonhand/pos/bulk", json=[count]).json()[0]
    assert repeated["message"] == "this id was already applied; nothing changed"
    rows = query(client, filters={"organizationId": ["usmf"], "productId": ["D0001"]}).json()
    assert rows[0]["quantities"]["pos"]["inbound"] == 70


FILTERS = {"organizationId": ["usmf"], "productId": ["D0001"]}


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({}, 422, "filters"),
        ({"filters": {"productId": ["D0001"]}}, 422, "filters.organizationId"),
        (
            {"filters": {**FILTERS, "organizationId": ["usmf", "demf"]}},
            422,
            "filters.organizationId",
        ),
        ({"filters": {"organizationId": ["usmf"], "siteId": ["1"]}}, 422, "filters.productId"),
        (
            {"filters": {**FILTERS, "productId": [f"P{i}" for i in range(5001)]}},
            413,
            "filters.productId",
        ),
        (
            {
                "filters": {
                    **FILTERS,
                    "siteId": [str(i) for i in range(101)],
                    "locationId": [str(i) for i in range(100)],
                }
            },
            413,
            "filters.locationId",
        ),
        ({"filters": {**FILTERS, "shelf": ["1"]}}, 422, "filters.shelf"),
        ({"filters": FILTERS, "groupByValues": ["sizeId"]}, 422, "groupByValues"),
        ({"filters": FILTERS, "groupByValues": ["colorId", "styleId"]}, 422, "groupByValues"),
        ({"filters": FILTERS, "groupByValues": ["batchId"]}, 422, "groupByValues"),
        ({"filters": FILTERS, "returnNegative": "perhaps"}, 422, "returnNegative"),
        ({"filters": FILTERS, "QueryATP": True, "ATPFromDate": "soon"}, 422, "ATPFromDate"),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(
    client: TestClient, body: dict[str, Any], status: int, where: str
) -> None:
    answer = query(client, **body)
    assert (answer.status_code, answer.json()["where"]) == (status, where)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("filters", "status", "where"),
    [
        ({**FILTERS}, 422, "filters.values"),
        ({**FILTERS, "dimensions": ["siteId"], "values": [["1"]]}, 422, "filters.dimensions"),
        (
            {**FILTERS, "dimensions": ["siteId", "locationId"], "values": [["1"]]},
            422,
            "filters.values[0]",
        ),
        (
            {**FILTERS, "dimensions": ["siteId", "SiteId"], "values": [["1", "1"]]},
            422,
            "filters.dimensions",
        ),
        (
            {**FILTERS, "dimensions": ["siteId", "shelf"], "values": [["1", "1"]]},
            422,
            "filters.dimensions.shelf",
        ),
    ],
)
def test_an_exact_query_that_breaks_a_rule_is_refused(
    client: TestClient, filters: dict[str, Any], status: int, where: str
) -> None:
    answer = query(client, path="exactquery", filters=filters)
    assert (answer.status_code, answer.json()["where"]) == (status, where)


def test_an_unknown_version_is_refused(client: TestClient) -> None:
    answer = query(client, version="3.0", filters=FILTERS)
    assert (answer.status_code, answer.json()["where"]) == (422, "Api-Version")


@pytest.mark.parametrize(
    ("search", "where"),
    [
        (None, "productSearch"),
        ({}, "productSearch"),
        ({"productFilter": {}}, "productSearch.productFilter"),
        (
            {
                "productFilter": {
                    "conditions": [{"conditionOperator": "Sounds", "productName": ["x"]}]
                }
            },
            "productSearch.productFilter.conditions[0].conditionOperator",
        ),
        (
            {"productFilter": {"conditions": [{"conditionOperator": "IsNot", "color": ["x"]}]}},
            "productSearch.productFilter.conditions[0]",
        ),
        (
            {"productFilter": {"subFilters": [{"logicalOperator": "Xor", "conditions": []}]}},
            "productSearch.productFilter.subFilters[0].logicalOperator",
        ),
        (
            {
                "attributeFilter": {
                    "conditions": [{"attributeName": "a", "conditionOperator": "Between"}]
                }
            },
            "productSearch.attributeFilter.conditions[0].attributeValues",
        ),
    ],
)
def test_an_invalid_product_search_is_refused(client: TestClient, search: Any, where: str) -> None:
    filters = {"organizationId": ["usmf"], "siteId": ["1"], "locationId": ["11"]}
    answer = query(client, path="productsearch/indexquery", productSearch=search, filters=filters)
    assert (answer.status_code, answer.json()["where"]) == (422, where)


def test_product_ids_are_not_allowed_with_a_product_search(client: TestClient) -> None:
    search = {
        "productFilter": {"conditions": [{"conditionOperator": "IsExactly", "itemNumber": ["D1"]}]}
    }
    answer = query(client, path="productsearch/indexquery", productSearch=search, filters=FILTERS)
    assert (answer.status_code, answer.json()["where"]) == (422, "filters.productId")


def test_the_file_of_a_job_without_one_is_not_found(client: TestClient) -> None:
    job = client.post(f"{BASE}/onhand/reserve/resyncjob", json=[]).json()["jobId"]
    assert client.get(f"{BASE}/jobs/{job}/file").status_code == 404
    assert client.post(f"{BASE}/onhand/reserve/resyncjob", json=["sap"]).status_code == 422


# The configuration


def configuration(**changes: Any) -> dict[str, Any]:
    return {**DEFAULT, **changes}


def sources(name: str, **changes: Any) -> dict[str, Any]:
    every = dict(DEFAULT["data_sources"])
    return {"data_sources": {**every, name: {**every.get(name, {}), **changes}}}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        (sources("erp2", physical_measures=["a", "A"]), "data_sources.erp2"),
        (sources("ERP", physical_measures=["a"]), "data_sources"),
        (
            sources("x", dimension_mapping={"plant": "Building"}),
            "data_sources.x.dimension_mapping.plant",
        ),
        (
            sources("x", calculated_measures={"sum": [["Addition", "iv", "OnHand"]]}),
            "data_sources.x.calculated_measures.sum",
        ),
        (
            sources(
                "x",
                calculated_measures={
                    "sum": [["Addition", "iom", "OnHand"], ["Subtraction", "IOM", "onhand"]]
                },
            ),
            "data_sources.x.calculated_measures.sum",
        ),
        ({"index_sets": []}, "index_sets"),
        ({"index_sets": [["SiteId", "ColorId"]]}, "index_sets[0]"),
        ({"index_sets": [["Shade"]]}, "index_sets[0]"),
        ({"reservation_hierarchy": ["ColorId", "SiteId", "LocationId"]}, "reservation_hierarchy"),
        ({"reservation_mapping": []}, "reservation_mapping"),
        (
            {"reservation_mapping": [["iv", "Nothing", "iv", "AvailableToReserve"]]},
            "reservation_mapping[0]",
        ),
        ({"atp": {"measures": [["iv", "AvailableToReserve"]]}}, "atp.measures"),
        ({"allocation_groups": ["channel", "Channel"]}, "allocation_groups"),
    ],
)
def test_a_contradictory_configuration_is_refused_with_the_path(
    client: TestClient, changes: dict[str, Any], where: str
) -> None:
    answer = client.put(f"{BASE}/configuration", json=configuration(**changes))
    assert answer.status_code == 422, answer.text
    assert f"inventory_configuration default, {where}" in [
        p["where"] for p in answer.json()["problems"]
    ]
    assert client.get(f"{BASE}/configuration").json()["index_sets"] == DEFAULT["index_sets"]


def test_measures_in_use_cannot_be_removed_from_the_configuration(client: TestClient) -> None:
    answer = client.post(f"{BASE}/onhand", json=change(1, quantities={"pos": {"posinbound": 1}}))
    assert answer.status_code == 200
    every = DEFAULT["data_sources"]
    without = {
        **every["pos"],
        "physical_measures": ["PosOutbound", "Inbound", "Outbound"],
        "calculated_measures": {},
    }
    iv = {**every["iv"], "calculated_measures": dict(every["iv"]["calculated_measures"])}

    for name, terms in iv["calculated_measures"].items():
        iv["calculated_measures"][name] = [t for t in terms if t[2] != "PosInbound"]

    at_iv = {**every["@iv"], "calculated_measures": {}}
    reduced = configuration(data_sources={**every, "pos": without, "iv": iv, "@iv": at_iv})
    refused = client.put(f"{BASE}/configuration", json=reduced)
    assert refused.status_code == 422
    assert [p["what"] for p in refused.json()["problems"]] == ["posinbound is in use"]
    moved = client.put(
        f"{BASE}/configuration", json=configuration(partition="product", own_organization="other")
    )
    assert [p["where"].rpartition(", ")[2] for p in moved.json()["problems"]] == [
        "partition",
        "own_organization",
    ]
