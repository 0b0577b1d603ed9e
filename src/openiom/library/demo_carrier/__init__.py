"""The demo carrier: says over HTTP what it would bill for a parcel."""

from openiom.provider_contract import LiveRateService, Provider

from .connector import DemoCarrierConnection, DemoCarrierParameters, connect, rate

PROVIDER = Provider(
    name="demo_carrier",
    title="Demo carrier",
    category="delivery",
    description="Live rates of the demo carrier for quotes: base, surcharges and zone of each of its services.",
    connection=DemoCarrierConnection,
    parameters=DemoCarrierParameters,
    connect=connect,
    rating=LiveRateService(run=rate, concurrency=8, timeout_seconds=1.5),
)
