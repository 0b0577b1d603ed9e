"""Quantities and variants of lines: bounds, exact numbers, and dimensions that do not apply."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from openiom.documents.order import OrderLineDocument
from openiom.documents.quantity import (
    LARGEST_QUANTITY,
    VARIANT_DIMENSIONS,
    Quantity,
    QuantityNumber,
    VariantDocument,
    plain_number,
    quantity_number,
    variant_fact,
)

received: TypeAdapter[Decimal] = TypeAdapter(Quantity)
sent: TypeAdapter[int | float] = TypeAdapter(QuantityNumber)


@pytest.mark.parametrize(
    ("value", "quantity"),
    [
        (2, Decimal(2)),
        ("2", Decimal(2)),
        ("0.75", Decimal("0.75")),
        (0.1, Decimal("0.1")),
        ("0.0001", Decimal("0.0001")),
        (1_000_000_000, Decimal(1_000_000_000)),
    ],
)
def test_a_received_quantity_is_an_exact_decimal(value: Any, quantity: Decimal) -> None:
    assert received.validate_python(value) == quantity


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (0, "greater_than"),
        ("-0.5", "greater_than"),
        (1_000_000_001, "less_than_equal"),
        ("1000000000.0001", "less_than_equal"),
        ("0.00001", "decimal_max_places"),
        ("2.71828", "decimal_max_places"),
        ("many", "decimal_parsing"),
        ("NaN", "finite_number"),
        ("Infinity", "finite_number"),
    ],
)
def test_a_quantity_outside_its_bounds_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(ValidationError) as error:
        received.validate_python(value)
    [fault] = error.value.errors()
    assert fault["type"] == kind


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        (Decimal("2.000"), "2"),
        (Decimal("0.7500"), "0.75"),
        (Decimal("-1.5"), "-1.5"),
        (3.0, "3"),
        (0.25, "0.25"),
        (0, "0"),
    ],
)
def test_a_number_is_written_without_needless_decimals(quantity: Any, number: str) -> None:
    assert repr(plain_number(quantity)) == number
    assert sent.dump_json(sent.validate_python(quantity)).decode() == number


@pytest.mark.parametrize(
    ("steps", "decimals", "number"),
    [
        (2, 0, "2"),
        (20, 1, "2"),
        (15, 1, "1.5"),
        (7_500, 4, "0.75"),
        (1, 4, "0.0001"),
        (0, 3, "0"),
        (-1_500, 3, "-1.5"),
        (LARGEST_QUANTITY * 10_000, 4, "1000000000"),
        (LARGEST_QUANTITY * 10_000 - 1, 4, "999999999.9999"),
    ],
)
def test_steps_are_written_as_a_quantity_of_their_unit(
    steps: int, decimals: int, number: str
) -> None:
    assert repr(quantity_number(steps, decimals)) == number


@given(st.integers(1, LARGEST_QUANTITY * 10_000), st.integers(0, 4))
def test_a_written_quantity_is_read_back_exactly(steps: int, decimals: int) -> None:
    written = repr(quantity_number(steps, decimals))
    assert Decimal(written) * 10**decimals == steps


def test_a_variant_has_the_values_of_its_dimensions_without_spaces_around_them() -> None:
    variant = VariantDocument(size=" M ", color="red")
    assert variant.values() == {"size": "M", "color": "red"}
    assert VariantDocument().values() == {}
    assert VARIANT_DIMENSIONS == ("size", "color", "style", "configuration")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"size": "x" * 101}, "string_too_long"),
        ({"size": None}, "string_type"),
        ({"material": "oak"}, "extra_forbidden"),
    ],
)
def test_a_variant_with_a_value_that_is_not_valid_is_refused(
    values: dict[str, Any], kind: str
) -> None:
    with pytest.raises(ValidationError) as error:
        VariantDocument.model_validate(values)
    [fault] = error.value.errors()
    assert fault["type"] == kind


@pytest.mark.parametrize("values", [None, {}])
def test_a_product_as_a_whole_has_empty_dimensions(values: dict[str, str] | None) -> None:
    assert variant_fact(values) == {"size": "", "color": "", "style": "", "configuration": ""}


def test_the_fact_of_a_variant_has_all_dimensions() -> None:
    fact = variant_fact({"color": "red"})
    assert fact == {"size": "", "color": "red", "style": "", "configuration": ""}


@pytest.mark.parametrize(
    ("variant", "values"),
    [
        (None, None),
        ({}, None),
        ({"size": " "}, None),
        ({"size": "M", "style": ""}, {"size": "M"}),
    ],
)
def test_a_line_has_the_values_of_its_variant_or_none(
    variant: dict[str, str] | None, values: dict[str, str] | None
) -> None:
    body = {"external_id": "1", "product": "LAMP", "unit": "each", "quantity": "0.5"}
    line = OrderLineDocument.model_validate({**body, "variant": variant})
    assert line.variant_values == values
    assert line.quantity == Decimal("0.5")
