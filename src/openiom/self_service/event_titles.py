"""Names and display titles of the events of this package."""

LINK_CREATED = "order.customer_link_created"
LINKS_REVOKED = "order.customer_links_revoked"

EVENT_TITLES = {
    LINK_CREATED: "Customer link created",
    LINKS_REVOKED: "Customer links revoked",
}
