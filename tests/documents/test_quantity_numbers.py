"""Quantities and variants as documents and the API write them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from openiom.documents import (
    OrderLineDocument,
    QuantityNumber,
    ShippedItemDocument,
    VariantDocument,
    plain_number,
    quantity_number,
    variant_fact,
)


class Shown(BaseModel):
    quantity: QuantityNumber


def line(**more: Any) -> OrderLineDocument:
    return OrderLineDocument(external_id="1", product="LAMP", unit="ea", **more)


@pytest.mark.parametrize(
    ("steps", "decimals", "shown"),
    [
        (2, 0, "2"),
        (2000, 3, "2"),
        (750, 3, "0.75"),
        (1, 4, "0.0001"),
        (1_000_000_000 * 10**4 - 1, 4, "999999999.9999"),
        (-125, 2, "-1.25"),
        (0, 4, "0"),
    ],
)
def test_steps_are_shown_as_plain_numbers(steps: int, decimals: int, shown: str) -> None:
    assert str(quantity_number(steps, decimals)) == shown


@given(st.integers(0, 1_000_000_000 * 10**4), st.integers(0, 4))
def test_a_shown_quantity_is_exact(steps: int, decimals: int) -> None:
    assert Decimal(str(quantity_number(steps, decimals))) == Decimal(steps).scaleb(-decimals)


@pytest.mark.parametrize(
    ("value", "json"),
    [(Decimal("2.0000"), "2"), (2.0, "2"), (3, "3"), (Decimal("0.7500"), "0.75"), (1.25, "1.25")],
)
def test_a_quantity_of_a_response_is_a_plain_number(value: Any, json: str) -> None:
    assert Shown(quantity=value).model_dump_json() == f'{{"quantity":{json}}}'
    assert str(plain_number(value)) == json


def test_the_schema_of_a_quantity_is_a_number() -> None:
    assert Shown.model_json_schema()["properties"]["quantity"]["type"] == "number"


@pytest.mark.parametrize("value", [1, "1.250", 1.25, "0.0001", 1_000_000_000])
def test_a_document_has_an_exact_decimal(value: Any) -> None:
    assert line(quantity=value).quantity == Decimal(str(value))
    assert ShippedItemDocument(line="x", quantity=value).quantity == Decimal(str(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "greater than 0"),
        (-1, "greater than 0"),
        ("0.00001", "no more than 4 decimal places"),
        (1_000_000_001, "less than or equal to 1000000000"),
        ("NaN", "finite number"),
        ("many", "valid decimal"),
    ],
)
def test_other_quantities_are_refused(value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        line(quantity=value)


def test_a_variant_has_the_dimensions_that_are_not_empty() -> None:
    assert line(quantity=1, variant={"size": " M ", "color": ""}).variant_values == {"size": "M"}
    assert line(quantity=1, variant={}).variant_values is None
    assert line(quantity=1).variant_values is None
    assert VariantDocument(style="Slim").values() == {"style": "Slim"}


def test_a_variant_has_no_other_dimensions_and_is_bounded() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        line(quantity=1, variant={"width": "1"})
    with pytest.raises(ValidationError, match="at most 100 characters"):
        line(quantity=1, variant={"size": "x" * 101})


def test_a_fact_has_all_dimensions() -> None:
    empty = {"size": "", "color": "", "style": "", "configuration": ""}
    assert variant_fact(None) == empty
    assert variant_fact({"size": "M"}) == {**empty, "size": "M"}
