"""The unit in which a problem counts a product: boxes stay whole, and nothing is rounded up."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fulfillment_optimization.builders import order, place, plan, setting

from openiom.fulfillment_optimization.engine import FeasiblePlan
from openiom.fulfillment_optimization.order_port import OpenLine, reservation_request
from openiom.fulfillment_optimization.planning.order_plans import order_plans
from openiom.fulfillment_optimization.planning.solver import SolvedProblem
from openiom.fulfillment_optimization.problem_builder import build_problem

SEA, CHI = place("SEA", 1.0), place("CHI", 10.0)
DIVISIBLE: dict[str, Any] = {"max_line_sources": 2, "allow_partial": True}


def boxes(name: str, quantity: int, *, of: int = 12, decimals: int = 0) -> list[OpenLine]:
    """An order of boxes; a box is `of` steps of a stock unit with `decimals`."""
    (line,) = order(name, LAMP=quantity * of)
    return [replace(line, stock_per_step=of, stock_decimals=decimals)]


def served(
    lines: list[OpenLine], stock: dict[tuple[str, str], Any], **strategy: Any
) -> FeasiblePlan:
    return plan(lines, setting([SEA, CHI], **(DIVISIBLE | strategy)), stock).plan


def test_a_problem_of_boxes_counts_boxes_and_rounds_stock_down() -> None:
    problem = build_problem(
        boxes("1", 2), setting([SEA, CHI]), {("LAMP", "SEA"): 35, ("LAMP", "CHI"): 11}
    )

    assert problem.problem.quantity.tolist() == [2]
    assert problem.problem.stock.tolist() == [[2], [0]]
    assert problem.unit_size.tolist() == [12.0]


def test_steps_of_different_boxes_are_counted_in_what_they_share() -> None:
    lines = boxes("1", 1, of=12) + boxes("2", 1, of=18)

    problem = build_problem(lines, setting([SEA]), {("LAMP", "SEA"): 29})

    assert problem.problem.quantity.tolist() == [2, 3]
    assert problem.problem.stock.tolist() == [[4]]
    assert problem.problem.max_line_nodes.tolist() == [1, 1]


def test_only_lines_of_the_shared_step_are_divided() -> None:
    lines = boxes("1", 2, of=12) + boxes("2", 25, of=1)

    problem = build_problem(lines, setting([SEA, CHI], max_line_sources=2), {})

    assert problem.problem.max_line_nodes.tolist() == [1, 2]


def test_lines_with_different_decimals_of_the_stock_unit_are_counted_in_the_finest() -> None:
    """The unit had no decimals when the first order came, and two when the second came."""
    lines = boxes("1", 3, of=1) + boxes("2", 125, of=1, decimals=2)

    problem = build_problem(lines, setting([SEA]), {("LAMP", "SEA"): Decimal("4.259")})

    assert problem.problem.quantity.tolist() == [300, 125]
    assert problem.problem.stock.tolist() == [[425]]
    assert problem.problem.max_line_nodes.tolist() == [1, 1]
    assert problem.unit_size.tolist() == [0.01]


def test_products_in_single_units_are_counted_as_before() -> None:
    lines = order("1", LAMP=3) + boxes("2", 1)[:0]

    problem = build_problem(lines, setting([SEA]), {("LAMP", "SEA"): 7})

    assert problem.problem.quantity.tolist() == [3]
    assert problem.problem.stock.tolist() == [[7]]
    assert problem.unit_size.tolist() == [1.0]


def test_handling_is_charged_for_stock_units() -> None:
    answer = plan(
        boxes("1", 2),
        setting([SEA], weights={"unit": 0.5, "parcel": 0.0, "line": 0.0, "per_100_km": 0.0}),
        {("LAMP", "SEA"): 24},
    )

    assert answer.money() == {"handling": 12.0}


@pytest.mark.parametrize(("sea", "chi", "parts"), [(23, 30, [2, 1]), (36, 0, [3]), (11, 11, [])])
def test_parts_of_a_divided_line_are_whole_boxes(sea: int, chi: int, parts: list[int]) -> None:
    found = served(boxes("1", 3), {("LAMP", "SEA"): sea, ("LAMP", "CHI"): chi})

    assert sorted(found.shares.quantity.tolist(), reverse=True) == parts


def test_a_reservation_asks_for_stock_units() -> None:
    (line,) = boxes("1", 2)

    assert (line.quantity, line.steps) == (24, 2)
    assert reservation_request(line, "SEA", line.quantity).quantity == 24


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 6, 12, 100]), st.integers(1, 5)), min_size=1, max_size=4
    ),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_no_box_is_opened_and_no_stock_is_used_twice(
    ordered: list[tuple[int, int]], sea: int, chi: int
) -> None:
    lines: list[OpenLine] = []
    for number, (of, quantity) in enumerate(ordered):
        lines += boxes(str(number), quantity, of=of)

    config = setting([SEA, CHI], **DIVISIBLE)
    answer = plan(lines, config, {("LAMP", "SEA"): sea, ("LAMP", "CHI"): chi})
    solved = SolvedProblem(answer.framed, answer.plan, "realtime")

    plans = order_plans(solved, lines)

    used = {"SEA": 0, "CHI": 0}
    for line in lines:
        found = plans[line.order_id]
        parts = found.parts.get(line.line_id)
        if parts is None:
            source = found.sources.get(line.line_id)
            if source:
                used[source] += line.quantity

            continue

        assert sum(part.quantity for part in parts) == line.steps
        for part in parts:
            if part.source:
                used[part.source] += part.quantity * line.stock_per_step

    assert used["SEA"] <= sea
    assert used["CHI"] <= chi
    assert np.all(answer.plan.shares.quantity > 0)
