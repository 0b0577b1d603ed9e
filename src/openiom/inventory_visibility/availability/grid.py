"""Stock grouped by product, source and dimensions, with every measure of every source system."""

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
from openiom.inventory_visibility.measures import ZERO, Measure
from openiom.kernel import Invalid
from openiom.master_data import product_names
from openiom.platform.bulk import fetch, fetch_as
from openiom.platform.database import to_json_text

from .queries import SEARCH_CONDITION, search_values

Quantities = dict[str, dict[str, float]]
"""Units by data source and measure."""

PRODUCT, SOURCE = "product", "source"
MAX_GROUP_COLUMNS = 6
_SITE = (
    "coalesce(s.dimension_values->>'siteid', CASE WHEN s.organization = ''"
    " THEN coalesce(%(sites)s::jsonb->>s.source, s.source) ELSE '' END)"
)
_SHORT = "HAVING sum(s.on_hand - s.reserved - s.safety_stock) <= 0 AND NOT bool_or(s.oversell)"


@dataclass(frozen=True, slots=True)
class GridQuery:
    """Which stock to show, and how to group it.

    Attributes:
        group_by: `product`, `source` and base dimensions.
        organization: The organization; '' is the own one.
        search: Beginning of a product number, or any part of a product's name.
        dimensions: The value each of these base dimensions must have; '' means none.
        short: Keep only groups of which nothing may be promised.
    """

    group_by: Sequence[str]
    organization: str = ""
    product: str = ""
    source: str = ""
    search: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    short: bool = False


@dataclass(frozen=True, slots=True)
class GridGroup:
    """One row of the grid; `stock_id` is set when a single stock key is behind it."""

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
        """Units that may still be promised to every requester."""
        return self.on_hand - self.reserved - self.safety_stock - self.allocated


class StockKeyRow(BaseModel):
    """One stock key.

    `dimensions` are its base dimensions besides the source; organization '' is the own one.
    """

    stock_id: int
    organization: str
    product: str
    source: str
    dimensions: dict[str, str]
    on_hand: float
    reserved: float
    updated_at: datetime


_STOCK_KEY = (
    "s.id AS stock_id, s.organization, s.product, s.source, s.dimension_values AS dimensions,"
    " s.on_hand::float8, s.reserved::float8, s.updated_at"
)


def checked_dimension(name: str, where: str) -> str:
    """Return the name of a base dimension in lower case.

    Raises:
        Invalid: It is no base dimension, or the location, which is the source.
    """
    lower = name.strip().lower()
    if lower not in BASE_DIMENSIONS or lower == LOCATION:
        raise Invalid(
            f"{name} is not a dimension",
            where=where,
            remedy="use the name of a base dimension; the location is the source",
        )

    return lower


def groups(
    session: Session,
    query: GridQuery,
    configuration: InventoryConfiguration,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> list[GridGroup]:
    """Return the groups after `after` in the order of their values, in four set-based queries."""
    grid = _Grid.of(session, query, configuration)
    totals = grid.totals(after, limit)
    if not totals:
        return []

    measures = grid.measures(totals)
    allocated = grid.allocated(totals)
    names: dict[str, str] = {}
    if query.group_by[0] == PRODUCT:
        names = product_names(session, {total.group_values[0] for total in totals})

    found = []
    for number, total in enumerate(totals):
        group = GridGroup(
            values=tuple(total.group_values),
            keys=total.keys,
            stock_id=total.first_id if total.keys == 1 else None,
            on_hand=total.on_hand,
            reserved=total.reserved,
            safety_stock=total.safety_stock,
            oversell=total.oversell,
            updated_at=total.updated_at,
            allocated=allocated.get(number, ZERO),
            product_name=names.get(total.group_values[0], ""),
            measures=with_calculated_measures(measures.get(number, {}), configuration),
        )
        found.append(group)

    return found


def stock_key(session: Session, stock_id: int) -> StockKeyRow | None:
    """Return a stock key by its id, or None."""
    rows = fetch_as(
        session,
        StockKeyRow,
        f"SELECT {_STOCK_KEY} FROM inventory_visibility.stock s WHERE s.id = %s",
        (stock_id,),
    )
    return rows[0] if rows else None


def stock_keys(
    session: Session,
    query: GridQuery,
    configuration: InventoryConfiguration,
    *,
    after: int,
    limit: int,
) -> list[StockKeyRow]:
    """Return the stock keys that match a query, by id."""
    conditions, values = _conditions(session, query, configuration)
    return fetch_as(
        session,
        StockKeyRow,
        f"SELECT {_STOCK_KEY} FROM inventory_visibility.stock s"
        f" WHERE {conditions} AND s.id > %(after)s ORDER BY s.id LIMIT %(limit)s",
        {**values, "after": after, "limit": limit},
    )


def _expression(name: str) -> str:
    """Return the SQL of a group column; the name was checked, so that no user text enters SQL."""
    if name in (PRODUCT, SOURCE):
        return f"s.{name}"
    return _SITE if name == SITE else f"coalesce(s.dimension_values->>'{name}', '')"


def _conditions(
    session: Session, query: GridQuery, configuration: InventoryConfiguration
) -> tuple[str, dict[str, Any]]:
    """Return the SQL condition of a query and its parameters."""
    conditions = ["s.organization = %(organization)s"]
    values: dict[str, Any] = {
        "organization": query.organization,
        "sites": to_json_text(dict(configuration.sites)),
    }
    if query.product:
        conditions.append("s.product = %(product)s")
        values["product"] = query.product

    if query.source:
        conditions.append("s.source = %(source)s")
        values["source"] = query.source

    if query.search:
        conditions.append(SEARCH_CONDITION)
        values |= search_values(session, query.search)

    for number, (name, value) in enumerate(query.dimensions.items()):
        conditions.append(f"{_expression(name)} = %(dimension{number})s")
        values[f"dimension{number}"] = value

    return " AND ".join(conditions), values


@dataclass(frozen=True, slots=True)
class _Total:
    """Summed stock of one group."""

    group_values: list[str]
    keys: int
    first_id: int
    on_hand: Decimal
    reserved: Decimal
    safety_stock: Decimal
    oversell: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class _Grid:
    """The SQL of one grid query: group columns, conditions and their parameters."""

    session: Session
    columns: Sequence[str]
    conditions: str
    values: Mapping[str, Any]
    having: str

    @classmethod
    def of(
        cls, session: Session, query: GridQuery, configuration: InventoryConfiguration
    ) -> "_Grid":
        columns = [_expression(name) for name in query.group_by]
        conditions, values = _conditions(session, query, configuration)
        return cls(session, columns, conditions, values, _SHORT if query.short else "")

    def totals(self, after: Sequence[str] | None, limit: int) -> list[_Total]:
        """Return the next groups in the order of their values."""
        columns = ", ".join(self.columns)
        conditions = self.conditions
        values = {**self.values, "limit": limit}
        if after is not None:
            names = [f"after{number}" for number in range(len(after))]
            values |= zip(names, after, strict=True)
            placeholders = ", ".join(f"%({name})s" for name in names)
            conditions += f" AND ({columns}) > ({placeholders})"

        return fetch_as(
            self.session,
            _Total,
            f"SELECT ARRAY[{columns}] AS group_values, count(*) AS keys, min(s.id) AS first_id,"
            " sum(s.on_hand) AS on_hand, sum(s.reserved) AS reserved,"
            " sum(s.safety_stock) AS safety_stock, bool_or(s.oversell) AS oversell,"
            " max(s.updated_at) AS updated_at"
            f" FROM inventory_visibility.stock s WHERE {conditions}"
            f" GROUP BY {columns} {self.having} ORDER BY {columns} LIMIT %(limit)s",
            values,
        )

    def measures(self, totals: Sequence[_Total]) -> dict[int, dict[Measure, Decimal]]:
        """Return the physical measures of each group, by its number on the page."""
        rows = self._summed(
            totals,
            "b.data_source, b.measure, sum(b.quantity)",
            "inventory_visibility.measure_balance b ON b.stock_id = s.id",
            "g.number, b.data_source, b.measure",
        )
        found: dict[int, dict[Measure, Decimal]] = {}
        for number, data_source, measure, units in rows:
            found.setdefault(number, {})[data_source, measure] = units

        return found

    def allocated(self, totals: Sequence[_Total]) -> dict[int, Decimal]:
        """Return the allocated units of each group, by its number on the page."""
        rows = self._summed(
            totals,
            "sum(a.allocated)",
            "inventory_visibility.allocation a ON a.stock_id = s.id",
            "g.number",
        )
        return {number: units for number, units in rows}

    def _summed(
        self, totals: Sequence[_Total], selected: str, join: str, group_by: str
    ) -> Sequence[Sequence[Any]]:
        """Sum rows of a table over the stock of each group; the first column is its number."""
        names = [f"key{number}" for number in range(len(self.columns))]
        arrays = []
        matches = []
        parameters: dict[str, Any] = dict(self.values)
        columns = zip(*(total.group_values for total in totals), strict=True)

        for name, expression, values in zip(names, self.columns, columns, strict=True):
            arrays.append(f"%({name})s::text[]")
            matches.append(f"{expression} = g.{name}")
            parameters[name] = list(values)

        return fetch(
            self.session,
            f"SELECT g.number::int - 1, {selected}"
            f" FROM unnest({', '.join(arrays)})"
            f" WITH ORDINALITY AS g({', '.join(names)}, number)"
            f" JOIN inventory_visibility.stock s ON {' AND '.join(matches)} JOIN {join}"
            f" WHERE {self.conditions} GROUP BY {group_by}",
            parameters,
        )


def with_calculated_measures(
    physical: Mapping[Measure, Decimal], configuration: InventoryConfiguration
) -> Quantities:
    """Return physical measures with the calculated ones of which any term has a quantity."""
    sums = dict(physical)
    for calculated, terms in configuration.calculated.items():
        posted = terms.keys() & physical.keys()
        if posted:
            sums[calculated] = sum((terms[one] * physical[one] for one in posted), ZERO)

    found: Quantities = {}
    for (source, name), units in sums.items():
        found.setdefault(source, {})[name] = float(units)

    return found
