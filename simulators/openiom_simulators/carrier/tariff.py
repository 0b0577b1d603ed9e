"""The tariff of the carrier. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any

EARTH_KM = 6371.0
ZONES_KM = (250, 500, 1000, 1600, 2300, 2900)
FIRST_ZONE = 2
FUEL = 0.08
RESIDENTIAL = 2.5
MAX_KG = 70


@dataclass(frozen=True, slots=True)
class Service:
    """A service; `first` is the price of a weightless parcel in the nearest zone."""

    name: str
    first: float
    by_zone: float
    by_kg: float


SERVICES = (Service("ground", 5.0, 0.9, 0.45), Service("express", 14.0, 2.4, 1.1))


class InvalidShipment(ValueError):
    """A shipment that cannot be rated."""


def rates(shipment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one rate per service: base price, surcharges and their sum.

    Raise `InvalidShipment`.
    """
    weight = _weight(shipment)
    origin, destination = shipment.get("origin"), shipment.get("destination")
    if not isinstance(origin, dict) or not isinstance(destination, dict):
        raise InvalidShipment("origin and destination must be addresses")

    zone = _zone(origin, destination)
    billed_kg = max(0.5, round(weight * 2 + 0.4999) / 2)  # Every begun half kilogram is billed.
    residential = bool(destination.get("residential"))
    currency = str(shipment.get("currency", "USD"))

    found = []
    for service in SERVICES:
        found.append({**_rate(service, zone, billed_kg, residential), "currency": currency})

    return found


def _weight(shipment: Mapping[str, Any]) -> float:
    weight = shipment.get("weight_kg")
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not is_number or not 0 <= weight <= MAX_KG:  # type: ignore[operator]
        raise InvalidShipment(f"weight_kg must be a number from 0 to {MAX_KG}")
    return float(weight)  # type: ignore[arg-type]


def _rate(service: Service, zone: int, billed_kg: float, residential: bool) -> dict[str, Any]:
    base = round(
        service.first + service.by_zone * (zone - FIRST_ZONE) + service.by_kg * billed_kg, 2
    )
    surcharges = {"fuel": round(base * FUEL, 2)}
    if residential:
        surcharges["residential"] = RESIDENTIAL

    return {
        "service": service.name,
        "zone": str(zone),
        "billed_kg": billed_kg,
        "base": base,
        "surcharges": [{"name": name, "amount": amount} for name, amount in surcharges.items()],
        "net": round(base + sum(surcharges.values()), 2),
    }


def _zone(origin: Mapping[str, Any], destination: Mapping[str, Any]) -> int:
    """Return the zone, 2 to 8 by distance; the farthest one without coordinates."""
    try:
        distance = _distance_km(_coordinates(origin), _coordinates(destination))
    except (KeyError, TypeError, ValueError):
        return FIRST_ZONE + len(ZONES_KM)
    return FIRST_ZONE + sum(distance > edge for edge in ZONES_KM)


def _coordinates(address: Mapping[str, Any]) -> tuple[float, float]:
    """Return latitude and longitude in radians."""
    return radians(float(address["latitude"])), radians(float(address["longitude"]))


def _distance_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the great-circle distance."""
    (latitude, longitude), (end_latitude, end_longitude) = start, end
    chord = sin((latitude - end_latitude) / 2) ** 2
    chord += cos(latitude) * cos(end_latitude) * sin((longitude - end_longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, chord)))
