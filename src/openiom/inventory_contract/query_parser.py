"""Parsing of index queries and exact queries, in both versions, into a stock query."""

from collections.abc import Mapping, Sequence
from typing import Any

from openiom.inventory_visibility import (
    LOCATION,
    ORGANIZATION,
    SITE,
    DateRange,
    InventoryConfiguration,
    StockQuery,
)
from openiom.kernel import Invalid, TooLarge

from .body_parser import base_name, day, folded, text, texts, truth

MAX_PRODUCTS = 5_000
MAX_PLACES = 10_000
_DIMENSION_SOURCE = "dimensionDataSource"
_NOT_DIMENSIONS = {
    ORGANIZATION,
    "productid",
    "dimensions",
    "values",
    "keys",
    _DIMENSION_SOURCE.lower(),
}


def read_index_query(
    body: Mapping[str, Any], configuration: InventoryConfiguration, *, version: int
) -> StockQuery:
    """Return an index query: sites × locations, with filters by dimension.

    The names of `body` are in lower case. Raises Invalid or TooLarge.
    """
    given = folded(body.get("filters"), "filters")
    source = _dimension_source(body, given)
    organizations = _organizations(given, configuration, version=version)

    filters: dict[str, Sequence[str]] = {}
    for name, value in given.items():
        if name in _NOT_DIMENSIONS:
            continue

        base = base_name(name, configuration, source, where="filters")
        accepted = texts({name: value}, name)
        if accepted:
            filters[base] = accepted
        else:
            filters.pop(base, None)

    products = _products(given)
    _check_partition(configuration, products, filters)
    return StockQuery(
        organizations=organizations,
        products=products or None,
        filters=filters,
        group_by=_group_by(body, configuration, source),
        return_negative=truth(body, "returnNegative", default=False),
        dates=_dates(body),
        by_organization=len(organizations) > 1,
    )


def read_exact_query(
    body: Mapping[str, Any], configuration: InventoryConfiguration, *, version: int
) -> StockQuery:
    """Return an exact query: only the listed tuples; its dimensions are added to the grouping.

    The names of `body` are in lower case. Raises Invalid or TooLarge.
    """
    given = folded(body.get("filters"), "filters")
    source = _dimension_source(body, given)
    names = texts(given, "dimensions" if version == 1 else "keys")
    values = _tuples(given.get("values"), len(names))
    keys = _exact_keys(names, configuration, source, version=version)
    if ORGANIZATION in keys:
        organizations = _replace_organizations(values, keys.index(ORGANIZATION), configuration)
    else:
        organizations = _organizations(given, configuration, version=version)

    products = _products(given)
    _check_exact(configuration, keys, values, products)
    dimensions = [key for key in keys if key != ORGANIZATION]
    return StockQuery(
        organizations=organizations,
        products=products or None,
        filters={},
        group_by=_group_by(body, configuration, source, extra=dimensions),
        return_negative=truth(body, "returnNegative", default=False),
        dates=_dates(body),
        keys=tuple(keys),
        values=values,
        by_organization=ORGANIZATION in keys or len(organizations) > 1,
    )


def _dimension_source(body: Mapping[str, Any], filters: Mapping[str, Any]) -> str:
    """Return the data source whose names of dimensions a query uses; older ones filter by it."""
    return text(body, _DIMENSION_SOURCE, default="") or text(filters, _DIMENSION_SOURCE, default="")


def _exact_keys(
    names: Sequence[str], configuration: InventoryConfiguration, source: str, *, version: int
) -> list[str]:
    """Return the base dimensions of an exact query; from version 2.0 organizationId may be one."""
    keys: list[str] = []
    for name in names:
        is_organization = name.lower() == ORGANIZATION and version > 1
        if is_organization:
            keys.append(ORGANIZATION)
        else:
            keys.append(base_name(name, configuration, source, where="filters.dimensions"))

    if len(set(keys)) != len(keys):
        raise Invalid(
            "names a dimension twice",
            where="filters.dimensions",
            remedy="name each once",
        )

    return keys


def _replace_organizations(
    values: Sequence[list[str]], index: int, configuration: InventoryConfiguration
) -> list[str]:
    """Replace the organization in every tuple by its internal name; return these names, sorted."""
    for row in values:
        row[index] = configuration.organization(row[index])
    return sorted({row[index] for row in values})


def _organizations(
    given: Mapping[str, Any], configuration: InventoryConfiguration, *, version: int
) -> list[str]:
    """Return the internal names of the organizations of a query.

    Raises Invalid when none is named, or several are in version 1.
    """
    named = texts(given, "organizationId")
    if not named:
        raise Invalid("no organization is named", where="filters.organizationId", remedy="name one")
    if version == 1 and len(named) > 1:
        raise Invalid(
            f"{len(named)} organizations are named",
            where="filters.organizationId",
            remedy="name one; version 2.0 accepts several",
        )

    return list(map(configuration.organization, named))


def _products(given: Mapping[str, Any]) -> list[str]:
    products = texts(given, "productId")
    if len(products) > MAX_PRODUCTS:
        raise TooLarge(
            f"{len(products)} products are more than {MAX_PRODUCTS}, the limit of a query",
            where="filters.productId",
            remedy="send several queries",
        )
    return products


def _check_partition(
    configuration: InventoryConfiguration,
    products: Sequence[str],
    filters: Mapping[str, Sequence[str]],
) -> None:
    sites, locations = filters.get(SITE, ()), filters.get(LOCATION, ())
    if max(len(sites), 1) * max(len(locations), 1) > MAX_PLACES:
        raise TooLarge(
            f"{len(sites)} sites × {len(locations)} locations are more than {MAX_PLACES}",
            where="filters.locationId",
            remedy="send several queries",
        )
    if products:
        return
    if not configuration.by_location:
        raise Invalid("no product is named", where="filters.productId", remedy="name at least one")
    if not (sites and locations):
        raise Invalid(
            "neither products nor both site and location are named",
            where="filters.productId",
            remedy="name products, or siteId and locationId, or both",
        )


def _check_exact(
    configuration: InventoryConfiguration,
    keys: Sequence[str],
    values: Sequence[Any],
    products: Sequence[str],
) -> None:
    if configuration.by_location and not {SITE, LOCATION} <= set(keys):
        raise Invalid(
            "siteId and locationId are not both named",
            where="filters.dimensions",
            remedy="name both",
        )
    if not configuration.by_location and not products:
        raise Invalid("no product is named", where="filters.productId", remedy="name at least one")
    if len(values) > MAX_PLACES:
        raise TooLarge(
            f"contains more than {MAX_PLACES} tuples",
            where="filters.values",
            remedy="send several queries",
        )


def _tuples(value: Any, width: int) -> list[list[str]]:
    """Return the tuples of an exact query, each of `width` texts. Raises Invalid."""
    has_tuples = isinstance(value, list) and len(value) > 0
    if not has_tuples or width == 0:
        raise Invalid(
            "contains no tuples",
            where="filters.values",
            remedy='send dimensions and values [["1", "11"], ...]',
        )

    out: list[list[str]] = []
    for i, row in enumerate(value):
        out.append(_cells(row, width, where=f"filters.values[{i}]"))

    return out


def _cells(row: Any, width: int, *, where: str) -> list[str]:
    """Return the values of a tuple as texts; a missing one is empty. Raises Invalid."""
    if not isinstance(row, list) or len(row) != width:
        raise Invalid(
            f"does not contain exactly {width} values",
            where=where,
            remedy="send one value per dimension",
        )
    return [text({"v": cell}, "v", default="") for cell in row]


def _group_by(
    body: Mapping[str, Any],
    configuration: InventoryConfiguration,
    source: str,
    extra: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the dimensions of the grouping, `extra` included. Raises Invalid without an index."""
    named: list[str] = []
    for name in texts(body, "groupByValues"):
        named.append(base_name(name, configuration, source, where="groupByValues"))

    grouping = list(dict.fromkeys([*named, *extra]))
    below_location = [name for name in grouping if name not in (SITE, LOCATION)]
    if configuration.index_of(grouping) is None:
        raise Invalid(
            f"no index begins with {', '.join(below_location)}",
            where="groupByValues",
            remedy=f"group by a prefix of one of the index sets ({_index_sets(configuration)}),"
            " or configure another",
        )

    if configuration.by_location:
        grouping = [*below_location, SITE, LOCATION]

    return tuple(grouping)


def _index_sets(configuration: InventoryConfiguration) -> str:
    sets: list[str] = []
    for index in configuration.index_sets:
        sets.append(", ".join(index) or "Empty")
    return "; ".join(sets)


def _dates(body: Mapping[str, Any]) -> DateRange | None:
    """Return the days of available to promise; None when it is not requested."""
    if not truth(body, "QueryATP", default=False):
        return None
    first, last = body.get("atpfromdate"), body.get("atptodate")
    return DateRange(
        first=day(first, "ATPFromDate") if first else None,
        last=day(last, "ATPToDate") if last else None,
    )
