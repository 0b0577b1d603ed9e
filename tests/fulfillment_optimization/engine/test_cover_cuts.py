"""Cover cuts: found by hand, valid for every whole plan, violated by the linear program."""

from itertools import product

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.small_instances import small_instance

from openiom.fulfillment_optimization.engine import (
    Shares,
    SourcingProblem,
    problem_from_arrays,
    violations,
)
from openiom.fulfillment_optimization.engine.columns import (
    Columns,
    columns_of_nodes,
    fitting_alone,
    joined,
)
from openiom.fulfillment_optimization.engine.cover_cuts import _cover, separate
from openiom.fulfillment_optimization.engine.enumerate_plans import near_best
from openiom.fulfillment_optimization.engine.lagrangian import Cuts, Relaxation
from openiom.fulfillment_optimization.engine.master_problem import Master


@pytest.mark.parametrize(
    ("need", "amount", "stock", "must", "cover"),
    [
        ([2, 2, 2], [1.0, 0.5, 0.0], 3, 1, [0, 1]),
        ([2, 2, 2], [0.5, 0.5, 0.5], 3, 1, None),  # as much is missing as a cut forbids
        ([2, 2, 2], [1.0, 0.02, 0.0], 3, 1, None),  # violated by no more than 0.02
        ([2, 2, 2], [1.0, 0.03, 0.0], 3, 1, [0, 1]),
        ([1, 2], [1.0, 0.5], 3, 1, None),  # both fit
        ([1, 2], [1.0, 0.5], 2, 1, [0, 1]),
        ([5], [0.5], 4, 0, [0]),  # the line alone does not fit
        ([1, 1, 3], [1.0, 0.9, 0.5], 3, 2, [0, 2]),  # the least whole leaves first
        ([3, 1, 2], [0.9, 1.0, 0.6], 3, 2, [0, 2]),  # small lines leave where large ones suffice
        ([2, 2, 2, 2], [0.8, 0.9, 0.9, 0.7], 5, 0, [0, 1, 2]),
    ],
)
def test_a_minimal_violated_cover_is_found(
    need: list[int], amount: list[float], stock: int, must: int, cover: list[int] | None
) -> None:
    assert _cover(np.array(need), np.array(amount), stock, must) == cover


def contested(**changes: object) -> SourcingProblem:
    """Four orders for SKU 0 of node 0; node 1 has plenty and is dearer."""
    arrays: dict[str, object] = {
        "line_order": [0, 1, 2, 3],
        "line_sku": [0, 0, 0, 0],
        "quantity": [2, 2, 3, 1],
        "stock": [[3], [99]],
        "parcel_parts": {"carrier": [[1.0, 9.0]]},
        "serve_parts": {},
        "open_cost": 50.0,
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def at_both_nodes(p: SourcingProblem) -> Columns:
    """Every order served by node 0, then every order served by node 1."""
    nodes = [np.full(p.lines, node) for node in (0, 1)]
    return joined([columns_of_nodes(p, node) for node in nodes])


def pairs_of(cuts: Cuts, row: int) -> list[tuple[int, int]]:
    here = cuts.row == row
    return list(zip(cuts.line[here].tolist(), cuts.node[here].tolist(), strict=True))


def separated(p: SourcingProblem, at_node_0: list[float]) -> Cuts | None:
    """Cuts for a solution that serves these shares of each order from node 0."""
    share = np.array(at_node_0)
    return separate(Relaxation(p), at_both_nodes(p), np.concatenate([share, 1 - share]))


def test_of_two_lines_that_do_not_fit_together_one_is_allowed() -> None:
    cuts = separated(contested(quantity=[2, 2, 1, 1]), [1.0, 0.5, 0.0, 0.0])
    assert cuts is not None
    assert cuts.most.tolist() == [1.0]
    assert pairs_of(cuts, 0) == [(0, 0), (1, 0)]


def test_lines_as_large_as_the_largest_of_the_cover_extend_the_cut() -> None:
    cuts = separated(contested(), [1.0, 0.5, 0.0, 0.0])
    assert cuts is not None
    assert pairs_of(cuts, 0) == [(0, 0), (1, 0), (2, 0)]
    assert cuts.most.tolist() == [1.0]


def test_a_divisible_line_is_in_no_cut() -> None:
    cuts = separated(contested(max_line_nodes=[1, 1, 2, 1]), [1.0, 0.5, 0.0, 0.0])
    assert cuts is not None
    assert pairs_of(cuts, 0) == [(0, 0), (1, 0)]
    assert separated(contested(max_line_nodes=[2, 2, 2, 2]), [1.0, 0.5, 0.0, 0.0]) is None


def test_a_line_out_of_reach_does_not_extend_a_cut() -> None:
    refused = [[0, 0], [0, 0], [4, 0], [0, 0]]
    cuts = separated(contested(line_refusal=refused), [1.0, 0.5, 0.0, 0.0])
    assert cuts is not None
    assert pairs_of(cuts, 0) == [(0, 0), (1, 0)]


@pytest.mark.parametrize(
    "at_node_0",
    [
        [1.0, 0.0, 0.0, 1.0],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.5],  # only a line of one unit is divided
    ],
)
def test_whole_plans_violate_no_cut(at_node_0: list[float]) -> None:
    assert separated(contested(), at_node_0) is None


def test_equal_covers_are_one_cut() -> None:
    """Both halves of lines of two find the other one as their cover."""
    cuts = separated(contested(quantity=[2, 2, 1, 1]), [0.75, 0.75, 0.0, 0.0])
    assert cuts is not None
    assert cuts.most.tolist() == [1.0]


def test_cells_are_separated_one_by_one() -> None:
    p = contested(
        line_order=[0, 1, 2, 3], line_sku=[0, 0, 1, 1], quantity=2, stock=[[3, 3], [99, 99]]
    )
    cuts = separated(p, [1.0, 0.5, 0.5, 1.0])
    assert cuts is not None
    assert [pairs_of(cuts, row) for row in (0, 1)] == [[(0, 0), (1, 0)], [(2, 0), (3, 0)]]
    assert cuts.most.tolist() == [1.0, 1.0]


def holds(cuts: Cuts, node: tuple[int, ...]) -> bool:
    """Return whether a plan of whole lines keeps every cut."""
    chosen = np.array(node)[cuts.line] == cuts.node
    held = np.bincount(cuts.row[chosen], minlength=len(cuts.most))
    return bool((held <= cuts.most).all())


def test_no_feasible_plan_is_cut_off_and_the_linear_program_is_lifted() -> None:
    found = 0
    for seed in range(400):
        p = small_instance(seed, nodes=2)
        relaxation = Relaxation(p)
        if relaxation.inexact.any() or p.lines > 6:
            continue

        near = near_best(relaxation, relaxation.zero_prices(), margin=1e6, most=10**6)
        columns = fitting_alone(p, near.columns)
        master = Master(relaxation)
        master.add(columns)
        optimum, _, value = master.solve()
        cuts = separate(relaxation, columns, value)
        if cuts is None:
            continue

        found += 1
        for node in product(range(-1, p.nodes), repeat=p.lines):
            if not violations(p, Shares.undivided(np.array(node), p.quantity)):
                assert holds(cuts, node), (seed, node)

        relaxation.add_cuts(cuts)
        master.add_cuts(columns, 0)
        lifted, _, _ = master.solve()
        assert lifted >= optimum - 1e-7, seed

    assert found >= 5
