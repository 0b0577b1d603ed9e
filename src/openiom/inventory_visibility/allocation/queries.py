"""Reads of allocations: at a stock key, of the own stock, totals by group, and what moved one."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import StockKey
from openiom.platform.bulk import fetch_as


class AllocationRow(NamedTuple):
    """One path of groups at one stock key; cumulative figures include what was returned or used."""

    product: str
    source: str
    dimensions: dict[str, str]
    groups: list[str]
    allocated: Decimal
    cumulative_allocated: Decimal
    consumed: Decimal
    cumulative_consumed: Decimal


class OwnAllocation(BaseModel):
    """Units of the own stock allocated to a path of groups, the highest first."""

    id: int
    product: str
    source: str
    dimensions: dict[str, str]
    groups: list[str]
    allocated: float
    cumulative_allocated: float
    consumed: float
    cumulative_consumed: float


class PoolRow(BaseModel):
    """All allocations of the own stock for one path of groups, over `keys` stock keys."""

    groups: list[str]
    keys: int
    allocated: float
    cumulative_allocated: float
    consumed: float
    cumulative_consumed: float


class MoveRow(BaseModel):
    """One operation on an allocation: how it moved allocated and consumed units."""

    id: int
    recorded_at: datetime
    operation: str
    allocated: float
    consumed: float
    document: str
    actor: str


_ALLOCATION = (
    "s.product, s.source, s.dimension_values AS dimensions, a.groups, a.allocated,"
    " a.cumulative_allocated, a.consumed, a.cumulative_consumed"
)
_FROM = (
    " FROM inventory_visibility.allocation a JOIN inventory_visibility.stock s ON s.id = a.stock_id"
)


def allocations_at(
    session: Session, key: StockKey, groups: Sequence[str] = ()
) -> list[AllocationRow]:
    """Return the allocations at this stock key whose path begins with `groups`."""
    return fetch_as(
        session,
        AllocationRow,
        f"SELECT {_ALLOCATION} {_FROM}"
        " WHERE s.organization = %s AND s.product = %s AND s.source = %s AND s.dimensions = %s"
        " AND a.groups[1:%s] = %s::text[] ORDER BY a.groups",
        (*key, len(groups), list(groups)),
    )


def own_allocations(
    session: Session, *, product: str, source: str, after: int, limit: int
) -> list[OwnAllocation]:
    """Return allocations of the own stock by id; empty filters match all."""
    return fetch_as(
        session,
        OwnAllocation,
        f"SELECT a.id, {_ALLOCATION} {_FROM} WHERE s.organization = ''"
        " AND (%(product)s = '' OR s.product = %(product)s)"
        " AND (%(source)s = '' OR s.source = %(source)s)"
        " AND a.id > %(after)s ORDER BY a.id LIMIT %(limit)s",
        {"product": product, "source": source, "after": after, "limit": limit},
    )


def pool_totals(session: Session, *, product: str, source: str) -> list[PoolRow]:
    """Return totals by path of groups; there are as many as groups, not as products."""
    return fetch_as(
        session,
        PoolRow,
        "SELECT a.groups, count(*) AS keys, sum(a.allocated) AS allocated,"
        " sum(a.cumulative_allocated) AS cumulative_allocated, sum(a.consumed) AS consumed,"
        " sum(a.cumulative_consumed) AS cumulative_consumed"
        f" {_FROM} WHERE s.organization = ''"
        " AND (%(product)s = '' OR s.product = %(product)s)"
        " AND (%(source)s = '' OR s.source = %(source)s) GROUP BY a.groups ORDER BY a.groups",
        {"product": product, "source": source},
    )


def allocation_moves(
    session: Session, allocation_id: int, *, before: int | None, limit: int
) -> list[MoveRow]:
    """Return what moved an allocation, the newest first."""
    return fetch_as(
        session,
        MoveRow,
        "SELECT id, recorded_at, operation, allocated, consumed, document, actor"
        " FROM inventory_visibility.allocation_entry WHERE allocation_id = %s"
        " AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
        (allocation_id, before, before, limit),
    )
