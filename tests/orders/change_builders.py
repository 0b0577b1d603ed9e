"""Values of orders and facts of products, as tests of changes make them."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from openiom.kernel import new_id
from openiom.master_data import UnitConversion
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.operations import OPERATIONS
from openiom.orders.changes.patches import DecidedPatch, decide_patch
from openiom.orders.changes.values import LineUnitSteps, LineValue, OrderValue
from openiom.orders.line_quantities import QuantityReader

ADDRESS = {
    "name": "Ann",
    "company": "",
    "line1": "1 Main St",
    "line2": "",
    "city": "Redmond",
    "state": "WA",
    "postal_code": "98052",
    "country": "US",
    "phone": "",
    "email": "",
    "latitude": None,
    "longitude": None,
}
UNITS = {
    "ea": UnitConversion("count", Decimal(1), 0),
    "kg": UnitConversion("mass", Decimal(1), 3),
}
PRODUCTS = {"LAMP": "ea", "LAMP-RED": "ea", "SCALE": "ea", "FLOUR": "kg"}


def product_facts(available: Mapping[str, int] | None = None) -> ChangeFacts:
    """Return facts of four products: two lamps, a scale, and flour by the kilogram."""
    stock = {product: Decimal(units) for product, units in (available or {}).items()}
    names = {product: product.title() for product in PRODUCTS}
    return ChangeFacts(QuantityReader(UNITS, PRODUCTS), names, stock)


def line_value(number: int = 1, product: str = "LAMP", **fields: Any) -> LineValue:
    """Return a line of 10 pieces at 3.00 with a discount of 2.00 and a tax of 2.80."""
    line = LineValue(
        id=new_id(),
        line_number=number,
        external_id=f"L{number}",
        product=product,
        name=product.title(),
        unit=PRODUCTS[product],
        steps=LineUnitSteps(UNITS[PRODUCTS[product]].decimals),
        quantity=10,
        unit_price=Decimal("3.00"),
        discount=Decimal("2.00"),
        tax=Decimal("2.80"),
    )
    return replace(line, **fields)


def order_value(*lines: LineValue, **fields: Any) -> OrderValue:
    """Return an order in progress of these lines, or of one line, with shipping of 5.00."""
    chosen = lines or (line_value(),)
    value = OrderValue(
        id=new_id(),
        number="1001",
        currency="USD",
        state="in_progress",
        lines=chosen,
        shipping=Decimal("5.00"),
        ship_to=ADDRESS,
        last_number=max(line.line_number for line in chosen),
    )
    return replace(value, **fields)


def decide(
    value: OrderValue, *operations: dict[str, Any], facts: ChangeFacts | None = None
) -> DecidedPatch:
    """Return what operations, as documents, make of an order."""
    return decide_patch(
        value, OPERATIONS.validate_python(list(operations)), facts or product_facts()
    )
