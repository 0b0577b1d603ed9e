"""What the carrier charges. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any

EARTH_KM = 6371.0
ZONES_KM = (250, 500, 1000, 1600, 2300, 2900)
FUEL = 0.08
RESIDENTIAL = 2.5


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    first: float  # money of a parcel in the nearest zone
    by_zone: float
    by_kg: float


SERVICES = (Service("ground", 5.0, 0.9, 0.45), Service("express", 14.0, 2.4, 1.1))


class BadShipment(ValueError):
    """A shipment that cannot be rated; the text says why."""


def rates(shipment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A rate a service: base by zone and weight, surcharges, their sum. Raises BadShipment."""
    weight = shipment.get("weight_kg")
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 <= weight <= 70:
        raise BadShipment("weight_kg must be a number from 0 to 70")
    if not isinstance(shipment.get("destination"), dict) or not isinstance(
        shipment.get("origin"), dict
    ):
        raise BadShipment("origin and destination must be addresses")
    zone = _zone(shipment["origin"], shipment["destination"])
    billed = max(0.5, round(float(weight) * 2 + 0.4999) / 2)  # begun half kilograms
    home = bool(shipment["destination"].get("residential"))
    return [
        _rate(service, zone, billed, home, str(shipment.get("currency", "USD")))
        for service in SERVICES
    ]


def _rate(service: Service, zone: int, billed: float, home: bool, currency: str) -> dict[str, Any]:
    base = round(service.first + service.by_zone * (zone - 2) + service.by_kg * billed, 2)
    charged = [("fuel", round(base * FUEL, 2)), *([("residential", RESIDENTIAL)] if home else [])]
    return {
        "service": service.name,
        "zone": str(zone),
        "billed_kg": billed,
        "base": base,
        "surcharges": [{"name": name, "amount": amount} for name, amount in charged],
        "net": round(base + sum(amount for _, amount in charged), 2),
        "currency": currency,
    }


def _zone(origin: Mapping[str, Any], destination: Mapping[str, Any]) -> int:
    """2 to 8 as carriers count them, by distance; the farthest where a place is not given."""
    try:
        a, b, c, d = (
            radians(float(p[k])) for p in (origin, destination) for k in ("latitude", "longitude")
        )
    except (KeyError, TypeError, ValueError):
        return 2 + len(ZONES_KM)
    chord = sin((a - c) / 2) ** 2 + cos(a) * cos(c) * sin((b - d) / 2) ** 2
    km = 2 * EARTH_KM * asin(sqrt(min(1.0, chord)))
    return 2 + sum(km > edge for edge in ZONES_KM)
