"""
One quote: the plan a real run would make at this moment, and what follows of it. Writes nothing.

The plan comes from the same `Planner`, against the same snapshot, stock and counters, as a run's.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.engine import Refusal
from openiom.fulfillment_optimization.explanations import reason_of
from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.planning import Attempt, Planner, Round, counted
from openiom.fulfillment_optimization.planning.daily_capacity import IntakeResult, days_of
from openiom.fulfillment_optimization.problem_builder import great_circle_km
from openiom.fulfillment_optimization.snapshot import Site, Snapshot, snapshot
from openiom.kernel import Invalid, NotFound, Problem, Refused
from openiom.logistics import CarrierService, handover
from openiom.master_data import accepts_write_in_products
from openiom.platform.bulk import fetch
from openiom.platform.geocoding import geocode
from openiom.provider_contract import Shipment
from openiom.providers import RateResult

from .carrier_quotes import carrier_answer, shipments_of
from .cart_availability import CartStock, cart_stock, plan_cart, variants_of
from .delivery_dates import Shipping, calendar, pickup_options, promised, shown
from .quote_request import Asked, ProductFacts
from .schemas import (
    Located,
    NotFulfilled,
    PickupOption,
    PlannedLine,
    Quote,
    QuoteAsk,
    QuoteLine,
    QuotePlan,
)
from .shipping_rates import Parcel

ORDER = UUID(int=1)
UNKNOWN_PRODUCT = "unknown product: it is not in the catalog"
ALL_OR_NONE = "another line cannot be served, and the strategy takes all lines of an order or none"


@dataclass(frozen=True)
class Share:
    """Units of the cart's line number `line` from a source."""

    line: int
    source: str
    units: int


@dataclass(frozen=True)
class Draft:
    """A quote but for the carrier's rates. `live_rates` is the connection to be asked for them; '' asks nobody."""

    asked: Asked
    quote: Quote
    parcels: Sequence[Parcel]
    live_rates: str

    @property
    def shipments(self) -> list[Shipment]:
        """What the carrier is to be asked, a shipment a parcel; empty when it is not to be asked."""
        return shipments_of(self.asked, self.parcels) if self.live_rates else []

    def answered(self, live: Sequence[RateResult] = ()) -> Quote:
        """The whole quote; `live` has an answer for each shipment."""
        if not self.asked.ask.carrier:
            return self.quote
        return self.quote.model_copy(
            update={"carrier": carrier_answer(self.asked, self.parcels, live)}
        )


def draft(session: Session, ask: QuoteAsk, *, now: datetime) -> Draft:
    """Everything that is known here. Raises Invalid with the path and the remedy of whatever cannot be quoted."""
    asked = _asked(session, ask, now)
    lines = [_open_line(asked, i) for i in asked.plannable]
    stock = _stock(session, asked)
    days = _days(session, asked)
    planner = Planner(session, asked.known, asked.at, days)
    found = plan_cart(planner, lines, asked.setting.name, stock, lambda round: _taken(asked, round))
    shares = _shares(found)
    shipping = _shipping(asked, found, shares)
    made = promised(shipping, asked.at)
    complete = not _missing(asked, shares)
    known = Quote(
        execution_id=_execution_id(asked, stock, days),
        at=asked.at,
        destination=_located(asked),
        plan=_plan(asked, found, shares),
        promises=[shown(s, p) for s, p in made],
        carrier=None,
        calendar=calendar(made if complete else [], asked.at),
        pickup=_pickup(asked, stock, shipping if complete else []),
    )
    parcels = _parcels(asked, shares) if ask.carrier else []
    return Draft(asked, known, parcels, asked.known.timetable.live_rates.get(ask.carrier, ""))


def quote(session: Session, ask: QuoteAsk, *, now: datetime) -> Quote:
    """A quote that asks nobody outside. Raises Invalid as `draft` does."""
    return draft(session, ask, now=now).answered()


def _stock(session: Session, asked: Asked) -> CartStock:
    parse_id = {asked.ask.lines[i].product for i in asked.plannable if i not in asked.variants}
    variants = {asked.variants[i] for i in asked.plannable if i in asked.variants}
    ask = asked.ask
    return cart_stock(
        session, parse_id, variants, channel=ask.channel, customer_group=ask.customer.group
    )


def _asked(session: Session, ask: QuoteAsk, now: datetime) -> Asked:
    at = (ask.at or now).astimezone(UTC).replace(second=0, microsecond=0)
    variants, problems = variants_of(session, ask.lines)
    problems += _twice(ask.lines)
    known = snapshot(session)
    place = geocode(ask.destination.model_dump())
    if place is None:
        what = f"{ask.destination.city}, {ask.destination.country} cannot be placed on the map"
        problems.append(
            Problem(
                "destination", what, "give a country of ISO 3166-1, and a city or postal code in it"
            )
        )
    services = known.timetable.carriers.get(ask.carrier, ()) if ask.carrier else ()
    if ask.carrier and not services:
        names = ", ".join(sorted(known.timetable.carriers)) or "none yet"
        problems.append(
            Problem("carrier", f"no carrier named {ask.carrier}", f"configured carriers: {names}")
        )
    try:
        setting = known.setting(ask.strategy, at.date())
    except NotFound as error:
        problems.append(Problem("strategy", error.what, error.remedy))
    if problems or place is None:
        raise Invalid("this cart cannot be quoted", problems=problems)
    facts = _facts(session, sorted({line.product for line in ask.lines}))
    free = len(facts) < len({line.product for line in ask.lines}) and accepts_write_in_products(
        session
    )
    plannable = tuple(i for i, line in enumerate(ask.lines) if free or line.product in facts)
    return Asked(ask, at, known, setting, place, services, facts, plannable, variants)


def _twice(lines: Sequence[QuoteLine]) -> list[Problem]:
    seen: dict[str, int] = {}
    found = []
    for i, line in enumerate(lines):
        first = seen.setdefault(line.line_id, i)
        if first != i:
            what = f"{line.line_id} is the id of line {first} too"
            found.append(Problem(f"lines.{i}.line_id", what, "give every line an id of its own"))
    return found


def _facts(session: Session, products: list[str]) -> dict[str, ProductFacts]:
    rows = fetch(
        session,
        "SELECT number, coalesce(weight_kg, 0)::float8, currency FROM master_data.product WHERE number = ANY(%s)",
        (products,),
    )
    return {number: ProductFacts(weight, currency) for number, weight, currency in rows}


def _open_line(asked: Asked, i: int) -> OpenLine:
    line, to = asked.ask.lines[i], asked.ask.destination
    return OpenLine(
        line_id=UUID(int=i),
        order_id=ORDER,
        product=line.product,
        quantity=line.quantity,
        country=to.country,
        place=asked.place,
        source="",
        state=to.state,
        wanted=asked.ask.requested_delivery_date,
        business=to.type == "Business",
        variant=asked.variants[i].text if i in asked.variants else "",
    )


def _days(session: Session, asked: Asked) -> dict[str, IntakeResult]:
    """What counted sources have taken today, by the strategy and its alternates."""
    settings, name = [asked.setting], asked.setting.strategy.alternate
    while name and name not in {s.name for s in settings}:
        try:
            settings.append(asked.known.setting(name, asked.at.date()))
        except NotFound:
            break
        name = settings[-1].strategy.alternate
    sites = counted(settings)
    found = (
        days_of(session, [(s.name, s.time_zone) for s in sites.values()], asked.at) if sites else {}
    )
    return {name: found.get(name, IntakeResult(0, 0)) for name in sites}


def _shares(found: Round) -> list[Share]:
    """Who serves what, over all attempts, in the order of lines. Line ids are the cart's line numbers."""
    shares: list[Share] = []
    for attempt in found.attempts:
        planned = attempt.planned.get(ORDER)
        if planned is None or attempt.solved is None:
            continue
        lines = planned.explanation["lines"]
        solved = attempt.solved.plan.shares
        names = attempt.solved.framed.names
        columns = (solved.line.tolist(), solved.node.tolist(), solved.quantity.tolist())
        shares += [
            Share(lines[line].int, names[node], units)
            for line, node, units in zip(*columns, strict=True)
        ]
    return sorted(shares, key=lambda s: (s.line, -s.units, s.source))


def _taken(asked: Asked, found: Round) -> dict[tuple[str, str], int]:
    """Units by (sku, source) that a plan takes."""
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for share in _shares(found):
        taken[asked.sku(share.line), share.source] += share.units
    return taken


def _missing(asked: Asked, shares: Sequence[Share]) -> dict[int, int]:
    """Line number -> units nobody serves."""
    got: dict[int, int] = defaultdict(int)
    for share in shares:
        got[share.line] += share.units
    return {i: x.quantity - got[i] for i, x in enumerate(asked.ask.lines) if x.quantity > got[i]}


def _plan(asked: Asked, found: Round, shares: Sequence[Share]) -> QuotePlan:
    lines = asked.ask.lines
    missing = _missing(asked, shares)
    parts: dict[str, float] = defaultdict(float)
    currencies = {
        a.setting.currency
        for a in found.attempts
        if ORDER in a.planned and a.planned[ORDER].sources
    }
    if len(currencies) > 1:
        what = f"the strategies that plan this cart count in {', '.join(sorted(c or 'kilometers' for c in currencies))}"
        raise Refused(
            what,
            where="strategy",
            remedy="give a strategy and its alternate one currency and one objective",
        )
    for attempt in found.attempts:
        planned = attempt.planned.get(ORDER)
        if planned is not None and planned.sources:
            for name, money in planned.explanation["parts"].items():
                parts[name] += money
    told = {name: round(money, 4) for name, money in parts.items() if money and name != "open"}
    return QuotePlan(
        strategy=asked.setting.name,
        complete=not missing,
        lines=[
            PlannedLine(
                line_id=lines[s.line].line_id,
                product=lines[s.line].product,
                dimensions=lines[s.line].dimensions,
                source=s.source,
                quantity=s.units,
                ordered_quantity=lines[s.line].quantity,
            )
            for s in shares
        ],
        not_fulfilled=[
            NotFulfilled(
                line_id=lines[i].line_id,
                product=lines[i].product,
                dimensions=lines[i].dimensions,
                quantity=units,
                reason=_reason(asked, found, i),
            )
            for i, units in missing.items()
        ],
        cost=round(sum(told.values()), 4),
        currency=next(iter(currencies), asked.setting.currency),
        cost_parts=told,
    )


def _reason(asked: Asked, found: Round, line: int) -> str:
    """Why a line stays open, as the last strategy that was asked has it."""
    if line not in asked.plannable:
        return UNKNOWN_PRODUCT
    tried: list[tuple[Attempt, int]] = [
        (attempt, attempt.planned[ORDER].explanation["lines"].index(UUID(int=line)))
        for attempt in found.attempts
        if attempt.solved is not None
        and UUID(int=line) in attempt.planned[ORDER].explanation["lines"]
    ]
    if not tried:
        return "no active source"
    attempt, at = tried[-1]
    assert attempt.solved is not None
    codes = attempt.solved.plan.refusals(0, at)
    if not codes.all():
        return (
            ALL_OR_NONE
            if not attempt.planned[ORDER].sources
            else "not enough on hand for the whole quantity"
        )
    others = codes[codes != Refusal.NOT_ON_HAND]
    likely = np.bincount(others).argmax() if len(others) else Refusal.NOT_ON_HAND
    return reason_of(int(likely))


def _shipping(asked: Asked, found: Round, shares: Sequence[Share]) -> list[Shipping]:
    """The planned sources, by name; carried by the carrier asked for, else by the one of the strategy that planned."""
    services: dict[str, CarrierService] = {}
    for attempt in found.attempts:
        if attempt.solved is not None:
            for name in {
                attempt.solved.framed.names[n] for n in attempt.solved.plan.shares.node.tolist()
            }:
                services.setdefault(
                    name, asked.services[0] if asked.services else attempt.setting.service
                )
    sites = {site.name: site for site in asked.known.sites}
    names = sorted({share.source for share in shares})
    km = great_circle_km(
        [asked.place], [(sites[n].latitude, sites[n].longitude) for n in names], 0.0
    )[0]
    timings = asked.known.timetable.of(names)
    return [
        Shipping(n, float(d), t, services[n]) for n, d, t in zip(names, km, timings, strict=True)
    ]


def _parcels(asked: Asked, shares: Sequence[Share]) -> list[Parcel]:
    """What each planned source sends, as it is to be rated."""
    sites = {site.name: site for site in asked.known.sites}
    weights: dict[str, float] = defaultdict(float)
    for share in shares:
        line = asked.ask.lines[share.line]
        own = (
            0.0
            if line.free_shipping
            else asked.facts[line.product].weight_kg
            if line.product in asked.facts
            else 0.0
        )
        weights[share.source] += own * share.units
    parcels = []
    for name, weight in weights.items():
        site = sites[name]
        km = float(great_circle_km([asked.place], [(site.latitude, site.longitude)], 0.0)[0, 0])
        parcels.append(
            Parcel(site, km, weight, handover(asked.known.timetable.of([name])[0], asked.at))
        )
    return parcels


def _pickup(asked: Asked, stock: CartStock, shipping: Sequence[Shipping]) -> list[PickupOption]:
    if len(asked.plannable) < len(asked.ask.lines):
        return []
    able = _places_to_go(asked.known)
    if not able:
        return []
    wanted: dict[str, int] = defaultdict(int)
    for i, line in enumerate(asked.ask.lines):
        wanted[asked.sku(i)] += line.quantity
    holds = {s.name: stock.together(s.name, wanted) == wanted for s in able}
    points = [(s.latitude, s.longitude) for s in able]
    at = {s.name: (s.latitude, s.longitude) for s in asked.known.sites}
    return pickup_options(
        able,
        dict(
            zip(
                [s.name for s in able],
                asked.known.timetable.of([s.name for s in able]),
                strict=True,
            )
        ),
        great_circle_km([asked.place], points, 0.0)[0],
        holds=holds,
        shipping=shipping,
        between_km=great_circle_km([at[s.source] for s in shipping], points, 0.0),
        at=asked.at,
    )


@lru_cache(maxsize=4)
def _places_to_go(known: Snapshot) -> tuple[Site, ...]:
    """Sources that hand goods out."""
    return tuple(
        s for s in known.sites if {"pickup", "curbside", "ship_to_store"} & set(s.body.capabilities)
    )


def _located(asked: Asked) -> Located:
    country = geocode({"country": asked.ask.destination.country})
    latitude, longitude = asked.place
    return Located(
        latitude=latitude,
        longitude=longitude,
        precision="country" if asked.place == country else "place",
    )


def _execution_id(asked: Asked, stock: CartStock, days: Mapping[str, IntakeResult]) -> str:
    """A hash of everything the answer depends on: question, minute, configuration, stock, counters and catalog."""
    inputs = {
        "ask": asked.ask.model_dump(mode="json", exclude={"at"}),
        "at": asked.at,
        "configuration": asked.known.stamp,
        "stock": sorted(stock.units.items()),
        "shelves": stock.shelves.told(),
        "days": sorted([name, taken.parcels, taken.lines] for name, taken in days.items()),
        "facts": sorted([name, f.weight_kg, f.currency] for name, f in asked.facts.items()),
    }
    return sha256(orjson.dumps(inputs)).hexdigest()[:32]
