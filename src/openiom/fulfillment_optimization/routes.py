"""Sources, and why an order was sourced as it was."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform.http import CurrentPrincipal, Now, Page, ReadSession, decode_cursor, paginate

from .explanations import refusal_text
from .models import Source, SourcingDecision, SourcingPlan
from .planning.daily_capacity import IntakeResult, days_of, local_day
from .planning.queries import PlanDetail, PlanRow, get_plan, list_plans

router = APIRouter(prefix="/api/v1", tags=["fulfillment optimization"])


class SourceDayRow(BaseModel):
    """What was sourced today, by the source's own clock; counted where the day has a limit."""

    day: date
    parcels: int
    lines: int
    parcels_left: int | None
    lines_left: int | None


class SourceRow(BaseModel):
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
    today: SourceDayRow


class SourceItems(BaseModel):
    items: list[SourceRow]


class CandidateRow(BaseModel):
    """One source for one line: what it would have cost, in parts, or why it was refused."""

    line_id: UUID
    source: str
    chosen: bool
    on_hand: int
    cost: dict[str, float]
    total: float
    refused: str


class ChosenRow(BaseModel):
    line_id: UUID
    source: str | None
    quantity: int


class DecisionRow(BaseModel):
    id: UUID
    at: datetime
    strategy: str
    complete: bool
    cost: float
    currency: str
    parts: dict[str, float]
    considered: int
    note: str
    chosen: list[ChosenRow]
    candidates: list[CandidateRow]


class Decisions(BaseModel):
    decisions: list[DecisionRow]


@router.get("/sources")
def sources(principal: CurrentPrincipal, session: ReadSession, now: Now) -> SourceItems:
    """Every source, by name, with its settings and what its day has taken."""
    principal.require("sourcing.read")
    found = list(session.scalars(select(Source).order_by(Source.name)))
    days = days_of(session, [(s.name, s.time_zone) for s in found], now)
    return SourceItems(
        items=[_source_row(s, days.get(s.name, IntakeResult(0, 0)), now) for s in found]
    )


def _source_row(source: Source, taken: IntakeResult, now: datetime) -> SourceRow:
    place = {key: str(source.address.get(key, "")) for key in ("city", "state", "country")}
    names = (
        "name",
        "title",
        "type",
        "active",
        "latitude",
        "longitude",
        "processing_days",
        "daily_parcels",
    )
    lines = source.settings.get("daily_lines")
    today = SourceDayRow(
        day=local_day(source.time_zone, now),
        parcels=taken.parcels,
        lines=taken.lines,
        parcels_left=None
        if source.daily_parcels is None
        else max(0, source.daily_parcels - taken.parcels),
        lines_left=None if lines is None else max(0, lines - taken.lines),
    )
    rest = {"time_zone": source.time_zone, "settings": source.settings, "today": today}
    return SourceRow(**{name: getattr(source, name) for name in names}, **place, **rest)


@router.get("/sourcing/plans")
def plans(
    principal: CurrentPrincipal,
    session: ReadSession,
    strategy: str = "",
    mode: str = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[PlanRow]:
    """Sourcing runs, newest first: what each cost, the bound it proved, and how long it took."""
    principal.require("sourcing.read")
    cursor = decode_cursor(after, 1, UUID)
    rows = list_plans(
        session,
        strategy=strategy,
        mode=mode,
        after=UUID(cursor[0]) if cursor else None,
        limit=limit + 1,
    )
    items, following = paginate(rows, limit=limit, key=lambda r: (r.id,))
    return Page(items=items, next=following)


@router.get("/sourcing/plans/{plan_id}")
def plan(
    plan_id: UUID,
    principal: CurrentPrincipal,
    session: ReadSession,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> PlanDetail:
    """One run: its cost parts, its orders with theirs, and the lines it moved."""
    principal.require("sourcing.read")
    return get_plan(session, plan_id, after=_uuid(after) if after else None, limit=limit)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(
            "is not a page cursor of this list", where="after", remedy="start from the first page"
        ) from error


@router.get("/orders/{order_id}/sourcing")
def sourcing(order_id: UUID, principal: CurrentPrincipal, session: ReadSession) -> Decisions:
    """Every sourcing decision about an order, newest first, with all candidates it looked at."""
    principal.require("sourcing.read")
    return Decisions(decisions=decisions_of(session, order_id))


def decisions_of(session: Session, order_id: UUID) -> list[DecisionRow]:
    query = select(SourcingDecision, SourcingPlan.currency).where(
        SourcingDecision.order_id == order_id
    )
    query = query.outerjoin(SourcingPlan, SourcingPlan.id == SourcingDecision.run_id)
    return [
        _decision(row, currency or "")
        for row, currency in session.execute(query.order_by(SourcingDecision.at.desc()))
    ]


def _decision(row: SourcingDecision, currency: str) -> DecisionRow:
    kept = row.explanation
    divided = kept.get("parts_of_lines", {})
    chosen = [
        ChosenRow(line_id=line, source=source or None, quantity=units)
        for line, name, quantity in zip(
            kept.get("lines", ()), kept.get("chosen", ()), kept.get("quantity", ()), strict=True
        )
        for source, units in divided.get(line, [(name, quantity)])
    ]
    candidates = [
        candidate
        for line in range(len(kept.get("lines", ())))
        for candidate in sorted(
            (_candidate(kept, line, column) for column in range(len(kept["sources"]))),
            key=lambda c: (not c.chosen, bool(c.refused), c.total),
        )
    ]
    return DecisionRow(
        id=row.id,
        at=row.at,
        strategy=row.strategy,
        complete=row.complete,
        cost=float(row.cost),
        currency=currency,
        parts=kept.get("parts", {}),
        considered=kept.get("considered", 0),
        note=kept.get("note", ""),
        chosen=chosen,
        candidates=candidates,
    )


def _candidate(kept: dict[str, Any], line: int, column: int) -> CandidateRow:
    cost = {k: v[column] for k, v in kept["parcel"].items()} | {
        k: v[line][column] for k, v in kept["serve"].items()
    }
    name = kept["sources"][column]
    chosen = kept["chosen"][line] == name
    return CandidateRow(
        line_id=kept["lines"][line],
        source=name,
        chosen=chosen,
        on_hand=kept["on_hand"][line][column],
        cost=cost,
        total=round(sum(cost.values()), 4),
        refused="" if chosen else refusal_text(kept["refused"][line][column]),
    )
