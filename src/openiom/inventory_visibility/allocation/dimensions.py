"""The dimension names each product is allocated by."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import columns_of
from openiom.platform.bulk import execute, fetch_as


class _Wanted(NamedTuple):
    organization: str
    product: str
    dimensions: str


class _Known(NamedTuple):
    """The dimensions of a product: stored, wanted, and whether the stored ones must stay."""

    organization: str
    product: str
    dimensions: str
    wanted: str
    is_fixed: bool


def allocation_dimensions(
    session: Session, wanted: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str], str]:
    """Return the dimension names that each (organization, product) is allocated by, locked.

    They are names separated by `;`. As long as nothing is allocated of a product, its first wanted
    dimensions become those it is allocated by.

    Args:
        wanted: (organization, product, dimension names) of operations in their order.
    """
    first: dict[tuple[str, str], _Wanted] = {}
    for organization, product, dimensions in wanted:
        first.setdefault((organization, product), _Wanted(organization, product, dimensions))

    columns = columns_of([first[key] for key in sorted(first)], *_Wanted._fields)
    execute(
        session,
        "INSERT INTO inventory_visibility.allocation_level (organization, product, dimensions)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING",
        columns,
    )
    known = fetch_as(
        session,
        _Known,
        "WITH locked AS (SELECT l.organization, l.product, l.dimensions, k.dimensions AS wanted"
        " FROM inventory_visibility.allocation_level l"
        " JOIN unnest(%s::text[], %s::text[], %s::text[])"
        " AS k(organization, product, dimensions)"
        " ON l.organization = k.organization AND l.product = k.product"
        " ORDER BY l.organization, l.product FOR UPDATE OF l)"
        " SELECT organization, product, dimensions, wanted, dimensions = wanted OR EXISTS ("
        " SELECT FROM inventory_visibility.allocation a"
        " JOIN inventory_visibility.stock s ON s.id = a.stock_id"
        " WHERE s.organization = locked.organization AND s.product = locked.product"
        " AND a.allocated > 0) AS is_fixed FROM locked",
        columns,
    )
    changed = [row for row in known if not row.is_fixed]
    execute(
        session,
        "UPDATE inventory_visibility.allocation_level l SET dimensions = k.dimensions"
        " FROM unnest(%s::text[], %s::text[], %s::text[])"
        " AS k(organization, product, dimensions)"
        " WHERE l.organization = k.organization AND l.product = k.product",
        columns_of(changed, "organization", "product", "wanted"),
    )

    found = {}
    for row in known:
        found[row.organization, row.product] = row.dimensions if row.is_fixed else row.wanted

    return found
