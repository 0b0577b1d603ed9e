"""The kinds of operations, each in a module of its own, and the only list of them."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from .add_line import AddLine
from .base import ChangeOperation
from .change_quantity import ChangeQuantity
from .exchange_line import ExchangeLine
from .goodwill import Goodwill
from .remove_line import RemoveLine
from .restate_amounts import RestateAmounts
from .set_bill_to import SetBillTo
from .set_discount import SetDiscount
from .set_requested_date import SetRequestedDate
from .set_ship_to import SetShipTo
from .set_shipping_method import SetShippingMethod
from .set_tax import SetTax
from .set_unit_price import SetUnitPrice
from .substitute_line import SubstituteLine

Operation = Annotated[
    ChangeQuantity
    | AddLine
    | RemoveLine
    | ExchangeLine
    | SubstituteLine
    | SetShipTo
    | SetBillTo
    | SetRequestedDate
    | SetShippingMethod
    | SetUnitPrice
    | SetDiscount
    | SetTax
    | Goodwill
    | RestateAmounts,
    Field(discriminator="kind"),
]
OPERATIONS: TypeAdapter[list[Operation]] = TypeAdapter(list[Operation])
"""Reads and writes a list of operations."""

__all__ = [
    "OPERATIONS",
    "AddLine",
    "ChangeOperation",
    "ChangeQuantity",
    "ExchangeLine",
    "Goodwill",
    "Operation",
    "RemoveLine",
    "RestateAmounts",
    "SetBillTo",
    "SetDiscount",
    "SetRequestedDate",
    "SetShipTo",
    "SetShippingMethod",
    "SetTax",
    "SetUnitPrice",
    "SubstituteLine",
]
