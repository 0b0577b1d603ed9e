"""Calls of the contract that the tests of the published samples share."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from openiom.inventory_visibility.default_configuration import DEFAULT

BASE = "/api/environment/dev"
Sample = Callable[[int], dict[str, Any]]
Send = Callable[..., Any]
CONTOSO = {"siteId": "iv_contoso_site", "locationId": "iv_contoso_location"}


def index_query(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"{BASE}/onhand/indexquery", json=body)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def quantities(
    client: TestClient, product: str, *, organization: str = "usmf", **filters: str
) -> dict[str, Any]:
    """Return the sums of all quantities of a product at the given dimensions."""
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


def not_zero(measures: dict[str, float]) -> dict[str, float]:
    """Return the measures without those that are zero, as they are shown without postings."""
    return {name: quantity for name, quantity in measures.items() if quantity}


def post(client: TestClient, path: str, body: Any) -> Any:
    answer = client.post(f"{BASE}{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def configure(client: TestClient, **changes: Any) -> None:
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


def contoso(client: TestClient) -> dict[str, Any]:
    return quantities(client, "iv_contoso_product", organization="SCM_IV", **CONTOSO, colorId="red")
