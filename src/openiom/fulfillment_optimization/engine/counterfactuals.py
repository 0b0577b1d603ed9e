"""Counterfactuals: for every source that lost a line, the smallest change that makes it win.

All other orders keep their plans. What refuses a source (a constraint, missing stock, a full day)
is lifted by exactly the amount that is missing; a source that is only too dear needs a reduction
of cost, to the cent. Where one change is not enough, the reduction that must go with it is stated
too. Each counterfactual is verified by solving the order again: with the changes the source gets
the line, and with any of them one step smaller (a cent, a unit, the constraint still in force) it
does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from operator import itemgetter
from typing import Literal

import numpy as np

from openiom.kernel import round_cost

from .bid_prices import BidPrices
from .counterfactual_cases import CENT, Change, Counterfactual, CounterfactualCase, Kind
from .perturbations import Perturbation, PerturbationSolver, order_alone, perturbed
from .plan import FeasiblePlan
from .problem import Floats, Ints, Refusal, SourcingProblem

RULE_KINDS = ("constraint", "km", "minutes")
"""Kinds of changes that lift a hard constraint."""

TIE = 1e-7
"""Money by which plans may differ and still tie."""
SHRINKING_ROUNDS = 20
"""Most times that a counterfactual is made one step smaller."""
PRICING_ROUNDS = 8
"""Most times that the reduction of an order outside the subset dynamic program is lowered."""
MOST_DIFFICULT = 12
"""Sources examined for each line of an order outside the subset dynamic program, cheapest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """How far each source is from the edge of a constraint, in the constraint's own measure.

    A relief either lifts a refusal, or saves money of a parcel (lateness that a later cut-off would
    avoid).
    """

    kind: Literal["km", "minutes"]
    amount: Floats  # (N,) km or minutes, above zero where the relief applies
    refusal: Refusal = Refusal.NONE
    saves: Floats = field(default_factory=lambda: np.zeros(0))  # (N,) money, or empty

    def saving_amount(self, node: int) -> float:
        """Return the amount by which the relief saves money at a node; 0 when it saves none."""
        if not len(self.saves) or self.saves[node] <= 0:
            return 0.0
        return float(self.amount[node])


def counterfactuals(
    plan: FeasiblePlan,
    order: int,
    *,
    bid_prices: BidPrices | None = None,
    reliefs: Sequence[Relief] = (),
) -> tuple[Counterfactual, ...]:
    """Return the counterfactual of every losing source of every line of an order.

    Sorted by line, then node, as numbered in the plan's problem. `bid_prices` are those the plan
    was made with. Of an order outside the subset dynamic program only the MOST_DIFFICULT cheapest
    sources of each line are examined.
    """
    alone = order_alone(plan, order)
    solver = PerturbationSolver(alone, bid_prices)
    search = _Search(plan.problem.stock, alone, solver, reliefs)
    cases = [search.case(line, node) for line, node in _losing_pairs(plan, order, alone, solver)]
    search.lift_order_limits(cases)
    search.find_money(cases)
    found = search.verify(cases) + search.with_savings(cases)
    first = int(plan.problem.start[order])
    renumbered = [replace(one, line=one.line + first) for one in found]
    return tuple(sorted(renumbered, key=_by_line_and_node))


def _by_line_and_node(found: Counterfactual) -> tuple[int, int, str]:
    return found.line, found.node, found.kind


def with_change(
    alone: SourcingProblem, found: Counterfactual, reliefs: Sequence[Relief] = ()
) -> SourcingProblem:
    """Return the problem of the order alone with the changes of a counterfactual applied.

    Its `line` is counted from the order's first line.
    """
    line, node = found.line, found.node
    amount = {change.kind: change.amount for change in found.changes}
    # the refusals of a line and of an order are two changes; a single one lifts the line's
    rules = sum(change.kind in RULE_KINDS for change in found.changes)
    line_refused = bool(alone.line_refusal[line, node])
    order_refused = bool(alone.order_refusal[0, node])
    saves = 0.0
    if not (line_refused or order_refused):
        saves = _saving(reliefs, node, amount)
    change = Perturbation(
        line,
        node,
        money=amount.get("money", 0.0),
        units=int(amount.get("units", 0)),
        capacity=int(amount.get("capacity", 0)),
        lines=int(amount.get("lines", 0)),
        lift_line=line_refused and rules > 0,
        lift_order=order_refused and rules > int(line_refused),
        sources=int(amount.get("sources", 0)),
        partial="partial" in amount,
        saves=saves,
    )
    return perturbed(alone, change)


def _saving(reliefs: Sequence[Relief], node: int, amount: dict[Kind, float]) -> float:
    """Return the money of the relief that these changes apply; 0 when none does."""
    for relief in reliefs:
        if len(relief.saves) and relief.amount[node] == amount.get(relief.kind):
            return float(relief.saves[node])
    return 0.0


def _losing_pairs(
    plan: FeasiblePlan, order: int, alone: SourcingProblem, solver: PerturbationSolver
) -> list[tuple[int, int]]:
    """Return the (line, node) pairs to examine, lines counted from the order's first."""
    first = int(plan.problem.start[order])
    chosen = set(zip(plan.shares.line.tolist(), plan.shares.node.tolist(), strict=True))
    money = alone.serve + alone.parcel[0]
    cheapest_first = np.argsort(money, axis=1, kind="stable").tolist()
    most = alone.nodes if solver.simple else MOST_DIFFICULT
    pairs: list[tuple[int, int]] = []
    for line, nodes in enumerate(cheapest_first):
        losers = [(line, node) for node in nodes if (line + first, node) not in chosen]
        pairs.extend(losers[:most])

    return pairs


class _Search:
    """The search for the counterfactuals of one order; `before` is the stock before the plan."""

    def __init__(
        self,
        before: Ints,
        alone: SourcingProblem,
        solver: PerturbationSolver,
        reliefs: Sequence[Relief],
    ) -> None:
        self.before, self.alone, self.solver, self.reliefs = before, alone, solver, reliefs
        # more than any plan could save, and small enough for sums to be exact to the cent
        most_serve = np.abs(alone.serve).max(initial=0)
        most_parcel = np.abs(alone.parcel).max(initial=0)
        finite = alone.partial_penalty[np.isfinite(alone.partial_penalty)]
        penalties = finite.sum() + alone.extra_node_penalty.sum()
        paid = alone.open_cost.sum() + most_serve + most_parcel
        self.plenty = 10.0 * float(1 + (paid + penalties) * (1 + alone.lines))

    def case(self, line: int, node: int) -> CounterfactualCase:
        """Return the case of a losing source with everything lifted that refuses it."""
        p, sku = self.alone, int(self.alone.line_sku[line])
        case = CounterfactualCase(Perturbation(line, node))
        if p.line_refusal[line, node]:
            self._lift(case, "lift_line", Refusal(int(p.line_refusal[line, node])))
        if p.order_refusal[0, node]:
            self._lift(case, "lift_order", Refusal(int(p.order_refusal[0, node])))

        least = int(p.least[line])
        shortage = _shortage(int(self.before[node, sku]), least)
        self._add_missing(case, "units", least - int(p.stock[node, sku]), shortage)
        parcels = int(p.capacity[node] - p.used[node])
        self._add_missing(case, "capacity", 1 - parcels, Refusal.NO_CAPACITY)
        counted = int(p.line_limit[p.limit_members[:, node]].min(initial=1))
        self._add_missing(case, "lines", 1 - counted, Refusal.MAXIMUM_ORDER_LINES)
        return case

    def _lift(
        self, case: CounterfactualCase, name: Literal["lift_line", "lift_order"], code: Refusal
    ) -> None:
        """Lift a hard constraint, by the amount of its relief where it has one."""
        change = self._relieved(code, case.perturbation.node) or Change("constraint", 1.0)
        case.add(change.kind, change.amount, {name: False})
        case.apply(**{name: True})
        case.refusal = case.refusal or code

    def _relieved(self, code: Refusal, node: int) -> Change | None:
        """Return the change of the first relief that lifts a refusal of the node."""
        for relief in self.reliefs:
            if relief.refusal is code and relief.amount[node] > 0:
                return Change(relief.kind, float(relief.amount[node]))
        return None

    def _add_missing(
        self,
        case: CounterfactualCase,
        kind: Literal["units", "capacity", "lines"],
        amount: int,
        code: Refusal,
    ) -> None:
        if amount > 0:
            case.add(kind, float(amount), {kind: amount - 1})
            case.apply(**{kind: amount})
            case.refusal = case.refusal or code

    def lift_order_limits(self, cases: list[CounterfactualCase]) -> None:
        """Lift limits of the order where no money could make the node serve the line."""
        stuck = self._stuck(cases)
        for sources, partial in ((1, False), (0, True), (1, True)):
            stuck = self._without_limits(stuck, sources, partial)

    def _without_limits(
        self, cases: list[CounterfactualCase], sources: int, partial: bool
    ) -> list[CounterfactualCase]:
        """Lift limits of the order where this helps; return the cases that are stuck all the same.

        `sources` are allowed more for the order, `partial` allows to serve it in part.
        """
        before: dict[int, Perturbation] = {}
        for case in cases:
            before[id(case)] = case.perturbation
            case.apply(sources=sources, partial=partial)

        stuck = self._stuck(cases)
        for case in stuck:
            case.perturbation = before.pop(id(case))

        for case in cases:
            if id(case) in before:
                _add_order_limits(case, sources, partial)

        return stuck

    def _stuck(self, cases: list[CounterfactualCase]) -> list[CounterfactualCase]:
        """Return the cases whose node does not serve the line whatever it is paid."""
        changes = [replace(case.perturbation, money=self.plenty) for case in cases]
        units = self.solver.solve(changes).units.tolist()
        return [case for case, served in zip(cases, units, strict=True) if not served]

    def find_money(self, cases: list[CounterfactualCase]) -> None:
        """Find the reduction of cost that must go with what was lifted, if any."""
        losing: list[CounterfactualCase] = []
        for case, units in self._units(cases):
            if units:
                case.set_money(0.0)
            elif not self._wins_with_more_units(case):
                losing.append(case)

        self._set_least_money(losing)

    def _set_least_money(self, losing: list[CounterfactualCase]) -> None:
        amounts = self._least_money([case.perturbation for case in losing])
        for case, amount in zip(losing, amounts.tolist(), strict=True):
            case.set_money(round_cost(amount))

    def _units(self, cases: list[CounterfactualCase]) -> list[tuple[CounterfactualCase, int]]:
        """Return the cases with the units of the line that their node serves."""
        units = self.solver.solve([case.perturbation for case in cases]).units.tolist()
        return list(zip(cases, units, strict=True))

    def _least_money(self, changes: list[Perturbation]) -> Floats:
        """(T,) whole cents from which each perturbation makes its node win."""
        forbidden = [replace(change, forbid=True) for change in changes]
        without = self.solver.solve(forbidden).value
        money = np.full(len(changes), self.plenty)

        rounds = 1 if self.solver.simple else PRICING_ROUNDS
        for _ in range(rounds):
            required = self._required_money(changes, without, money)
            is_lower = required < money - CENT / 2
            money = np.where(is_lower, required, money)
            if not is_lower.any():
                break

        still_loses = self.solver.solve(_with_money(changes, money)).units == 0
        return np.asarray(money + CENT * still_loses)

    def _required_money(
        self, changes: list[Perturbation], without: Floats, money: Floats
    ) -> Floats:
        """(T,) whole cents at which the plan found with this reduction beats the best other one.

        `without` is the money of the best plan that does not use the node for the line.
        """
        outcome = self.solver.solve(_with_money(changes, money))
        line = np.array([change.line for change in changes], dtype=np.int64)
        portion = outcome.units / np.maximum(1, self.alone.quantity[line])
        excess = outcome.value + money * portion - without
        never = np.full(len(changes), np.inf)
        required = np.divide(excess, portion, out=never, where=portion > 0)
        whole_cents = np.ceil(required / CENT - TIE / CENT) * CENT
        return np.asarray(np.maximum(CENT, whole_cents))

    def _wins_with_more_units(self, case: CounterfactualCase) -> bool:
        """Return whether more units alone make the node win; if so, add the fewest.

        This can be so for divisible lines and for lines that share their SKU within the order.
        """
        if self.solver.simple:
            return False

        p, sku = self.alone, self.alone.line_sku[case.perturbation.line]
        fewest = case.perturbation.units
        needed = p.quantity[p.line_sku == sku].sum()
        most = int(needed - p.stock[case.perturbation.node, sku])
        if most <= fewest or not self._wins(replace(case.perturbation, units=most)):
            return False

        while most - fewest > 1:
            middle = (most + fewest) // 2
            if self._wins(replace(case.perturbation, units=middle)):
                most = middle
            else:
                fewest = middle

        case.remove("units")
        case.apply(units=most)
        case.add("units", float(most), {"units": most - 1})
        return True

    def _wins(self, change: Perturbation) -> bool:
        return bool(self.solver.solve([change]).units[0] > 0)

    def verify(self, cases: list[CounterfactualCase]) -> list[Counterfactual]:
        """Solve again with the changes, and with each of them one step smaller.

        Changes that prove larger than needed are made smaller first.
        """
        self._shrink(cases)
        still_oversized = {id(case) for case, _ in self._oversized(cases)}
        results: list[Counterfactual] = []
        for case, units in self._units(cases):
            is_smallest = id(case) not in still_oversized
            results.append(case.result(units > 0 and is_smallest))

        return results

    def _shrink(self, cases: list[CounterfactualCase]) -> None:
        """Make the changes smaller that prove larger than needed, one step a round."""
        for _ in range(SHRINKING_ROUNDS):
            oversized = self._oversized(cases)
            for case, at in oversized:
                case.shrink(at)

            cases = [case for case, _ in oversized]

    def _oversized(self, cases: list[CounterfactualCase]) -> list[tuple[CounterfactualCase, int]]:
        """Return cases that win with one change a step smaller, and the first such change."""
        tried: list[tuple[CounterfactualCase, int]] = []
        changes: list[Perturbation] = []
        for case in cases:
            for i in case.shrinkable():
                tried.append((case, i))
                changes.append(case.shrunk(i))

        units = self.solver.solve(changes).units.tolist()
        found: dict[int, tuple[CounterfactualCase, int]] = {}
        for (case, i), served in zip(tried, units, strict=True):
            if served:
                found.setdefault(id(case), (case, i))

        return list(found.values())

    def with_savings(self, cases: list[CounterfactualCase]) -> list[Counterfactual]:
        """Return counterfactuals of reliefs that save money, for sources that are only too dear.

        The smallest relief of each kind is returned for a source.
        """
        tried = self._saving_reliefs(cases)
        changes: list[Perturbation] = []
        for _, relief, case in tried:
            saves = float(relief.saves[case.perturbation.node])
            changes.append(replace(case.perturbation, money=0.0, saves=saves))

        found: dict[tuple[int, int, str], Counterfactual] = {}
        units = self.solver.solve(changes).units.tolist()
        for (amount, relief, case), served in zip(tried, units, strict=True):
            if not served:
                continue

            line, node = case.perturbation.line, case.perturbation.node
            result = Counterfactual(
                line,
                node,
                changes=(Change(relief.kind, amount),),
                refusal=Refusal.NONE,
                verified=True,
            )
            found.setdefault((line, node, relief.kind), result)

        return list(found.values())

    def _saving_reliefs(
        self, cases: list[CounterfactualCase]
    ) -> list[tuple[float, Relief, CounterfactualCase]]:
        """Return the reliefs of sources that are only too dear, the smallest amount first."""
        dear = filter(_is_too_dear, cases)
        found: list[tuple[float, Relief, CounterfactualCase]] = []
        for relief, case in product(self.reliefs, dear):
            amount = relief.saving_amount(case.perturbation.node)
            if amount > 0:
                found.append((amount, relief, case))

        return sorted(found, key=itemgetter(0))


def _shortage(on_hand: int, least: int) -> Refusal:
    """Return why a source lacks the fewest units that it may serve of a line."""
    if not on_hand:
        return Refusal.NOT_ON_HAND
    if on_hand < least:
        return Refusal.NOT_ENOUGH_ON_HAND
    return Refusal.USED_BY_OTHER_ORDERS


def _is_too_dear(case: CounterfactualCase) -> bool:
    first = case.changes[0]
    return case.refusal is Refusal.NONE and first.kind == "money" and first.amount > 0


def _add_order_limits(case: CounterfactualCase, sources: int, partial: bool) -> None:
    """Add the lifted limits of the order to the changes of a case."""
    if sources:
        case.add("sources", 1.0, {"sources": 0})
        case.refusal = case.refusal or Refusal.MAXIMUM_SOURCES_PER_ORDER
    if partial:
        case.add("partial", 1.0, {"partial": False})
        case.refusal = case.refusal or Refusal.RESTRICT_PARTIAL


def _with_money(changes: list[Perturbation], money: Floats) -> list[Perturbation]:
    pairs = zip(changes, money.tolist(), strict=True)
    return [replace(change, money=amount) for change, amount in pairs]
