"""Quotes: the plan a real run would make now, and what follows from it. Writes nothing.

The plan comes from the same planner, with the same documents, stock and counters, as a run's.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

import numpy as np
import orjson
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.planning import (
    CapacityUsage,
    Planner,
    PlanningRound,
    capacity_limited_sources,
    daily_usage,
)
from openiom.fulfillment_optimization.problem_builder import great_circle_km
from openiom.fulfillment_optimization.snapshot import PlanningSource, Snapshot, StrategyConfig
from openiom.kernel import NotFound
from openiom.logistics import CarrierService, handover
from openiom.platform.geocoding import Point, geocode
from openiom.provider_contract import RatedParcel
from openiom.providers import RateResult

from .carrier_quotes import carrier_quote, shipments_of
from .cart_availability import CartStock, plan_cart
from .delivery_dates import (
    PickupSource,
    Shipping,
    delivery_calendar,
    pickup_options,
    promise_row,
    promises_of,
)
from .plan_view import CartShare, cart_shares, missing_units, plan_view, units_by_stock
from .quote_request import ResolvedRequest, resolve_request
from .schemas import Located, PickupOption, Quote, QuoteRequest
from .shipping_rates import Parcel

PICKUP_CAPABILITIES = frozenset(("pickup", "curbside", "ship_to_store"))


@dataclass(frozen=True)
class QuoteDraft:
    """A quote without the carrier's rates.

    `live_rates` is the provider instance to call for them; empty when none is.
    """

    resolved: ResolvedRequest
    quote: Quote
    parcels: Sequence[Parcel]
    live_rates: str

    @property
    def shipments(self) -> list[RatedParcel]:
        """The shipments to rate live, one per parcel; empty when no provider is called."""
        return shipments_of(self.resolved, self.parcels) if self.live_rates else []

    def with_rates(self, live: Sequence[RateResult] = ()) -> Quote:
        """Return the complete quote; `live` has the carrier's answer for each shipment."""
        if not self.resolved.request.carrier:
            return self.quote
        carrier = carrier_quote(self.resolved, self.parcels, live)
        return self.quote.model_copy(update={"carrier": carrier})


def draft_quote(session: Session, request: QuoteRequest, *, now: datetime) -> QuoteDraft:
    """Return everything about a cart that needs no provider.

    Raises Invalid with the path and the remedy of everything that cannot be quoted.
    """
    resolved = resolve_request(session, request, now)
    stock = resolved.stock(session)
    usage = _usage(session, resolved)
    planner = Planner(session, resolved.known, resolved.at, usage)
    found = plan_cart(
        planner,
        resolved.open_lines(),
        resolved.setting.name,
        stock,
        lambda planned: units_by_stock(resolved, planned),
    )
    shares = cart_shares(found)
    shipping = _shipping(resolved, found, shares)
    promises = promises_of(shipping, resolved.at)
    complete = not missing_units(resolved, shares)
    quote = Quote(
        execution_id=_execution_id(resolved, stock, usage),
        at=resolved.at,
        destination=_located(resolved),
        plan=plan_view(resolved, found, shares),
        promises=[promise_row(parcel, made) for parcel, made in promises],
        carrier=None,
        calendar=delivery_calendar(promises if complete else [], resolved.at),
        pickup=_pickup(resolved, stock, shipping if complete else []),
    )
    parcels = _parcels(resolved, shares) if request.carrier else []
    live_rates = resolved.known.timetable.live_rates.get(request.carrier, "")
    return QuoteDraft(resolved, quote, parcels, live_rates)


def quote(session: Session, request: QuoteRequest, *, now: datetime) -> Quote:
    """Return a quote without live rates. Raises Invalid as `draft_quote` does."""
    return draft_quote(session, request, now=now).with_rates()


def _usage(session: Session, resolved: ResolvedRequest) -> dict[str, CapacityUsage]:
    """Return today's usage of the capacity-limited sources of the strategy and its alternates."""
    sites = capacity_limited_sources(_strategy_and_alternates(resolved))
    if not sites:
        return {}
    zones = [(site.name, site.time_zone) for site in sites.values()]
    found = daily_usage(session, zones, resolved.at)
    return {name: found.get(name, CapacityUsage()) for name in sites}


def _strategy_and_alternates(resolved: ResolvedRequest) -> list[StrategyConfig]:
    found = {resolved.setting.name: resolved.setting}
    name = resolved.setting.strategy.alternate

    while name and name not in found:
        try:
            setting = resolved.known.strategy_config(name, resolved.at.date())
        except NotFound:
            break

        found[setting.name] = setting
        name = setting.strategy.alternate

    return list(found.values())


def _shipping(
    resolved: ResolvedRequest, found: PlanningRound, shares: Sequence[CartShare]
) -> list[Shipping]:
    """Return the planned sources, by name, with the service that carries from each.

    The requested carrier carries, else the carrier of the strategy that planned the source.
    """
    services: dict[str, CarrierService] = {}
    for attempt in found.attempts:
        service = resolved.services[0] if resolved.services else attempt.setting.service
        if attempt.solved is not None:
            for node in np.unique(attempt.solved.plan.shares.node).tolist():
                services.setdefault(attempt.solved.priced.names[node], service)

    names = sorted({share.source for share in shares})
    points = _points(resolved.known, names)
    km = great_circle_km([resolved.place], points, 0.0)[0].tolist()
    timings = resolved.known.timetable.source_timings(names)

    shipping: list[Shipping] = []
    for i, name in enumerate(names):
        shipping.append(Shipping(name, km[i], timings[i], services[name]))

    return shipping


def _parcels(resolved: ResolvedRequest, shares: Sequence[CartShare]) -> list[Parcel]:
    """Return what each planned source ships, with the weight to be rated."""
    sites = _sites_by_name(resolved.known)
    weights: dict[str, float] = defaultdict(float)
    for share in shares:
        weights[share.source] += _rated_kg(resolved, share.line) * share.units

    parcels: list[Parcel] = []
    for name, weight in weights.items():
        site = sites[name]
        km = great_circle_km([resolved.place], [(site.latitude, site.longitude)], 0.0)
        [timing] = resolved.known.timetable.source_timings([name])
        parcels.append(Parcel(site, float(km[0, 0]), weight, handover(timing, resolved.at)))

    return parcels


def _rated_kg(resolved: ResolvedRequest, line: int) -> float:
    """Return the weight of a unit that is rated; 0 with free shipping or without a weight."""
    requested = resolved.request.lines[line]
    facts = resolved.facts.get(requested.product)
    if requested.free_shipping or facts is None:
        return 0.0
    return facts.weight_kg or 0.0


def _pickup(
    resolved: ResolvedRequest, stock: CartStock, shipping: Sequence[Shipping]
) -> list[PickupOption]:
    """Return where the cart can be picked up; nowhere when a product is unknown."""
    sites = _pickup_sites(resolved.known)
    if not sites or len(resolved.plannable) < len(resolved.request.lines):
        return []

    wanted = resolved.units_by_sku()
    names = [site.name for site in sites]
    points = _points(resolved.known, names)
    km = great_circle_km([resolved.place], points, 0.0)[0].tolist()
    origins = _points(resolved.known, [parcel.source for parcel in shipping])
    parcels_km = great_circle_km(origins, points, 0.0)
    timings = resolved.known.timetable.source_timings(names)

    sources: list[PickupSource] = []
    for n, site in enumerate(sites):
        in_stock = stock.jointly(site.name, wanted) == wanted
        sources.append(PickupSource(site, timings[n], km[n], in_stock, parcels_km[:, n]))

    return pickup_options(sources, shipping, resolved.at)


@lru_cache(maxsize=4)
def _pickup_sites(known: Snapshot) -> tuple[PlanningSource, ...]:
    """Return the sources that hand goods out."""
    return tuple(
        site for site in known.sources if PICKUP_CAPABILITIES.intersection(site.body.capabilities)
    )


@lru_cache(maxsize=4)
def _sites_by_name(known: Snapshot) -> Mapping[str, PlanningSource]:
    return {site.name: site for site in known.sources}


def _points(known: Snapshot, names: Sequence[str]) -> list[Point]:
    """Return where these sources are."""
    sites = _sites_by_name(known)
    return [(sites[name].latitude, sites[name].longitude) for name in names]


def _located(resolved: ResolvedRequest) -> Located:
    """Return where the destination was found."""
    country = geocode({"country": resolved.request.destination.country})
    latitude, longitude = resolved.place
    precision = "country" if resolved.place == country else "place"
    return Located(latitude=latitude, longitude=longitude, precision=precision)


def _execution_id(
    resolved: ResolvedRequest, stock: CartStock, usage: Mapping[str, CapacityUsage]
) -> str:
    """Return a hash of everything the answer depends on.

    Request, minute, configuration, stock, counters and catalog.
    """
    facts = resolved.facts.values()
    inputs = {
        "request": resolved.request.model_dump(mode="json", exclude={"at"}),
        "at": resolved.at,
        "configuration": resolved.known.stamp,
        "stock": sorted(stock.units.items()),
        "variant_stock": stock.variant_stock.shared_stock(),
        "usage": sorted([name, used.parcels, used.lines] for name, used in usage.items()),
        "facts": sorted([fact.number, fact.weight_kg or 0.0, fact.currency] for fact in facts),
    }
    return sha256(orjson.dumps(inputs)).hexdigest()[:32]
