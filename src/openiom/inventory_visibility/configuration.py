"""
The inventory configuration: data sources, dimensions, measures, partition, indexes, reservation and allocation.

One document of the kind `inventory_configuration`, named `default`. Names are compared without regard to case and
are lower case in everything parsed here; `Measure` is (data source, measure).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.database import to_json

from .default_configuration import DEFAULT
from .measures import ON_HAND, SOFT_RESERVED, Formula, Measure

KIND, NAME = "inventory_configuration", "default"
SITE, LOCATION = "siteid", "locationid"
EMPTY = "empty"
BASE_DIMENSIONS = frozenset(
    (
        *(
            "colorid",
            "sizeid",
            "styleid",
            "configid",
            "batchid",
            "serialid",
            LOCATION,
            SITE,
            "statusid",
        ),
        *("wmslocationid", "wmspalletid", "licenseplateid", "versionid"),
        *(f"inventdimension{n}" for n in range(1, 13)),
        *(f"customdimension{n}" for n in range(1, 13)),
        *(f"extendeddimension{n}" for n in range(1, 9)),
    )
)
ALLOCATION_SOURCE = "@iv"
ALLOCATION_LEVELS = 8
ATP_MEASURES = 8
Term = tuple[Literal["Addition", "Subtraction"], str, str]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DataSourceBody(Body):
    dimension_mapping: dict[str, str] = Field(
        default_factory=dict,
        description="This system's own name of a dimension, to the base dimension it means",
    )
    physical_measures: list[str] = Field(default_factory=list)
    calculated_measures: dict[str, list[Term]] = Field(
        default_factory=dict,
        description='Terms ["Addition" or "Subtraction", data source, physical measure]',
    )
    read_only: bool = Field(
        False, description="Only a file feed may change its quantities, not the API"
    )


class AtpBody(Body):
    measures: list[tuple[str, str]] = Field(
        default_factory=list, description="[data source, calculated measure] pairs promised by date"
    )
    days: int = Field(30, ge=1, le=180, description="How many days from today may be scheduled")


class InventoryConfigurationBody(Body):
    own_organization: str = Field(
        min_length=1, description="The organizationId whose stock orders are sourced from"
    )
    sites: dict[str, str] = Field(
        default_factory=dict, description="Site of each own location that is not its own site"
    )
    data_sources: dict[str, DataSourceBody]
    partition: Literal["location", "product"] = Field(
        "location", description="What every write and query must name"
    )
    index_sets: list[list[str]] = Field(
        description="Ordered dimensions; a query groups by a beginning of one set"
    )
    reservation_mapping: list[tuple[str, str, str, str]] = Field(
        default_factory=list,
        description="[data source, physical measure, data source, calculated measure]",
    )
    reservation_hierarchy: list[str] = Field(default_factory=list)
    allocation_groups: list[str] = Field(default_factory=list, max_length=ALLOCATION_LEVELS)
    atp: AtpBody = Field(default_factory=lambda: AtpBody.model_validate({}))


@dataclass(frozen=True, slots=True)
class DataSource:
    name: str
    dimensions: Mapping[str, str]
    physical: frozenset[str]
    read_only: bool


@dataclass(frozen=True, slots=True)
class InventoryConfiguration:
    """The document, parsed.

    calculated   calculated measure -> {physical measure: +1 or -1}
    reservation  soft-reservation measure -> the calculated measure it is checked against
    formula      how measures make what is on hand (what may be reserved) and what is reserved of a stock row
    """

    own_organization: str
    sites: Mapping[str, str]
    sources: Mapping[str, DataSource]
    calculated: Mapping[Measure, Mapping[Measure, int]]
    by_location: bool
    index_sets: tuple[tuple[str, ...], ...]
    reservation: Mapping[Measure, Measure]
    formula: Formula
    hierarchy: tuple[str, ...]
    allocation_groups: tuple[str, ...]
    atp_measures: tuple[Measure, ...]
    atp_days: int

    @property
    def supply(self) -> Mapping[Measure, int]:
        """{physical measure: +1 or -1}: what of a stock key may be reserved, before soft reservations."""
        return self.formula.supply

    def organization(self, given: str) -> str:
        """How an organizationId is stored: '' for our own."""
        return "" if given.lower() == self.own_organization else given

    def site_of(self, location: str) -> str:
        """The site an own location belongs to."""
        return self.sites.get(location, location)

    def index_of(self, group_by: Sequence[str]) -> tuple[str, ...] | None:
        """The first index set that begins with these dimensions, in any order; None when there is none."""
        wanted = set(group_by) - {SITE, LOCATION}
        return next((s for s in self.index_sets if set(s[: len(wanted)]) == wanted), None)


def inventory_configuration(session: Session) -> InventoryConfiguration:
    """The configuration in use; one small query, parsed once a version."""
    rows = fetch(
        session,
        "SELECT digest FROM platform.configuration_document WHERE kind = %s AND name = %s AND current AND NOT deleted",
        (KIND, NAME),
    )
    if not rows:
        return _parsed(to_json(DEFAULT))
    digest = rows[0][0]
    if digest not in _KNOWN:
        _KNOWN.clear()
        _KNOWN[digest] = _parsed(to_json(configuration_body(session)))
    return _KNOWN[digest]


_KNOWN: dict[str, InventoryConfiguration] = {}


def configuration_body(session: Session) -> dict[str, Any]:
    """The document in use, or the one we ship."""
    rows = fetch(
        session,
        "SELECT body FROM platform.configuration_document WHERE kind = %s AND name = %s AND current AND NOT deleted",
        (KIND, NAME),
    )
    return dict(rows[0][0]) if rows else DEFAULT


@lru_cache(maxsize=16)
def _parsed(body: bytes) -> InventoryConfiguration:
    return parse(InventoryConfigurationBody.model_validate(orjson.loads(body)))


def parse(body: InventoryConfigurationBody) -> InventoryConfiguration:
    """A body that `problems_of` finds nothing wrong with, ready to work with."""
    reservation = {_measure(m[0], m[1]): _measure(m[2], m[3]) for m in body.reservation_mapping}
    calculated = {
        _measure(source, name): {
            _measure(t[1], t[2]): 1 if t[0] == "Addition" else -1 for t in terms
        }
        for source, given in body.data_sources.items()
        for name, terms in given.calculated_measures.items()
    }
    available = next(iter(reservation.values()), None)
    terms = calculated[available] if available else {}
    return InventoryConfiguration(
        own_organization=body.own_organization.lower(),
        sites=dict(body.sites),
        sources={name.lower(): _source(name, given) for name, given in body.data_sources.items()},
        calculated=calculated,
        by_location=body.partition == "location",
        index_sets=tuple(
            tuple(d.lower() for d in s if d.lower() != EMPTY) for s in body.index_sets
        ),
        reservation=reservation,
        formula=Formula(
            {m: sign for m, sign in terms.items() if m not in reservation}, frozenset(reservation)
        ),
        hierarchy=tuple(d.lower() for d in body.reservation_hierarchy),
        allocation_groups=tuple(body.allocation_groups),
        atp_measures=tuple(_measure(*m) for m in body.atp.measures),
        atp_days=body.atp.days,
    )


def _measure(source: str, name: str) -> Measure:
    return source.lower(), name.lower()


def _source(name: str, given: DataSourceBody) -> DataSource:
    mapping = {own.lower(): base.lower() for own, base in given.dimension_mapping.items()}
    return DataSource(
        name.lower(),
        mapping,
        frozenset(m.lower() for m in given.physical_measures),
        given.read_only,
    )


def problems_of(body: InventoryConfigurationBody) -> list[Problem]:
    """Everything that is wrong with a configuration by itself."""
    return [
        *_repeated("data_sources", list(body.data_sources)),
        *(
            p
            for name, given in body.data_sources.items()
            for p in _source_problems(name, given, body)
        ),
        *_dimension_problems(body),
        *_reservation_problems(body),
        *_repeated("allocation_groups", body.allocation_groups),
        *_atp_problems(body),
    ]


def _repeated(where: str, names: Sequence[str]) -> Iterator[Problem]:
    for name, times in Counter(n.lower() for n in names).items():
        if times > 1:
            yield Problem(
                where,
                f"{name} is named {times} times",
                "names differ by more than upper and lower case",
            )
        if not name.strip():
            yield Problem(where, "holds an empty name", "name it or leave it out")


def _physical(body: InventoryConfigurationBody) -> set[Measure]:
    return {
        _measure(s, m) for s, given in body.data_sources.items() for m in given.physical_measures
    }


def _source_problems(
    name: str, given: DataSourceBody, body: InventoryConfigurationBody
) -> Iterator[Problem]:
    where = f"data_sources.{name}"
    yield from _repeated(f"{where}.dimension_mapping", list(given.dimension_mapping))
    for own, base in given.dimension_mapping.items():
        if base.lower() not in BASE_DIMENSIONS:
            yield Problem(
                f"{where}.dimension_mapping.{own}",
                f"{base} is not a base dimension",
                "map it to one",
            )
    yield from _repeated(where, [*given.physical_measures, *given.calculated_measures])
    physical = _physical(body)
    for measure, terms in given.calculated_measures.items():
        at = f"{where}.calculated_measures.{measure}"
        parts = [_measure(t[1], t[2]) for t in terms]
        if not parts:
            yield Problem(at, "has no terms", "name at least one physical measure")
        for part in sorted(set(parts) - physical):
            yield Problem(
                at,
                f"{'.'.join(part)} is not a physical measure",
                "calculate with physical measures only",
            )
        for part, times in Counter(parts).items():
            if times > 1:
                yield Problem(
                    at, f"{'.'.join(part)} stands in it {times} times", "name each measure once"
                )


def _dimension_problems(body: InventoryConfigurationBody) -> Iterator[Problem]:
    partition = {SITE, LOCATION} if body.partition == "location" else set[str]()
    if not body.index_sets:
        yield Problem("index_sets", "no index set is given", 'give at least one; ["Empty"] will do')
    lists = [(f"index_sets[{i}]", s) for i, s in enumerate(body.index_sets)]
    for where, names in (*lists, ("reservation_hierarchy", body.reservation_hierarchy)):
        yield from _repeated(where, names)
        for name in names:
            if name.lower() not in BASE_DIMENSIONS and (
                name.lower() != EMPTY or where == "reservation_hierarchy"
            ):
                yield Problem(
                    where, f"{name} is not a base dimension", "use the name of a base dimension"
                )
            if name.lower() in partition and where != "reservation_hierarchy":
                yield Problem(
                    where,
                    f"{name} is a partition dimension",
                    "leave it out: every index begins with it",
                )
    hierarchy = {name.lower() for name in body.reservation_hierarchy[: len(partition)]}
    if body.reservation_hierarchy and partition and hierarchy != partition:
        yield Problem(
            "reservation_hierarchy",
            "does not begin with site and location",
            "put SiteId, LocationId first",
        )


def _reservation_problems(body: InventoryConfigurationBody) -> Iterator[Problem]:
    physical = _physical(body)
    formulas = {
        _measure(s, name): [_measure(t[1], t[2]) for t in terms]
        for s, given in body.data_sources.items()
        for name, terms in given.calculated_measures.items()
    }
    for i, (source, measure, target, calculated) in enumerate(body.reservation_mapping):
        where, own, to = (
            f"reservation_mapping[{i}]",
            _measure(source, measure),
            _measure(target, calculated),
        )
        if own not in physical:
            yield Problem(
                where, f"{'.'.join(own)} is not a physical measure", "reserve on a physical measure"
            )
        if to not in formulas:
            yield Problem(
                where,
                f"{'.'.join(to)} is not a calculated measure",
                "check against a calculated measure",
            )
        elif own not in formulas[to]:
            yield Problem(
                where, f"{'.'.join(to)} does not subtract {'.'.join(own)}", "add that term to it"
            )
    mapped = [
        _measure(m[2], m[3])
        for m in body.reservation_mapping
        if _measure(m[0], m[1]) == SOFT_RESERVED
    ]
    if not mapped or ON_HAND not in formulas.get(mapped[0], ()):
        what = "orders reserve iv.SoftReservOrdered against what stands as iom.OnHand, which this does not say"
        yield Problem(
            "reservation_mapping",
            what,
            "map iv.SoftReservOrdered to a measure that adds iom.OnHand",
        )
    if len({_measure(m[2], m[3]) for m in body.reservation_mapping}) > 1:
        yield Problem(
            "reservation_mapping",
            "checks against several measures",
            "map all to one calculated measure",
        )


def _atp_problems(body: InventoryConfigurationBody) -> Iterator[Problem]:
    dated: set[Measure] = set()
    formulas = {
        _measure(s, name): {_measure(t[1], t[2]) for t in terms}
        for s, given in body.data_sources.items()
        for name, terms in given.calculated_measures.items()
    }
    for i, pair in enumerate(body.atp.measures):
        if _measure(*pair) not in formulas:
            yield Problem(
                f"atp.measures[{i}]",
                f"{'.'.join(pair)} is not a calculated measure",
                "name one that is",
            )
        dated |= formulas.get(_measure(*pair), set())
    if len(dated) > ATP_MEASURES:
        what = f"{len(dated)} physical measures would be dated, at most {ATP_MEASURES} can be"
        yield Problem("atp.measures", what, "promise measures with fewer terms")
