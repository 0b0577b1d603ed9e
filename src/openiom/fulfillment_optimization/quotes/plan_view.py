"""The plan of a cart as a quote shows it. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.engine import FeasiblePlan, Refusal
from openiom.fulfillment_optimization.explanations import refusal_text
from openiom.fulfillment_optimization.planning import OrderPlan, PlanAttempt, PlanningRound
from openiom.fulfillment_optimization.problem_builder import Key
from openiom.kernel import Refused, round_cost

from .quote_request import CART_ORDER, ResolvedRequest
from .schemas import NotFulfilled, PlannedLine, QuotePlan

UNKNOWN_PRODUCT = "unknown product: it is not in the catalog"
ALL_OR_NONE = "another line cannot be served, and the strategy takes all lines of an order or none"
NOT_ENOUGH = "not enough on hand for the whole quantity"
NO_SOURCE = "no active source"


@dataclass(frozen=True)
class CartShare:
    """Units of a line, by its number in the cart, from a source."""

    line: int
    source: str
    units: int


def _plans(found: PlanningRound) -> Iterator[tuple[PlanAttempt, OrderPlan]]:
    """Yield the cart's plan in every attempt that planned it."""
    for attempt in found.attempts:
        plan = attempt.planned.get(CART_ORDER)
        if plan is not None:
            yield attempt, plan


def _serving_plans(found: PlanningRound) -> Iterator[tuple[PlanAttempt, OrderPlan]]:
    """Yield the cart's plans that serve at least one line."""
    for attempt, plan in _plans(found):
        if plan.sources:
            yield attempt, plan


def cart_shares(found: PlanningRound) -> list[CartShare]:
    """Return the units from each source over all attempts, by line.

    Line ids are the cart's line numbers.
    """
    shares: list[CartShare] = []
    for attempt, plan in _plans(found):
        if attempt.solved is None:
            continue

        lines = plan.explanation["lines"]
        names = attempt.solved.priced.names
        solved = attempt.solved.plan.shares
        columns = (solved.line.tolist(), solved.node.tolist(), solved.quantity.tolist())

        for line, node, units in zip(*columns, strict=True):
            shares.append(CartShare(lines[line].int, names[node], units))

    return sorted(shares, key=_share_order)


def _share_order(share: CartShare) -> tuple[int, int, str]:
    return share.line, -share.units, share.source


def units_by_stock(resolved: ResolvedRequest, found: PlanningRound) -> dict[Key, int]:
    """Return the units by (sku, source) of a plan."""
    units: dict[Key, int] = defaultdict(int)
    for share in cart_shares(found):
        units[resolved.sku(share.line), share.source] += share.units
    return units


def missing_units(resolved: ResolvedRequest, shares: Sequence[CartShare]) -> dict[int, int]:
    """Return the units of each line that no source serves, by line number."""
    served = _served_units(shares)
    missing: dict[int, int] = {}
    for i, line in enumerate(resolved.request.lines):
        if line.quantity > served[i]:
            missing[i] = line.quantity - served[i]

    return missing


def _served_units(shares: Sequence[CartShare]) -> dict[int, int]:
    served: dict[int, int] = defaultdict(int)
    for share in shares:
        served[share.line] += share.units

    return served


def plan_view(
    resolved: ResolvedRequest, found: PlanningRound, shares: Sequence[CartShare]
) -> QuotePlan:
    """Return the plan as the API shows it. Raises Refused when strategies differ in currency."""
    currency = _currency(resolved, found)
    parts = _cost_parts(found)
    missing = missing_units(resolved, shares)

    not_fulfilled: list[NotFulfilled] = []
    for i, units in missing.items():
        line = resolved.request.lines[i]
        not_fulfilled.append(
            NotFulfilled(
                line_id=line.line_id,
                product=line.product,
                dimensions=line.dimensions,
                quantity=units,
                reason=_reason(resolved, found, i),
            )
        )

    return QuotePlan(
        strategy=resolved.setting.name,
        complete=not missing,
        lines=[_planned_line(resolved, share) for share in shares],
        not_fulfilled=not_fulfilled,
        cost=round_cost(sum(parts.values())),
        currency=currency,
        cost_parts=parts,
    )


def _planned_line(resolved: ResolvedRequest, share: CartShare) -> PlannedLine:
    line = resolved.request.lines[share.line]
    return PlannedLine(
        line_id=line.line_id,
        product=line.product,
        dimensions=line.dimensions,
        source=share.source,
        quantity=share.units,
        ordered_quantity=line.quantity,
    )


def _currency(resolved: ResolvedRequest, found: PlanningRound) -> str:
    """Return the currency of the strategies that serve the cart."""
    currencies = {attempt.setting.currency for attempt, _ in _serving_plans(found)}
    if len(currencies) > 1:
        names = ", ".join(sorted(map(_unit_of_cost, currencies)))
        raise Refused(
            f"the strategies that plan this cart count in {names}",
            where="strategy",
            remedy="give a strategy and its alternate one currency and one objective",
        )

    return next(iter(currencies), resolved.setting.currency)


def _unit_of_cost(currency: str) -> str:
    return currency or "kilometers"


def _cost_parts(found: PlanningRound) -> dict[str, float]:
    """Return the cost of what is served, by part; parts without cost are left out."""
    shown: dict[str, float] = {}
    for name, money in _sum_of_parts(found).items():
        if money and name != "open":
            shown[name] = round_cost(money)

    return shown


def _sum_of_parts(found: PlanningRound) -> dict[str, float]:
    parts: dict[str, float] = defaultdict(float)
    for _, plan in _serving_plans(found):
        for name, money in plan.explanation["parts"].items():
            parts[name] += money

    return parts


def _reason(resolved: ResolvedRequest, found: PlanningRound, line: int) -> str:
    """Return why a line stays open, according to the last strategy that planned it."""
    if line not in resolved.plannable:
        return UNKNOWN_PRODUCT

    last = _last_plan_of(found, UUID(int=line))
    if last is None:
        return NO_SOURCE

    solved, plan = last
    codes = solved.refusals(0, plan.explanation["lines"].index(UUID(int=line)))
    if codes.all():
        return _most_frequent_refusal(codes)
    return NOT_ENOUGH if plan.sources else ALL_OR_NONE


def _most_frequent_refusal(codes: NDArray[np.int64]) -> str:
    """Return the refusal of most sources; missing stock only where nothing else refuses."""
    others = codes[codes != Refusal.NOT_ON_HAND]
    likely = np.bincount(others).argmax() if len(others) else Refusal.NOT_ON_HAND
    return refusal_text(int(likely))


def _last_plan_of(found: PlanningRound, line: UUID) -> tuple[FeasiblePlan, OrderPlan] | None:
    """Return the last solved plan that contains a line."""
    last = None
    for attempt, plan in _plans(found):
        if attempt.solved is not None and line in plan.explanation["lines"]:
            last = attempt.solved.plan, plan
    return last
