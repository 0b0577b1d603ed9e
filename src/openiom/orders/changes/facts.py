"""What operations need beside the order: products, their units, and what is available of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from openiom.kernel import Invalid, Refused, to_steps
from openiom.orders.line_quantities import LARGEST_STOCK_QUANTITY, QuantityReader

from .values import ZERO, LineUnitSteps


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """Master data and stock of the products that changes name.

    Attributes:
        reader: The units, and the stock units of the products that exist.
        names: The names of products by number.
        available: What one source has available of a product at most, in its stock unit.
        any_product: Whether products that do not exist are accepted.
    """

    reader: QuantityReader
    names: Mapping[str, str] = field(default_factory=dict)
    available: Mapping[str, Decimal] = field(default_factory=dict)
    any_product: bool = False

    def check_product(self, product: str, where: str) -> None:
        """Raise `Refused` for a product that does not exist."""
        if product not in self.reader.stock_unit_of and not self.any_product:
            raise Refused(
                f"there is no product {product}", where=where, remedy="choose an existing product"
            )

    def unit_of(self, product: str, unit: str, where: str) -> tuple[str, LineUnitSteps]:
        """Return the unit of a new line, the stock unit when none is given, and its steps."""
        stock_unit = self.reader.stock_unit_of.get(product, unit)
        chosen = unit or stock_unit
        if chosen not in self.reader.units:
            what = f"there is no unit {chosen}" if chosen else f"{product} has no unit"
            raise Refused(what, where=where, remedy="choose an existing unit")

        try:
            found = self.reader.line_unit(chosen, stock_unit)
        except Invalid as error:
            raise Refused(error.what, where=where, remedy=f"order it in {stock_unit}") from error

        steps = LineUnitSteps(found.decimals, found.stock_per_step, found.stock_decimals)
        return chosen, steps

    def covers(self, product: str, stock_steps: int, stock_decimals: int) -> bool:
        """Return whether one source has these steps of a product available."""
        return self.available.get(product, ZERO) >= Decimal(stock_steps).scaleb(-stock_decimals)


def quantity_steps(quantity: Decimal, unit: str, steps: LineUnitSteps, where: str) -> int:
    """Return a quantity in steps of its unit. Raise `Refused` for one that is too fine or large."""
    try:
        found = to_steps(quantity, steps.decimals, unit=unit)
    except Invalid as error:
        raise Refused(error.what, where=where, remedy=error.remedy) from error

    if found * steps.stock_per_step >= LARGEST_STOCK_QUANTITY * 10**steps.stock_decimals:
        raise Refused(
            f"{quantity} {unit} are more than any stock",
            where=where,
            remedy="correct the quantity or its unit",
        )
    return found
