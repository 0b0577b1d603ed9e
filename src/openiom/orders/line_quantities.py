"""Quantities of received lines: steps of their units, and what a step is in stock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem, to_steps
from openiom.master_data import LineUnit, UnitConversion, line_unit, stock_units, unit_conversions
from openiom.orders.schemas import ResolvedLine

LARGEST_STOCK_QUANTITY = 10**13
"""Units of stock that a line must stay below; no balance of stock is larger."""


@dataclass(slots=True)
class LineQuantity:
    """The quantity of a line in steps of its unit.

    `canceled` and `shipped` are what the source has done with it; together they may be more than
    the line, because what was refunded may have been shipped.
    """

    steps: int
    unit: LineUnit
    canceled: int = 0
    shipped: int = 0


@dataclass(frozen=True, slots=True)
class QuantityProblem:
    """What is wrong with a line's unit or quantity, and the master data that could mend it."""

    problem: Problem
    needs: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class QuantityReader:
    """Reads the quantities of many lines with the units of one batch.

    `stock_unit_of` has the stock units of the products that exist. A product that does not exist is
    counted in the unit of its line.
    """

    units: Mapping[str, UnitConversion]
    stock_unit_of: Mapping[str, str]
    _line_units: dict[tuple[str, str], LineUnit | Invalid] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session, products: Sequence[str]) -> "QuantityReader":
        """Return a reader for lines of these products; two queries."""
        return cls(unit_conversions(session), stock_units(session, products))

    def read(self, line: ResolvedLine, where: str) -> LineQuantity | QuantityProblem:
        """Return the quantity of a line whose unit exists, or what is wrong with it."""
        stock_unit = self.stock_unit_of.get(line.product, line.unit)
        unit = self._line_unit(line.unit, stock_unit)
        if isinstance(unit, Invalid):
            what = f"{line.product} is kept in {stock_unit}: {unit.what}"
            remedy = f"order it in {stock_unit} or a unit that converts into it; {unit.remedy}"
            needs = (("unit", line.unit), ("unit", stock_unit), ("product", line.product))
            return QuantityProblem(Problem(f"{where}.unit", what, remedy), needs)

        counted: list[int] = []
        for name in ("quantity", "canceled_quantity", "shipped_quantity"):
            try:
                counted.append(to_steps(getattr(line, name), unit.decimals, unit=line.unit))
            except Invalid as error:
                problem = Problem(f"{where}.{name}", error.what, error.remedy)
                return QuantityProblem(problem, (("unit", line.unit),))

        steps, canceled, shipped = counted
        if steps * unit.stock_per_step >= LARGEST_STOCK_QUANTITY * 10**unit.stock_decimals:
            what = f"{line.quantity} {line.unit} are more than any stock of {line.product}"
            problem = Problem(f"{where}.quantity", what, "correct the quantity or its unit")
            return QuantityProblem(problem, ())

        return LineQuantity(steps, unit, canceled, shipped)

    def line_unit(self, unit: str, stock_unit: str) -> LineUnit:
        """Return how lines in a unit are counted. Raise `Invalid` where it does not convert."""
        found = self._line_unit(unit, stock_unit)
        if isinstance(found, Invalid):
            raise found
        return found

    def _line_unit(self, unit: str, stock_unit: str) -> LineUnit | Invalid:
        known = self._line_units.get((unit, stock_unit))
        if known is None:
            try:
                known = line_unit(unit, stock_unit, self.units)
            except Invalid as error:
                known = error
            self._line_units[unit, stock_unit] = known
        return known
