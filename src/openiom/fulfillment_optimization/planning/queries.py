"""Reads: the runs, and what each decided."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch


class PlanRow(BaseModel):
    """
    One run. Money in `currency`, which is empty where kilometers were counted or none is configured; `lower_bound` and
    `gap` where a batch proved them.
    """

    id: UUID
    at: datetime
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
    """What the run decided for one order; its candidates stand in the sourcing of the order."""

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


class PlanDetail(PlanRow):
    parts: dict[str, float]
    items: list[PlanOrder]
    moved: list[PlanMove]
    next: str | None


_ROW = tuple(PlanRow.model_fields)
_SELECT = (
    "SELECT id, at, strategy, mode, method, orders, lines, open_lines, cost::float8, lower_bound::float8, gap, seconds,"
    " moves, currency, parts, first_decision, last_decision FROM fulfillment_optimization.sourcing_plan"
)


def list_plans(
    session: Session, *, strategy: str, mode: str, after: UUID | None, limit: int
) -> list[PlanRow]:
    """Runs, newest first."""
    where, values = ["TRUE"], list[Any]()
    for clause, value in (("strategy = %s", strategy), ("mode = %s", mode), ("id < %s", after)):
        if value:
            where.append(clause)
            values.append(value)
    rows = fetch(
        session,
        f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT %s",
        (*values, limit),
    )
    return [_plan_row(row) for row in rows]


def _plan_row(row: tuple[Any, ...]) -> PlanRow:
    return PlanRow(**dict(zip(_ROW, row[: len(_ROW)], strict=True)))


def get_plan(session: Session, plan_id: UUID, *, after: UUID | None, limit: int) -> PlanDetail:
    """One run with up to `limit` of its orders. Raises NotFound."""
    found = fetch(session, f"{_SELECT} WHERE id = %s", (plan_id,))
    if not found:
        raise NotFound(f"no sourcing plan {plan_id}", remedy="look it up in the list of plans")
    parts, first, last = found[0][len(_ROW) :]
    rows = []
    if first is not None:
        rows = fetch(
            session,
            "SELECT id, order_id, complete, cost::float8, explanation FROM fulfillment_optimization.sourcing_decision"
            " WHERE id BETWEEN %s AND %s AND run_id = %s AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s",
            (first, last, plan_id, after, after, limit + 1),
        )
    moved = fetch(
        session,
        "SELECT order_id, line_id, from_source, to_source, saving::float8 FROM fulfillment_optimization.reoptimization_move"
        " WHERE plan_id = %s ORDER BY id",
        (plan_id,),
    )
    orders = [_order(*row) for row in rows[:limit]]
    return PlanDetail(
        **_plan_row(found[0]).model_dump(),
        parts=parts,
        items=orders,
        moved=[PlanMove(**dict(zip(PlanMove.model_fields, row, strict=True))) for row in moved],
        next=str(orders[-1].decision_id) if len(rows) > limit else None,
    )


def _order(
    id: UUID, order: UUID, complete: bool, cost: float, explanation: dict[str, Any]
) -> PlanOrder:
    used = {name for name in explanation.get("chosen", ()) if name}
    used |= {
        source
        for parts in explanation.get("parts_of_lines", {}).values()
        for source, _ in parts
        if source
    }
    return PlanOrder(
        decision_id=id,
        order_id=order,
        complete=complete,
        cost=cost,
        parts=explanation.get("parts", {}),
        sources=sorted(used),
    )
