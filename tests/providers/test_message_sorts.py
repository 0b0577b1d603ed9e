"""The list of messages, sorted by its columns."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.package_app import http_client, package_app
from tests.providers.fake_provider import ProviderHarness
from tests.sorted_lists import assert_pages, assert_sorts_have_indexes

from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.provider_contract import RawMessage
from openiom.providers import router, store_messages
from openiom.providers.message_sorts import STOPPED_SORTS

PATH = "/api/v1/messages"
SET_TOTALS = """
UPDATE providers.message m SET state = 'parked', total_amount = n.total
FROM unnest(%s::text[], %s::numeric[]) AS n(key, total) WHERE m.key = n.key
"""


@pytest.fixture
def client(harness: ProviderHarness) -> Iterator[TestClient]:
    """Four parked messages, one without a total, and one that is not processed yet."""
    harness.install()
    with harness.database.unit_of_work() as session:
        for key in ("b", "d", "a", "c", "e"):
            message = RawMessage("note", key, {"id": key})
            store_messages(session, "shop", [message], now=utc_now(), limit_bytes=10_000)

        execute(session, SET_TOTALS, (["b", "d", "a", "c"], ["30.5", None, "7", "30.5"]))

    state = {"registry": harness.registry, "configuration": harness.configuration}
    with http_client(package_app(harness.database, router, permissions={"*"}, **state)) as made:
        yield made


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ("", "cadb"),
        ("received", "bdac"),
        ("key", "abcd"),
        ("-key", "dcba"),
        ("total", "dabc"),
        ("-total", "cbad"),
        ("instance", "bdac"),
    ],
)
def test_every_sort_pages_through_all_parked_messages_once(
    client: TestClient, sort: str, keys: str
) -> None:
    assert_pages(client, PATH, "key", list(keys), state="parked", sort=sort)


def test_messages_of_all_states_are_sorted_by_when_they_arrived(client: TestClient) -> None:
    assert_pages(client, PATH, "key", list("bdace"), sort="received")
    refused = client.get(f"{PATH}?sort=total")
    assert refused.status_code == 422
    assert "messages of all states cannot be sorted by total" in refused.text


def test_every_sort_of_parked_messages_is_served_by_an_index(harness: ProviderHarness) -> None:
    with harness.database.reading() as session:
        where = "m.state = 'parked'"
        assert_sorts_have_indexes(session, STOPPED_SORTS, "providers.message m", where)
