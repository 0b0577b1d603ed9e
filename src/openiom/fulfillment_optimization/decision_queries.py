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
from .models import ReoptimizationMove, SourcingDecision, SourcingPlan


class CandidateRow(BaseModel):
    """A source for a line: its cost in parts, or why it was refused.

    `difference` is how much more it would have cost than the chosen source, less than zero where
    the line alone would have been cheaper; null for the chosen and for refused ones.
    """

    line_id: UUID
    source: str
    chosen: bool
    on_hand: QuantityNumber
    cost: dict[str, float]
    total: float
    difference: float | None
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


class SourceMoveRow(BaseModel):
    """A line that the re-optimizer moved to another source after the decision about it."""

    line_id: UUID
    moved_at: datetime
    from_source: str
    to_source: str
    saving: float
    currency: str


def list_moves(session: Session, order_id: UUID) -> list[SourceMoveRow]:
    """Return the lines of an order that were moved to another source, newest first."""
    query = (
        select(ReoptimizationMove, SourcingPlan.currency)
        .join(SourcingPlan, SourcingPlan.id == ReoptimizationMove.plan_id)
        .where(ReoptimizationMove.order_id == order_id)
        .order_by(ReoptimizationMove.id.desc())
    )
    found: list[SourceMoveRow] = []
    for row in session.execute(query):
        move = row.ReoptimizationMove
        found.append(
            SourceMoveRow(
                line_id=move.line_id,
                moved_at=move.moved_at,
                from_source=move.from_source,
                to_source=move.to_source,
                saving=float(move.saving),
                currency=row.currency,
            )
        )

    return found


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
    costs: dict[str, dict[str, float]] = {}
    for column, source in enumerate(explanation["sources"]):
        costs[source] = _cost_parts(explanation, line, column)

    chosen_source = explanation["chosen"][line]
    winner = _total(costs[chosen_source]) if chosen_source in costs else None
    for column, (source, cost) in enumerate(costs.items()):
        chosen = chosen_source == source
        refused = "" if chosen else refusal_text(explanation["refused"][line][column])
        total = _total(cost)
        difference = None
        if winner is not None and not chosen and not refused:
            difference = round_cost(total - winner)

        yield CandidateRow(
            line_id=explanation["lines"][line],
            source=source,
            chosen=chosen,
            on_hand=explanation["on_hand"][line][column],
            cost=cost,
            total=total,
            difference=difference,
            refused=refused,
        )


def _total(cost: Mapping[str, float]) -> float:
    return round_cost(sum(cost.values()))


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
