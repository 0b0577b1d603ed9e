"""Deliver an order, or one line of it, to another address."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from openiom.documents import AddressDocument
from openiom.kernel import Refused
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import find_line, find_unsent_line, require_unfinished
from openiom.orders.changes.values import LineValue, OrderValue

from .base import ChangeOperation, LineNumber, address_of, line_title, place_of

_NEEDED = ("line1", "city", "country")
_REMEDY = "recall what was sent first, or change the lines that have not shipped one by one"


class SetShipTo(ChangeOperation):
    """Set the address of the order, or of one line; a line without one gets that of the order."""

    kind: Literal["set_ship_to"] = "set_ship_to"
    line: LineNumber | None = None
    address: AddressDocument | None

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for an incomplete address, and for goods that are on their way."""
        self._check_address()
        if self.line is not None:
            find_unsent_line(value, self.line)
            return

        require_unsent_goods(value, "address")

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other address."""
        address = address_of(self.address) if self.address else None
        if self.line is not None:
            line = find_line(value, self.line)
            return value.with_line(replace(line, ship_to=address))
        return replace(value, ship_to=address or value.ship_to)

    def describe(self, value: OrderValue) -> str:
        """Return the address in a few words."""
        place = place_of(self.address) if self.address else "the address of the order"
        if self.line is None:
            return f"Ship to {place}"
        return f"Ship {line_title(find_line(value, self.line))} to {place}"

    def _check_address(self) -> None:
        if self.address is None:
            if self.line is None:
                raise Refused(
                    "an order has an address", where="address", remedy="enter the other address"
                )
            return

        missing = [name for name in _NEEDED if not getattr(self.address, name).strip()]
        if missing:
            raise Refused(
                f"the address has no {' and no '.join(missing)}",
                where=f"address.{missing[0]}",
                remedy="complete the address",
            )


def require_unsent_goods(value: OrderValue, what: str) -> None:
    """Raise `Refused` when goods that follow the order have shipped or are at a fulfiller."""
    require_unfinished(value)
    following = list(filter(_follows_order, value.lines))
    _refuse_any([line for line in following if line.at_fulfiller], "are at a fulfiller", what)
    _refuse_any([line for line in following if line.shipped], "have shipped", what)


def _follows_order(line: LineValue) -> bool:
    return not line.ship_to and line.delivery != "digital"


def _refuse_any(lines: Sequence[LineValue], why: str, what: str) -> None:
    if lines:
        numbers = ", ".join(str(line.line_number) for line in lines)
        text = f"units of line {numbers} {why}, so the {what} of the order stays"
        raise Refused(text, where="order", remedy=_REMEDY)
