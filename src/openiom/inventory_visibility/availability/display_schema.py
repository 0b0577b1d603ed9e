"""The names of source systems, measures, dimensions and allocation groups, as pages show them."""

from typing import Literal

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import (
    BASE_DIMENSIONS,
    LOCATION,
    DataSourceBody,
    InventoryConfigurationBody,
    configuration_body,
)
from openiom.platform.bulk import fetch

MAX_ORGANIZATIONS = 100
_SHOWN_DIMENSIONS = BASE_DIMENSIONS - {LOCATION}


class FormulaTerm(BaseModel):
    """A term of a calculated measure; names in lower case, as quantities are keyed."""

    sign: Literal["+", "-"]
    data_source: str
    measure: str


class MeasureName(BaseModel):
    """A measure: `name` keys quantities, `title` is how the configuration writes it.

    A physical measure has no terms.
    """

    name: str
    title: str
    terms: list[FormulaTerm]


class SourceSystem(BaseModel):
    """A source system with its measures."""

    name: str
    title: str
    read_only: bool
    measures: list[MeasureName]


class DimensionName(BaseModel):
    """A dimension: `name` keys values, `title` is how the configuration writes it."""

    name: str
    title: str


class Shape(BaseModel):
    """What the inventory pages call things.

    Organization '' is the own one, called `own_organization`. `reservable` is the (data source,
    calculated measure) that reservations are checked against.
    """

    own_organization: str
    organizations: list[str]
    systems: list[SourceSystem]
    dimensions: list[DimensionName]
    allocation_groups: list[str]
    atp_days: int
    reservable: list[str]


def display_schema(session: Session) -> Shape:
    """Return source systems, measures, dimensions and groups as they are configured now."""
    body = InventoryConfigurationBody.model_validate(configuration_body(session))
    reservable: list[str] = []
    if body.reservation_mapping:
        _, _, data_source, measure = body.reservation_mapping[0]
        reservable = [data_source.lower(), measure.lower()]

    return Shape(
        own_organization=body.own_organization,
        organizations=_organizations(session),
        systems=[_source_system(name, given) for name, given in body.data_sources.items()],
        dimensions=_dimensions(body),
        allocation_groups=body.allocation_groups,
        atp_days=body.atp.days,
        reservable=reservable,
    )


def _source_system(name: str, given: DataSourceBody) -> SourceSystem:
    """Return a source system with its measures as the configuration writes them."""
    measures = []
    for title in given.physical_measures:
        measures.append(MeasureName(name=title.lower(), title=title, terms=[]))

    for title, terms in given.calculated_measures.items():
        shown = []
        for operation, data_source, measure in terms:
            shown.append(
                FormulaTerm(
                    sign="+" if operation == "Addition" else "-",
                    data_source=data_source.lower(),
                    measure=measure.lower(),
                )
            )

        measures.append(MeasureName(name=title.lower(), title=title, terms=shown))

    return SourceSystem(name=name.lower(), title=name, read_only=given.read_only, measures=measures)


def _dimensions(body: InventoryConfigurationBody) -> list[DimensionName]:
    """Return the dimensions that stock is reserved or indexed by, without the location."""
    titles = list(body.reservation_hierarchy)
    for index_set in body.index_sets:
        titles += index_set

    found: dict[str, DimensionName] = {}
    for title in titles:
        name = title.lower()
        if name in _SHOWN_DIMENSIONS:
            found.setdefault(name, DimensionName(name=name, title=title))

    return list(found.values())


def _organizations(session: Session) -> list[str]:
    """Return every organization with stock, by skipping along the index."""
    rows = fetch(
        session,
        "WITH RECURSIVE found AS ("
        " (SELECT organization FROM inventory_visibility.stock ORDER BY 1 LIMIT 1)"
        " UNION ALL SELECT (SELECT s.organization FROM inventory_visibility.stock s"
        " WHERE s.organization > f.organization ORDER BY 1 LIMIT 1)"
        " FROM found f WHERE f.organization IS NOT NULL)"
        " SELECT organization FROM found WHERE organization IS NOT NULL LIMIT %s",
        (MAX_ORGANIZATIONS,),
    )
    return [organization for (organization,) in rows]
