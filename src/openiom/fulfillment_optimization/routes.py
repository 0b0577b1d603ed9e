"""Sources, and why an order was sourced as it was."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.platform.http import Asker, Reading

from .explaining import reason_of
from .models import Source, SourcingDecision

router = APIRouter(prefix="/api/v1", tags=["fulfillment optimization"])


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
    parts: dict[str, float]
    considered: int
    note: str
    chosen: list[ChosenRow]
    candidates: list[CandidateRow]


class Decisions(BaseModel):
    decisions: list[DecisionRow]


@router.get("/sources")
def sources(asker: Asker, session: Reading) -> SourceItems:
    """Every source, by name."""
    asker.require("sourcing.read")
    return SourceItems(items=[_source_row(s) for s in session.scalars(select(Source).order_by(Source.name))])


def _source_row(source: Source) -> SourceRow:
    place = {key: str(source.address.get(key, "")) for key in ("city", "state", "country")}
    names = ("name", "title", "type", "active", "latitude", "longitude", "processing_days", "daily_parcels")
    return SourceRow(**{name: getattr(source, name) for name in names}, **place)


@router.get("/orders/{order_id}/sourcing")
def sourcing(order_id: UUID, asker: Asker, session: Reading) -> Decisions:
    """Every sourcing decision about an order, newest first, with all candidates it looked at."""
    asker.require("sourcing.read")
    return Decisions(decisions=decisions_of(session, order_id))


def decisions_of(session: Session, order_id: UUID) -> list[DecisionRow]:
    query = select(SourcingDecision).where(SourcingDecision.order_id == order_id)
    return [_decision(row) for row in session.scalars(query.order_by(SourcingDecision.at.desc()))]


def _decision(row: SourcingDecision) -> DecisionRow:
    kept = row.explanation
    chosen = [
        ChosenRow(line_id=line, source=name, quantity=quantity)
        for line, name, quantity in zip(
            kept.get("lines", ()), kept.get("chosen", ()), kept.get("quantity", ()), strict=True
        )
    ]
    candidates = [
        candidate
        for line in range(len(chosen))
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
        parts=kept.get("parts", {}),
        considered=kept.get("considered", 0),
        note=kept.get("note", ""),
        chosen=chosen,
        candidates=candidates,
    )


def _candidate(kept: dict[str, Any], line: int, column: int) -> CandidateRow:
    cost = {k: v[column] for k, v in kept["parcel"].items()} | {k: v[line][column] for k, v in kept["serve"].items()}
    name = kept["sources"][column]
    chosen = kept["chosen"][line] == name
    return CandidateRow(
        line_id=kept["lines"][line],
        source=name,
        chosen=chosen,
        on_hand=kept["on_hand"][line][column],
        cost=cost,
        total=round(sum(cost.values()), 4),
        refused="" if chosen else reason_of(kept["refused"][line][column]),
    )
