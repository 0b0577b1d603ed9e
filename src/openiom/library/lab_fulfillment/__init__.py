"""Fulfillment of the quick-start lab: fulfillment orders sent by e-mail or by HTTP POST."""

from openiom.provider_contract import load_provider

from .connector import (
    LabFulfillmentConnection,
    LabFulfillmentParameters,
    connect,
    email_each,
    post_each,
)

PROVIDER = load_provider(
    __name__,
    connection=LabFulfillmentConnection,
    parameters=LabFulfillmentParameters,
    connect=connect,
    actions={"email_fulfillment_order": email_each, "post_fulfillment_order": post_each},
)
