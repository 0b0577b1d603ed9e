"""What the inventory configuration calls things, as pages show them."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import (
    BASE_DIMENSIONS,
    EMPTY,
    LOCATION,
    InventoryConfigurationBody,
    configuration_body,
)
from openiom.platform.bulk import fetch

MOST_ORGANIZATIONS = 100


class Term(BaseModel):
    """Part of a calculated measure; names in lower case, as quantities are keyed."""

    sign: Literal["+", "-"]
    data_source: str
    measure: str


class MeasureName(BaseModel):
    """`name` keys quantities, `title` is how the configuration writes it. `terms` are empty for a physical measure."""

    name: str
    title: str
    terms: list[Term]


class SourceSystem(BaseModel):
    name: str
    title: str
    read_only: bool
    measures: list[MeasureName]


class DimensionName(BaseModel):
    name: str
    title: str


class Shape(BaseModel):
    """Organization '' is our own, called `own_organization`. `reservable` is [data source, calculated measure]."""

    own_organization: str
    organizations: list[str]
    systems: list[SourceSystem]
    dimensions: list[DimensionName]
    allocation_groups: list[str]
    atp_days: int
    reservable: list[str]


def shape(session: Session) -> Shape:
    """Source systems, measures, dimensions and groups, as they are configured now."""
    body = InventoryConfigurationBody.model_validate(configuration_body(session))
    checked = next(iter(body.reservation_mapping), None)
    return Shape(
        own_organization=body.own_organization,
        organizations=_organizations(session),
        systems=[
            SourceSystem(
                name=name.lower(),
                title=name,
                read_only=given.read_only,
                measures=list(_measures(given.model_dump())),
            )
            for name, given in body.data_sources.items()
        ],
        dimensions=list(_dimensions(body)),
        allocation_groups=body.allocation_groups,
        atp_days=body.atp.days,
        reservable=[checked[2].lower(), checked[3].lower()] if checked else [],
    )


def _measures(given: Mapping[str, Any]) -> Iterator[MeasureName]:
    for name in given["physical_measures"]:
        yield MeasureName(name=name.lower(), title=name, terms=[])
    for name, terms in given["calculated_measures"].items():
        parts = [
            Term(
                sign="+" if sign == "Addition" else "-",
                data_source=source.lower(),
                measure=measure.lower(),
            )
            for sign, source, measure in terms
        ]
        yield MeasureName(name=name.lower(), title=name, terms=parts)


def _dimensions(body: InventoryConfigurationBody) -> Iterator[DimensionName]:
    """Those that stock is indexed or reserved by; the location is the source."""
    seen = {LOCATION, EMPTY}
    for title in (
        *body.reservation_hierarchy,
        *(name for names in body.index_sets for name in names),
    ):
        name = title.lower()
        if name in BASE_DIMENSIONS and name not in seen:
            seen.add(name)
            yield DimensionName(name=name, title=title)


def _organizations(session: Session) -> list[str]:
    """Every organization with stock, by skipping along the index from one to the next."""
    rows = fetch(
        session,
        "WITH RECURSIVE found AS ((SELECT organization FROM inventory_visibility.stock ORDER BY 1 LIMIT 1)"
        " UNION ALL SELECT (SELECT s.organization FROM inventory_visibility.stock s"
        " WHERE s.organization > f.organization ORDER BY 1 LIMIT 1) FROM found f WHERE f.organization IS NOT NULL)"
        " SELECT organization FROM found WHERE organization IS NOT NULL LIMIT %s",
        (MOST_ORGANIZATIONS,),
    )
    return [row[0] for row in rows]
