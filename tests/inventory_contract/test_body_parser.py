"""Fields of requests: what is accepted, what it becomes, and the text of every refusal."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from openiom.inventory_contract.body_parser import (
    StockName,
    base_dimensions,
    base_name,
    day,
    folded,
    moment,
    number,
    quantities_of,
    read_records,
    stock_name,
    text,
    texts,
    truth,
)
from openiom.inventory_visibility.configuration import InventoryConfigurationBody, parse
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.kernel import Invalid, IomError, TooLarge

CONFIGURATION = parse(
    InventoryConfigurationBody.model_validate({**DEFAULT, "own_organization": "usmf"})
)


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    """Where a value was refused, and why."""
    with pytest.raises(Invalid) as caught:
        call()
    return caught.value.where, caught.value.what


@pytest.mark.parametrize(
    ("value", "found"),
    [("a", "a"), ("  a b ", "a b"), (7, "7"), (-7, "-7"), (0, "0"), ("x" * 400, "x" * 400)],
)
def test_text_is_stripped_and_whole_numbers_are_accepted(value: object, found: str) -> None:
    assert text({"name": value}, "Name") == found
    assert text({"name": value}, "name", default="d") == found


@pytest.mark.parametrize("value", ["", "   ", None, True, False, 1.5, [], {}])
def test_what_is_not_text_is_refused(value: object) -> None:
    assert refusal(lambda: text({"name": value}, "Name")) == ("Name", "is missing or is not text")


@pytest.mark.parametrize(
    ("record", "found"), [({}, "d"), ({"name": None}, "d"), ({"name": ""}, ""), ({"name": " "}, "")]
)
def test_a_default_replaces_a_missing_text_but_not_a_blank_one(
    record: dict[str, Any], found: str
) -> None:
    assert text(record, "name", default="d") == found


@pytest.mark.parametrize("value", [True, 1.5, ["a"], {"a": 1}])
def test_a_default_does_not_replace_what_is_not_text(value: object) -> None:
    assert refusal(lambda: text({"name": value}, "name", default="")) == (
        "name",
        "is missing or is not text",
    )


@pytest.mark.parametrize("value", ["x" * 401, "a\x00b"])
def test_texts_that_cannot_be_stored_are_refused(value: str) -> None:
    assert refusal(lambda: text({"name": value}, "name")) == (
        "name",
        "contains a zero byte or is longer than 400 characters",
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        (None, True),
    ],
)
def test_truth_is_a_boolean_or_its_text(value: object, found: bool) -> None:
    assert truth({"flag": value}, "Flag", default=True) is found


@pytest.mark.parametrize("value", ["yes", "", "1", 1, 0, [], 1.0])
def test_everything_else_is_neither_true_nor_false(value: object) -> None:
    assert refusal(lambda: truth({"flag": value}, "Flag", default=True)) == (
        "Flag",
        "is neither true nor false",
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (5, "5"),
        (-2.5, "-2.5"),
        (0.0001, "0.0001"),
        (9_999_999_999_999, "9999999999999"),
        (0, "0"),
        (1e3, "1000"),
    ],
)
def test_a_number_is_exact(value: float, found: str) -> None:
    assert number(value, "quantity") == Decimal(found)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (True, "is not a number"),
        ("5", "is not a number"),
        (None, "is not a number"),
        (float("nan"), "is not a number"),
        (float("inf"), "is not a number"),
        (0.00001, "1e-05 has too many digits"),
        (10_000_000_000_000, "10000000000000 has too many digits"),
        (-10_000_000_000_000, "-10000000000000 has too many digits"),
        (1e300, "1e+300 has too many digits"),
    ],
)
def test_a_number_that_cannot_be_stored_is_refused(value: object, what: str) -> None:
    assert refusal(lambda: number(value, "quantity")) == ("quantity", what)


@pytest.mark.parametrize(
    ("value", "found"),
    [(None, []), ([], []), ("a", ["a"]), (["b", "a", "b "], ["b", "a"]), ([1, "1"], ["1"])],
)
def test_texts_are_a_list_without_duplicates(value: object, found: list[str]) -> None:
    assert texts({"names": value}, "Names") == found


@pytest.mark.parametrize(
    "value",
    ["2026-02-01", "2026/2/1", " 2026-2-01 ", "2026-02-01T23:30:00Z", "2026-02-02T00:30+01:00"],
)
def test_a_day_is_a_date_or_the_utc_day_of_an_instant(value: str) -> None:
    assert day(value, "date") == date(2026, 2, 1)


@pytest.mark.parametrize("value", ["2026-02-30", "soon", "", None, 20260201, ["2026-02-01"]])
def test_what_is_no_date_is_refused(value: object) -> None:
    assert refusal(lambda: day(value, "date")) == ("date", "is not a date")


@pytest.mark.parametrize("year", [1, 1899, 9001, 9999])
def test_a_year_must_leave_room_to_calculate(year: int) -> None:
    expected = ("date", f"the year {year} is out of range")
    assert refusal(lambda: day(f"{year:04}-01-01", "date")) == expected
    assert refusal(lambda: moment(f"{year:04}-01-01T00:00:00", "date")) == expected
    for accepted in (1900, 9000):
        assert day(f"{accepted}-01-01", "date") == date(accepted, 1, 1)


def test_a_moment_without_an_offset_is_utc() -> None:
    noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert moment("2026-02-01T12:00:00", "at") == noon
    assert moment("2026-02-01T13:00:00+01:00", "at") == noon
    assert moment("2026-02-01", "at") == noon.replace(hour=0)


def test_names_are_compared_without_case_and_each_is_given_once() -> None:
    assert folded({"ProductId": 1, "quantity": 2}, "body") == {"productid": 1, "quantity": 2}
    assert refusal(lambda: folded({"Id": 1, "ID": 2}, "body")) == (
        "body",
        "contains a name twice, in upper and lower case",
    )
    assert refusal(lambda: folded([1], "body")) == ("body", "is not an object")


@pytest.mark.parametrize("body", [b"[]", b"{}", b'"a"', b"null"])
def test_a_bulk_request_is_a_list_of_records(body: bytes) -> None:
    assert refusal(lambda: read_records(body)) == ("body", "is not a list of records")


def test_a_bulk_request_has_one_to_512_records() -> None:
    assert read_records(b"[1]") == [1]
    assert len(read_records(b"[" + b"1," * 511 + b"1]")) == 512
    with pytest.raises(TooLarge, match="513 records are more than 512"):
        read_records(b"[" + b"1," * 512 + b"1]")


def test_dimensions_have_base_names_and_empty_values_are_left_out() -> None:
    given = {"ColorId": " red ", "SIZEID": "", "StyleId": None, "SiteId": 1}
    assert base_dimensions(given, CONFIGURATION) == {"colorid": "red", "siteid": "1"}
    assert base_dimensions(None, CONFIGURATION) == {}


def test_a_dimension_is_found_by_the_name_of_its_data_source() -> None:
    own_name, base = next(iter(CONFIGURATION.sources["pos"].dimensions.items()))
    assert base_name(own_name.upper(), CONFIGURATION, "POS", where="dimensions") == base
    assert refusal(lambda: base_name("mood", CONFIGURATION, "pos", where="dimensions")) == (
        "dimensions.mood",
        "mood is neither a base dimension nor a dimension of pos",
    )
    assert refusal(lambda: base_name("mood", CONFIGURATION, where="dimensions")) == (
        "dimensions.mood",
        "mood is neither a base dimension nor a dimension",
    )


def test_own_stock_does_not_store_the_site_of_its_location() -> None:
    record = {"organizationid": "USMF", "productid": "LAMP"}
    own = {**record, "dimensions": {"siteId": "SEA", "locationId": "SEA", "colorId": "red"}}
    assert stock_name(own, CONFIGURATION) == StockName("", "LAMP", "SEA", {"colorid": "red"})
    other_site = {**record, "dimensions": {"siteId": "1", "locationId": "SEA"}}
    assert stock_name(other_site, CONFIGURATION).dimensions == {"siteid": "1"}
    foreign = {**own, "organizationid": "demf"}
    found = stock_name(foreign, CONFIGURATION)
    assert (found.organization, found.dimensions) == ("demf", {"colorid": "red", "siteid": "SEA"})
    assert found.named() == {"colorid": "red", "siteid": "SEA", "locationid": "SEA"}


@pytest.mark.parametrize(("missing", "label"), [("siteId", "siteId"), ("locationId", "locationId")])
def test_site_and_location_are_required(missing: str, label: str) -> None:
    dimensions = {"siteId": "SEA", "locationId": "SEA"}
    del dimensions[missing]
    record = {"organizationid": "usmf", "productid": "LAMP", "dimensions": dimensions}
    assert refusal(lambda: stock_name(record, CONFIGURATION)) == (
        f"dimensions.{label}",
        f"{label} is missing",
    )


def test_quantities_are_by_data_source_and_measure() -> None:
    given = {"IOM": {"OnHand": 5}, "pos": {"PosInbound": 1.5, "posoutbound": -2}}
    assert quantities_of(given, CONFIGURATION) == {
        ("iom", "onhand"): 5,
        ("pos", "posinbound"): Decimal("1.5"),
        ("pos", "posoutbound"): -2,
    }


@pytest.mark.parametrize("given", [{}, {"iom": {}}])
def test_a_change_needs_a_quantity(given: dict[str, Any]) -> None:
    assert refusal(lambda: quantities_of(given, CONFIGURATION, "q")) == (
        "q",
        "contains no quantity",
    )


@pytest.mark.parametrize(
    "given", [{"crm": {"leads": 1}}, {"iom": {"leads": 1}}, {"iom": {"onhand": "1"}}]
)
def test_unknown_measures_and_other_values_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(IomError):
        quantities_of(given, CONFIGURATION)
