"""Sources, sourcing plans and sourcing decisions over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from sqlalchemy import select

from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router
from openiom.platform.pagination import Page, PageRequest, page_request

from .decision_queries import DecisionRow, SourceMoveRow, list_decisions, list_moves
from .models import Source
from .planning import CapacityUsage, daily_usage, local_day
from .planning.queries import (
    PlanDetail,
    PlanRow,
    get_plan,
    list_plan_moves,
    list_plan_orders,
    list_plans,
)

router = Router(prefix="/api/v1", tags=["fulfillment optimization"])

PlanPage = Annotated[PageRequest[UUID], Depends(page_request(UUID))]
PlanOrderPage = Annotated[PageRequest[UUID], Depends(page_request(UUID, default_limit=200))]


class SourceDailyUsageRow(BaseModel):
    """What was planned from a source today, by its own clock, and what its limits leave.

    Counted only for sources with a daily limit.
    """

    day: date
    parcels: int
    lines: int
    parcels_left: int | None
    lines_left: int | None


class SourceRow(BaseModel):
    """A source with its settings."""

    name: str
    title: str
    type: str
    active: bool
    latitude: float
    longitude: float
    city: str
    state: str
    country: str
    processing_days: int
    daily_parcels: int | None
    time_zone: str
    settings: dict[str, Any]
    today: SourceDailyUsageRow


class SourceItems(BaseModel):
    """All sources."""

    items: list[SourceRow]


class Decisions(BaseModel):
    """The sourcing decisions about an order, and the lines that were moved after them.

    Both are kept as they were made, also after the order has shipped.
    """

    decisions: list[DecisionRow]
    moves: list[SourceMoveRow]


@router.get("/sources")
def sources(principal: CurrentPrincipal, session: ReadSession, now: Now) -> SourceItems:
    """Return every source, by name, with its settings and its usage today."""
    principal.require("sourcing.read")
    found = list(session.scalars(select(Source).order_by(Source.name)))
    usage = daily_usage(session, [(source.name, source.time_zone) for source in found], now)
    rows = [_source_row(source, usage.get(source.name, CapacityUsage()), now) for source in found]
    return SourceItems(items=rows)


def _source_row(source: Source, used: CapacityUsage, now: datetime) -> SourceRow:
    address = source.address
    return SourceRow(
        name=source.name,
        title=source.title,
        type=source.type,
        active=source.active,
        latitude=source.latitude,
        longitude=source.longitude,
        city=str(address.get("city", "")),
        state=str(address.get("state", "")),
        country=str(address.get("country", "")),
        processing_days=source.processing_days,
        daily_parcels=source.daily_parcels,
        time_zone=source.time_zone,
        settings=source.settings,
        today=SourceDailyUsageRow(
            day=local_day(source.time_zone, now),
            parcels=used.parcels,
            lines=used.lines,
            parcels_left=_left(source.daily_parcels, used.parcels),
            lines_left=_left(source.settings.get("daily_lines"), used.lines),
        ),
    )


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)


@router.get("/sourcing/plans")
def plans(
    paging: PlanPage,
    principal: CurrentPrincipal,
    session: ReadSession,
    strategy: str = "",
    mode: str = "",
) -> Page[PlanRow]:
    """Return sourcing runs, newest first: their cost, the bound they proved and their duration."""
    principal.require("sourcing.read")
    rows = list_plans(
        session,
        strategy=strategy,
        mode=mode,
        after=paging.after[0] if paging.after else None,
        limit=paging.fetch_limit,
    )
    return paging.page(rows, key=lambda row: (row.id,))


@router.get("/sourcing/plans/{plan_id}")
def plan(
    plan_id: UUID, paging: PlanOrderPage, principal: CurrentPrincipal, session: ReadSession
) -> PlanDetail:
    """Return one run: its cost parts, its orders with theirs, and the lines it moved."""
    principal.require("sourcing.read")
    head = get_plan(session, plan_id)
    after = paging.after[0] if paging.after else None
    orders = list_plan_orders(session, plan_id, after=after, limit=paging.fetch_limit)
    items, following = paging.split(orders, key=lambda row: (row.decision_id,))
    moved = list_plan_moves(session, plan_id)
    return PlanDetail(**head.model_dump(), items=items, moved=moved, next=following)


@router.get("/orders/{order_id}/sourcing")
def sourcing(order_id: UUID, principal: CurrentPrincipal, session: ReadSession) -> Decisions:
    """Return every sourcing decision about an order, newest first, with all its candidates."""
    principal.require("sourcing.read")
    decisions = list_decisions(session, order_id)
    return Decisions(decisions=decisions, moves=list_moves(session, order_id))
