"""Small random instances with every kind of constraint, from documents to the plan, by brute force.

The judge below does not use the engine's arrays: it reads the documents of the instance and prices
every way to serve the orders by the rules as they are documented for planners.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Any

import numpy as np
import pytest
from tests.fulfillment_optimization.builders import NOON, Row, constraint, order, place, setting

from openiom.fulfillment_optimization.constraints import ConstraintDocument
from openiom.fulfillment_optimization.engine import solve
from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.problem_builder import (
    PlanningContext,
    build_problem,
    great_circle_km,
)
from openiom.fulfillment_optimization.snapshot import StrategyConfig

PRODUCTS = ("LAMP", "RUG")
LISTS = {"stores": ["A", "B"]}
Serving = tuple[tuple[str, int], ...]  # of one line: (source, units)


@dataclass
class Instance:
    setting: StrategyConfig
    sources: list[Row]
    lines: list[OpenLine]
    stock: dict[tuple[str, str], int]
    given: PlanningContext


def instance(seed: int) -> Instance:
    r = np.random.default_rng(seed)
    sources = [
        place(
            name,
            float(r.integers(0, 20)),
            country=str(r.choice(["US", "CA"])),
            safety_stock=int(r.integers(0, 3)),
            cutoff=str(r.choice(["11:00", "13:00"])),
            daily_parcels=[None, 2][int(r.integers(0, 2))],
            daily_lines=[None, 2][int(r.random() < 0.25)],
            preference_cost=float(r.integers(0, 3)),
            handling={"per_parcel": float(r.integers(3, 9))} if r.random() < 0.5 else {},
        )
        for name in "ABC"
    ]

    lines = []
    for name in ("one", "two"):
        wanted = {p: int(r.integers(1, 4)) for p in PRODUCTS if r.random() < 0.7} or {"LAMP": 1}
        lines += order(
            name, float(r.integers(0, 20)), country=str(r.choice(["US", "CA"])), **wanted
        )

    stock = {(p, s): int(r.integers(0, 5)) for p in PRODUCTS for s in "ABC" if r.random() < 0.8}
    chosen = [c for c in _constraints(r) if r.random() < 0.35]
    return Instance(
        setting(
            sources,
            *chosen,
            lists=LISTS,
            allow_partial=bool(r.random() < 0.5),
            max_line_sources=int(r.integers(1, 3)),
            weights={
                "open_line": 40.0,
                "split": float(r.integers(0, 5)),
                "capacity_pressure": float(r.integers(0, 4)),
            },
            batch={"seconds": 30},
        ),
        sources,
        lines,
        stock,
        PlanningContext(
            now=NOON,
            parcels_today={s: int(r.integers(0, 2)) for s in "ABC"},
            lines_today={s: int(r.integers(0, 2)) for s in "ABC"},
        ),
    )


def _constraints(r: np.random.Generator) -> list[ConstraintDocument]:
    def some(kind: str, **body: Any) -> ConstraintDocument:
        return constraint(
            kind, hard=bool(r.random() < 0.5), penalty=float(r.integers(0, 12)), **body
        )

    near = {"distance": float(r.integers(3, 15)), "unit": str(r.choice(["km", "mi"]))}
    near["distance"] *= 100
    return [
        some(
            "maximum_distance",
            entries=[
                near,
                {
                    "source": "A",
                    "distance": float(r.choice([300, 2500])),
                    "same_country": bool(r.random() < 0.5),
                },
            ],
        ),
        some("restrict_partial_orders"),
        some("maximum_sources_per_order", maximum=int(r.integers(1, 3))),
        some("maximum_sources_per_line", maximum=1),
        some(
            "maximum_sources_and_partial_order",
            maximum=1,
            partial_lines=False,
            partial_orders=bool(r.random() < 0.5),
        ),
        constraint(
            "maximum_order_lines",
            entries=[
                {"source_list": "stores", "lines": int(r.integers(1, 5))},
                {"source": "C", "lines": 2},
            ],
        ),
        some("respect_timings", entries=[{"source_list": "stores"}]),
        some("safety_stock", entries=[{"units": 2, "product": "RUG"}, {"source": "B"}]),
        some(
            "location_priority",
            entries=[{"source": "C", "rank": 1}, {"source": "A", "rank": 4, "product": "RUG"}],
        ),
    ]


# --- the judge ---


class Judge:
    """The money of a plan by the documented rules; infinite where it violates a hard one."""

    def __init__(self, given: Instance) -> None:
        self.given = given
        self.s = given.setting.strategy
        self.w = self.s.weights
        self.body = {
            row.name: site.body
            for row, site in zip(given.sources, given.setting.sources, strict=True)
        }
        self.where = {row.name: row for row in given.sources}
        self.constraints = given.setting.constraints

        self.orders: dict[Any, list[int]] = {}
        for i, line in enumerate(given.lines):
            self.orders.setdefault(line.order_id, []).append(i)

        km = great_circle_km(
            [x.place for x in given.lines], [(0.0, s.longitude) for s in given.sources], 0.0
        )
        self.km = {
            (i, s.name): float(km[i, n])
            for i in range(len(given.lines))
            for n, s in enumerate(given.sources)
        }
        self.rank_step = 1000.0
        self.raised = self._raised()

    def _raised(self) -> float:
        """Return what soft constraints and ranks add to the cost of an open line."""
        added = 0.0
        for c in self.constraints:
            if c.type == "location_priority":
                added += (self.rank_step if c.hard else c.penalty) * self._most_steps(c)
            elif not c.hard and c.type == "maximum_sources_and_partial_order":
                added += 2 * c.penalty
            elif not c.hard and c.type == "safety_stock":
                added += c.penalty if self._any_short(c) else 0.0
            elif not c.hard and c.type != "restrict_partial_orders":
                added += c.penalty

        return added

    def _most_steps(self, c: Any) -> int:
        return max(self._steps(c, x.product, s) for x in self.given.lines for s in self.where)

    def _any_short(self, c: Any) -> bool:
        return any(self._short(c, x.product, s) for x in self.given.lines for s in self.where)

    def members(self, entry: Any) -> set[str]:
        if entry.source:
            return {entry.source}
        return set(LISTS[entry.source_list]) if entry.source_list else set(self.where)

    def _steps(self, c: Any, product_: str, source: str) -> int:
        def rank(name: str) -> float:
            own = [e.rank for e in c.entries if e.product == product_ and name in self.members(e)]
            common = [e.rank for e in c.entries if e.product is None and name in self.members(e)]
            return min(own or common or [inf])

        return sorted({rank(name) for name in self.where}).index(rank(source))

    def _short(self, c: Any, product_: str, source: str) -> bool:
        rows = [e for e in c.entries if source in self.members(e) and e.product in (None, product_)]
        least = max(
            (self.body[source].safety_stock if e.units is None else e.units for e in rows),
            default=0,
        )
        return 0 < self.given.stock.get((product_, source), 0) < least

    def money(self, servings: tuple[Serving, ...]) -> float:
        """Of all orders together."""
        if not self._fits(servings):
            return inf
        total = sum(self._order(mine, servings) for mine in self.orders.values())
        return total + self._pressure(servings)

    def _fits(self, servings: tuple[Serving, ...]) -> bool:
        units: Counter[tuple[str, str]] = Counter()
        lines: Counter[str] = Counter()
        for line, serving in zip(self.given.lines, servings, strict=True):
            for source, n in serving:
                units[line.product, source] += n
                lines[source] += 1

        if any(n > self.given.stock.get(key, 0) for key, n in units.items()):
            return False

        today = self.given.given.lines_today
        for name, body in self.body.items():
            if (
                body.daily_lines is not None
                and lines[name]
                and lines[name] + today[name] > body.daily_lines
            ):
                return False

        for c in self.constraints:
            if c.type == "maximum_order_lines":
                for e in c.entries:
                    mine = self.members(e)
                    new = sum(lines[s] for s in mine)
                    if new and new + sum(today[s] for s in mine) > e.lines:
                        return False

        parcels = self._parcels(servings)
        used = self.given.given.parcels_today
        return all(
            body.daily_parcels is None
            or not parcels[name]
            or parcels[name] + used[name] <= body.daily_parcels
            for name, body in self.body.items()
        )

    def _parcels(self, servings: tuple[Serving, ...]) -> Counter[str]:
        count: Counter[str] = Counter()
        for mine in self.orders.values():
            count.update({source for i in mine for source, _ in servings[i]})
        return count

    def _pressure(self, servings: tuple[Serving, ...]) -> float:
        money = 0.0
        for name, parcels in self._parcels(servings).items():
            most = self.body[name].daily_parcels
            if most is not None:
                calm, used = most * 4 // 5, self.given.given.parcels_today[name]
                money += self.w.capacity_pressure * (
                    max(0, used + parcels - calm) - max(0, used - calm)
                )

        return money

    def _order(self, mine: list[int], servings: tuple[Serving, ...]) -> float:
        lines = [self.given.lines[i] for i in mine]
        sources = {source for i in mine for source, _ in servings[i]}
        served = [self._units(servings[i]) for i in mine]
        partial = any(served) and any(n < x.quantity for n, x in zip(served, lines, strict=True))
        if partial and not self.s.allow_partial:
            return inf

        money = self.w.split * max(0, len(sources) - 1)
        money += sum(self._parcel(mine[0], s) for s in sources)

        for i, line, n in zip(mine, lines, served, strict=True):
            money += (self.w.open_line + self.raised) * (1 - n / line.quantity)
            money += sum(units / line.quantity * self._line(line, s) for s, units in servings[i])
            if len(servings[i]) > self.s.max_line_sources or (
                self.s.max_line_sources == 1 and 0 < n < line.quantity
            ):
                return inf

        return money + self._soft(mine, servings, len(sources), partial)

    @staticmethod
    def _units(serving: Serving) -> int:
        return sum(n for _, n in serving)

    def _parcel(self, first: int, source: str) -> float:
        body = self.body[source]
        own = body.handling.per_parcel
        money = (self.w.parcel if own is None else own) + self.km[
            first, source
        ] * self.w.per_100_km / 100
        money += body.preference_cost
        line = self.given.lines[first]

        for c in self.constraints:
            away = (c.type == "maximum_distance" and self._too_far(c, line, first, source)) or (
                c.type == "respect_timings"
                and any(source in self.members(e) for e in c.entries)
                and body.cutoff == "11:00"
            )
            money += (inf if c.hard else c.penalty) if away else 0.0

        return money

    def _too_far(self, c: Any, line: OpenLine, first: int, source: str) -> bool:
        rows = [e for e in c.entries if source in self.members(e)]
        miles = [
            e.distance * (1.609344 if e.unit == "mi" else 1) for e in rows if e.distance is not None
        ]
        abroad = (
            any(e.same_country for e in rows)
            and self.where[source].address["country"] != line.country
        )
        return abroad or self.km[first, source] > min(miles, default=inf)

    def _line(self, line: OpenLine, source: str) -> float:
        money = self.w.line + self.w.unit * line.quantity
        for c in self.constraints:
            if c.type == "safety_stock" and self._short(c, line.product, source):
                money += inf if c.hard else c.penalty

            if c.type == "location_priority":
                money += (self.rank_step if c.hard else c.penalty) * self._steps(
                    c, line.product, source
                )

        return money

    def _soft(
        self, mine: list[int], servings: tuple[Serving, ...], sources: int, partial: bool
    ) -> float:
        """Limits of sources, and whole orders. Of several soft limits the tightest counts."""
        of_order: list[tuple[int, float]] = []
        of_line: list[tuple[int, float]] = []
        money, whole = 0.0, 0.0
        for c in self.constraints:
            kind = c.type
            if kind == "maximum_sources_per_order" or kind == "maximum_sources_and_partial_order":
                if c.hard and sources > c.maximum:
                    return inf

                of_order += [] if c.hard else [(c.maximum, c.penalty)]

            if kind == "maximum_sources_per_line" or kind == "maximum_sources_and_partial_order":
                if c.hard and any(not self._undivided(i, servings[i]) for i in mine):
                    return inf

                of_line += [] if c.hard else [(1, c.penalty)]

            if kind == "restrict_partial_orders" or (
                kind == "maximum_sources_and_partial_order" and not c.partial_orders
            ):
                if c.hard and partial:
                    return inf

                whole = whole if c.hard else max(whole, c.penalty)

        if of_order:
            most, penalty = min(of_order, key=lambda x: x[0])
            money += penalty * max(0, sources - most)

        if of_line:
            money += of_line[0][1] * sum(max(0, len(servings[i]) - 1) for i in mine)

        return money + (whole if partial else 0.0)

    def _undivided(self, i: int, serving: Serving) -> bool:
        return not serving or (len(serving) == 1 and serving[0][1] == self.given.lines[i].quantity)


def ways(given: Instance, line: OpenLine) -> Iterator[Serving]:
    """Every way to serve one line, open included."""
    most = given.setting.strategy.max_line_sources
    have = [(s.name, given.stock.get((line.product, s.name), 0)) for s in given.sources]
    for units in product(*(range(min(n, line.quantity) + 1) for _, n in have)):
        serving = tuple((name, n) for (name, _), n in zip(have, units, strict=True) if n)
        if sum(units) <= line.quantity and len(serving) <= most:
            yield serving


def best(given: Instance, rank_step: float) -> float:
    judge = Judge(given)
    judge.rank_step = rank_step
    judge.raised = judge._raised()
    ways_of_lines = [list(ways(given, line)) for line in given.lines]
    return min(judge.money(servings) for servings in product(*ways_of_lines))


BLOCKS = [0, 1, *(pytest.param(block, marks=pytest.mark.slow) for block in range(2, 20))]


@pytest.mark.parametrize("block", BLOCKS)
def test_documents_to_plan_agree_with_trying_everything(block):
    for seed in range(block * 50, block * 50 + 50):
        given = instance(seed)
        framed = build_problem(given.lines, given.setting, given.stock, given.given)
        found = solve(framed.problem, mode="batch")
        step = float(framed.rank_step)
        assert found.cost == pytest.approx(best(given, step), abs=1e-6), seed
        assert found.proved, seed
        assert found.cost == pytest.approx(sum(p.sum() for p in found.cost_parts.values())), seed
