"""Reads of sourcing decisions with their candidates."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.documents import QuantityNumber
from openiom.kernel import round_cost

from .explanations import refusal_text
from .models import SourcingDecision, SourcingPlan


class CandidateRow(BaseModel):
    """A source for a line: its cost in parts, or why it was refused."""

    line_id: UUID
    source: str
    chosen: bool
    on_hand: QuantityNumber
    cost: dict[str, float]
    total: float
    refused: str


class ChosenRow(BaseModel):
    """Units of a line from a source; no source for units that stay open."""

    line_id: UUID
    source: str | None
    quantity: QuantityNumber


class DecisionRow(BaseModel):
    """The decision of one plan about an order."""

    id: UUID
    decided_at: datetime
    strategy: str
    complete: bool
    cost: float
    currency: str
    parts: dict[str, float]
    considered: int
    note: str
    chosen: list[ChosenRow]
    candidates: list[CandidateRow]


def list_decisions(session: Session, order_id: UUID) -> list[DecisionRow]:
    """Return the sourcing decisions about an order, newest first."""
    query = (
        select(SourcingDecision, SourcingPlan.currency)
        .outerjoin(SourcingPlan, SourcingPlan.id == SourcingDecision.plan_id)
        .where(SourcingDecision.order_id == order_id)
        .order_by(SourcingDecision.decided_at.desc())
    )
    found: list[DecisionRow] = []
    for row in session.execute(query):
        found.append(_decision(row.SourcingDecision, row.currency or ""))

    return found


def _decision(row: SourcingDecision, currency: str) -> DecisionRow:
    explanation = row.explanation
    candidates: list[CandidateRow] = []
    for line in range(len(explanation.get("lines", ()))):
        candidates += sorted(_candidates(explanation, line), key=_best_first)

    return DecisionRow(
        id=row.id,
        decided_at=row.decided_at,
        strategy=row.strategy,
        complete=row.complete,
        cost=float(row.cost),
        currency=currency,
        parts=explanation.get("parts", {}),
        considered=explanation.get("considered", 0),
        note=explanation.get("note", ""),
        chosen=list(_chosen(explanation)),
        candidates=candidates,
    )


def _chosen(explanation: Mapping[str, Any]) -> Iterator[ChosenRow]:
    """Yield the source of each line, of split lines one row per part."""
    split = explanation.get("parts_of_lines", {})
    for i, line in enumerate(explanation.get("lines", ())):
        whole = [(explanation["chosen"][i], explanation["quantity"][i])]
        for source, units in split.get(line, whole):
            yield ChosenRow(line_id=line, source=source or None, quantity=units)


def _candidates(explanation: Mapping[str, Any], line: int) -> Iterator[CandidateRow]:
    """Yield the candidates of a line, in the order of the explanation's columns."""
    for column, source in enumerate(explanation["sources"]):
        cost = _cost_parts(explanation, line, column)
        chosen = explanation["chosen"][line] == source
        refused = "" if chosen else refusal_text(explanation["refused"][line][column])
        yield CandidateRow(
            line_id=explanation["lines"][line],
            source=source,
            chosen=chosen,
            on_hand=explanation["on_hand"][line][column],
            cost=cost,
            total=round_cost(sum(cost.values())),
            refused=refused,
        )


def _cost_parts(explanation: Mapping[str, Any], line: int, column: int) -> dict[str, float]:
    """Return the money of a candidate by part: that of its parcel, then that of the line."""
    cost: dict[str, float] = {}
    for part, values in explanation["parcel"].items():
        cost[part] = values[column]
    for part, values in explanation["serve"].items():
        cost[part] = values[line][column]
    return cost


def _best_first(candidate: CandidateRow) -> tuple[bool, bool, float]:
    return not candidate.chosen, bool(candidate.refused), candidate.total
