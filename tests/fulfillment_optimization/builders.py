"""Sources, orders and strategies of a few words, without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from openiom.fulfillment_optimization.configuration import SourceBody, StrategyBody
from openiom.fulfillment_optimization.constraints import ConstraintBody, ConstraintDocument
from openiom.fulfillment_optimization.documents import RateTableBody
from openiom.fulfillment_optimization.engine import FeasiblePlan, Refusal, solve
from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.problem_builder import (
    PlanningContext,
    PricedProblem,
    build_problem,
)
from openiom.fulfillment_optimization.snapshot import StrategyConfig, make_strategy_config
from openiom.logistics import Timetable, read_timetable

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
HERE = UUID("00000000-0000-7000-8000-000000000000")


@dataclass(frozen=True)
class Row:
    """A source as the read model keeps it."""

    name: str
    type: str
    latitude: float
    longitude: float
    address: dict[str, Any]
    processing_days: int
    daily_parcels: int | None
    time_zone: str
    settings: dict[str, Any]


def place(name: str, east: float, *, country: str = "US", **body: Any) -> Row:
    """A source so many degrees of longitude along the equator; one is 111.19 km."""
    address = {"latitude": 0.0, "longitude": east, "country": country}
    parsed = SourceBody.model_validate({"title": name, "address": address, **body})
    return Row(
        name,
        parsed.type,
        0.0,
        east,
        address,
        parsed.processing_days,
        parsed.daily_parcels,
        parsed.time_zone,
        parsed.model_dump(mode="json"),
    )


def order(
    name: str, east: float = 0.0, *, country: str = "US", wanted: date | None = None, **units: int
) -> list[OpenLine]:
    """An order to a place on the equator; products and units by name."""
    id = uuid5(HERE, name)
    return [
        OpenLine(uuid5(id, p), id, p, n, country, (0.0, east), "", strategy="", wanted=wanted)
        for p, n in units.items()
    ]


def constraint(type: str, **body: Any) -> ConstraintDocument:
    return ConstraintBody.model_validate({"title": type, "type": type, **body}).root


def setting(
    sources: Sequence[Row],
    *constraints: ConstraintDocument,
    lists: Mapping[str, Sequence[str]] | None = None,
    rates: RateTableBody | None = None,
    calendars: Mapping[str, dict[str, Any]] | None = None,
    **strategy: Any,
) -> StrategyConfig:
    timetable: Timetable = read_timetable(
        {"source": {s.name: s.settings for s in sources}, "calendar": dict(calendars or {})}
    )
    return make_strategy_config(
        "test",
        StrategyBody.model_validate({"title": "test", **strategy}),
        sources,
        constraints=constraints,
        rates=rates,
        lists={name: frozenset(members) for name, members in (lists or {}).items()},
        timetable=timetable,
    )


def stock(**units: int) -> dict[tuple[str, str], int]:
    """LAMP_SEA=5 -> {("LAMP", "SEA"): 5}."""
    return {(key.split("_")[0], key.split("_")[1]): n for key, n in units.items()}


@dataclass(frozen=True)
class Answer:
    framed: PricedProblem
    plan: FeasiblePlan
    lines: Sequence[OpenLine]

    @property
    def sources(self) -> list[str | None]:
        """Of each line."""
        return [self.framed.names[n] if n >= 0 else None for n in self.plan.node.tolist()]

    def refused(self, line: int = 0) -> dict[str, str]:
        """Why each source could not serve a line."""
        order = int(self.framed.problem.line_order[line])
        codes = self.plan.refusals(order, line)
        return {n: Refusal(int(c)).name for n, c in zip(self.framed.names, codes, strict=True) if c}

    def money(self) -> dict[str, float]:
        parts = self.framed.money(self.plan.cost_parts)
        return {name: round(float(part.sum()), 4) for name, part in parts.items() if part.any()}


def plan(
    lines: Sequence[OpenLine],
    of: StrategyConfig,
    units: Mapping[tuple[str, str], int],
    given: PlanningContext | None = None,
    *,
    batch: bool = False,
) -> Answer:
    framed = build_problem(lines, of, units, given or PlanningContext(now=NOON))
    return Answer(framed, solve(framed.problem, mode="batch" if batch else "realtime"), lines)
