"""The inventory configuration: data sources, measures, dimensions, indexes and reservation.

It is one document of the kind `inventory_configuration`, named `default`. Names are compared
without regard to case; the parsed configuration has them in lower case.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.platform.bulk import execute
from openiom.platform.compiled_documents import Bodies, CompiledConfiguration
from openiom.platform.configuration import current_bodies

from .default_configuration import DEFAULT
from .measures import SOFT_RESERVED, Formula, Measure

KIND, NAME = "inventory_configuration", "default"
SITE, LOCATION = "siteid", "locationid"
EMPTY = "empty"
_NAMED_DIMENSIONS = (
    "batchid",
    "colorid",
    "configid",
    "licenseplateid",
    LOCATION,
    "serialid",
    SITE,
    "sizeid",
    "statusid",
    "styleid",
    "versionid",
    "wmslocationid",
    "wmspalletid",
)
_NUMBERED_DIMENSIONS = {"inventdimension": 12, "customdimension": 12, "extendeddimension": 8}


def _base_dimensions() -> frozenset[str]:
    names = list(_NAMED_DIMENSIONS)
    for prefix, count in _NUMBERED_DIMENSIONS.items():
        names.extend(f"{prefix}{number}" for number in range(1, count + 1))
    return frozenset(names)


BASE_DIMENSIONS = _base_dimensions()
"""The dimensions stock can be kept by, in lower case."""

ALLOCATION_SOURCE = "@iv"
MAX_ALLOCATION_GROUPS = 8
Term = tuple[Literal["Addition", "Subtraction"], str, str]
_FORMULA_LOCK = 7_200_340_023
_SIGNS = {"Addition": 1, "Subtraction": -1}


class _ConfigurationModel(BaseModel):
    """A part of the document; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class DataSourceBody(_ConfigurationModel):
    """A source system with its measures and its names of dimensions."""

    dimension_mapping: dict[str, str] = Field(
        default_factory=dict,
        description="Base dimension by this system's own name of it",
    )
    physical_measures: list[str] = Field(default_factory=list)
    calculated_measures: dict[str, list[Term]] = Field(
        default_factory=dict,
        description='Terms ["Addition" or "Subtraction", data source, physical measure]',
    )
    read_only: bool = Field(
        False, description="Only a file feed may change its quantities, not the API"
    )


class AtpBody(_ConfigurationModel):
    """What is promised by date, and how far ahead."""

    measures: list[tuple[str, str]] = Field(
        default_factory=list, description="[data source, calculated measure] pairs promised by date"
    )
    days: int = Field(30, ge=1, le=180, description="How many days from today may be scheduled")


class InventoryConfigurationBody(_ConfigurationModel):
    """The document as users write it."""

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
    allocation_groups: list[str] = Field(default_factory=list, max_length=MAX_ALLOCATION_GROUPS)
    atp: AtpBody = Field(default_factory=lambda: AtpBody.model_validate({}))


@dataclass(frozen=True, slots=True)
class DataSource:
    """A source system: its base dimensions by its own names, and its physical measures."""

    name: str
    dimensions: Mapping[str, str]
    physical: frozenset[str]
    read_only: bool


@dataclass(frozen=True, slots=True)
class InventoryConfiguration:
    """The parsed document.

    Attributes:
        calculated: Sign of each physical measure by calculated measure.
        reservation: The calculated measure each soft-reservation measure is checked against.
        formula: How measures add up to on hand (what may be reserved) and reserved of a stock row.
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
        """The sign of each physical measure in what may be reserved, before soft reservations."""
        return self.formula.supply

    @property
    def stock_hierarchy(self) -> tuple[str, ...]:
        """The reservation hierarchy without the location, which is the source of a stock row."""
        return tuple(name for name in self.hierarchy if name != LOCATION)

    @property
    def site_lookup(self) -> Callable[[str], str] | None:
        """`site_of` when a request without a location means every location, else None."""
        return None if self.by_location else self.site_of

    def organization(self, given: str) -> str:
        """Return an organizationId as it is stored: '' for the own organization."""
        return "" if given.lower() == self.own_organization else given

    def site_of(self, location: str) -> str:
        """Return the site that an own location belongs to."""
        return self.sites.get(location, location)

    def index_of(self, group_by: Sequence[str]) -> tuple[str, ...] | None:
        """Return the first index set that begins with these dimensions in any order, or None."""
        wanted = set(group_by) - {SITE, LOCATION}
        for index_set in self.index_sets:
            if set(index_set[: len(wanted)]) == wanted:
                return index_set
        return None


def _compile(session: Session, bodies: Bodies) -> InventoryConfiguration:
    body = bodies[KIND].get(NAME, DEFAULT)
    return parse(InventoryConfigurationBody.model_validate(body))


_CONFIGURATION = CompiledConfiguration((KIND,), _compile)


def inventory_configuration(session: Session) -> InventoryConfiguration:
    """Return the configuration in use; it is parsed once per version."""
    return _CONFIGURATION.current(session)


def configuration_for_writing(session: Session) -> InventoryConfiguration:
    """Return the configuration, which no other transaction changes before this one ends.

    A change of the formula therefore recomputes on hand after this transaction, or before it reads
    the formula.
    """
    return _CONFIGURATION.current(session, shared_lock=_FORMULA_LOCK)


def lock_formula(session: Session) -> None:
    """Wait until no transaction writes by the previous formula, and let none begin."""
    execute(session, "SELECT pg_advisory_xact_lock(%s)", (_FORMULA_LOCK,))


def configuration_body(session: Session) -> dict[str, Any]:
    """Return the document in use, or the shipped one."""
    return current_bodies(session, (KIND,))[KIND].get(NAME, DEFAULT)


def parse(body: InventoryConfigurationBody) -> InventoryConfiguration:
    """Return a body in which `problems_of` finds nothing wrong as a working configuration."""
    reservation = checked_measures(body)
    calculated = calculated_measures(body)
    return InventoryConfiguration(
        own_organization=body.own_organization.lower(),
        sites=dict(body.sites),
        sources=_data_sources(body),
        calculated=calculated,
        by_location=body.partition == "location",
        index_sets=_index_sets(body),
        reservation=reservation,
        formula=_formula(reservation, calculated),
        hierarchy=tuple(name.lower() for name in body.reservation_hierarchy),
        allocation_groups=tuple(body.allocation_groups),
        atp_measures=tuple(measure_of(*pair) for pair in body.atp.measures),
        atp_days=body.atp.days,
    )


def checked_measures(body: InventoryConfigurationBody) -> dict[Measure, Measure]:
    """Return the calculated measure each soft-reservation measure is checked against.

    Order lines reserve `iv.SoftReservOrdered`, also when the mapping names other measures only. It
    is then checked against the measure of the others.
    """
    checked: dict[Measure, Measure] = {}
    for source, measure, target, calculated in body.reservation_mapping:
        checked.setdefault(measure_of(source, measure), measure_of(target, calculated))

    for formula in list(checked.values())[:1]:
        checked.setdefault(SOFT_RESERVED, formula)

    return checked


def _formula(
    reservation: Mapping[Measure, Measure],
    calculated: Mapping[Measure, Mapping[Measure, int]],
) -> Formula:
    """Return how measures add up by the calculated measure that reservations are checked against.

    All reservations are checked against the same measure.
    """
    supply: dict[Measure, int] = {}
    allocations: dict[Measure, int] = {}
    checked = next(iter(reservation.values()), None)
    terms = calculated[checked] if checked else {}

    for measure, sign in terms.items():
        if measure in reservation:
            continue

        source, _ = measure
        side = allocations if source == ALLOCATION_SOURCE else supply
        side[measure] = sign

    return Formula(supply, frozenset(reservation), allocations)


def measure_of(source: str, name: str) -> Measure:
    """Return a measure in lower case, as all code compares it."""
    return source.lower(), name.lower()


def calculated_measures(body: InventoryConfigurationBody) -> dict[Measure, dict[Measure, int]]:
    """Return the sign of every physical measure in each calculated measure."""
    found: dict[Measure, dict[Measure, int]] = {}
    for source, given in body.data_sources.items():
        for name, terms in given.calculated_measures.items():
            signs = found.setdefault(measure_of(source, name), {})
            for operation, term_source, term_measure in terms:
                signs[measure_of(term_source, term_measure)] = _SIGNS[operation]
    return found


def _data_sources(body: InventoryConfigurationBody) -> dict[str, DataSource]:
    """Return the source systems by name, with all names in lower case."""
    found = {}
    for name, given in body.data_sources.items():
        dimensions = {}
        for own_name, base in given.dimension_mapping.items():
            dimensions[own_name.lower()] = base.lower()

        found[name.lower()] = DataSource(
            name=name.lower(),
            dimensions=dimensions,
            physical=frozenset(measure.lower() for measure in given.physical_measures),
            read_only=given.read_only,
        )

    return found


def _index_sets(body: InventoryConfigurationBody) -> tuple[tuple[str, ...], ...]:
    """Return the index sets in lower case; `Empty` stands for a set without dimensions."""
    found = []
    for names in body.index_sets:
        lower = [name.lower() for name in names]
        found.append(tuple(name for name in lower if name != EMPTY))
    return tuple(found)
