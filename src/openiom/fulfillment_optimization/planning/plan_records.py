"""Storage of sourcing plans and of their decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.explanations import explanation_json
from openiom.kernel import new_ids, round_cost
from openiom.platform.bulk import copy_rows
from openiom.platform.database import to_json_text

from .order_plans import OrderPlan, PlanAttempt


@dataclass(frozen=True)
class PlanRecord:
    """A row of `sourcing_plan`; `parts` is JSON text."""

    id: UUID
    planned_at: datetime
    strategy: str
    mode: str
    method: str
    orders: int
    lines: int
    open_lines: int
    cost: float
    seconds: float
    parts: str
    currency: str
    lower_bound: float | None = None
    gap: float | None = None
    moves: int = 0
    first_decision: UUID | None = None
    last_decision: UUID | None = None


@dataclass(frozen=True)
class DecisionRecord:
    """A row of `sourcing_decision`; `explanation` is JSON text."""

    id: UUID
    plan_id: UUID
    order_id: UUID
    decided_at: datetime
    strategy: str
    complete: bool
    cost: float
    explanation: str


def store_attempts(session: Session, attempts: Sequence[PlanAttempt], now: datetime) -> None:
    """Store the plans of a run with the decision about each order."""
    plans: list[PlanRecord] = []
    decisions: list[DecisionRecord] = []
    for attempt in attempts:
        made = _decisions(attempt, now)
        decisions += made
        plans.append(_plan_record(attempt, [decision.id for decision in made], now))

    store_plans(session, plans)
    _copy(session, "fulfillment_optimization.sourcing_decision", decisions)


def store_plans(session: Session, plans: Sequence[PlanRecord]) -> None:
    """Store plans without decisions."""
    _copy(session, "fulfillment_optimization.sourcing_plan", plans)


def _copy(session: Session, table: str, records: Sequence[PlanRecord | DecisionRecord]) -> None:
    """Insert records of one class; their fields are the columns of the table."""
    if records:
        columns = tuple(vars(records[0]))
        copy_rows(session, table, columns, [tuple(vars(record).values()) for record in records])


def _decisions(attempt: PlanAttempt, now: datetime) -> list[DecisionRecord]:
    plans: list[tuple[UUID, OrderPlan]] = []
    for order, plan in attempt.planned.items():
        for decided in plan.by_address or [plan]:
            plans.append((order, decided))

    ids = new_ids(len(plans))
    made: list[DecisionRecord] = []
    for decision_id, (order, plan) in zip(ids, plans, strict=True):
        made.append(
            DecisionRecord(
                id=decision_id,
                plan_id=attempt.id,
                order_id=order,
                decided_at=now,
                strategy=attempt.setting.name,
                complete=not plan.missing,
                cost=round_cost(plan.cost),
                explanation=explanation_json(plan.explanation),
            )
        )

    return made


def _plan_record(attempt: PlanAttempt, decisions: Sequence[UUID], now: datetime) -> PlanRecord:
    """Return the record of a plan; one without a solution cost nothing."""
    mode, method, open_lines = "realtime", "no source", 0
    parts: dict[str, float] = {}
    lower_bound = gap = None
    if attempt.solved is None:
        open_lines = sum(len(plan.missing) for plan in attempt.planned.values())
    else:
        plan = attempt.solved.plan
        mode, method, open_lines = attempt.solved.mode, plan.method, plan.costs.open_lines
        parts = _money(attempt)
        lower_bound, gap = _bound_and_gap(attempt, sum(parts.values()))

    return PlanRecord(
        id=attempt.id,
        planned_at=now,
        strategy=attempt.setting.name,
        mode=mode,
        method=method,
        orders=len(attempt.planned),
        lines=attempt.lines,
        open_lines=open_lines,
        cost=round_cost(sum(parts.values())),
        seconds=round(attempt.seconds, 6),
        parts=to_json_text(parts),
        currency=attempt.setting.currency,
        lower_bound=lower_bound,
        gap=gap,
        first_decision=min(decisions, default=None),
        last_decision=max(decisions, default=None),
    )


def _money(attempt: PlanAttempt) -> dict[str, float]:
    """Return the cost of a solved plan by part."""
    assert attempt.solved is not None
    money = attempt.solved.priced.money(attempt.solved.plan.cost_parts)
    return {name: round_cost(part.sum()) for name, part in money.items()}


def _bound_and_gap(attempt: PlanAttempt, cost: float) -> tuple[float | None, float | None]:
    """
    Return the proved lower bound in money, and the gap as a share of it; None without a proof.
    """
    assert attempt.solved is not None
    plan = attempt.solved.plan
    if plan.lower_bound is None:
        return None, None

    bound = cost
    if not plan.proved:
        # Rankings and raised prices of open lines are in both, so that their difference is money.
        bound -= max(0.0, plan.cost - plan.lower_bound)

    return round_cost(bound), (cost - bound) / max(1e-9, abs(bound))
