"""The tokens of templates: what a notice can show, with titles for the editor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TemplateToken:
    """A token such as `order.number`; `lines.name` is a token of each element of `lines`."""

    name: str
    title: str


TOKENS = (
    TemplateToken("order.number", "Number of the order"),
    TemplateToken("order.link", "Link to the customer's page of the order"),
    TemplateToken("order.placed_on", "Day on which the order was placed"),
    TemplateToken("order.requested_delivery_date", "Requested delivery date"),
    TemplateToken("order.currency", "Currency"),
    TemplateToken("order.subtotal_amount", "Subtotal"),
    TemplateToken("order.shipping_amount", "Shipping costs"),
    TemplateToken("order.discount_amount", "Discount"),
    TemplateToken("order.tax_amount", "Taxes"),
    TemplateToken("order.total_amount", "Total"),
    TemplateToken("customer.name", "Name of the customer"),
    TemplateToken("customer.email", "E-mail address of the customer"),
    TemplateToken("ship_to.name", "Recipient of the delivery"),
    TemplateToken("ship_to.line1", "Delivery address, first line"),
    TemplateToken("ship_to.line2", "Delivery address, second line"),
    TemplateToken("ship_to.postal_code", "Postal code of the delivery address"),
    TemplateToken("ship_to.city", "City of the delivery address"),
    TemplateToken("ship_to.country", "Country of the delivery address"),
    TemplateToken("parcel.carrier", "Carrier of the parcel"),
    TemplateToken("parcel.tracking_number", "Tracking number of the parcel"),
    TemplateToken("parcel.tracking_url", "Tracking page of the parcel"),
    TemplateToken("pickup.code", "Pickup code"),
    TemplateToken("pickup.store", "Name of the store of a pickup"),
    TemplateToken("pickup.ready_until", "Last day of a pickup"),
    TemplateToken("refund.amount", "Refunded amount"),
    TemplateToken("return.number", "Number of the return"),
    TemplateToken("sender.name", "Name of the sender"),
)
LISTS = {
    "lines": (
        TemplateToken("name", "Name of the line's product"),
        TemplateToken("product", "Product number"),
        TemplateToken("quantity", "Ordered quantity"),
        TemplateToken("shipped", "Shipped quantity"),
        TemplateToken("canceled", "Canceled quantity"),
        TemplateToken("unit_price", "Price of a unit"),
    ),
}
"""Lists that templates loop over, with the tokens of their elements."""


def token_names() -> list[str]:
    """Return the names of all tokens outside of lists."""
    return [token.name for token in TOKENS]
