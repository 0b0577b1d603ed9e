"""Substitute a line by the first candidate, or by the first one that is in stock."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from openiom.kernel import Refused
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import find_line, find_unsent_line
from openiom.orders.changes.values import LineValue, OrderValue

from .base import ChangeOperation, LineNumber, ProductNumber, line_title
from .exchange_line import ExchangeLine, exchanged

_FIRST = "first_match"


class SubstituteLine(ChangeOperation):
    """Deliver one of several products instead of what has not shipped of a line, at its price.

    `first_match` chooses the first candidate that exists, `stock_aware` the first one of which one
    source has the whole quantity available.
    """

    kind: Literal["substitute_line"] = "substitute_line"
    line: LineNumber
    candidates: Annotated[list[ProductNumber], Field(min_length=1, max_length=50)]
    mode: Literal["first_match", "stock_aware"] = "stock_aware"

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` when no candidate fits."""
        self._choose(find_unsent_line(value, self.line), value, facts)

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the chosen candidate as a new line."""
        line = find_line(value, self.line)
        return self._choose(line, value, facts).change(value, facts)

    def describe(self, value: OrderValue) -> str:
        """Return what is substituted, and by which rule."""
        line = find_line(value, self.line)
        rule = "the first of" if self.mode == _FIRST else "the first in stock of"
        return f"Substituted {line_title(line)} by {rule} {', '.join(self.candidates)}"

    def products(self, value: OrderValue) -> Iterable[str]:
        """Return the candidates."""
        return self.candidates

    def _choose(self, line: LineValue, value: OrderValue, facts: ChangeFacts) -> ExchangeLine:
        for product in self.candidates:
            exchange = ExchangeLine(line=self.line, product=product)
            if product != line.product and self._fits(exchange, line, value, facts):
                return exchange

        rule = "exists" if self.mode == _FIRST else "is in stock"
        raise Refused(
            f"none of {', '.join(self.candidates)} {rule} in the unit and quantity of"
            f" line {self.line}",
            where=f"line {self.line}",
            remedy="name other candidates, or change the quantity",
        )

    def _fits(
        self, exchange: ExchangeLine, line: LineValue, value: OrderValue, facts: ChangeFacts
    ) -> bool:
        try:
            exchange.check(value, facts)
        except Refused:
            return False
        if self.mode == _FIRST:
            return True

        found = exchanged(value, line, exchange, facts)
        needed = found.quantity * found.steps.stock_per_step
        return facts.covers(exchange.product, needed, found.steps.stock_decimals)
