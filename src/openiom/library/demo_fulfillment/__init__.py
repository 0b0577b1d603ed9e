"""The demo 3PL: accepts fulfillment orders over HTTP and reports updates by callback."""

from openiom.provider_contract import load_provider

from .actions import ACTIONS
from .connector import DemoFulfillmentConnection, DemoFulfillmentParameters, connect

PROVIDER = load_provider(
    __name__,
    connection=DemoFulfillmentConnection,
    parameters=DemoFulfillmentParameters,
    connect=connect,
    actions=ACTIONS,
)
