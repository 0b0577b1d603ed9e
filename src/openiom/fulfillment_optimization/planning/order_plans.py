"""A solved problem as decisions about orders. Pure, but for new ids of split lines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from openiom.documents import quantity_number
from openiom.fulfillment_optimization.engine import FeasiblePlan
from openiom.fulfillment_optimization.explanations import explanations
from openiom.fulfillment_optimization.order_port import OpenLine, SplitPart
from openiom.fulfillment_optimization.problem_builder import Parts, PricedProblem
from openiom.fulfillment_optimization.snapshot import StrategyConfig
from openiom.kernel import MAX_DECIMALS, new_id, new_ids, round_cost

from .daily_capacity import CapacityUsage
from .solver import SolvedProblem


class FullDay(NamedTuple):
    """The full sources that an order waits for, and when the next day of one of them begins."""

    sources: tuple[str, ...]
    retry_at: datetime


@dataclass
class OrderPlan:
    """The decision of one strategy about one order.

    `sources` contains only lines that got a source, `parts` the lines that were split, `missing`
    the products of lines that stay open. `full_day` is set when only daily limits keep these from
    their sources. `by_address` has the decisions of an order with several addresses, one for each.
    """

    cost: float
    explanation: dict[str, Any]
    sources: dict[UUID, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    parts: dict[UUID, list[SplitPart]] = field(default_factory=dict)
    full_day: FullDay | None = None
    by_address: list["OrderPlan"] = field(default_factory=list)

    def leaves_open(self, line_id: UUID) -> bool:
        """Return whether a line stays open."""
        return bool(self.missing) and line_id not in self.sources

    def served(self) -> Iterator[tuple[UUID, str]]:
        """Yield every line that is served with its source; of split lines, the parts served."""
        for line, source in self.sources.items():
            if line in self.parts:
                yield from _served_parts(self.parts[line])
            else:
                yield line, source


def _served_parts(parts: Iterable[SplitPart]) -> Iterator[tuple[UUID, str]]:
    for part in parts:
        if part.source:
            yield part.line_id, part.source


@dataclass(eq=False)
class PlanAttempt:
    """One plan: the orders that one strategy planned together.

    `solved` is None when the strategy had no source to plan with.
    """

    id: UUID
    setting: StrategyConfig
    planned: dict[UUID, OrderPlan]
    lines: int
    solved: SolvedProblem | None = None
    seconds: float = 0.0

    @classmethod
    def without_plan(cls, setting: StrategyConfig, planned: dict[UUID, OrderPlan]) -> "PlanAttempt":
        """Return the attempt of a strategy that could not plan these orders."""
        lines = sum(len(plan.missing) for plan in planned.values())
        return cls(new_id(), setting, planned, lines)


def unplanned_orders(lines: Iterable[OpenLine], note: str) -> dict[UUID, OrderPlan]:
    """Return the plans of orders that could not be planned, with the reason."""
    planned: dict[UUID, OrderPlan] = {}
    for line in lines:
        plan = planned.setdefault(line.order_id, OrderPlan(0.0, {"note": note}))
        plan.missing.append(line.product)
    return planned


def order_plans(solved: SolvedProblem, lines: Sequence[OpenLine]) -> dict[UUID, OrderPlan]:
    """Return the plan of each order; `lines` are those of the problem, in order."""
    plan, priced = solved.plan, solved.priced
    costs, records = _costs_and_records(solved)
    split = _split_lines(plan, lines, priced.names)
    planned: list[tuple[UUID, OrderPlan]] = []
    order_of, node_of = priced.problem.line_order.tolist(), plan.node.tolist()

    for i, line in enumerate(lines):
        order = order_of[i]
        if order == len(planned):
            new = OrderPlan(costs[order], records[order] | {"lines": []})
            planned.append((line.order_id, new))

        mine = planned[order][1]
        mine.explanation["lines"].append(line.line_id)
        if node_of[i] < 0:
            mine.missing.append(line.product)
            continue

        mine.sources[line.line_id] = priced.names[node_of[i]]
        if i in split:
            _add_split(mine, line, split[i])

    return _by_order(planned)


def _by_order(planned: Sequence[tuple[UUID, OrderPlan]]) -> dict[UUID, OrderPlan]:
    """Return one plan for each order; plans for its several addresses are joined."""
    by_order = dict(planned)
    if len(by_order) == len(planned):
        return by_order

    found: dict[UUID, list[OrderPlan]] = {}
    for order_id, plan in planned:
        found.setdefault(order_id, []).append(plan)

    for order_id, plans in found.items():
        if len(plans) > 1:
            by_order[order_id] = _joined(plans)

    return by_order


def _joined(plans: list[OrderPlan]) -> OrderPlan:
    cost = sum(plan.cost for plan in plans)
    joined = OrderPlan(cost, plans[0].explanation, by_address=plans)
    for plan in plans:
        joined.sources |= plan.sources
        joined.missing += plan.missing
        joined.parts |= plan.parts

    return joined


def _costs_and_records(solved: SolvedProblem) -> tuple[list[float], list[dict[str, Any]]]:
    """Return the money and the explanation of each order, with quantities in stock units.

    The engine's cost parts differ from money where constraints rank sources or raise the price of
    an open line.
    """
    plan, priced = solved.plan, solved.priced
    records = explanations(plan, priced.names)
    parts = priced.money(plan.cost_parts)
    open_price_raised = float(priced.problem.open_cost[0]) != priced.open_line
    if len(parts) < len(plan.cost_parts) or open_price_raised:
        _show_money(records, parts)

    if np.any(priced.unit_size != 1.0):
        _convert_to_stock_units(records, priced)

    costs: list[float] = np.sum(list(parts.values()), axis=0).tolist()
    return costs, records


def _show_money(records: list[dict[str, Any]], parts: Parts) -> None:
    for order, record in enumerate(records):
        record["parts"] = {name: round_cost(part[order]) for name, part in parts.items()}


def _convert_to_stock_units(records: list[dict[str, Any]], priced: PricedProblem) -> None:
    size_of_line = priced.unit_size[priced.problem.line_sku]
    start = priced.problem.start.tolist()
    for order, record in enumerate(records):
        size = size_of_line[start[order] : start[order + 1]]
        record["quantity"] = (record["quantity"] * size).round(MAX_DECIMALS)
        record["on_hand"] = (record["on_hand"] * size[:, None]).round(MAX_DECIMALS)


def _add_split(plan: OrderPlan, line: OpenLine, parts: list[SplitPart]) -> None:
    plan.parts[line.line_id] = parts
    shown = plan.explanation.setdefault("parts_of_lines", {})
    shown[str(line.line_id)] = _stock_quantities(line, parts)
    if not all(part.source for part in parts):
        plan.missing.append(line.product)


def _stock_quantities(line: OpenLine, parts: Iterable[SplitPart]) -> list[list[str | float]]:
    """Return the source and the quantity in stock units of each part of a line."""
    quantities: list[list[str | float]] = []
    for part in parts:
        quantity = quantity_number(part.quantity * line.stock_per_step, line.stock_decimals)
        quantities.append([part.source, quantity])

    return quantities


def _split_lines(
    plan: FeasiblePlan, lines: Sequence[OpenLine], names: Sequence[str]
) -> dict[int, list[SplitPart]]:
    """Return the parts of lines that several sources serve, or that are served in part."""
    if not np.any(plan.problem.max_line_nodes > 1):
        return {}

    shares = plan.shares
    sources = np.bincount(shares.line, minlength=plan.problem.lines)
    in_part = (sources == 1) & (plan.served < plan.problem.quantity)

    found: dict[int, list[SplitPart]] = {}
    for i in np.flatnonzero((sources > 1) | in_part).tolist():
        mine = shares.line == i
        line, whole = lines[i], int(plan.problem.quantity[i])

        served = []
        for node, share in _largest_first(shares.node[mine], shares.quantity[mine]):
            served.append((names[node], line.steps * share // whole))

        found[i] = _parts(line, served)

    return found


def _largest_first(
    nodes: np.ndarray[Any, Any], units: np.ndarray[Any, Any]
) -> list[tuple[int, int]]:
    order = np.lexsort((nodes, -units))
    return list(zip(nodes[order].tolist(), units[order].tolist(), strict=True))


def _parts(line: OpenLine, served: list[tuple[str, int]]) -> list[SplitPart]:
    """Return the parts of a line; the first keeps the line's id, units left over come last."""
    left = line.steps - sum(steps for _, steps in served)
    if left:
        served = [*served, ("", left)]

    ids = [line.line_id, *new_ids(len(served) - 1)]
    found = []
    for part_id, (source, steps) in zip(ids, served, strict=True):
        found.append(SplitPart(part_id, steps, source))

    return found


def usage_by_source(planned: Iterable[OrderPlan]) -> dict[str, CapacityUsage]:
    """Return the parcels and order lines that these plans take from each source."""
    parcels: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for plan in planned:
        sources = dict(plan.served()).values()
        lines.update(sources)
        parcels.update(set(sources))

    usage: dict[str, CapacityUsage] = {}
    for source in lines:
        usage[source] = CapacityUsage(parcels[source], lines[source])

    return usage
