"""Reads: what is available, the visibility list, and the entries behind a quantity."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_FLOOR

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.reservations.requests import Key
from openiom.master_data import kit_parts
from openiom.platform.bulk import fetch

from .allocation_limits import limits_of
from .decisions import Requester

OVERSELL = 1_000_000_000


class StockRow(BaseModel):
    """One line of the inventory list; quantities in the product's unit."""

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
) -> dict[Key, int]:
    """Whole units free to promise, by (product, source), where any are; oversell keys hold a billion.

    Safety stock, what is allocated to others and the buffer of `channel` are left out, what is allocated to the
    requester stands in. A kit has as many units as its parts make at one source.
    """
    wanted = set(products)
    kits = kit_parts(session, wanted)
    single = wanted.union(*(parts.keys() for parts in kits.values())) - kits.keys()
    free = (
        _free(session, single)
        if not channel
        else _free_for(session, single, Requester(channel, customer_group))
    )
    if not kits:
        return free
    by_product: dict[str, dict[str, int]] = defaultdict(dict)
    for (product, source), units in free.items():
        by_product[product][source] = units
    for kit, parts in kits.items():
        for source in set.intersection(*(set(by_product[part]) for part in parts)):
            units = min(by_product[part][source] // each for part, each in parts.items())
            if units:
                free[kit, source] = units
    return {key: units for key, units in free.items() if key[0] in wanted}


def channels_matter(session: Session) -> bool:
    """Whether anything is allocated or kept back from a channel; if not, stock looks the same to everybody."""
    query = (
        "SELECT EXISTS (SELECT FROM inventory_visibility.allocation WHERE allocated > 0)"
        " OR EXISTS (SELECT FROM inventory_visibility.stock_rule WHERE channel <> '')"
    )
    return bool(fetch(session, query)[0][0])


def _free(session: Session, products: set[str]) -> dict[Key, int]:
    """For whoever has no allocation and no buffer, in one query."""
    rows = fetch(
        session,
        "WITH kept AS (SELECT stock_id, sum(allocated) AS units FROM inventory_visibility.allocation"
        " WHERE allocated > 0 GROUP BY stock_id)"
        " SELECT product, source, CASE WHEN oversell THEN 1000000000"
        " ELSE floor(on_hand - reserved - safety_stock - coalesce(kept.units, 0))::bigint END AS free"
        " FROM inventory_visibility.stock s LEFT JOIN kept ON kept.stock_id = s.id"
        " WHERE product = ANY(%s) AND organization = '' AND dimensions = ''"
        " AND (on_hand - reserved - safety_stock - coalesce(kept.units, 0) >= 1 OR oversell)",
        (sorted(products),),
    )
    return {(product, source): units for product, source, units in rows}


def _free_for(session: Session, products: set[str], requester: Requester) -> dict[Key, int]:
    rows = fetch(
        session,
        "SELECT product, source, id, on_hand, reserved, safety_stock, oversell FROM inventory_visibility.stock"
        " WHERE product = ANY(%s) AND organization = '' AND dimensions = ''",
        (sorted(products),),
    )
    limits = limits_of(
        session, {r[2]: (r[0], r[1]) for r in rows}, {r[2]: r[5] for r in rows}, {requester.channel}
    )
    free: dict[Key, int] = {}
    for product, source, stock_id, on_hand, reserved, _, oversell in rows:
        units = limits.offers(stock_id, requester, on_hand=on_hand, free=on_hand - reserved)
        parse_id = OVERSELL if oversell else int(units.to_integral_value(ROUND_FLOOR))
        if parse_id > 0:
            free[product, source] = parse_id
    return free


def list_stock(
    session: Session,
    *,
    product: str,
    source: str,
    search: str,
    short: bool,
    after: list[str] | None,
    limit: int,
) -> list[StockRow]:
    """Stock keys by (product, source); `search` matches the start of the product number or name."""
    where, values = ["TRUE"], list[str]()
    for clause, value in (("s.product = %s", product), ("s.source = %s", source)):
        if value:
            where.append(clause)
            values.append(value)
    if search:
        where.append("(s.product ILIKE %s OR p.name ILIKE %s)")
        values += [f"{search}%", f"%{search}%"]
    if short:
        where.append("s.on_hand <= s.reserved")
    if after:
        where.append("(s.product, s.source, s.id) > (%s, %s, %s::bigint)")
        values += after
    rows = fetch(
        session,
        "SELECT s.id, s.product, coalesce(p.name, ''), s.source, s.on_hand::float8, s.reserved::float8,"
        " (s.on_hand - s.reserved)::float8, s.updated_at FROM inventory_visibility.stock s"
        f" LEFT JOIN master_data.product p ON p.number = s.product WHERE {' AND '.join(where)}"
        " ORDER BY s.product, s.source, s.id LIMIT %s",
        (*values, limit),
    )
    names = tuple(StockRow.model_fields)
    return [StockRow(**dict(zip(names, row, strict=True))) for row in rows]
