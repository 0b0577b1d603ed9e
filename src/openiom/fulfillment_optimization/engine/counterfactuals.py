"""
For every source that lost a line: the smallest change that makes it win.

What everybody else got stays as it is. A source that a constraint, an empty shelf or a full day keeps away first needs
just that lifted (so many units, one more parcel, so many kilometres or minutes); one that is only too dear needs money
off, to the cent. Where one change alone is not enough, the money that must go with it is said as well. Every answer is
verified by solving the order again with the change made, which must give the source the line, and with the change one
step smaller (one cent, one unit, the constraint still standing), which must not.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from .bid_prices import BidPrices
from .perturbations import Perturbation, PerturbationSolver, order_alone, with_trial
from .plan import Plan
from .problem import Floats, Ints, Problem, Refusal

Kind = Literal[
    "units", "money", "capacity", "km", "minutes", "lines", "sources", "partial", "constraint"
]

CENT = 0.01
TIE = 1e-7
STEPS = 20
"""How often an answer is made a step smaller before it counts as not verified."""
HARD = 12
"""Sources looked at for each line of an order that must be solved trial by trial: the cheapest ones."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    units on the shelf, money off, parcels or order lines more a day, km or minutes by which a constraint is missed,
    sources more for the order; `partial` and `constraint` name a rule to be lifted and count 1.
    """

    kind: Kind
    amount: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What would make `node` serve `line`."""

    line: int
    node: int
    changes: tuple[Change, ...]  # one where one is enough
    refusal: Refusal  # what keeps the node away now; NONE when it is only too dear
    verified: (
        bool  # the order was solved again with the changes, and with each of them one step smaller
    )

    @property
    def kind(self) -> Kind:
        return self.changes[0].kind

    @property
    def amount(self) -> float:
        return self.changes[0].amount

    @property
    def single(self) -> bool:
        return len(self.changes) == 1


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """
    How far an order is from a constraint's edge, in the constraint's own measure: (N,) km or minutes, above zero where
    it applies. Either it lifts a refusal, or it saves money of a parcel (lateness that a later cut-off would avoid).
    """

    kind: Literal["km", "minutes"]
    amount: Floats
    refusal: Refusal = Refusal.NONE
    saves: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(slots=True, eq=False)
class _Case:
    trial: Perturbation  # with everything lifted that keeps the node away
    changes: list[Change]
    smaller: list[
        dict[str, float | bool]
    ]  # for each change, what the trial is with it one step smaller
    refusal: Refusal

    def add(self, kind: Kind, amount: float, smaller: dict[str, float | bool]) -> None:
        self.changes.append(Change(kind, amount))
        self.smaller.append(smaller)

    def take(self, at: int) -> None:
        """Makes one change a step smaller; one that shrinks to nothing, while others remain, is none."""
        change, smaller = self.changes.pop(at), self.smaller.pop(at)
        self.trial = replace(self.trial, **smaller)  # type: ignore[arg-type]
        name, value = next(iter(smaller.items()))
        step = CENT if name == "money" else 1
        left = 0.0 if value is False else round(change.amount - step, 2)
        if left > 0 or not self.changes:
            self.add(change.kind, left, {name: value and round(value - step, 2)})

    def with_money(self, amount: float) -> None:
        """The money that must go with the rest; a whole number of cents."""
        self.trial = replace(self.trial, money=amount)
        if amount > 0 or not self.changes:
            self.add("money", amount, {"money": round(amount - CENT, 2)})


def counterfactuals(
    plan: Plan, order: int, *, bid_prices: BidPrices | None = None, reliefs: Many[Relief] = ()
) -> tuple[Counterfactual, ...]:
    """
    Every losing source of every line of an order, by line, then node; `line` and `node` are those of the plan's
    problem. Give the bid prices the plan was made with. Of an order that must be solved trial by trial only the HARD
    cheapest sources of each line are looked at.
    """
    alone = order_alone(plan, order)
    bench = PerturbationSolver(alone, bid_prices)
    finder = _Finder(plan.problem.stock, alone, bench, reliefs)
    cases = [finder.case(line, node) for line, node in _losers(plan, order, alone, bench)]
    finder.feasible(cases)
    finder.priced(cases)
    found = finder.verified(cases) + finder.with_saving(cases)
    first = int(plan.problem.start[order])
    found = [replace(c, line=c.line + first) for c in found]
    return tuple(sorted(found, key=lambda c: (c.line, c.node, c.kind)))


def with_change(alone: Problem, found: Counterfactual, reliefs: Many[Relief] = ()) -> Problem:
    """
    The problem of the order alone with what `found` says done; its `line` counted from the order's first. Of changes
    left out nothing is done, so claims can be tried with less.
    """
    line, node = found.line, found.node
    amount = {change.kind: change.amount for change in found.changes}
    # a line's and an order's refusal are two changes; one alone lifts the line's
    rules = sum(change.kind in ("constraint", "km", "minutes") for change in found.changes)
    refused = [bool(alone.line_refusal[line, node]), bool(alone.order_refusal[0, node])]
    saved = [
        r.saves[node] for r in reliefs if len(r.saves) and r.amount[node] == amount.get(r.kind)
    ]
    trial = Perturbation(
        line,
        node,
        money=amount.get("money", 0.0),
        units=int(amount.get("units", 0)),
        capacity=int(amount.get("capacity", 0)),
        lines=int(amount.get("lines", 0)),
        lift_line=refused[0] and rules > 0,
        lift_order=refused[1] and rules > int(refused[0]),
        sources=int(amount.get("sources", 0)),
        partial="partial" in amount,
        saves=float(saved[0]) if saved and not any(refused) else 0.0,
    )
    return with_trial(alone, trial)


def _losers(
    plan: Plan, order: int, alone: Problem, bench: PerturbationSolver
) -> list[tuple[int, int]]:
    """(line, node) pairs; for a difficult order only the cheapest few of each line."""
    p, first = plan.problem, int(plan.problem.start[order])
    taken = set(zip(plan.shares.line.tolist(), plan.shares.node.tolist(), strict=True))
    money = alone.serve + alone.parcel[0]
    most = p.nodes if bench.simple else HARD
    pairs = []
    for line in range(alone.lines):
        ranked = np.argsort(money[line], kind="stable").tolist()
        pairs += [(line, n) for n in ranked if (line + first, n) not in taken][:most]
    return pairs


class _Finder:
    def __init__(
        self, before: Ints, alone: Problem, bench: PerturbationSolver, reliefs: Many[Relief]
    ) -> None:
        self.before, self.alone, self.bench, self.reliefs = before, alone, bench, reliefs
        # more than any plan could save, and small enough to leave the cents exact
        paid = (
            alone.open_cost.sum()
            + np.abs(alone.serve).max(initial=0)
            + np.abs(alone.parcel).max(initial=0)
        )
        penalty = (
            alone.partial_penalty[np.isfinite(alone.partial_penalty)].sum()
            + alone.extra_node_penalty.sum()
        )
        self.plenty = 10.0 * float(1 + (paid + penalty) * (1 + alone.lines))

    def case(self, line: int, node: int) -> _Case:
        """What keeps the node from the line, each lifted."""
        p, sku = self.alone, int(self.alone.line_sku[line])
        case = _Case(Perturbation(line, node), [], [], Refusal.NONE)
        for name, code in (
            ("lift_line", p.line_refusal[line, node]),
            ("lift_order", p.order_refusal[0, node]),
        ):
            if code:
                self._lift(case, name, Refusal(int(code)))
        left, on_hand = int(p.stock[node, sku]), int(self.before[node, sku])
        least = int(p.least[line])
        shelf = Refusal.TAKEN_BY_OTHERS if on_hand >= least else Refusal.NOT_ENOUGH_ON_HAND
        self._more(case, "units", least - left, shelf if on_hand else Refusal.NOT_ON_HAND)
        self._more(case, "capacity", 1 - int(p.capacity[node] - p.used[node]), Refusal.NO_CAPACITY)
        counted = p.line_limit[p.limit_members[:, node]]
        self._more(case, "lines", 1 - int(counted.min(initial=1)), Refusal.MAXIMUM_ORDER_LINES)
        return case

    def _lift(self, case: _Case, name: str, reason: Refusal) -> None:
        node = case.trial.node
        measures = [r for r in self.reliefs if r.refusal is reason and r.amount[node] > 0]
        kind: Kind = measures[0].kind if measures else "constraint"
        case.add(kind, float(measures[0].amount[node]) if measures else 1.0, {name: False})
        case.trial = replace(case.trial, **{name: True})
        case.refusal = case.refusal or reason

    def _more(
        self, case: _Case, kind: Literal["units", "capacity", "lines"], amount: int, reason: Refusal
    ) -> None:
        if amount > 0:
            case.add(kind, float(amount), {kind: amount - 1})
            case.trial = replace(case.trial, **{kind: amount})  # type: ignore[arg-type]
            case.refusal = case.refusal or reason

    def feasible(self, cases: list[_Case]) -> None:
        """Where no money makes the node serve the line a limit of the order stands in the way: that is lifted too."""
        stuck = self._stuck(cases)
        for changes in ({"sources": 1}, {"partial": True}, {"sources": 1, "partial": True}):
            before = [case.trial for case in stuck]
            for case in stuck:
                case.trial = replace(case.trial, **changes)
            still = self._stuck(stuck)
            for case, trial in zip(stuck, before, strict=True):
                if case in still:
                    case.trial = trial
                else:
                    self._limits(case, changes)
            stuck = still

    def _stuck(self, cases: list[_Case]) -> list[_Case]:
        units = self.bench.solve([replace(c.trial, money=self.plenty) for c in cases]).units
        return [case for case, served in zip(cases, units.tolist(), strict=True) if not served]

    def _limits(self, case: _Case, changes: Mapping[str, object]) -> None:
        if "sources" in changes:
            case.add("sources", 1.0, {"sources": 0})
            case.refusal = case.refusal or Refusal.MAXIMUM_SOURCES_PER_ORDER
        if "partial" in changes:
            case.add("partial", 1.0, {"partial": False})
            case.refusal = case.refusal or Refusal.RESTRICT_PARTIAL

    def priced(self, cases: list[_Case]) -> None:
        """The money that must go with what was lifted, if any."""
        won = self.bench.solve([c.trial for c in cases]).units > 0
        losing = [case for case, wins in zip(cases, won.tolist(), strict=True) if not wins]
        for case in (case for case, wins in zip(cases, won.tolist(), strict=True) if wins):
            case.with_money(0.0)
        if not self.bench.simple:
            losing = [case for case in losing if not self._more_units(case)]
        trials = [c.trial for c in losing]
        without = self.bench.solve([replace(t, forbid=True) for t in trials]).value
        money = np.full(len(trials), self.plenty)
        for _ in range(8):
            asked = self._asked(trials, without, money)
            lower = asked < money - CENT / 2
            money = np.where(lower, asked, money)
            if not lower.any() or self.bench.simple:
                break
        money += CENT * (self.bench.solve(_with(trials, money)).units == 0)
        for case, amount in zip(losing, money.tolist(), strict=True):
            case.with_money(round(amount, 2))

    def _asked(self, trials: list[Perturbation], without: Floats, money: Floats) -> Floats:
        """(T,) whole cents at which the plan that serves the line from the node, found with this money off, wins."""
        found = self.bench.solve(_with(trials, money))
        parse_id = (
            self.alone.quantity[[t.line for t in trials]] if trials else np.zeros(0, dtype=np.int64)
        )
        portion = found.units / np.maximum(1, parse_id)
        dearer = found.value + money * portion - without
        asked = np.divide(dearer, portion, out=np.full(len(trials), np.inf), where=portion > 0)
        return np.asarray(np.maximum(CENT, np.ceil(asked / CENT - TIE / CENT) * CENT))

    def _more_units(self, case: _Case) -> bool:
        """
        Whether more units than the least make the node win without money, and then how few: lines that are divided or
        that share their SKU with another line of the order.
        """
        p, sku = self.alone, self.alone.line_sku[case.trial.line]
        fewest = case.trial.units
        most = int(p.quantity[p.line_sku == sku].sum() - p.stock[case.trial.node, sku])
        if most <= fewest or not self._wins(replace(case.trial, units=most)):
            return False
        while most - fewest > 1:
            middle = (most + fewest) // 2
            fewest, most = (
                (fewest, middle)
                if self._wins(replace(case.trial, units=middle))
                else (middle, most)
            )
        kept = [
            (c, s) for c, s in zip(case.changes, case.smaller, strict=True) if c.kind != "units"
        ]
        case.changes, case.smaller = [c for c, _ in kept], [s for _, s in kept]
        case.trial = replace(case.trial, units=most)
        case.add("units", float(most), {"units": most - 1})
        return True

    def _wins(self, trial: Perturbation) -> bool:
        return bool(self.bench.solve([trial]).units[0] > 0)

    def verified(self, cases: list[_Case]) -> list[Counterfactual]:
        """Solved again with the changes, and with each of them one step smaller."""
        unsettled = cases
        for _ in range(STEPS):
            more = self._too_much(unsettled)
            for case, at in more:
                case.take(at)
            unsettled = [case for case, _ in more]
        wins = (self.bench.solve([c.trial for c in cases]).units > 0).tolist()
        too_much = [case for case, _ in self._too_much(cases)]
        return [
            Counterfactual(
                c.trial.line, c.trial.node, tuple(c.changes), c.refusal, ok and c not in too_much
            )
            for c, ok in zip(cases, wins, strict=True)
        ]

    def _too_much(self, cases: list[_Case]) -> list[tuple[_Case, int]]:
        """Cases that also win with one change a step smaller, and which one."""
        tried = [
            (case, i)
            for case in cases
            for i in range(len(case.smaller))
            if case.changes[i].amount > 0
        ]
        units = self.bench.solve([replace(c.trial, **c.smaller[i]) for c, i in tried]).units  # type: ignore[arg-type]
        found: dict[int, tuple[_Case, int]] = {}
        for (case, i), served in zip(tried, units.tolist(), strict=True):
            if served:
                found.setdefault(id(case), (case, i))
        return list(found.values())

    def with_saving(self, cases: list[_Case]) -> list[Counterfactual]:
        """Sources that are only too dear, made to win by what saves money of their parcel; the least of each kind."""
        dear = [c for c in cases if c.refusal is Refusal.NONE and c.changes[0].kind == "money"]
        asked = [
            (relief, case)
            for relief in self.reliefs
            for case in dear
            if len(relief.saves)
            and relief.amount[case.trial.node] > 0
            and relief.saves[case.trial.node] > 0
        ]
        asked.sort(key=lambda pair: float(pair[0].amount[pair[1].trial.node]))
        units = self.bench.solve(
            [replace(c.trial, money=0.0, saves=float(r.saves[c.trial.node])) for r, c in asked]
        ).units
        found: dict[tuple[int, int, str], Counterfactual] = {}
        for (relief, case), served in zip(asked, units.tolist(), strict=True):
            line, node = case.trial.line, case.trial.node
            if served and case.changes[0].amount > 0:
                change = Change(relief.kind, float(relief.amount[node]))
                answer = Counterfactual(line, node, (change,), Refusal.NONE, True)
                found.setdefault((line, node, relief.kind), answer)
        return list(found.values())


def _with(trials: list[Perturbation], money: Floats) -> list[Perturbation]:
    return [replace(t, money=float(m)) for t, m in zip(trials, money, strict=True)]
