"""Rules of sourcing documents that need no database."""

from typing import Any

import pytest

from openiom.fulfillment_optimization.configuration import (
    BUILT_IN,
    KINDS,
    _are_tied,
    _named,
    _source_row,
    default_strategy,
)
from openiom.fulfillment_optimization.documents import SourceBody
from openiom.platform.configuration import Document


@pytest.mark.parametrize(
    ("one", "other", "tied"),
    [
        ({"alternate": "b"}, {}, True),
        ({}, {"alternate": "a"}, True),
        ({"alternate": "b"}, {"alternate": "a"}, True),
        ({"alternate": "c"}, {"alternate": "c"}, False),
        ({"alternate": ""}, {}, False),
        ({}, {}, False),
    ],
)
def test_strategies_are_tied_when_one_is_the_alternate_of_the_other(
    one: dict[str, Any], other: dict[str, Any], tied: bool
) -> None:
    assert _are_tied(("a", one), ("b", other)) is tied
    assert _are_tied(("b", other), ("a", one)) is tied


def test_a_strategy_is_not_tied_to_its_former_version() -> None:
    assert not _are_tied(("a", {"alternate": "a"}), ("a", {}))


@pytest.mark.parametrize(
    ("marked", "default"), [([], "default"), (["b"], "b"), (["a", "c"], "c"), (["c", "a"], "c")]
)
def test_the_default_is_the_strategy_marked_last_in_the_stored_sequence(
    marked: list[str], default: str
) -> None:
    bodies = {name: {"is_default": name in marked} for name in "abc"}
    assert default_strategy(bodies) == default


def test_without_a_strategy_the_built_in_one_is_the_default() -> None:
    assert default_strategy({}) == "default"
    assert BUILT_IN.title == "Lowest cost from any active source"
    assert BUILT_IN.batch.contention is None


@pytest.mark.parametrize(("currency", "text"), [("USD", "USD"), ("", "no named currency")])
def test_a_currency_in_words(currency: str, text: str) -> None:
    assert _named(currency) == text


def row(**body: Any) -> dict[str, Any]:
    return _source_row(Document("source", "SEA", 1, {"title": "Seattle", **body}))


def test_the_row_of_a_source_has_its_place_and_its_whole_document() -> None:
    address = {"latitude": 47.5, "longitude": -122.25, "country": "US"}
    found = row(address=address, daily_parcels=40, time_zone="America/Los_Angeles")
    assert (found["name"], found["title"], found["active"]) == ("SEA", "Seattle", True)
    assert (found["latitude"], found["longitude"]) == (47.5, -122.25)
    assert (found["daily_parcels"], found["processing_days"]) == (40, 1)
    assert found["time_zone"] == "America/Los_Angeles"
    body = SourceBody.model_validate(found["settings"])
    assert (body.title, body.daily_parcels) == ("Seattle", 40)
    assert found["address"] == body.address.model_dump()


def test_a_source_that_cannot_be_located_is_at_the_origin() -> None:
    found = row(address={})
    assert (found["latitude"], found["longitude"]) == (0.0, 0.0)


def test_documents_are_applied_after_those_they_name() -> None:
    order = {kind.name: kind.order for kind in KINDS}
    assert list(order) == sorted(order, key=order.__getitem__)
    assert order["source"] < order["source_list"] < order["constraint"] < order["strategy"]
    assert order["rate_table"] < order["strategy"]
