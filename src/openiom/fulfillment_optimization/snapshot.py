"""What is configured at this moment, parsed once and kept while nothing changes."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.logistics import STANDARD_SERVICE, CarrierService, SourceTiming, Timetable
from openiom.logistics.timetable import read_timetable
from openiom.master_data import COMPANY, accounting_currency
from openiom.platform.bulk import fetch
from openiom.platform.configuration import ConfigurationDocument

from .configuration import BUILT_IN, DEFAULT_STRATEGY
from .constraints import Constraint, ConstraintBody
from .documents import RateTableBody, SourceBody, StrategyBody
from .models import Source

READ = (
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
KEPT = 4  # snapshots of a process; more than one only while configuration changes, or with several databases


class SourceLike(Protocol):
    """A row of the read model, or what a snapshot keeps of it."""

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
    """An active source, as plans read it."""

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
    constraints: tuple[Constraint, ...] = ()
    rates: RateTableBody | None = None
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    timings: tuple[SourceTiming, ...] = ()
    service: CarrierService = STANDARD_SERVICE
    currency: str = ""  # of all its money; empty where neither strategy nor company names one, or kilometers are counted
    names: tuple[str, ...] = field(init=False)
    index: Mapping[str, int] = field(init=False)
    points: NDArray[np.float64] = field(init=False)  # (N, 2) latitude, longitude
    countries: NDArray[np.str_] = field(init=False)

    def __post_init__(self) -> None:
        names = tuple(site.name for site in self.sources)
        for attribute, value in (
            ("names", names),
            ("index", {name: n for n, name in enumerate(names)}),
            (
                "points",
                np.array([(s.latitude, s.longitude) for s in self.sources], dtype=float).reshape(
                    -1, 2
                ),
            ),
            (
                "countries",
                np.array([str(s.address.get("country", "")) for s in self.sources], dtype=np.str_),
            ),
        ):
            object.__setattr__(self, attribute, value)

    def in_force(self, day: date) -> tuple[Constraint, ...]:
        """The constraints that count on this day."""
        return tuple(c for c in self.constraints if c.in_force(day))


@dataclass(eq=False)
class Snapshot:
    """Every document of this room in use."""

    sources: tuple[PlanningSource, ...]
    lists: Mapping[str, frozenset[str]]
    strategies: Mapping[str, StrategyBody]
    constraints: Mapping[str, Constraint]
    rates: Mapping[str, RateTableBody]
    timetable: Timetable
    default: str
    currency: str = ""  # the company's
    stamp: str = ""  # equal for equal documents; empty when no document in use stands behind it
    _settings: dict[str, StrategyConfig] = field(default_factory=dict)

    def strategy_config(self, name: str, day: date) -> StrategyConfig:
        """The strategy of this name, the default one for ''. Raises NotFound; also when it is not in force."""
        wanted = name or self.default
        if wanted not in self._settings:
            self._settings[wanted] = self._made(wanted)
        found = self._settings[wanted]
        s = found.strategy
        if (s.effective_from and day < s.effective_from) or (
            s.effective_to and day > s.effective_to
        ):
            raise NotFound(
                f"the strategy {wanted} is not in force on {day}",
                remedy="change its dates, or name another",
            )
        return found

    def strategy_names(self) -> list[str]:
        """Every strategy, the default one included."""
        return sorted({*self.strategies, self.default})

    def _made(self, name: str) -> StrategyConfig:
        strategy = self.strategies.get(name)
        if strategy is None:
            if name != DEFAULT_STRATEGY:
                raise NotFound(
                    f"no strategy named {name}", remedy="create it, or leave the strategy empty"
                )
            strategy = BUILT_IN
        sites = tuple(site for site in self.sources if "ship" in site.body.capabilities)
        if strategy.source_list is not None:
            wanted = self.lists.get(strategy.source_list, frozenset())
            sites = tuple(site for site in sites if site.name in wanted)
        return StrategyConfig(
            name=name,
            strategy=strategy,
            sources=sites,
            constraints=tuple(
                self.constraints[c] for c in strategy.constraints if c in self.constraints
            ),
            rates=self.rates.get(strategy.rate_table or ""),
            lists=self.lists,
            timings=tuple(self.timetable.of([site.name for site in sites])),
            service=self.timetable.service(strategy.carrier, strategy.carrier_service),
            currency=currency_of(strategy, self.currency),
        )


def currency_of(strategy: StrategyBody, company: str) -> str:
    """What its costs are counted in: its own currency, else the company's; none where it counts kilometers."""
    return "" if strategy.objective == "distance" else strategy.currency or company


def make_strategy_config(
    name: str,
    strategy: StrategyBody,
    sources: Sequence[SourceLike],
    *,
    constraints: Sequence[Constraint] = (),
    rates: RateTableBody | None = None,
    lists: Mapping[str, frozenset[str]] | None = None,
    timetable: Timetable | None = None,
) -> StrategyConfig:
    """A setting that no document holds: a simulation's, a test's."""
    table = timetable or read_timetable({"source": {s.name: s.settings for s in sources}})
    return StrategyConfig(
        name=name,
        strategy=strategy,
        sources=tuple(planning_source(s) for s in sources),
        constraints=tuple(constraints),
        rates=rates,
        lists=lists or {},
        timings=tuple(table.of([s.name for s in sources])),
        service=table.service(strategy.carrier, strategy.carrier_service),
        currency=currency_of(strategy, ""),
    )


def planning_source(source: SourceLike) -> PlanningSource:
    """A row of the read model with its document parsed; rows older than `settings` get one from their columns."""
    given = source.settings or {
        "title": source.name,
        "type": source.type,
        "address": source.address,
        "processing_days": source.processing_days,
        "daily_parcels": source.daily_parcels,
        "time_zone": source.time_zone,
    }
    return PlanningSource(
        source.name,
        source.type,
        source.latitude,
        source.longitude,
        source.address,
        source.processing_days,
        source.daily_parcels,
        source.time_zone,
        given,
        SourceBody.model_validate(given),
    )


_kept: OrderedDict[str, Snapshot] = OrderedDict()
_keeping = Lock()

# The content is the key: whatever changed, by whomever, in whichever order, gives another one.
_STAMP = (
    "SELECT md5(string_agg(kind || ' ' || name || ' ' || digest, ',' ORDER BY id))"
    " FROM platform.configuration_document WHERE current AND NOT deleted AND kind = ANY(%s)"
)


def snapshot(session: Session) -> Snapshot:
    """What is configured now, as this transaction sees it: one small query while nothing changed."""
    stamp = fetch(session, _STAMP, (list(READ),))[0][0] or ""
    with _keeping:
        if stamp in _kept:
            _kept.move_to_end(stamp)
            return _kept[stamp]
    found = _read(session)
    found.stamp = stamp
    with _keeping:
        _kept[stamp] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _read(session: Session) -> Snapshot:
    table = ConfigurationDocument
    query = select(table.kind, table.name, table.body).where(
        table.kind.in_(READ), table.current, ~table.deleted
    )
    bodies: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in READ}
    marked = []
    for kind, name, body in session.execute(query.order_by(table.id)):
        bodies[kind][name] = body
        if kind == "strategy" and body.get("is_default"):
            marked.append(name)
    sources = session.scalars(select(Source).where(Source.active).order_by(Source.name))
    return Snapshot(
        sources=tuple(planning_source(s) for s in sources),
        lists={name: frozenset(body["sources"]) for name, body in bodies["source_list"].items()},
        strategies={
            name: StrategyBody.model_validate(body) for name, body in bodies["strategy"].items()
        },
        constraints={
            name: ConstraintBody.model_validate(b).root for name, b in bodies["constraint"].items()
        },
        rates={
            name: RateTableBody.model_validate(body) for name, body in bodies["rate_table"].items()
        },
        timetable=read_timetable(bodies),
        default=marked[-1] if marked else DEFAULT_STRATEGY,
        currency=accounting_currency(bodies[COMPANY]),
    )
