"""BigCommerce: captures orders and updates the store with shipments and statuses."""

from openiom.provider_contract import load_provider

from .actions import ACTIONS
from .connector import connect
from .settings import BigCommerceConnection, BigCommerceParameters

PROVIDER = load_provider(
    __name__,
    connection=BigCommerceConnection,
    parameters=BigCommerceParameters,
    connect=connect,
    actions=ACTIONS,
)
