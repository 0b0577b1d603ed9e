"""The demo carrier: live rates for parcels over HTTP."""

from openiom.provider_contract import LiveRateService, load_provider

from .connector import DemoCarrierConnection, DemoCarrierParameters, connect, rate

PROVIDER = load_provider(
    __name__,
    connection=DemoCarrierConnection,
    parameters=DemoCarrierParameters,
    connect=connect,
    live_rates=LiveRateService(run=rate, concurrency=8, timeout_seconds=1.5),
)
