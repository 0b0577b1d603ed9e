"""The inputs of a simulation, read once and stored: every worker computes the same from them."""

import zlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import (
    DemandPort,
    PlanningNetwork,
    read_planning_documents,
)
from openiom.inventory_visibility import available, inbound
from openiom.kernel import Invalid, NotFound, new_id
from openiom.master_data import accepts_write_in_products, existing_names, product_facts
from openiom.platform.bulk import execute, fetch_as

from .changes import changed_documents
from .demand import MOST_LINES, DemandPool, Stock, as_json, from_json, pool_of, starting_stock
from .request import ScenarioChanges, SimulationRequest
from .simulator import Arrival, Scenario

BASIS = timedelta(days=28)
MOST_WORK = 5_000_000
"""Order lines sourced by all runs of both scenarios: some minutes of one core."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Demand, stock, supply and documents as they were stored.

    `stock` is by product and source, `unlimited` has the products outside the catalog.
    """

    pool: DemandPool
    stock: Stock
    weights_kg: dict[str, float]
    unlimited: frozenset[str]
    bodies: dict[str, dict[str, dict[str, Any]]]
    inbound: tuple[Arrival, ...] = ()


class InputRow(NamedTuple):
    """What a stored input contains, without its body."""

    orders: int
    lines: int
    currency: str


class _InputBody(NamedTuple):
    body: bytes


def read_inputs(
    session: Session, order_port: DemandPort, request: SimulationRequest, *, now: datetime
) -> Inputs:
    """Return everything that the simulation needs of this moment.

    Raises Invalid when there is no demand, or too much to simulate.
    """
    first, last = _basis(request, now)
    orders = order_port.past_orders(session, first=first, last=last, most_lines=MOST_LINES)
    if not orders:
        raise Invalid(
            f"no orders were placed from {first} to {last}",
            where="demand.from" if request.demand.kind == "past" else "demand.basis_from",
            remedy="choose a period with orders",
        )

    pool = pool_of(orders, first=first, last=last)
    _refuse_too_much_work(request, pool)
    products = pool.products | {new.product for new in request.changes.new_products}
    return Inputs(
        pool=pool,
        stock=_stock(session, products),
        weights_kg=_weights(session, products),
        unlimited=_outside_catalog(session, products),
        bodies=read_planning_documents(session),
        inbound=_inbound(session, products, request, now),
    )


def _stock(session: Session, products: set[str]) -> Stock:
    """Return the whole units of these products that are free to promise, by source."""
    stock: Stock = {}
    for (product, source), units in sorted(available(session, products).items()):
        stock.setdefault(product, {})[source] = int(units)
    return stock


def _weights(session: Session, products: set[str]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for product, facts in sorted(product_facts(session, products).items()):
        if facts.weight_kg is not None:
            weights[product] = facts.weight_kg
    return weights


def _outside_catalog(session: Session, products: set[str]) -> frozenset[str]:
    """Return the products outside the catalog, where order intake accepts them."""
    if not accepts_write_in_products(session):
        return frozenset()
    return frozenset(products - existing_names(session, "product", products))


def _inbound(
    session: Session, products: set[str], request: SimulationRequest, now: datetime
) -> tuple[Arrival, ...]:
    """Return the supply scheduled from today on.

    Future demand meets it on its day, and on the first morning what comes before that. Past demand
    is replayed on today's stock and meets the supply of the days from today on.
    """
    today, demand = now.date(), request.demand
    begin = max(today, demand.from_) if demand.kind == "future" else today
    last = begin + timedelta(days=demand.days - 1)

    arrivals: list[Arrival] = []
    for day, supply in sorted(inbound(session, products, first=today, last=last).items()):
        for (product, source), units in supply.items():
            arrivals.append(Arrival(max(0, (day - begin).days), product, source, units))

    return tuple(arrivals)


def _basis(request: SimulationRequest, now: datetime) -> tuple[date, date]:
    """Return the first and the last day that are drawn from."""
    demand = request.demand
    if demand.kind == "past":
        return demand.from_, demand.to
    first = demand.basis_from or now.date() - BASIS
    last = demand.basis_to or now.date() - timedelta(days=1)
    return first, last


def _refuse_too_much_work(request: SimulationRequest, pool: DemandPool) -> None:
    scenarios = 1.0 + request.changes.demand_multiplier
    lines_a_day = pool.lines / len(pool.days) * request.demand.multiplier
    work = lines_a_day * request.demand.days * request.runs * scenarios
    if work > MOST_WORK:
        raise Invalid(
            f"{work:,.0f} order lines would have to be sourced; the limit is {MOST_WORK:,}",
            where="runs",
            remedy="request fewer runs, a shorter period or a smaller multiplier",
        )


def store_inputs(session: Session, inputs: Inputs, *, now: datetime) -> UUID:
    """Store the inputs; return their id."""
    body = {
        "pool": as_json(inputs.pool),
        "stock": inputs.stock,
        "weights_kg": inputs.weights_kg,
        "unlimited": sorted(inputs.unlimited),
        "bodies": inputs.bodies,
        "inbound": [list(arrival) for arrival in inputs.inbound],
    }
    input_id = new_id()
    execute(
        session,
        "INSERT INTO simulation.simulation_input (id, recorded_at, orders, lines, currency, body)"
        " VALUES (%(id)s, %(now)s, %(orders)s, %(lines)s, %(currency)s, %(body)s)",
        {
            "id": input_id,
            "now": now,
            "orders": sum(len(day) for day in inputs.pool.days),
            "lines": inputs.pool.lines,
            "currency": inputs.pool.currency,
            "body": zlib.compress(orjson.dumps(body), 6),
        },
    )
    return input_id


def input_row(session: Session, input_id: UUID) -> InputRow:
    """Return what stored inputs contain. Raises NotFound."""
    query = "SELECT orders, lines, currency FROM simulation.simulation_input WHERE id = %s"
    rows = fetch_as(session, InputRow, query, (input_id,))
    if not rows:
        raise NotFound(f"no simulation inputs {input_id}")
    return rows[0]


def inputs_of(session: Session, input_id: UUID) -> Inputs:
    """Return stored inputs. Raises NotFound."""
    query = "SELECT body FROM simulation.simulation_input WHERE id = %s"
    rows = fetch_as(session, _InputBody, query, (input_id,))
    if not rows:
        raise NotFound(f"no simulation inputs {input_id}")
    return _parsed(bytes(rows[0].body))


@lru_cache(maxsize=2)
def _parsed(body: bytes) -> Inputs:
    stored = orjson.loads(zlib.decompress(body))
    return Inputs(
        pool=from_json(stored["pool"]),
        stock=stored["stock"],
        weights_kg=stored["weights_kg"],
        unlimited=frozenset(stored["unlimited"]),
        bodies=stored["bodies"],
        inbound=tuple(Arrival(*arrival) for arrival in stored["inbound"]),
    )


@lru_cache(maxsize=4)
def prepared(inputs: Inputs, request: str) -> tuple[Scenario, Scenario]:
    """Return the scenarios of a request given as JSON.

    Kept from run to run, with the opportunity costs that earlier runs have learned.
    """
    return scenarios(inputs, SimulationRequest.model_validate_json(request))


def scenarios(inputs: Inputs, request: SimulationRequest) -> tuple[Scenario, Scenario]:
    """Return (baseline, scenario)."""
    changed = changed_documents(inputs.bodies, request.changes, strategy=request.strategy)
    before = PlanningNetwork(inputs.bodies)
    after = PlanningNetwork(changed.over(inputs.bodies))
    return (
        _scenario(inputs, before, request.strategy, ScenarioChanges()),
        _scenario(inputs, after, changed.strategy, request.changes),
    )


def _scenario(
    inputs: Inputs, network: PlanningNetwork, strategy: str, changes: ScenarioChanges
) -> Scenario:
    return Scenario(
        network,
        strategy,
        starting_stock(inputs.stock, changes),
        inputs.weights_kg,
        inputs.unlimited,
        inputs.inbound,
    )
