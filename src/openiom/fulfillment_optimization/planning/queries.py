"""Reads of sourcing plans."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch_as


class PlanRow(BaseModel):
    """One run of the optimizer.

    Money is in `currency`, which is empty when kilometers are counted or none is configured;
    `lower_bound` and `gap` are set when a batch proved them.
    """

    id: UUID
    planned_at: datetime
    strategy: str
    mode: str
    method: str
    orders: int
    lines: int
    open_lines: int
    cost: float
    lower_bound: float | None
    gap: float | None
    seconds: float
    moves: int
    currency: str


class PlanOrder(BaseModel):
    """The decision about one order; its candidates are in the sourcing of the order."""

    decision_id: UUID
    order_id: UUID
    complete: bool
    cost: float
    parts: dict[str, float]
    sources: list[str]


class PlanMove(BaseModel):
    """A line the re-optimizer moved, with its share of what its order saves."""

    order_id: UUID
    line_id: UUID
    from_source: str
    to_source: str
    saving: float


class PlanHead(PlanRow):
    """One run with its cost parts."""

    parts: dict[str, float]


class PlanDetail(PlanHead):
    """One run with its cost parts, its orders and the lines it moved."""

    items: list[PlanOrder]
    moved: list[PlanMove]
    next: str | None


class DecisionSummary(NamedTuple):
    """A decision without its candidates."""

    id: UUID
    order_id: UUID
    complete: bool
    cost: float
    parts: Mapping[str, float]
    chosen: Sequence[str | None]
    parts_of_lines: Mapping[str, Sequence[tuple[str, int]]]


_PLAN_COLUMNS = (
    "id, planned_at, strategy, mode, method, orders, lines, open_lines, cost::float8 AS cost,"
    " lower_bound::float8 AS lower_bound, gap, seconds, moves, currency"
)


def list_plans(
    session: Session, *, strategy: str, mode: str, after: UUID | None, limit: int
) -> list[PlanRow]:
    """Return runs, newest first; an empty strategy or mode selects all of them."""
    conditions, values = ["TRUE"], list[Any]()
    if strategy:
        conditions.append("strategy = %s")
        values.append(strategy)

    if mode:
        conditions.append("mode = %s")
        values.append(mode)

    if after:
        conditions.append("id < %s")
        values.append(after)

    return fetch_as(
        session,
        PlanRow,
        f"SELECT {_PLAN_COLUMNS} FROM fulfillment_optimization.sourcing_plan"
        f" WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT %s",
        (*values, limit),
    )


def get_plan(session: Session, plan_id: UUID) -> PlanHead:
    """Return one run. Raises NotFound."""
    found = fetch_as(
        session,
        PlanHead,
        f"SELECT {_PLAN_COLUMNS}, parts FROM fulfillment_optimization.sourcing_plan WHERE id = %s",
        (plan_id,),
    )
    if not found:
        raise NotFound(f"no sourcing plan {plan_id}", remedy="look it up in the list of plans")

    return found[0]


def list_plan_orders(
    session: Session, plan_id: UUID, *, after: UUID | None, limit: int
) -> list[PlanOrder]:
    """Return the decisions of a plan, by decision id."""
    decisions = fetch_as(
        session,
        DecisionSummary,
        "SELECT d.id, d.order_id, d.complete, d.cost::float8 AS cost,"
        " coalesce(d.explanation -> 'parts', '{}') AS parts,"
        " coalesce(d.explanation -> 'chosen', '[]') AS chosen,"
        " coalesce(d.explanation -> 'parts_of_lines', '{}') AS parts_of_lines"
        " FROM fulfillment_optimization.sourcing_plan p"
        " JOIN fulfillment_optimization.sourcing_decision d"
        " ON d.plan_id = p.id AND d.id BETWEEN p.first_decision AND p.last_decision"
        " WHERE p.id = %s AND (%s::uuid IS NULL OR d.id > %s) ORDER BY d.id LIMIT %s",
        (plan_id, after, after, limit),
    )
    return [_plan_order(decision) for decision in decisions]


def _sources_of(decision: DecisionSummary) -> list[str]:
    """Return the sources that serve lines or parts of lines, by name."""
    sources = set(decision.chosen)
    for parts in decision.parts_of_lines.values():
        sources.update(source for source, _ in parts)

    return sorted(filter(None, sources))


def _plan_order(decision: DecisionSummary) -> PlanOrder:
    return PlanOrder(
        decision_id=decision.id,
        order_id=decision.order_id,
        complete=decision.complete,
        cost=decision.cost,
        parts=dict(decision.parts),
        sources=_sources_of(decision),
    )


def list_plan_moves(session: Session, plan_id: UUID) -> list[PlanMove]:
    """Return the lines that a run of the re-optimizer moved."""
    return fetch_as(
        session,
        PlanMove,
        "SELECT order_id, line_id, from_source, to_source, saving::float8 AS saving"
        " FROM fulfillment_optimization.reoptimization_move WHERE plan_id = %s ORDER BY id",
        (plan_id,),
    )
