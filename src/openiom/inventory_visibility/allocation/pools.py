"""Allocations as people manage them: pools by group over all stock, and what moved one of them."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch


class PoolRow(BaseModel):
    """All allocations of our own stock for one path of groups, highest first, over `keys` stock keys."""

    groups: list[str]
    keys: int
    allocated: float
    cumulative_allocated: float
    consumed: float
    cumulative_consumed: float


class MoveRow(BaseModel):
    """One act on an allocation: how it moved what is allocated and what is consumed."""

    id: int
    at: datetime
    act: str
    allocated: float
    consumed: float
    document: str
    actor: str


def pools(session: Session, *, product: str, source: str) -> list[PoolRow]:
    """Pools by path of groups; there are as many as channels and groups, not as products."""
    rows = fetch(
        session,
        "SELECT a.groups, count(*), sum(a.allocated)::float8, sum(a.cumulative_allocated)::float8,"
        " sum(a.consumed)::float8, sum(a.cumulative_consumed)::float8 FROM inventory_visibility.allocation a"
        " JOIN inventory_visibility.stock s ON s.id = a.stock_id WHERE s.organization = ''"
        " AND (%s = '' OR s.product = %s) AND (%s = '' OR s.source = %s) GROUP BY a.groups ORDER BY a.groups",
        (product, product, source, source),
    )
    names = tuple(PoolRow.model_fields)
    return [PoolRow(**dict(zip(names, row, strict=True))) for row in rows]


def moves(session: Session, allocation_id: int, *, before: int | None, limit: int) -> list[MoveRow]:
    """What moved one allocation, newest first."""
    rows = fetch(
        session,
        "SELECT id, at, act, allocated::float8, consumed::float8, document, actor"
        " FROM inventory_visibility.allocation_entry WHERE allocation_id = %s AND (%s::bigint IS NULL OR id < %s)"
        " ORDER BY id DESC LIMIT %s",
        (allocation_id, before, before, limit),
    )
    names = tuple(MoveRow.model_fields)
    return [MoveRow(**dict(zip(names, row, strict=True))) for row in rows]
