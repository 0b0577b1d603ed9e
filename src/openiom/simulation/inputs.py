"""What a simulation is run on, read once and kept: any worker gets the same figures from it, now or in a year."""

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.past_demand import DemandPort
from openiom.fulfillment_optimization.planning.demand_rates import weights_kg
from openiom.inventory_visibility import available, inbound
from openiom.kernel import Invalid, NotFound, new_id
from openiom.master_data import known, write_in_products
from openiom.platform.bulk import execute, fetch

from .changes import changed_documents
from .demand import MOST_LINES, Pool, Stock, as_json, from_json, pool_of, starting_stock
from .network import network_of, read_documents
from .request import Changes, SimulationRequest
from .simulator import Arrival, Scenario

BASIS = timedelta(days=28)
MOST_WORK = 5_000_000
"""Order lines sourced by all runs of both scenarios: some minutes of one core."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """As stored: demand, stock by product and source, weights, products outside the catalog, documents, supply."""

    pool: Pool
    stock: Stock
    weights_kg: dict[str, float]
    unlimited: frozenset[str]
    bodies: dict[str, dict[str, dict[str, Any]]]
    inbound: tuple[Arrival, ...] = ()


def read_inputs(
    session: Session, order_port: DemandPort, ask: SimulationRequest, *, now: datetime
) -> Inputs:
    """Everything the simulation needs of this moment. Raises Invalid when there is no demand, or too much to run."""
    first, last = _basis(ask, now)
    orders = order_port.past_orders(session, first=first, last=last, most_lines=MOST_LINES)
    if not orders:
        raise Invalid(
            f"no orders were placed from {first} to {last}",
            where="demand.from" if ask.demand.kind == "past" else "demand.basis_from",
            remedy="choose a period with orders",
        )
    pool = pool_of(orders, first=first, last=last)
    _bearable(ask, pool)
    products = pool.products | {new.product for new in ask.changes.new_products}
    stock: Stock = {}
    for (product, source), units in sorted(available(session, products).items()):
        stock.setdefault(product, {})[source] = units
    outside = (
        products - known(session, "product", products) if write_in_products(session) else set[str]()
    )
    weights = dict(sorted(weights_kg(session, products).items()))
    coming = _inbound(session, products, ask, now)
    return Inputs(pool, stock, weights, frozenset(outside), read_documents(session), coming)


def _inbound(
    session: Session, products: set[str], ask: SimulationRequest, now: datetime
) -> tuple[Arrival, ...]:
    """
    Supply scheduled from today on. Future demand meets it on its day, on the first morning what comes before that;
    past demand is replayed on the stock of today and meets the supply of the days from today on.
    """
    today, demand = now.date(), ask.demand
    begin = max(today, demand.from_) if demand.kind == "future" else today
    rows = inbound(session, products, first=today, last=begin + timedelta(days=demand.days - 1))
    return tuple(
        Arrival(max(0, (day - begin).days), product, source, units)
        for day, arriving in sorted(rows.items())
        for (product, source), units in arriving.items()
    )


def _basis(ask: SimulationRequest, now: datetime) -> tuple[Any, Any]:
    """First and last day that are drawn from."""
    if ask.demand.kind == "past":
        return ask.demand.from_, ask.demand.to
    yesterday = now.date() - timedelta(days=1)
    return ask.demand.basis_from or now.date() - BASIS, ask.demand.basis_to or yesterday


def _bearable(ask: SimulationRequest, pool: Pool) -> None:
    shock = 1.0 + ask.changes.demand_multiplier
    work = pool.lines / len(pool.days) * ask.demand.days * ask.demand.multiplier * shock * ask.runs
    if work > MOST_WORK:
        raise Invalid(
            f"{work:,.0f} order lines would have to be sourced; the limit is {MOST_WORK:,}",
            where="runs",
            remedy="ask for fewer runs, a shorter period or a smaller multiplier",
        )


def store_inputs(session: Session, inputs: Inputs, *, now: datetime) -> UUID:
    body = {
        "pool": as_json(inputs.pool),
        "stock": inputs.stock,
        "weights_kg": inputs.weights_kg,
        "unlimited": sorted(inputs.unlimited),
        "bodies": inputs.bodies,
        "inbound": [list(arrival) for arrival in inputs.inbound],
    }
    made = new_id()
    orders = sum(len(day) for day in inputs.pool.days)
    execute(
        session,
        "INSERT INTO simulation.simulation_input (id, at, orders, lines, currency, body)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            made,
            now,
            orders,
            inputs.pool.lines,
            inputs.pool.currency,
            zlib.compress(orjson.dumps(body), 6),
        ),
    )
    return made


def inputs_of(session: Session, input_id: UUID) -> Inputs:
    """Raises NotFound."""
    rows = fetch(
        session,
        "SELECT body FROM simulation.simulation_input WHERE id = %s",
        (input_id,),
    )
    if not rows:
        raise NotFound(f"no inputs {input_id}")
    return _parsed(bytes(rows[0][0]))


@lru_cache(maxsize=2)
def _parsed(body: bytes) -> Inputs:
    kept = orjson.loads(zlib.decompress(body))
    coming = tuple(Arrival(*arrival) for arrival in kept.get("inbound", ()))
    unlimited = frozenset(kept["unlimited"])
    return Inputs(
        from_json(kept["pool"]),
        kept["stock"],
        kept["weights_kg"],
        unlimited,
        kept["bodies"],
        coming,
    )


@lru_cache(maxsize=4)
def prepared(inputs: Inputs, ask: str) -> tuple[Scenario, Scenario]:
    """The same from run to run, with what the runs before have learned."""
    return scenarios(inputs, SimulationRequest.model_validate_json(ask))


def scenarios(inputs: Inputs, ask: SimulationRequest) -> tuple[Scenario, Scenario]:
    """(baseline, scenario)."""
    changed = changed_documents(inputs.bodies, ask.changes, strategy=ask.strategy)
    before = network_of(inputs.bodies)
    after = network_of(changed.over(inputs.bodies))
    return (
        _scenario(inputs, before, ask.strategy, starting_stock(inputs.stock, Changes())),
        _scenario(inputs, after, changed.strategy, starting_stock(inputs.stock, ask.changes)),
    )


def _scenario(inputs: Inputs, network: Any, strategy: str, stock: Stock) -> Scenario:
    return Scenario(network, strategy, stock, inputs.weights_kg, inputs.unlimited, inputs.inbound)
