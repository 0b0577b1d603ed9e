"""Every run is kept: the plan with its bound and parts, and what it decided for each order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.explanations import explanation_json
from openiom.kernel import new_ids
from openiom.platform.bulk import copy_rows
from openiom.platform.database import to_json_text

from .planner import Attempt, Planned

_PLAN = (
    *(
        "id",
        "at",
        "strategy",
        "mode",
        "method",
        "orders",
        "lines",
        "open_lines",
        "cost",
        "lower_bound",
        "gap",
    ),
    *("seconds", "moves", "parts", "first_decision", "last_decision", "currency"),
)


def record(
    session: Session,
    attempts: Sequence[Attempt],
    now: datetime,
    *,
    mode: str = "",
    moves: Mapping[UUID, int] | None = None,
) -> None:
    """Store plans and their decisions. `moves` counts lines moved, by plan."""
    ids = iter(new_ids(sum(len(a.planned) for a in attempts)))
    plans, decisions = [], []
    for attempt in attempts:
        mine = [next(ids) for _ in attempt.planned]
        run = (attempt.id, now, attempt.setting.name)
        decisions += [
            (id, *run, order, not p.missing, round(p.cost, 4), explanation_json(p.explanation))
            for id, (order, p) in zip(mine, attempt.planned.items(), strict=True)
        ]
        plans.append(_plan_row(attempt, mine, now, mode, (moves or {}).get(attempt.id, 0)))
    copy_rows(session, "fulfillment_optimization.sourcing_plan", _PLAN, plans)
    copy_rows(
        session,
        "fulfillment_optimization.sourcing_decision",
        ("id", "run_id", "at", "strategy", "order_id", "complete", "cost", "explanation"),
        decisions,
    )


def _plan_row(
    attempt: Attempt, decisions: Sequence[UUID], now: datetime, mode: str, moves: int
) -> tuple[object, ...]:
    solved = attempt.solved
    ends = (min(decisions), max(decisions)) if decisions else (None, None)
    if solved is None:
        missing = sum(len(p.missing) for p in attempt.planned.values())
        head = (attempt.id, now, attempt.setting.name, mode or "realtime", "no source")
        return (
            *head,
            len(decisions),
            attempt.lines,
            missing,
            0.0,
            None,
            None,
            0.0,
            moves,
            "{}",
            *ends,
            attempt.setting.currency,
        )
    plan = solved.plan
    parts = {
        name: round(float(part.sum()), 4)
        for name, part in solved.framed.money(plan.cost_parts).items()
    }
    cost = sum(parts.values())
    bound = gap = None
    if plan.lower_bound is not None:
        # ranks and raised open prices are in both, so that the difference is money
        bound = cost if plan.proved else cost - max(0.0, plan.cost - plan.lower_bound)
        gap = (cost - bound) / max(1e-9, abs(bound))
    return (
        *(attempt.id, now, attempt.setting.name, mode or solved.mode, plan.method),
        *(len(decisions), attempt.lines, plan.costs.open_lines),
        *(round(cost, 4), None if bound is None else round(bound, 4), gap),
        *(round(attempt.seconds, 6), moves, to_json_text(parts), *ends, attempt.setting.currency),
    )


def nothing_decided(orders: Mapping[UUID, Sequence[str]], note: str) -> dict[UUID, Planned]:
    """Decisions for orders that could not be planned: order -> products."""
    return {
        order: Planned(0.0, {"note": note}, missing=list(products))
        for order, products in orders.items()
    }
