"""Stripe: captures and cancellations of payment intents, and refunds."""

from openiom.provider_contract import PaymentService, load_provider

from .connector import StripeConnection, StripeParameters, capture, connect, refund, void

PROVIDER = load_provider(
    __name__,
    connection=StripeConnection,
    parameters=StripeParameters,
    connect=connect,
    payments=PaymentService(capture=capture, refund=refund, void=void, concurrency=8),
)
