"""Live rates: what a carrier's connector may offer to whoever asks what a parcel would cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Shipment:
    """
    A parcel to be rated. Addresses are as orders have them (`line1`, `city`, `state`, `postal_code`, `country`) with
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
    """What the carrier would bill for one of its services; `base` and surcharges add up to it."""

    service: str
    base: float
    surcharges: tuple[tuple[str, float], ...]
    currency: str
    zone: str = ""
    billed_kg: float = 0.0


@dataclass(frozen=True)
class Rating:
    """
    A connector's live rates.

    run              (connector, shipment) -> a rate for each service it has for it. Raises ProviderError
    concurrency      calls in flight at once within the carrier's limits, for all who ask together
    timeout_seconds  how long whoever asks waits for all its parcels; then something else must stand in
    """

    run: Callable[[Any, Shipment], Sequence[LiveRate]]
    concurrency: int = 8
    timeout_seconds: float = 1.5
