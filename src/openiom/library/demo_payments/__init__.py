"""The demo payment provider: captures, refunds and voids over HTTP."""

from openiom.provider_contract import PaymentService, load_provider

from .connector import (
    DemoPaymentsConnection,
    DemoPaymentsParameters,
    capture,
    connect,
    refund,
    void,
)

PROVIDER = load_provider(
    __name__,
    connection=DemoPaymentsConnection,
    parameters=DemoPaymentsParameters,
    connect=connect,
    payments=PaymentService(capture=capture, refund=refund, void=void),
)
