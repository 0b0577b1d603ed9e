"""Planning on a network that documents describe: the planning API of this package.

Other packages plan orders through `PlanningNetwork` alone. It needs no database: stock, capacity
usage and prices are given with each call, and nothing is reserved or recorded. Plans are those of a
real run with the same documents, stock and usage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.configuration import current_bodies
from openiom.platform.geocoding import Point, geocode

from .configuration import BUILT_IN, DEFAULT_STRATEGY
from .constraints import ConstraintBody
from .documents import SourceBody, StrategyBody
from .order_port import OpenLine
from .past_demand import PastOrder
from .planning import CapacityUsage, local_day, window_end
from .planning.opportunity_costs import OpportunityCosts, opportunity_costs_from_demand
from .planning.solver import solve_by_strategy
from .problem_builder import Key, PlanningContext, build_problem, great_circle_km
from .snapshot import (
    CONFIGURATION_KINDS,
    PlanningSource,
    Snapshot,
    StrategyConfig,
    compile_snapshot,
)

PLANNING_KINDS = CONFIGURATION_KINDS
"""The document kinds that a network consists of."""
Documents = Mapping[str, Mapping[str, dict[str, Any]]]
"""Bodies by kind and name."""

_SCHEMAS: Mapping[str, type[BaseModel]] = {
    "source": SourceBody,
    "strategy": StrategyBody,
    "constraint": ConstraintBody,
}


class Assignment(NamedTuple):
    """Units of a line, by its number, from a source."""

    line: int
    source: str
    units: int


@dataclass(frozen=True)
class PlannedLines:
    """A plan: its assignments, the parcels by source, and the cost of what is served."""

    assignments: tuple[Assignment, ...]
    parcels: Mapping[str, int]
    cost: float


@dataclass(frozen=True, kw_only=True)
class PlanningConditions:
    """What a plan depends on besides orders and network.

    stock       units that may be promised, by (product, source)
    usage       today's parcels and order lines, by source
    weights_kg  weight of a unit, by product
    unlimited   products that every source has
    """

    now: datetime
    stock: Mapping[Key, int]
    usage: Mapping[str, CapacityUsage] = field(default_factory=dict)
    weights_kg: Mapping[str, float] = field(default_factory=dict)
    unlimited: frozenset[str] = frozenset()

    def circumstances(self) -> PlanningContext:
        """Return the conditions as problems are built with them, without stock."""
        return PlanningContext(
            now=self.now,
            parcels_today={source: used.parcels for source, used in self.usage.items()},
            lines_today={source: used.lines for source, used in self.usage.items()},
            weights_kg=self.weights_kg,
            unlimited=self.unlimited,
        )


@dataclass(frozen=True, eq=False)
class PlanningStrategy:
    """A strategy of a network, as long as it is in force."""

    setting: StrategyConfig

    @property
    def name(self) -> str:
        """The name of its document."""
        return self.setting.name

    @property
    def source_names(self) -> tuple[str, ...]:
        """The sources it plans with."""
        return self.setting.names

    @property
    def constraint_count(self) -> int:
        """How many constraints it has."""
        return len(self.setting.constraints)

    @property
    def currency(self) -> str:
        """The currency of its costs; empty when it counts kilometers or none is configured."""
        return self.setting.currency

    @property
    def alternate(self) -> str:
        """The strategy that plans what this one leaves open; empty for none."""
        return self.setting.strategy.alternate or ""

    @property
    def uses_prices(self) -> bool:
        """Whether orders planned one after the other pay opportunity costs."""
        return bool(self.setting.strategy.batch.uses_bid_prices)

    def window_end(self, now: datetime) -> datetime | None:
        """Return the end of the batch window of `now`; None when it does not collect orders."""
        batch = self.setting.strategy.batch
        return window_end(now, batch.minutes) if batch.enabled else None

    def local_days(self, now: datetime) -> dict[str, date]:
        """Return the day it is at each of its sources."""
        return {site.name: local_day(site.time_zone, now) for site in self.setting.sources}

    def depends_on_time_of_day(self) -> bool:
        """Return whether plans may differ by the hour of the order."""
        kinds = {constraint.kind() for constraint in self.setting.constraints}
        if "respect_timings" in kinds:
            return True
        if self.setting.strategy.weights.lateness_per_day <= 0:
            return False
        return any(_has_hours(site.body) for site in self.setting.sources)


class PlanningNetwork:
    """The sources, strategies, constraints, rates and timetable of documents."""

    def __init__(self, documents: Documents) -> None:
        self.snapshot = _snapshot_of(documents)

    def strategy(self, name: str, day: date) -> PlanningStrategy:
        """Return a strategy, the default one for ''.

        Raises NotFound when there is none of this name, or it is not in force on the day.
        """
        return PlanningStrategy(self.snapshot.strategy_config(name, day))

    def distances_km(
        self, places: Sequence[Point | None], sources: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return (P,) the distance from each place to the source beside it.

        NaN where the place is not known.
        """
        column: dict[str, int] = {}
        points: list[Point] = []
        for site in self.snapshot.sources:
            column[site.name] = len(points)
            points.append((site.latitude, site.longitude))

        km = great_circle_km(places, points, np.nan)
        return km[np.arange(len(places)), list(map(column.__getitem__, sources))]

    def plan(
        self,
        lines: Sequence[OpenLine],
        strategy: PlanningStrategy,
        conditions: PlanningConditions,
        *,
        together: bool,
        costs: OpportunityCosts | None = None,
    ) -> PlannedLines:
        """Plan lines, those of one order next to each other, by one strategy.

        Orders are planned `together` as those of a batch window, else one after the other, paying
        the opportunity `costs`. A strategy without sources assigns nothing.
        """
        setting = strategy.setting
        if not setting.sources:
            return PlannedLines((), {}, 0.0)

        priced = build_problem(lines, setting, conditions.stock, conditions.circumstances())
        solved = solve_by_strategy(
            priced,
            _without_contention(setting.strategy),
            window_closed=together,
            bid_prices=costs.prices(priced) if costs is not None else None,
        )
        plan, names = solved.plan, solved.priced.names
        shares = (
            plan.shares.line.tolist(),
            plan.shares.node.tolist(),
            plan.shares.quantity.tolist(),
        )

        assignments: list[Assignment] = []
        for line, node, units in zip(*shares, strict=True):
            assignments.append(Assignment(line, names[node], units))

        parcels = dict(zip(names, plan.costs.load.tolist(), strict=True))
        cost = 0.0
        for part, money in solved.priced.money(plan.cost_parts).items():
            if part != "open":
                cost += float(money.sum())

        return PlannedLines(tuple(assignments), parcels, cost)

    def learn_costs(
        self,
        past_days: Sequence[Sequence[PastOrder]],
        strategy: PlanningStrategy,
        conditions: PlanningConditions,
    ) -> OpportunityCosts:
        """Return the opportunity costs that the orders of past days imply for a strategy."""
        return opportunity_costs_from_demand(
            past_days, strategy.setting, conditions.stock, conditions.circumstances()
        )


def read_planning_documents(session: Session) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the current documents of a network."""
    bodies = current_bodies(session, PLANNING_KINDS)
    return {kind: dict(bodies[kind]) for kind in PLANNING_KINDS}


def strategy_body(documents: Documents, name: str) -> dict[str, Any] | None:
    """Return the document of a strategy, also of the built-in one; None when there is none."""
    body = documents.get("strategy", {}).get(name)
    if body is None and name == DEFAULT_STRATEGY:
        return BUILT_IN.model_dump(mode="json")
    return body


def document_problems(kind: str, body: Mapping[str, Any], *, where: str) -> list[Problem]:
    """Return why a source, strategy or constraint document is invalid; paths begin at `where`."""
    problems: list[Problem] = []
    try:
        _SCHEMAS[kind].model_validate(body)
    except ValidationError as error:
        for details in error.errors():
            path = ".".join([where, *map(str, details["loc"])])
            problems.append(Problem(path, details["msg"], "correct the document"))

    return problems


def _has_hours(body: SourceBody) -> bool:
    """Return whether the hour of an order may change when it ships."""
    return bool(body.cutoff or body.calendar or body.pickup_schedule)


def _without_contention(strategy: StrategyBody) -> StrategyBody:
    """Return the strategy without the rule that plans competing orders together.

    The orders of one call did not arrive at one instant.
    """
    batch = strategy.batch.model_copy(update={"contention": None})
    return strategy.model_copy(update={"batch": batch})


def _snapshot_of(documents: Documents) -> Snapshot:
    """Return what `snapshot` would read if these were the current documents."""
    sites: list[PlanningSource] = []
    for name, body in sorted(documents.get("source", {}).items()):
        source = SourceBody.model_validate(body)
        if source.active:
            sites.append(_site(name, source))

    return compile_snapshot(documents, sites)


def _site(name: str, body: SourceBody) -> PlanningSource:
    address = body.address.model_dump()
    latitude, longitude = geocode(address) or (0.0, 0.0)
    return PlanningSource(
        name=name,
        type=body.type,
        latitude=latitude,
        longitude=longitude,
        address=address,
        processing_days=body.processing_days,
        daily_parcels=body.daily_parcels,
        time_zone=body.time_zone,
        settings=body.model_dump(mode="json"),
        body=body,
    )
