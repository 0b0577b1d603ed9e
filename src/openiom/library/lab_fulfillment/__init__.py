"""Fulfillment of the quick-start lab: fulfillment orders sent by e-mail or by HTTP POST."""

from openiom.provider_contract import load_provider

from .connector import ACTIONS, LabFulfillmentConnection, LabFulfillmentParameters, connect

PROVIDER = load_provider(
    __name__,
    connection=LabFulfillmentConnection,
    parameters=LabFulfillmentParameters,
    connect=connect,
    actions=ACTIONS,
)
