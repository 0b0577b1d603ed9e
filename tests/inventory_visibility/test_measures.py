"""Stock keys, canonical dimension texts, references and quantities."""

from decimal import Decimal

import pytest

from openiom.inventory_visibility import (
    DEFAULT_FORMULA,
    HIERARCHY,
    StockKey,
    dimension_text,
    event_key,
    reference_of,
)
from openiom.inventory_visibility.measures import (
    LARGEST,
    MeasureChange,
    PostingResult,
    ReservationResult,
    SoftReservationRequest,
    format_quantity,
    is_quantity,
)


def test_the_root_of_a_key_has_no_dimensions_and_the_family_no_dimensions_either() -> None:
    key = StockKey("", "LAMP", "SEA", "colorid=red")
    assert key.root == StockKey("", "LAMP", "SEA", "")
    assert key.family == ("", "LAMP", "SEA")
    assert key.root.root is key.root or key.root.root == key.root
    assert StockKey("other", "LAMP", "SEA").family == ("other", "LAMP", "SEA")


def test_dimension_text_sorts_names_and_escapes_separators() -> None:
    assert dimension_text({}) == ""
    assert dimension_text({"siteid": "1", "colorid": "red"}) == "colorid=red;siteid=1"
    assert dimension_text({"colorid": "a=b;c%"}) == "colorid=a%3Db%3Bc%25"


def test_texts_of_different_dimensions_are_different() -> None:
    assert dimension_text({"colorid": "a;sizeid=b"}) != dimension_text(
        {"colorid": "a", "sizeid": "b"}
    )
    assert dimension_text({"colorid": "%3B"}) != dimension_text({"colorid": ";"})


def test_a_reference_is_the_same_for_one_key_and_differs_between_keys() -> None:
    key = StockKey("", "LAMP", "SEA", "colorid=red")
    assert reference_of(key) == reference_of(StockKey("", "LAMP", "SEA", "colorid=red"))
    assert len(reference_of(key)) == 32
    others = [
        StockKey("x", "LAMP", "SEA", "colorid=red"),
        StockKey("", "LAMPS", "EA", "colorid=red"),
        StockKey("", "LAMP", "CHI", "colorid=red"),
        StockKey("", "LAMP", "SEA", "colorid=blue"),
        key.root,
    ]
    assert len({reference_of(one) for one in [key, *others]}) == 6


def test_event_ids_are_unique_within_their_organization() -> None:
    assert event_key("usmf", "e-1") == "usmf/e-1"
    assert event_key("", "e-1") == "/e-1"
    assert event_key("usmf", "") is None


@pytest.mark.parametrize("text", ["0", "1", "-1", "0.0001", "-9999999999999.9999", "1E+12"])
def test_quantities_with_four_decimals_below_the_largest_are_accepted(text: str) -> None:
    assert is_quantity(Decimal(text))


@pytest.mark.parametrize("text", ["0.00001", "NaN", "Infinity", "-Infinity", "1E+13", "-1E+13"])
def test_quantities_a_balance_cannot_store_are_refused(text: str) -> None:
    assert not is_quantity(Decimal(text))


def test_the_largest_quantity_is_itself_refused() -> None:
    assert not is_quantity(LARGEST)
    assert is_quantity(LARGEST - 1)


@pytest.mark.parametrize(
    ("quantity", "text"),
    [("5.0000", "5"), ("0.5000", "0.5"), ("1E+2", "100"), ("-3.10", "-3.1"), ("0.0000", "0")],
)
def test_quantities_are_written_without_trailing_zeros(quantity: str, text: str) -> None:
    assert format_quantity(Decimal(quantity)) == text


def test_the_default_formula_adds_supply_and_subtracts_hard_reservations() -> None:
    positive = {measure for measure, sign in DEFAULT_FORMULA.supply.items() if sign == 1}
    negative = {measure for measure, sign in DEFAULT_FORMULA.supply.items() if sign == -1}
    assert len(positive) + len(negative) == len(DEFAULT_FORMULA.supply)
    assert ("iom", "onhand") in positive
    assert ("pos", "posoutbound") in negative
    assert negative >= {("fno", "reservphysical"), ("iv", "reservordered")}
    assert DEFAULT_FORMULA.reservations == {
        ("iv", "softreservordered"),
        ("iv", "softreservphysical"),
    }
    assert HIERARCHY == ("siteid", "colorid", "sizeid", "styleid")


def test_requests_and_results_have_safe_defaults() -> None:
    request = SoftReservationRequest("", "LAMP", "SEA", Decimal(1))
    assert (request.data_source, request.measure) == ("iv", "softreservordered")
    assert request.check
    assert request.line_id is None
    assert not PostingResult(True).duplicate
    result = ReservationResult(True, "r")
    assert (result.invalid, result.duplicate, result.reason) == (0, False, "")
    assert MeasureChange("", "LAMP", "SEA", {}).event_id == ""
