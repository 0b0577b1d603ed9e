"""Prism as a mock of BigCommerce returns the published examples and refuses invalid requests."""

from collections.abc import Iterator

import httpx
import pytest
from tests.contracts.prism import prism_mock


@pytest.fixture(scope="module")
def mock() -> Iterator[httpx.Client]:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    with (
        prism_mock() as url,
        httpx.Client(base_url=f"{url}/stores/any", headers=headers, timeout=60) as client,
    ):
        yield client


def test_it_answers_the_published_example(mock):
    (order,) = mock.get("/v2/orders", headers={"X-Auth-Token": "any"}).json()
    assert (order["id"], order["items_total"], order["date_modified"]) == (
        100,
        17,
        "Wed, 05 Dec 2018 20:16:55 +0000",
    )


def test_it_refuses_a_caller_without_a_token(mock):
    assert mock.get("/v2/orders").status_code == 401


def test_it_refuses_a_body_that_breaks_the_document(mock):
    refused = mock.put(
        "/v2/orders/100", headers={"X-Auth-Token": "any"}, json={"status_id": "shipped"}
    )
    assert refused.status_code == 422
