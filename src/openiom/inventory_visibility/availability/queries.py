"""Reads of what is available now: stock free to promise, and the list of stock."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import ZERO, ProductSource
from openiom.master_data import kit_parts, product_names, products_named_like
from openiom.platform.bulk import fetch, fetch_as

from .allocation_limits import limits_of
from .decisions import Requester

OVERSELL = 1_000_000_000
"""The units available at a stock key that may be oversold."""


class StockRow(BaseModel):
    """One line of the list of stock; quantities in the product's unit."""

    id: int
    product: str
    product_name: str
    source: str
    on_hand: float
    reserved: float
    available: float
    updated_at: datetime


def available(
    session: Session, products: Iterable[str], *, channel: str = "", customer_group: str = ""
) -> dict[ProductSource, Decimal]:
    """Return what is free to promise by (product, source), in stock units, where there is any.

    Safety stock, units allocated to others and the buffer of `channel` are left out; what is
    allocated to the requester is included. Of a kit, as many whole units are available as its parts
    at one source make. Stock keys that may be oversold have `OVERSELL` units.
    """
    wanted = set(products)
    kits = kit_parts(session, wanted)
    single = wanted - kits.keys()

    for parts in kits.values():
        single.update(parts)

    requester = Requester(channel, customer_group)
    free = _free_for(session, single, requester) if channel else _common_free(session, single)
    if not kits:
        return free

    free |= _free_kits(kits, free)
    return {key: units for key, units in free.items() if key[0] in wanted}


def _free_kits(
    kits: Mapping[str, Mapping[str, int]], free: Mapping[ProductSource, Decimal]
) -> dict[ProductSource, Decimal]:
    """Return how many of each kit the free units of its parts make, by source."""
    by_product: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for (product, source), units in free.items():
        by_product[product][source] = units

    found = {}
    for kit, parts in kits.items():
        for source, units in _whole_kits(parts, by_product).items():
            found[kit, source] = units

    return found


def _whole_kits(
    parts: Mapping[str, int], by_product: Mapping[str, Mapping[str, Decimal]]
) -> dict[str, Decimal]:
    """Return how many of one kit the free units of its parts make at each source that has all."""
    kits_by_source: dict[str, Decimal] = {}
    for number, (part, per_kit) in enumerate(parts.items()):
        whole_kits = {}
        for source, units in by_product.get(part, {}).items():
            most = units // per_kit
            if number:
                most = min(most, kits_by_source.get(source, ZERO))

            if most:
                whole_kits[source] = most

        kits_by_source = whole_kits

    return kits_by_source


def channels_matter(session: Session) -> bool:
    """Return whether allocations or channel buffers exist.

    Without any, the same stock is available to every requester.
    """
    ((exists,),) = fetch(
        session,
        "SELECT EXISTS (SELECT FROM inventory_visibility.allocation WHERE allocated > 0)"
        " OR EXISTS (SELECT FROM inventory_visibility.stock_policy_rule WHERE channel <> '')",
    )
    return bool(exists)


def _common_free(session: Session, products: set[str]) -> dict[ProductSource, Decimal]:
    """Return what is free for requesters without allocations and buffers, in one query."""
    rows = fetch(
        session,
        "WITH allocated AS (SELECT stock_id, sum(allocated) AS units"
        " FROM inventory_visibility.allocation WHERE allocated > 0 GROUP BY stock_id)"
        " SELECT product, source, CASE WHEN oversell THEN 1000000000 ELSE"
        " on_hand - reserved - safety_stock - coalesce(a.units, 0) END"
        " FROM inventory_visibility.stock s LEFT JOIN allocated a ON a.stock_id = s.id"
        " WHERE product = ANY(%s) AND organization = '' AND dimensions = ''"
        " AND (on_hand - reserved - safety_stock - coalesce(a.units, 0) > 0 OR oversell)",
        (sorted(products),),
    )
    return {(product, source): units for product, source, units in rows}


class OwnStock(NamedTuple):
    """One of the own root rows."""

    stock_id: int
    product: str
    source: str
    on_hand: Decimal
    reserved: Decimal
    safety_stock: Decimal
    oversell: bool

    @property
    def key(self) -> ProductSource:
        return self.product, self.source


def own_stock(session: Session, products: Iterable[str], *, source: str = "") -> list[OwnStock]:
    """Return the own root rows of these products, at one source when it is given."""
    return fetch_as(
        session,
        OwnStock,
        "SELECT id AS stock_id, product, source, on_hand, reserved, safety_stock, oversell"
        " FROM inventory_visibility.stock WHERE product = ANY(%(products)s)"
        " AND organization = '' AND dimensions = ''"
        " AND (%(source)s = '' OR source = %(source)s)",
        {"products": sorted(set(products)), "source": source},
    )


def _free_for(
    session: Session, products: set[str], requester: Requester
) -> dict[ProductSource, Decimal]:
    """Return what is free for a requester with a channel, in three queries."""
    rows = own_stock(session, products)
    limits = limits_of(session, rows, {requester.channel})

    free: dict[ProductSource, Decimal] = {}
    for row in rows:
        if row.oversell:
            free[row.key] = Decimal(OVERSELL)
            continue

        units = limits.available_to(
            row.stock_id, requester, on_hand=row.on_hand, free=row.on_hand - row.reserved
        )
        if units > 0:
            free[row.key] = units

    return free


@dataclass(frozen=True, slots=True)
class StockFilter:
    """Which stock to list; empty values do not filter.

    `search` matches the beginning of the product number or any part of the product's name. `short`
    keeps stock without unreserved units.
    """

    product: str = ""
    source: str = ""
    search: str = ""
    short: bool = False


class _StockListRow(NamedTuple):
    """A row of `StockRow` without the name, which belongs to another package."""

    id: int
    product: str
    source: str
    on_hand: float
    reserved: float
    available: float
    updated_at: datetime


def list_stock(
    session: Session, wanted: StockFilter, *, after: Sequence[Any] | None, limit: int
) -> list[StockRow]:
    """Return stock keys by (product, source, id)."""
    conditions = ["TRUE"]
    values: dict[str, Any] = {"limit": limit}
    if wanted.product:
        conditions.append("s.product = %(product)s")
        values["product"] = wanted.product

    if wanted.source:
        conditions.append("s.source = %(source)s")
        values["source"] = wanted.source

    if wanted.search:
        conditions.append(SEARCH_CONDITION)
        values |= search_values(session, wanted.search)

    if wanted.short:
        conditions.append("s.on_hand <= s.reserved")

    if after:
        conditions.append(
            "(s.product, s.source, s.id)"
            " > (%(after_product)s, %(after_source)s, %(after_id)s::bigint)"
        )
        values["after_product"], values["after_source"], values["after_id"] = after

    found = fetch_as(
        session,
        _StockListRow,
        "SELECT s.id, s.product, s.source, s.on_hand::float8, s.reserved::float8,"
        " (s.on_hand - s.reserved)::float8 AS available, s.updated_at"
        f" FROM inventory_visibility.stock s WHERE {' AND '.join(conditions)}"
        " ORDER BY s.product, s.source, s.id LIMIT %(limit)s",
        values,
    )
    names = product_names(session, {row.product for row in found})

    rows = []
    for row in found:
        rows.append(StockRow(product_name=names.get(row.product, ""), **row._asdict()))

    return rows


SEARCH_CONDITION = "(s.product ILIKE %(search_prefix)s OR s.product = ANY(%(named)s::text[]))"
"""Matches stock by number or name of the product; its parameters are those of `search_values`."""


def search_values(session: Session, search: str) -> dict[str, Any]:
    """Return the parameters of `SEARCH_CONDITION`."""
    return {"search_prefix": f"{search}%", "named": products_named_like(session, search)}
