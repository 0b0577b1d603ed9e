"""What every kind of operation is: a document that makes one value of an order from another."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from openiom.documents import AddressDocument, VariantDocument
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.money import scale_money
from openiom.orders.changes.values import LineValue, OrderValue

LineNumber = Annotated[int, Field(ge=1, le=100_000, description="Number of the line in the order")]
Money = Annotated[Decimal, Field(max_digits=17, decimal_places=4)]
Price = Annotated[Decimal, Field(ge=0, max_digits=17, decimal_places=4)]
ProductNumber = Annotated[str, Field(min_length=1, max_length=200)]


class ChangeOperation(BaseModel):
    """One operation of a patch. Subclasses have a `kind` of their own."""

    model_config = ConfigDict(extra="forbid")

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` when the order does not allow the operation."""

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the changed order. `check` has passed, or it happened in the store."""
        raise NotImplementedError

    def describe(self, value: OrderValue) -> str:
        """Return what the operation does to an order, in words."""
        raise NotImplementedError

    def products(self, value: OrderValue) -> Iterable[str]:
        """Return the products whose master data and stock the operation needs."""
        return ()


def resize(line: LineValue, quantity: int, currency: str) -> LineValue:
    """Return a line with another quantity; its discount and tax follow in proportion."""
    now, before = Decimal(quantity), Decimal(line.quantity)
    discount = scale_money(line.discount, now, before, currency)
    tax = scale_money(line.tax, now, before, currency)
    return replace(line, quantity=quantity, discount=discount, tax=tax)


def retax(before: LineValue, after: LineValue, currency: str) -> LineValue:
    """Return a line whose tax follows its net amount in proportion."""
    tax = scale_money(before.tax, after.net(currency), before.net(currency), currency)
    return replace(after, tax=tax)


def line_title(line: LineValue) -> str:
    """Return how words name a line."""
    return f"line {line.line_number} ({line.product})"


def variant_of(document: VariantDocument | None) -> tuple[tuple[str, str], ...]:
    """Return a variant as the value of a line has it."""
    return tuple(sorted(document.values().items())) if document else ()


def address_of(document: AddressDocument) -> dict[str, Any]:
    """Return an address as orders store it."""
    return document.model_dump(mode="json")


def place_of(address: AddressDocument) -> str:
    """Return an address in a few words."""
    parts = (address.line1, address.postal_code, address.city, address.country)
    return ", ".join(part for part in parts if part)
