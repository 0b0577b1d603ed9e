"""What the carrier's services cost for each parcel of a plan. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openiom.fulfillment_optimization.documents import CostWeights, RateFactor, RateTableBody
from openiom.fulfillment_optimization.rates import factor_for, fallback_rate, table_price, zones
from openiom.fulfillment_optimization.snapshot import PlanningSource
from openiom.logistics import CarrierService, on_time_chance
from openiom.logistics.carriers import arrival
from openiom.logistics.promises import Handover
from openiom.provider_contract import LiveRate

from .schemas import ArrivalChance, CarrierRate, Surcharge


@dataclass(frozen=True)
class Parcel:
    """What one source sends; `weight_kg` is what is rated."""

    site: PlanningSource
    km: float
    weight_kg: float
    given: Handover | None


def rated(
    service: CarrierService,
    parcel: Parcel,
    *,
    table: RateTableBody | None,
    weights: CostWeights,
    destination: tuple[str, str],
    business: bool,
    currency: str,
    live: LiveRate | None = None,
    failed: str = "",
) -> CarrierRate:
    """
    The price of a service for a parcel: the carrier's `live` rate, else from the table, with the factor's mark-up or
    mark-down as a surcharge; where the table knows no price, and first of all where a live rate `failed`, the factor's
    fallback rate; without table or factor what the optimizer counts for distance.
    """
    factor = factor_for(table, parcel.site.type, business=business) if table else None
    zone = live.zone if live else _zone(service, parcel, table, destination)
    known, reason = _base(parcel, zone, table, factor, weights, live, failed)
    base = _cents(known)
    surcharges = [
        Surcharge(name=name, amount=_cents(amount))
        for name, amount in (live.surcharges if live else ())
    ]
    billed = base + sum(s.amount for s in surcharges)
    if factor and factor.rate_factor and not reason:
        surcharges.append(
            Surcharge(name=factor.name, amount=_cents(billed * factor.rate_factor / 100.0))
        )
    net = _cents(base + sum(s.amount for s in surcharges))
    if factor and factor.free_shipping:
        surcharges.append(_waived(factor, net))
        net = 0.0
    return CarrierRate(
        service=service.name,
        title=service.title,
        source=parcel.site.name,
        is_fallback=bool(reason),
        live=live is not None,
        reason=reason,
        base=base,
        surcharges=surcharges,
        net=net,
        currency=live.currency if live else currency,
        weight=round((live.billed_kg if live else 0.0) or parcel.weight_kg, 3),
        zone=zone,
        edd=arrivals(service, parcel),
    )


def _base(
    parcel: Parcel,
    zone: str,
    table: RateTableBody | None,
    factor: RateFactor | None,
    weights: CostWeights,
    live: LiveRate | None,
    failed: str,
) -> tuple[float, str]:
    """What the service costs before surcharges, and, where that is only a stand-in, why."""
    if live:
        return live.base, ""
    price = table_price(table, zone, parcel.weight_kg) if table else None
    if price is not None and not failed:
        return price, ""
    reason = failed or "no rate is known for its zone and weight"
    if factor is not None:
        return fallback_rate(factor, parcel.weight_kg), reason
    if price is not None:
        return price, reason
    return weights.parcel + parcel.km * weights.per_100_km / 100.0, reason


def _waived(factor: RateFactor, net: float) -> Surcharge:
    return Surcharge(name=f"{factor.name}: free shipping", amount=-net)


def _zone(
    service: CarrierService,
    parcel: Parcel,
    table: RateTableBody | None,
    destination: tuple[str, str],
) -> str:
    """The table's zone, by agreement or distance; without a table the service's own."""
    if table is None:
        band = next(b for b in service.bands if b.up_to_km is None or parcel.km <= b.up_to_km)
        return band.zone
    place = zones(table, np.array([[parcel.km]]), [parcel.site.body], [destination])
    return table.zones[int(place[0, 0])].name


def arrivals(service: CarrierService, parcel: Parcel) -> list[ArrivalChance]:
    """Days the parcel may arrive by and their chances, from the expected to the latest; none when it never leaves."""
    if parcel.given is None:
        return []
    band = next(b for b in service.bands if b.up_to_km is None or parcel.km <= b.up_to_km)
    found: dict[object, ArrivalChance] = {}
    for late in range(service.spread_days + 1):
        day = arrival(service, parcel.given.ship_date, band.days + late)
        chance = round(on_time_chance(band.days, service.slip, late), 4)
        found[day] = ArrivalChance(date=day, confidence=chance)
    return list(found.values())


def cheapest_first(rates: Sequence[CarrierRate]) -> list[CarrierRate]:
    return sorted(rates, key=lambda r: (r.source, r.currency, r.net, r.service))


def _cents(amount: float) -> float:
    return round(amount + 1e-9, 2)
