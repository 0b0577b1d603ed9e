"""The price of a carrier's service for a parcel. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from openiom.fulfillment_optimization.documents import CostWeights, RateFactor, RateTableBody
from openiom.fulfillment_optimization.rates import factor_for, fallback_rate, table_price, zones
from openiom.fulfillment_optimization.snapshot import PlanningSource
from openiom.kernel import round_amount
from openiom.logistics import CarrierService, Handover, arrival, on_time_chance
from openiom.provider_contract import LiveRate

from .schemas import ArrivalChance, CarrierRate, Surcharge

NO_RATE = "no rate is known for its zone and weight"


@dataclass(frozen=True)
class Parcel:
    """What one source ships; `weight_kg` is the weight that is rated."""

    site: PlanningSource
    km: float
    weight_kg: float
    handover: Handover | None


@dataclass(frozen=True)
class Tariff:
    """What prices depend on besides service and parcel; `destination` is (country, state)."""

    table: RateTableBody | None
    weights: CostWeights
    destination: tuple[str, str]
    business: bool
    currency: str


def rate_parcel(
    service: CarrierService,
    parcel: Parcel,
    tariff: Tariff,
    *,
    live: LiveRate | None = None,
    failed: str = "",
) -> CarrierRate:
    """Return the price of a service for a parcel.

    The price is the carrier's `live` rate, else that of the rate table; the markup or discount of
    the rate factor is a surcharge. Where the table has no price, or a live rate `failed`, the
    factor's fallback rate counts, and without a factor the distance cost of the optimizer.
    """
    factor = None
    if tariff.table is not None:
        factor = factor_for(tariff.table, parcel.site.type, business=tariff.business)

    zone = live.zone if live else _zone(service, parcel, tariff)
    price, reason = _base(parcel, zone, tariff, factor, live, failed if live is None else "")
    currency = live.currency if live else tariff.currency
    base = round_amount(price, currency)
    surcharges = _surcharges(base, live, None if reason else factor, currency)
    net = round_amount(base + _total(surcharges), currency)
    if factor and factor.free_shipping:
        surcharges.append(Surcharge(name=f"{factor.name}: free shipping", amount=-net))
        net = 0.0

    weight = parcel.weight_kg
    if live is not None:
        weight = live.billed_kg or weight

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
        currency=currency,
        weight=round(weight, 3),
        zone=zone,
        edd=arrivals(service, parcel),
    )


def _surcharges(
    base: float, live: LiveRate | None, factor: RateFactor | None, currency: str
) -> list[Surcharge]:
    """Return the carrier's own surcharges and that of the rate factor on all it bills."""
    surcharges = [] if live is None else _live_surcharges(live, currency)
    if factor is not None and factor.rate_factor:
        billed = base + _total(surcharges)
        amount = round_amount(billed * factor.rate_factor / 100.0, currency)
        surcharges.append(Surcharge(name=factor.name, amount=amount))

    return surcharges


def _total(surcharges: Iterable[Surcharge]) -> float:
    return sum(surcharge.amount for surcharge in surcharges)


def _live_surcharges(live: LiveRate, currency: str) -> list[Surcharge]:
    found: list[Surcharge] = []
    for name, amount in live.surcharges:
        found.append(Surcharge(name=name, amount=round_amount(amount, currency)))

    return found


def _base(
    parcel: Parcel,
    zone: str,
    tariff: Tariff,
    factor: RateFactor | None,
    live: LiveRate | None,
    failed: str,
) -> tuple[float, str]:
    """Return the price before surcharges, and the reason when it is only a fallback."""
    if live:
        return live.base, ""

    price = table_price(tariff.table, zone, parcel.weight_kg) if tariff.table else None
    if price is not None and not failed:
        return price, ""
    if factor is not None:
        price = fallback_rate(factor, parcel.weight_kg)
    if price is None:
        price = _distance_cost(parcel, tariff.weights)

    return price, failed or NO_RATE


def _distance_cost(parcel: Parcel, weights: CostWeights) -> float:
    """Return what the optimizer counts for a parcel without a rate."""
    return weights.parcel + parcel.km * weights.per_100_km / 100.0


def _zone(service: CarrierService, parcel: Parcel, tariff: Tariff) -> str:
    """Return the zone of the table, by agreement or distance; without a table the service's."""
    if tariff.table is None:
        return service.band_of(parcel.km).zone
    distance = np.array([[parcel.km]])
    found = zones(tariff.table, distance, [parcel.site.body], [tariff.destination])
    return tariff.table.zones[int(found[0, 0])].name


def arrivals(service: CarrierService, parcel: Parcel) -> list[ArrivalChance]:
    """Return the days from the expected to the latest arrival, each with its probability.

    Empty when the parcel is never handed over.
    """
    if parcel.handover is None:
        return []

    transit = service.band_of(parcel.km).days
    chances: dict[date, ArrivalChance] = {}
    for late in range(service.spread_days + 1):
        day = arrival(service, parcel.handover.ship_date, transit + late)
        confidence = round(on_time_chance(transit, service.slip, late), 4)
        chances[day] = ArrivalChance(date=day, confidence=confidence)

    return list(chances.values())


def cheapest_first(rates: Sequence[CarrierRate]) -> list[CarrierRate]:
    """Return the rates by source and currency, cheapest first."""
    return sorted(rates, key=_rate_order)


def _rate_order(rate: CarrierRate) -> tuple[str, str, float, str]:
    return rate.source, rate.currency, rate.net, rate.service
