"""The tokens of templates: what a notice can show, with titles for the editor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A token such as `order.number`; `lines.name` is a token of each element of `lines`."""

    name: str
    title: str


TOKENS = (
    Token("order.number", "Number of the order"),
    Token("order.link", "Link to the customer's page of the order"),
    Token("order.placed_on", "Day on which the order was placed"),
    Token("order.requested_delivery_date", "Requested delivery date"),
    Token("order.currency", "Currency"),
    Token("order.subtotal_amount", "Subtotal"),
    Token("order.shipping_amount", "Shipping costs"),
    Token("order.discount_amount", "Discount"),
    Token("order.tax_amount", "Taxes"),
    Token("order.total_amount", "Total"),
    Token("customer.name", "Name of the customer"),
    Token("customer.email", "E-mail address of the customer"),
    Token("ship_to.name", "Recipient of the delivery"),
    Token("ship_to.line1", "Delivery address, first line"),
    Token("ship_to.line2", "Delivery address, second line"),
    Token("ship_to.postal_code", "Postal code of the delivery address"),
    Token("ship_to.city", "City of the delivery address"),
    Token("ship_to.country", "Country of the delivery address"),
    Token("parcel.carrier", "Carrier of the parcel"),
    Token("parcel.tracking_number", "Tracking number of the parcel"),
    Token("parcel.tracking_url", "Tracking page of the parcel"),
    Token("pickup.code", "Pickup code"),
    Token("pickup.store", "Name of the store of a pickup"),
    Token("pickup.ready_until", "Last day of a pickup"),
    Token("refund.amount", "Refunded amount"),
    Token("return.number", "Number of the return"),
    Token("sender.name", "Name of the sender"),
)
LISTS = {
    "lines": (
        Token("name", "Name of the line's product"),
        Token("product", "Product number"),
        Token("quantity", "Ordered quantity"),
        Token("shipped", "Shipped quantity"),
        Token("canceled", "Canceled quantity"),
        Token("unit_price", "Price of a unit"),
    ),
}
"""Lists that templates loop over, with the tokens of their elements."""


def token_names() -> list[str]:
    """Return the names of all tokens outside of lists."""
    return [token.name for token in TOKENS]
