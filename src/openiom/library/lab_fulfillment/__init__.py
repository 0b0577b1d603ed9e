"""Quick-start lab, fulfillment: a fulfillment order leaves by e-mail or by HTTP POST."""

from openiom.provider_contract import Provider, ProviderAction

from .connector import (
    LabFulfillmentConnection,
    LabFulfillmentParameters,
    connect,
    email_each,
    post_each,
)
from .transformations import FULFILLMENT_ORDER

_SENT, _NOT_SENT = "fulfillment_order.sent", "fulfillment_order.send_failed"

ACTIONS = (
    ProviderAction(
        name="email_fulfillment_order",
        title="E-mail the fulfillment order (action A)",
        entity="fulfillment_order",
        transformation=FULFILLMENT_ORDER,
        run=email_each,
        succeeded=_SENT,
        failed=_NOT_SENT,
    ),
    ProviderAction(
        name="post_fulfillment_order",
        title="Post the fulfillment order (action B)",
        entity="fulfillment_order",
        transformation=FULFILLMENT_ORDER,
        run=post_each,
        succeeded=_SENT,
        failed=_NOT_SENT,
    ),
)

PROVIDER = Provider(
    name="lab_fulfillment",
    title="Lab fulfillment",
    category="fulfillment",
    description="Sends the quick-start lab's fulfillment orders: header and lines by e-mail, or to an HTTP address.",
    connection=LabFulfillmentConnection,
    parameters=LabFulfillmentParameters,
    connect=connect,
    actions=ACTIONS,
    events=(_SENT, _NOT_SENT),
)
