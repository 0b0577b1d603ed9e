"""Stock grouped by product, source and dimensions, with every measure of every source system side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import (
    BASE_DIMENSIONS,
    LOCATION,
    SITE,
    InventoryConfiguration,
)
from openiom.inventory_visibility.measures import Measure
from openiom.kernel import Invalid
from openiom.platform.bulk import fetch
from openiom.platform.database import to_json_text

Quantities = dict[str, dict[str, float]]
PRODUCT, SOURCE = "product", "source"
MOST_GROUPS = 6
_SITE = (
    "coalesce(s.dimension_values->>'siteid', CASE WHEN s.organization = ''"
    " THEN coalesce(%(sites)s::jsonb->>s.source, s.source) ELSE '' END)"
)


@dataclass(frozen=True, slots=True)
class Looking:
    """What is looked at. `group_by` are `product`, `source` and base dimensions; `organization` '' is our own.

    `dimensions` are base dimensions and the value each must have, '' being none; `short` keeps groups of which
    nothing may be promised.
    """

    group_by: Sequence[str]
    organization: str = ""
    product: str = ""
    source: str = ""
    search: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    short: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the grid. `stock_id` is given when exactly one stock key is behind it."""

    values: tuple[str, ...]
    keys: int
    stock_id: int | None
    on_hand: Decimal
    reserved: Decimal
    safety_stock: Decimal
    oversell: bool
    updated_at: datetime
    allocated: Decimal
    product_name: str
    measures: Quantities

    @property
    def available(self) -> Decimal:
        """What anybody may still be promised."""
        return self.on_hand - self.reserved - self.safety_stock - self.allocated


def checked_dimension(name: str, where: str) -> str:
    """A base dimension other than the location, in lower case. Raises Invalid."""
    low = name.strip().lower()
    if low not in BASE_DIMENSIONS or low == LOCATION:
        remedy = "use the name of a base dimension; the location is the source"
        raise Invalid(f"{name} is not a dimension", where=where, remedy=remedy)
    return low


def groups(
    session: Session,
    looking: Looking,
    configuration: InventoryConfiguration,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> list[Group]:
    """The groups after `after` in the order of their values; four queries, each set-based."""
    columns = [_expression(name) for name in looking.group_by]
    where, values = _conditions(looking, configuration)
    tuple_of = f"({', '.join(columns)})"
    page = list(where)
    if after is not None:
        page.append(f"{tuple_of} > ({', '.join(f'%(after{i})s' for i in range(len(columns)))})")
    having = "HAVING sum(s.on_hand - s.reserved - s.safety_stock) <= 0 AND NOT bool_or(s.oversell)"
    places = ", ".join(str(i + 1) for i in range(len(columns)))
    rows = fetch(
        session,
        f"SELECT {', '.join(columns)}, count(*), min(s.id), sum(s.on_hand), sum(s.reserved), sum(s.safety_stock),"
        f" bool_or(s.oversell), max(s.updated_at) FROM inventory_visibility.stock s {_named(looking)}"
        f" WHERE {' AND '.join(page)} GROUP BY {places} {having if looking.short else ''} ORDER BY {places}"
        " LIMIT %(limit)s",
        {**values, **{f"after{i}": value for i, value in enumerate(after or ())}, "limit": limit},
    )
    if not rows:
        return []
    width = len(columns)
    at = _Behind(
        session,
        columns,
        [row[:width] for row in rows],
        f"{_named(looking)} WHERE {' AND '.join(where)}",
        values,
    )
    measures, allocated, names = at.measures(), at.allocated(), _names(session, looking, rows)
    return [
        Group(
            values=tuple(row[:width]),
            keys=row[width],
            stock_id=row[width + 1] if row[width] == 1 else None,
            on_hand=row[width + 2],
            reserved=row[width + 3],
            safety_stock=row[width + 4],
            oversell=row[width + 5],
            updated_at=row[width + 6],
            allocated=allocated.get(n, Decimal(0)),
            product_name=names.get(row[0], ""),
            measures=_calculated(measures.get(n, {}), configuration),
        )
        for n, row in enumerate(rows)
    ]


_KEY = (  # the fields of StockKeyRow, in their order
    "s.id, s.organization, s.product, s.source, s.dimension_values, s.on_hand::float8, s.reserved::float8, s.updated_at"
)


class StockKeyRow(BaseModel):
    """One stock key; `dimensions` are its base dimensions beside the source. Organization '' is our own."""

    stock_id: int
    organization: str
    product: str
    source: str
    dimensions: dict[str, str]
    on_hand: float
    reserved: float
    updated_at: datetime


def stock_key(session: Session, stock_id: int) -> StockKeyRow | None:
    """One stock key by its id."""
    rows = fetch(
        session, f"SELECT {_KEY} FROM inventory_visibility.stock s WHERE s.id = %s", (stock_id,)
    )
    return _key(rows[0]) if rows else None


def stock_keys(
    session: Session,
    looking: Looking,
    configuration: InventoryConfiguration,
    *,
    after: int,
    limit: int,
) -> list[StockKeyRow]:
    """The stock keys that fit, by id."""
    where, values = _conditions(looking, configuration)
    rows = fetch(
        session,
        f"SELECT {_KEY} FROM inventory_visibility.stock s {_named(looking)} WHERE {' AND '.join(where)}"
        " AND s.id > %(after)s ORDER BY s.id LIMIT %(limit)s",
        {**values, "after": after, "limit": limit},
    )
    return [_key(row) for row in rows]


def _key(row: Sequence[Any]) -> StockKeyRow:
    return StockKeyRow(**dict(zip(StockKeyRow.model_fields, row, strict=True)))


def _expression(name: str) -> str:
    """SQL of a group column; names were checked before, so that nothing foreign gets into a statement."""
    if name in (PRODUCT, SOURCE):
        return f"s.{name}"
    return _SITE if name == SITE else f"coalesce(s.dimension_values->>'{name}', '')"


def _named(looking: Looking) -> str:
    return "LEFT JOIN master_data.product p ON p.number = s.product" if looking.search else ""


def _conditions(
    looking: Looking, configuration: InventoryConfiguration
) -> tuple[list[str], dict[str, Any]]:
    where = ["s.organization = %(organization)s"]
    values: dict[str, Any] = {
        "organization": looking.organization,
        "sites": to_json_text(dict(configuration.sites)),
    }
    for name, value in ((PRODUCT, looking.product), (SOURCE, looking.source)):
        if value:
            where.append(f"s.{name} = %({name})s")
            values[name] = value
    if looking.search:
        where.append("(s.product ILIKE %(begins)s OR p.name ILIKE %(holds)s)")
        values |= {"begins": f"{looking.search}%", "holds": f"%{looking.search}%"}
    for i, (name, value) in enumerate(looking.dimensions.items()):
        where.append(f"{_expression(name)} = %(dimension{i})s")
        values[f"dimension{i}"] = value
    return where, values


@dataclass(frozen=True, slots=True)
class _Behind:
    """The stock keys behind the groups of one page; answers by a group's place on it."""

    session: Session
    columns: Sequence[str]
    groups: Sequence[Sequence[str]]
    rest: str
    values: Mapping[str, Any]

    def measures(self) -> dict[int, dict[Measure, Decimal]]:
        """Physical measures that were ever posted to."""
        found: dict[int, dict[Measure, Decimal]] = {}
        for n, source, measure, units in self._summed(
            "b.data_source, b.measure, sum(b.quantity)",
            "inventory_visibility.measure_balance b ON b.stock_id = s.id",
            "1, 2, 3",
        ):
            found.setdefault(n, {})[source, measure] = units
        return found

    def allocated(self) -> dict[int, Decimal]:
        rows = self._summed(
            "sum(a.allocated)", "inventory_visibility.allocation a ON a.stock_id = s.id", "1"
        )
        return {n: units for n, units in rows}

    def _summed(self, what: str, join: str, by: str) -> Sequence[Sequence[Any]]:
        names = [f"k{i}" for i in range(len(self.columns))]
        lists = ", ".join(f"%({name})s::text[]" for name in names)
        on = " AND ".join(
            f"{column} = g.{name}" for column, name in zip(self.columns, names, strict=True)
        )
        keys = {name: [group[i] for group in self.groups] for i, name in enumerate(names)}
        found: Sequence[Sequence[Any]] = fetch(
            self.session,
            f"SELECT g.n::int - 1, {what} FROM unnest({lists}) WITH ORDINALITY AS g({', '.join(names)}, n)"
            f" JOIN inventory_visibility.stock s ON {on} JOIN {join} {self.rest} GROUP BY {by}",
            {**self.values, **keys},
        )
        return found


def _calculated(
    physical: Mapping[Measure, Decimal], configuration: InventoryConfiguration
) -> Quantities:
    """{data source: {measure: units}}, with the calculated measures of which any term was ever posted to."""
    sums = dict(physical)
    for calculated, terms in configuration.calculated.items():
        posted = [
            sign * physical[measure] for measure, sign in terms.items() if measure in physical
        ]
        if posted:
            sums[calculated] = sum(posted, Decimal(0))
    out: Quantities = {}
    for (source, name), units in sums.items():
        out.setdefault(source, {})[name] = float(units)
    return out


def _names(session: Session, looking: Looking, rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Names of the products on a page, when it is grouped by product first."""
    if looking.group_by[0] != PRODUCT:
        return {}
    found = fetch(
        session,
        "SELECT number, name FROM master_data.product WHERE number = ANY(%s)",
        (sorted({row[0] for row in rows}),),
    )
    return {number: name for number, name in found}
