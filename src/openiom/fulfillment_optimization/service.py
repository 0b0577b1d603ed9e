"""Source a whole wave of orders: plan together, soft-reserve what was planned, and keep the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from openiom.inventory_visibility import ReserveAsk, available, release, reserve
from openiom.kernel import new_id, new_ids
from openiom.platform.bulk import copy_rows
from openiom.provider_contract import Outcome, Raise

from .configuration import DEFAULT_STRATEGY, StrategyBody, sources_of, strategy_named
from .costing import problem_for
from .desk import OpenLine, OrderDesk
from .engine import solve
from .explaining import explanation_text, explanations
from .models import Source

ROUNDS = 3
SUCCEEDED, FAILED = "fulfillment.optimization.succeeded", "fulfillment.optimization.failed"


@dataclass
class Planned:
    """What one round decided for one order. `sources` holds only lines that got one."""

    cost: float
    explanation: dict[str, Any]
    sources: dict[UUID, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def source_orders(
    session: Session,
    desk: OrderDesk,
    order_ids: Sequence[UUID],
    *,
    strategy_name: str = "",
    now: datetime,
    actor: str,
) -> list[Outcome]:
    """Choose a source for every open line of these orders, reserve the stock, and raise what came of it.

    Orders compete for the same stock, so all are planned together. Stock taken by somebody else between plan
    and reservation sends the orders concerned through another round. One outcome an order, in order.
    """
    name = strategy_name or DEFAULT_STRATEGY
    strategy = strategy_named(session, name)
    sources = sources_of(session, strategy)
    lines = desk.open_lines(session, order_ids)
    planned: dict[UUID, Planned] = {}
    waiting = list(lines)
    for _ in range(ROUNDS):
        if not waiting or not sources:
            break
        round_ = plan_round(session, waiting, sources, strategy)
        planned.update(round_)
        lost = _reserve(session, waiting, round_, now, actor)
        waiting = [line for line in waiting if line.order_id in lost]
    for line in waiting:
        planned[line.order_id] = Planned(0.0, {"note": "no active source" if not sources else "stock kept moving"})
        planned[line.order_id].missing = [x.product for x in waiting if x.order_id == line.order_id]
    _record(session, planned, name, now)
    desk.assign(session, {k: v for p in planned.values() for k, v in p.sources.items()}, now, actor)
    return _announce(session, desk, order_ids, planned, strategy, now, actor)


def plan_round(
    session: Session, lines: Sequence[OpenLine], sources: Sequence[Source], strategy: StrategyBody
) -> dict[UUID, Planned]:
    """One plan of all these lines against the stock of this moment; writes nothing."""
    stock = available(session, {line.product for line in lines})
    problem = problem_for(lines, sources, strategy, stock)
    plan = solve(problem, mode="realtime")
    why = explanations(plan, [source.name for source in sources])
    costs = np.sum(list(plan.cost_parts.values()), axis=0)
    planned: dict[UUID, Planned] = {}
    nodes = plan.node.tolist()
    for line, order, node in zip(lines, problem.line_order.tolist(), nodes, strict=True):
        if line.order_id not in planned:
            planned[line.order_id] = Planned(float(costs[order]), why[order] | {"lines": []})
        planned[line.order_id].explanation["lines"].append(line.line_id)
        if node < 0:
            planned[line.order_id].missing.append(line.product)
        else:
            planned[line.order_id].sources[line.line_id] = sources[node].name
    return planned


def _reserve(
    session: Session, lines: Sequence[OpenLine], planned: Mapping[UUID, Planned], now: datetime, actor: str
) -> set[UUID]:
    """Reserve what was planned; the orders that lost a race give back what they got and are returned."""
    chosen = [(line, planned[line.order_id].sources.get(line.line_id)) for line in lines]
    asks = [ReserveAsk(line.line_id, line.product, name, line.quantity) for line, name in chosen if name]
    orders = [line.order_id for line, name in chosen if name]
    granted = reserve(session, asks, now, actor)
    lost = {order for order, ok in zip(orders, granted, strict=True) if not ok}
    if lost:
        back = [a.line_id for a, o, ok in zip(asks, orders, granted, strict=True) if ok and o in lost]
        release(session, back, now, actor, "sourced again")
    return lost


def _record(session: Session, planned: Mapping[UUID, Planned], strategy: str, now: datetime) -> None:
    run = new_id()
    copy_rows(
        session,
        "fulfillment_optimization.sourcing_decision",
        ("id", "run_id", "order_id", "at", "strategy", "complete", "cost", "explanation"),
        (
            (decision, run, order, now, strategy, not p.missing, round(p.cost, 4), explanation_text(p.explanation))
            for decision, (order, p) in zip(new_ids(len(planned)), planned.items(), strict=True)
        ),
    )


def _announce(
    session: Session,
    desk: OrderDesk,
    order_ids: Sequence[UUID],
    planned: Mapping[UUID, Planned],
    strategy: StrategyBody,
    now: datetime,
    actor: str,
) -> list[Outcome]:
    raises, outcomes = [], []
    for order in order_ids:
        outcome = _outcome(planned.get(order), strategy)
        outcomes.append(outcome)
        event = SUCCEEDED if outcome.ok else FAILED
        raises.append(Raise(order, event, data=outcome.details, reason=outcome.reason))
    refused = desk.raise_events(session, raises, now, actor)
    return [mine if theirs.ok else theirs for mine, theirs in zip(outcomes, refused, strict=True)]


def _outcome(planned: Planned | None, strategy: StrategyBody) -> Outcome:
    if planned is None:
        return Outcome(False, "the order has no open line to source")
    details = {"sources": sorted(set(planned.sources.values())), "cost": f"{planned.cost:.2f}"}
    if not planned.missing:
        return Outcome(True, "sourced from " + ", ".join(details["sources"]), details)
    missing = ", ".join(sorted(set(planned.missing)))
    details["missing"] = sorted(set(planned.missing))
    if strategy.allow_partial and planned.sources:
        return Outcome(True, f"sourced in part; no stock for {missing}", details)
    return Outcome(False, f"Inventory not found: no source can serve {missing}", details)
