"""Live rates: what a carrier's connector offers to quotes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class RatedParcel:
    """A parcel to be rated; weight in kilograms.

    Addresses have the fields of orders (`line1`, `city`, `state`, `postal_code`, `country`), with
    `latitude` and `longitude` where known.
    """

    key: str
    origin: Mapping[str, Any]
    destination: Mapping[str, Any]
    business: bool
    weight_kg: float
    ships_on: date


@dataclass(frozen=True, slots=True)
class LiveRate:
    """The price of one carrier service: the sum of `base` and the surcharges."""

    service: str
    base: float
    surcharges: tuple[tuple[str, float], ...]
    currency: str
    zone: str = ""
    billed_kg: float = 0.0


@dataclass(frozen=True)
class LiveRateService:
    """The live rates of a connector.

    run              (connector, shipment) -> one rate per available service. Raises ProviderError
    concurrency      calls in flight at once, within the carrier's limits, for all quotes together
    timeout_seconds  how long a quote waits for all its parcels before it uses the rate tables
    """

    run: Callable[[Any, RatedParcel], Sequence[LiveRate]]
    concurrency: int = 8
    timeout_seconds: float = 1.5
