"""A cart, as its cookie has it: `12.2-31.1` is two of product 12 and one of product 31."""

from collections.abc import Mapping

from openiom_simulators.shop_data import Product

MOST_LINES = 20
MOST_UNITS = 99
MOST_DIGITS = 10


def read_cart(cookie: str, products: Mapping[int, Product]) -> dict[int, int]:
    """Return units by product id; whatever is no product of the shop is left out."""
    cart: dict[int, int] = {}
    for part in cookie.split("-")[:MOST_LINES]:
        number, units = _entry(part)
        if units and number in products:
            cart[number] = limited(units)

    return cart


def _entry(text: str) -> tuple[int, int]:
    """Return product and units of a part of the cookie; 0 for what is no number."""
    product, _, units = text.partition(".")
    return whole_number(product) or 0, whole_number(units) or 0


def write_cart(cart: Mapping[int, int]) -> str:
    """Return the cookie of a cart."""
    return "-".join(f"{product}.{units}" for product, units in cart.items())


def add_to_cart(cart: Mapping[int, int], product: int, units: int) -> dict[int, int]:
    """Return the cart with more units of a product, up to the limits of a cart."""
    if product not in cart and len(cart) == MOST_LINES:
        return dict(cart)
    return {**cart, product: limited(cart.get(product, 0) + units)}


def limited(units: int) -> int:
    """Return a number of units that a cart accepts."""
    return max(1, min(units, MOST_UNITS))


def whole_number(text: str) -> int | None:
    """Return the number that a text is, or nothing when it is none or has too many digits."""
    if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS:
        return int(text)
    return None
