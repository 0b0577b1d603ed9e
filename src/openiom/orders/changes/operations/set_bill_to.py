"""Bill an order to another address."""

from dataclasses import replace
from typing import Literal

from openiom.documents import AddressDocument
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import require_unfinished
from openiom.orders.changes.values import OrderValue

from .base import ChangeOperation, address_of, place_of


class SetBillTo(ChangeOperation):
    """Set the billing address; nothing is sourced again for it."""

    kind: Literal["set_bill_to"] = "set_bill_to"
    address: AddressDocument | None

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for an order that has ended."""
        require_unfinished(value)

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other billing address."""
        return replace(value, bill_to=address_of(self.address) if self.address else None)

    def describe(self, value: OrderValue) -> str:
        """Return the address in a few words."""
        return f"Bill to {place_of(self.address) if self.address else 'the shipping address'}"
