"""The sourcing configuration, compiled once and kept until a document changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.logistics import (
    STANDARD_SERVICE,
    CarrierService,
    SourceTiming,
    Timetable,
    read_timetable,
)
from openiom.master_data import COMPANY, accounting_currency
from openiom.platform.compiled_documents import Bodies, CompiledConfiguration

from .configuration import BUILT_IN, DEFAULT_STRATEGY, default_strategy
from .constraints import (
    ConstraintBody,
    ConstraintDocument,
    SourceSelector,
    constraints_in_force,
)
from .documents import RateTableBody, SourceBody, StrategyBody
from .models import Source

CONFIGURATION_KINDS = (
    "calendar",
    "carrier",
    COMPANY,
    "constraint",
    "pickup_schedule",
    "rate_table",
    "source",
    "source_list",
    "strategy",
)
"""Kinds of documents the configuration is compiled from."""


class SourceRecord(Protocol):
    """A source as its table has it."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...
    @property
    def address(self) -> dict[str, Any]: ...
    @property
    def processing_days(self) -> int: ...
    @property
    def daily_parcels(self) -> int | None: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def settings(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class PlanningSource:
    """An active source as plans use it."""

    name: str
    type: str
    latitude: float
    longitude: float
    address: dict[str, Any]
    processing_days: int
    daily_parcels: int | None
    time_zone: str
    settings: dict[str, Any]
    body: SourceBody


@dataclass(frozen=True, eq=False)
class StrategyConfig:
    """A strategy with everything it needs but orders and stock. N sources, by name."""

    name: str
    strategy: StrategyBody
    sources: tuple[PlanningSource, ...]
    constraints: tuple[ConstraintDocument, ...] = ()
    rates: RateTableBody | None = None
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    timings: tuple[SourceTiming, ...] = ()
    service: CarrierService = STANDARD_SERVICE
    currency: str = ""
    """Of all its money; empty where none is configured, or kilometers are counted."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """(N,) names of the sources."""
        return tuple(source.name for source in self.sources)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Source name -> its row."""
        return {name: row for row, name in enumerate(self.names)}

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """(N, 2) latitude and longitude in degrees."""
        points = [(source.latitude, source.longitude) for source in self.sources]
        return np.array(points, dtype=float).reshape(-1, 2)

    @cached_property
    def countries(self) -> NDArray[np.str_]:
        """(N,) countries of the sources."""
        countries = [str(source.address.get("country", "")) for source in self.sources]
        return np.array(countries, dtype=np.str_)

    def selector(self) -> SourceSelector:
        """Return the selector of sources by the rows of constraints."""
        return SourceSelector(self.names, self.lists)

    def in_force(self, day: date) -> tuple[ConstraintDocument, ...]:
        """Return the constraints that count on this day."""
        return constraints_in_force(self.constraints, day)

    def line_limited_sources(self) -> set[str]:
        """Return the sources whose order lines of the day a constraint limits."""
        limited = np.zeros(len(self.names), dtype=bool)
        for constraint in self.constraints:
            members = constraint.line_limited_sources(self.selector())
            if members is not None:
                limited |= members
        return {self.names[node] for node in np.flatnonzero(limited).tolist()}

    def depends_on_time(self) -> bool:
        """Return whether the hour at which an order is planned matters to a constraint."""
        return any(constraint.depends_on_time for constraint in self.constraints)


@dataclass(eq=False)
class Snapshot:
    """All current documents of sourcing, parsed."""

    sources: tuple[PlanningSource, ...]
    lists: Mapping[str, frozenset[str]]
    strategies: Mapping[str, StrategyBody]
    constraints: Mapping[str, ConstraintDocument]
    rates: Mapping[str, RateTableBody]
    timetable: Timetable
    default: str
    currency: str = ""  # the company's
    stamp: str = ""  # equal for equal documents; empty for documents that are not current
    _configs: dict[str, StrategyConfig] = field(default_factory=dict)

    def strategy_config(self, name: str, day: date) -> StrategyConfig:
        """Return the strategy of this name, the default one for ''.

        Raises NotFound when there is none, or when it is not in force on this day.
        """
        wanted = name or self.default
        if wanted not in self._configs:
            self._configs[wanted] = self._compile(wanted)

        config = self._configs[wanted]
        if not config.strategy.is_effective(day):
            raise NotFound(
                f"the strategy {wanted} is not in force on {day}",
                remedy="change its dates, or name another strategy",
            )

        return config

    def strategy_names(self) -> list[str]:
        """Return the names of all strategies, the default one included."""
        return sorted({*self.strategies, self.default})

    def _compile(self, name: str) -> StrategyConfig:
        strategy = self._strategy(name)
        sources = self._sources_of(strategy)
        names = [source.name for source in sources]

        constraints: list[ConstraintDocument] = []
        for constraint in strategy.constraints:
            if constraint in self.constraints:
                constraints.append(self.constraints[constraint])

        return StrategyConfig(
            name=name,
            strategy=strategy,
            sources=sources,
            constraints=tuple(constraints),
            rates=self.rates.get(strategy.rate_table or ""),
            lists=self.lists,
            timings=tuple(self.timetable.source_timings(names)),
            service=self.timetable.service(strategy.carrier, strategy.carrier_service),
            currency=currency_of(strategy, self.currency),
        )

    def _strategy(self, name: str) -> StrategyBody:
        if name in self.strategies:
            return self.strategies[name]
        if name == DEFAULT_STRATEGY:
            return BUILT_IN
        raise NotFound(f"no strategy named {name}", remedy="create it, or leave the strategy empty")

    def _sources_of(self, strategy: StrategyBody) -> tuple[PlanningSource, ...]:
        """Return the sources that ship and are in the strategy's list."""
        sources = [source for source in self.sources if "ship" in source.body.capabilities]
        if strategy.source_list is not None:
            members = self.lists.get(strategy.source_list, frozenset())
            sources = [source for source in sources if source.name in members]
        return tuple(sources)


def currency_of(strategy: StrategyBody, company: str) -> str:
    """Return the currency of the strategy's costs; empty where it counts kilometers."""
    if strategy.objective == "distance":
        return ""
    return strategy.currency or company


def make_strategy_config(
    name: str,
    strategy: StrategyBody,
    sources: Sequence[SourceRecord],
    *,
    constraints: Sequence[ConstraintDocument] = (),
    rates: RateTableBody | None = None,
    lists: Mapping[str, frozenset[str]] | None = None,
    timetable: Timetable | None = None,
) -> StrategyConfig:
    """Return the configuration of a strategy that is in no document."""
    settings = {source.name: source.settings for source in sources}
    table = timetable or read_timetable({"source": settings})
    return StrategyConfig(
        name=name,
        strategy=strategy,
        sources=tuple(planning_source(source) for source in sources),
        constraints=tuple(constraints),
        rates=rates,
        lists=lists or {},
        timings=tuple(table.source_timings(list(settings))),
        service=table.service(strategy.carrier, strategy.carrier_service),
        currency=currency_of(strategy, ""),
    )


def planning_source(source: SourceRecord) -> PlanningSource:
    """Return a source with its document parsed, or made from its columns where it has none."""
    settings = source.settings or {
        "title": source.name,
        "type": source.type,
        "address": source.address,
        "processing_days": source.processing_days,
        "daily_parcels": source.daily_parcels,
        "time_zone": source.time_zone,
    }
    return PlanningSource(
        name=source.name,
        type=source.type,
        latitude=source.latitude,
        longitude=source.longitude,
        address=source.address,
        processing_days=source.processing_days,
        daily_parcels=source.daily_parcels,
        time_zone=source.time_zone,
        settings=settings,
        body=SourceBody.model_validate(settings),
    )


def compile_snapshot(
    documents: Mapping[str, Mapping[str, Any]], sources: Iterable[PlanningSource]
) -> Snapshot:
    """Return documents (bodies by kind and name) as a snapshot; `sources` are the active ones.

    Kinds that are absent have no documents.
    """
    strategies: dict[str, StrategyBody] = {}
    for name, body in documents.get("strategy", {}).items():
        strategies[name] = StrategyBody.model_validate(body)

    lists: dict[str, frozenset[str]] = {}
    for name, body in documents.get("source_list", {}).items():
        lists[name] = frozenset(body["sources"])

    constraints: dict[str, ConstraintDocument] = {}
    for name, body in documents.get("constraint", {}).items():
        constraints[name] = ConstraintBody.model_validate(body).root

    rates: dict[str, RateTableBody] = {}
    for name, body in documents.get("rate_table", {}).items():
        rates[name] = RateTableBody.model_validate(body)

    return Snapshot(
        sources=tuple(sources),
        lists=lists,
        strategies=strategies,
        constraints=constraints,
        rates=rates,
        timetable=read_timetable(documents),
        default=default_strategy(documents.get("strategy", {})),
        currency=accounting_currency(documents.get(COMPANY, {})),
    )


def _compile(session: Session, bodies: Bodies) -> Snapshot:
    """Compile the current documents."""
    sources = session.scalars(select(Source).where(Source.active).order_by(Source.name))
    return compile_snapshot(bodies, [planning_source(source) for source in sources])


_CONFIGURATION = CompiledConfiguration(CONFIGURATION_KINDS, _compile)


def snapshot(session: Session) -> Snapshot:
    """Return the configuration as this transaction sees it.

    One small query while nothing changed; see `platform.compiled_documents`.
    """
    state, compiled = _CONFIGURATION.current_with_state(session)
    compiled.stamp = repr(tuple(state))
    return compiled
