"""Hostile bodies never cause a server error."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from starlette.testclient import TestClient

BASE = "/api/environment/dev"
PLACE = {"siteId": "1", "locationId": "11"}
RECORD = {"id": "h-1", "organizationId": "usmf", "productId": "D1", "dimensions": PLACE}
FILTERS = {"organizationId": ["usmf"], "productId": ["D1"]}
SEARCH = {
    "productFilter": {
        "logicalOperator": "And",
        "conditions": [{"conditionOperator": "Contains", "productName": ["a"]}],
    },
    "attributeFilter": {
        "conditions": [
            {"attributeName": "a", "attributeValues": ["1"], "conditionOperator": "GreaterEqual"}
        ]
    },
}
BODIES: dict[str, Any] = {
    "onhand": {**RECORD, "dimensionDataSource": "pos", "quantities": {"iom": {"onhand": 1}}},
    "setonhand/pos/bulk": [
        {
            **RECORD,
            "quantities": {"pos": {"inbound": 1}},
            "modifiedDateTimeUTC": "2026-01-01T00:00:00Z",
        }
    ],
    "onhand/reserve": {
        **RECORD,
        "quantityDataSource": "iv",
        "modifier": "softreservordered",
        "quantity": 1,
        "ifCheckAvailForReserv": True,
        "expiresAt": "2026-01-01T00:00:00Z",
    },
    "onhand/unreserve": {**RECORD, "reservationId": "r", "OffsetQty": 1},
    "onhand/reserve/resyncjob": ["iv"],
    "onhand/indexquery": {
        "filters": {**FILTERS, "siteId": ["1"], "colorId": ["red"]},
        "groupByValues": ["colorId"],
        "returnNegative": True,
        "QueryATP": True,
        "ATPFromDate": "2026-01-01",
    },
    "onhand/exactquery": {
        "filters": {**FILTERS, "dimensions": ["siteId", "locationId"], "values": [["1", "11"]]},
        "groupByValues": [],
    },
    "onhand/productsearch/indexquery": {
        "productSearch": SEARCH,
        "filters": {"organizationId": ["usmf"], "siteId": ["1"], "locationId": ["11"]},
    },
    "transaction/adjustment/bulk?createWithIVSync=true": [
        {
            **RECORD,
            "quantityDataSource": "pos",
            "physicalMeasure": "inbound",
            "quantity": 1,
            "costPrice": 1,
        }
        | {"transDate": "2026-01-01", "externalReferenceId": "x"}
    ],
    "onhand/changeschedule": {**RECORD, "quantitiesByDate": {"2026-12-01": {"iom": {"onhand": 1}}}},
    "allocation/allocate": {**RECORD, "groups": {"channel": "Online"}, "quantity": 1},
    "allocation/reallocate": {
        **RECORD,
        "sourceGroups": {"channel": "A"},
        "groups": {"channel": "B"},
        "quantity": 1,
    },
    "allocation/consume": {
        **RECORD,
        "groups": {"channel": "Online"},
        "quantity": 1,
        "physicalMeasures": {"iom": {"onhand": "Subtraction"}},
    },
    "allocation/query": {**RECORD, "groups": {"channel": "Online"}},
    "logTransactionDetails": {**RECORD, "UtcFromDate": "2026/1/1", "UtcToDate": "2026/1/2"},
}
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e300,
    2**63,
    " ",
    "a\x00b",
    "%s %",
    "x" * 5_000,
    [None],
    {},
    {"ID": 1, "id": 2},
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
)


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a body, the body itself first."""
    yield path
    children: Iterable[tuple[Any, Any]] = ()
    if isinstance(body, dict):
        children = body.items()
    elif isinstance(body, list):
        children = enumerate(body)

    for key, value in children:
        yield from places(value, (*path, key))


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = deepcopy(body)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


@pytest.mark.parametrize("path", BODIES)
def test_a_hostile_body_is_accepted_or_refused_with_a_problem_document(
    client: TestClient, path: str
) -> None:
    unguarded = client
    unguarded._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    for place in places(BODIES[path]):
        for value in HOSTILE:
            answer = unguarded.post(f"{BASE}/{path}", json=replaced(BODIES[path], place, value))
            assert answer.status_code < 500, (place, value, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["detail"]
