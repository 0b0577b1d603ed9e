"""Quantities and variants of lines, as documents, the API and facts write them.

Quantities are stored as integer steps of their unit (see `openiom.kernel.quantity`). Outside they
are JSON numbers: a whole quantity is written as 2, any other with its own decimals, as 0.75.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from openiom.kernel import MAX_DECIMALS

LARGEST_QUANTITY = 1_000_000_000
"""Most units of one line. With four decimals its steps are still exact as a JSON number."""

Quantity = Annotated[Decimal, Field(gt=0, le=LARGEST_QUANTITY, decimal_places=MAX_DECIMALS)]
"""A quantity that is received: above zero, with at most four decimals."""


CountedQuantity = Annotated[Decimal, Field(ge=0, le=LARGEST_QUANTITY, decimal_places=MAX_DECIMALS)]
"""A part of a quantity that is received, which may be zero."""


def plain_number(quantity: Decimal | float) -> int | float:
    """Return a quantity as a JSON number: 2 for 2.000, 0.75 for 0.7500."""
    whole = int(quantity)
    return whole if whole == quantity else float(quantity)


QuantityNumber = Annotated[
    int | float, BeforeValidator(plain_number), WithJsonSchema({"type": "number"})
]
"""A quantity that is sent, as `plain_number` writes it."""

VariantValue = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class VariantDocument(BaseModel):
    """The variant of a product; dimensions that do not apply are empty."""

    model_config = ConfigDict(extra="forbid")

    size: VariantValue = ""
    color: VariantValue = ""
    style: VariantValue = ""
    configuration: VariantValue = ""

    def values(self) -> dict[str, str]:
        """Return the dimensions that are not empty."""
        return {name: value for name, value in self if value}


VARIANT_DIMENSIONS = tuple(VariantDocument.model_fields)


def variant_fact(values: dict[str, str] | None) -> dict[str, str]:
    """Return all dimensions of a variant; those it does not have are empty."""
    return {**dict.fromkeys(VARIANT_DIMENSIONS, ""), **(values or {})}


def quantity_number(steps: int, decimals: int) -> int | float:
    """Return `steps` of a unit with `decimals` decimals as a JSON number: 2, 0.75.

    Exact, because a double has more digits than a quantity.
    """
    if not decimals:
        return steps

    steps_per_unit: int = 10**decimals
    units, rest = divmod(steps, steps_per_unit)
    return steps / steps_per_unit if rest else units
