"""Reading index and exact queries, in both versions, into one question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openiom.inventory_visibility import LOCATION, SITE, InventoryConfiguration
from openiom.kernel import Invalid, TooLarge

from .body_parser import base_name, day, folded, text, texts, truth

MOST_PRODUCTS = 5_000
MOST_PLACES = 10_000
ORGANIZATION, PRODUCT = "organizationid", "productid"
_NOT_DIMENSIONS = {ORGANIZATION, PRODUCT, "dimensions", "values", "keys"}


@dataclass(frozen=True, slots=True)
class Dates:
    """Available to promise is asked for; From and To only choose what is shown."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Question:
    """What to sum up and how to group it.

    products       None: all of them
    filters        base dimension -> accepted values; sites and locations among them
    keys, values   an exact query's dimensions and the tuples of their values it is limited to
    group_by       base dimensions the answer is grouped by, site and location included where they are
    shown          organizationid, when the answer tells organizations apart
    """

    organizations: Sequence[str]
    products: Sequence[str] | None
    filters: Mapping[str, Sequence[str]]
    group_by: tuple[str, ...]
    return_negative: bool
    dates: Dates | None = None
    keys: tuple[str, ...] = ()
    values: Sequence[Sequence[str]] = field(default=())
    by_organization: bool = False


def read_index_query(
    body: Mapping[str, Any], configuration: InventoryConfiguration, *, version: int
) -> Question:
    """An index query: sites × locations, filters by dimension. `body` has its names in lower case."""
    source = text(body, "dimensionDataSource", default="")
    given = folded(body.get("filters"), "filters")
    organizations = _organizations(given, configuration, version=version)
    filters = {
        base_name(name, configuration, source, where="filters"): texts({name: value}, name)
        for name, value in given.items()
        if name not in _NOT_DIMENSIONS
    }
    products = _products(given)
    _check_partition(configuration, products, filters)
    return Question(
        organizations=organizations,
        products=products or None,
        filters={name: values for name, values in filters.items() if values},
        group_by=_group_by(body, configuration, source),
        return_negative=truth(body, "returnNegative", default=False),
        dates=_dates(body),
        by_organization=len(organizations) > 1,
    )


def read_exact_query(
    body: Mapping[str, Any], configuration: InventoryConfiguration, *, version: int
) -> Question:
    """An exact query: only the tuples listed; its dimensions are added to the group-by."""
    source = text(body, "dimensionDataSource", default="")
    given = folded(body.get("filters"), "filters")
    names = texts(given, "dimensions" if version == 1 else "keys")
    values = _tuples(given.get("values"), len(names))
    keys, organizations = [], list[str]()
    for i, name in enumerate(names):
        if name.lower() == ORGANIZATION and version > 1:
            organizations = sorted({configuration.organization(row[i]) for row in values})
            values = [
                [*row[:i], configuration.organization(row[i]), *row[i + 1 :]] for row in values
            ]
            keys.append(ORGANIZATION)
        else:
            keys.append(base_name(name, configuration, source, where="filters.dimensions"))
    if len(set(keys)) != len(keys):
        raise Invalid(
            "names a dimension twice", where="filters.dimensions", remedy="name each once"
        )
    if not organizations:
        organizations = _organizations(given, configuration, version=version)
    products = _products(given)
    _check_exact(configuration, keys, values, products)
    return Question(
        organizations=organizations,
        products=products or None,
        filters={},
        group_by=_group_by(
            body, configuration, source, extra=[k for k in keys if k != ORGANIZATION]
        ),
        return_negative=truth(body, "returnNegative", default=False),
        dates=_dates(body),
        keys=tuple(keys),
        values=values,
        by_organization=ORGANIZATION in keys or len(organizations) > 1,
    )


def _organizations(
    given: Mapping[str, Any], configuration: InventoryConfiguration, *, version: int
) -> list[str]:
    named = texts(given, "organizationId")
    if not named or (version == 1 and len(named) > 1):
        what = "no organization is named" if not named else f"{len(named)} organizations are named"
        raise Invalid(
            what, where="filters.organizationId", remedy="name one; version 2.0 takes several"
        )
    return [configuration.organization(name) for name in named]


def _products(given: Mapping[str, Any]) -> list[str]:
    products = texts(given, "productId")
    if len(products) > MOST_PRODUCTS:
        raise TooLarge(
            f"{len(products)} products are more than the {MOST_PRODUCTS} one query may name",
            where="filters.productId",
            remedy="ask in parts",
        )
    return products


def _check_partition(
    configuration: InventoryConfiguration,
    products: Sequence[str],
    filters: Mapping[str, Sequence[str]],
) -> None:
    sites, locations = filters.get(SITE, ()), filters.get(LOCATION, ())
    if max(len(sites), 1) * max(len(locations), 1) > MOST_PLACES:
        raise TooLarge(
            f"{len(sites)} sites × {len(locations)} locations are more than {MOST_PLACES}",
            where="filters.locationId",
            remedy="ask in parts",
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
    if len(values) > MOST_PLACES:
        raise TooLarge(
            f"more than {MOST_PLACES} tuples", where="filters.values", remedy="ask in parts"
        )


def _tuples(value: Any, width: int) -> list[list[str]]:
    if not isinstance(value, list) or not value or not width:
        raise Invalid(
            "names no tuples",
            where="filters.values",
            remedy='send dimensions and values [["1", "11"], ...]',
        )
    out = []
    for i, row in enumerate(value):
        if not isinstance(row, list) or len(row) != width:
            what = f"has not exactly {width} values"
            raise Invalid(what, where=f"filters.values[{i}]", remedy="one value a dimension")
        out.append([text({"v": cell}, "v", default="") for cell in row])
    return out


def _group_by(
    body: Mapping[str, Any],
    configuration: InventoryConfiguration,
    source: str,
    extra: Sequence[str] = (),
) -> tuple[str, ...]:
    named = [
        base_name(n, configuration, source, where="groupByValues")
        for n in texts(body, "groupByValues")
        if n
    ]
    wanted = list(dict.fromkeys([*named, *extra]))
    if configuration.index_of(wanted) is None:
        sets = "; ".join(", ".join(s) or "Empty" for s in configuration.index_sets)
        raise Invalid(
            f"no index begins with {', '.join(d for d in wanted if d not in (SITE, LOCATION))}",
            where="groupByValues",
            remedy=f"group by a beginning of one of the index sets ({sets}), or configure another",
        )
    if configuration.by_location:
        wanted = [*(d for d in wanted if d not in (SITE, LOCATION)), SITE, LOCATION]
    return tuple(wanted)


def _dates(body: Mapping[str, Any]) -> Dates | None:
    if not truth(body, "QueryATP", default=False):
        return None
    first, last = body.get("atpfromdate"), body.get("atptodate")
    return Dates(
        day(first, "ATPFromDate") if first else None, day(last, "ATPToDate") if last else None
    )
