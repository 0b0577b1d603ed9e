"""BigCommerce: orders in, shipments and statuses back."""

from openiom.provider_contract import MessageKind, Provider

from .actions import ACTIONS
from .connector import connect
from .settings import BigCommerceConnection, BigCommerceParameters
from .transformations import CUSTOMER, ORDER, PRODUCT

PROVIDER = Provider(
    name="bigcommerce",
    title="BigCommerce",
    category="order_intake",
    description="Takes orders in from a BigCommerce store and tells it what was shipped, with tracking.",
    connection=BigCommerceConnection,
    parameters=BigCommerceParameters,
    connect=connect,
    messages=(
        MessageKind("product", "Product of the catalog", "product", PRODUCT, polled=True),
        MessageKind("customer", "Customer", "account", CUSTOMER, polled=True),
        MessageKind("order", "Order", "order", ORDER, polled=True),
    ),
    actions=ACTIONS,
    mappings=("account", "price_list", "unit", "product"),
    events=("shipment.pushed", "order.status_pushed"),
    terms="You need an API account of the store with the scopes Orders: modify and Information: read.",
)
