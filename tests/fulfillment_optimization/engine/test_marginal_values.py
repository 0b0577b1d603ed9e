"""Marginal values and opportunity costs, known by hand or against solving without the resource."""

from dataclasses import replace

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import (
    UNLIMITED,
    BidPrices,
    OpportunityCostModel,
    OpportunityCostTable,
    SourcingProblem,
    learn_opportunity_costs,
    problem_from_arrays,
)
from openiom.fulfillment_optimization.engine.groups import OrderGroup, gather, in_reach
from openiom.fulfillment_optimization.engine.marginal_values import (
    MarginalValues,
    marginal_values,
)
from openiom.fulfillment_optimization.engine.opportunity_costs import (
    MONEY,
    _backward_induction,
    _excess,
    _excess_over,
)
from openiom.fulfillment_optimization.engine.subset_dp import cheapest


def groups_of(p: SourcingProblem) -> list[OrderGroup]:
    return gather(p, np.arange(p.orders), in_reach(p, p.stock, np.arange(p.lines)))


def values_of(
    p: SourcingProblem, stock_price: np.ndarray | None = None, node_price: np.ndarray | None = None
) -> MarginalValues:
    stock = np.zeros(p.stock.size) if stock_price is None else stock_price
    node = np.zeros(p.nodes) if node_price is None else node_price
    return marginal_values(groups_of(p), stock, node)


def by_node(values: MarginalValues) -> dict[int, float]:
    return dict(zip(values.node.tolist(), values.node_gain.tolist(), strict=True))


def by_cell(values: MarginalValues) -> dict[int, float]:
    return dict(zip(values.cell.tolist(), values.cell_gain.tolist(), strict=True))


def one_order(**changes: object) -> SourcingProblem:
    """Two units of one SKU, from node 0 for 5, from node 1 for 8, or open for 30."""
    arrays: dict[str, object] = {
        "line_order": [0],
        "line_sku": [0],
        "quantity": [2],
        "stock": [[9], [9]],
        "parcel_parts": {"carrier": [[5.0, 8.0]]},
        "serve_parts": {"picking": 0.0},
        "open_cost": 30.0,
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def test_the_best_source_is_worth_the_way_to_the_next_one() -> None:
    values = values_of(one_order())
    assert by_node(values) == {0: 3.0}
    assert by_cell(values) == {0: 1.5}
    assert values.units.tolist() == [2]


def test_the_only_source_is_worth_an_open_line() -> None:
    values = values_of(one_order(stock=[[9], [0]]))
    assert by_node(values) == {0: 25.0}
    assert by_cell(values) == {0: 12.5}


def test_a_source_priced_too_high_is_still_worth_what_it_saves_for_free() -> None:
    """At a price of 4 the order goes to node 1 for 8; node 0 for nothing would cost 5."""
    values = values_of(one_order(), node_price=np.array([4.0, 0.0]))
    assert by_node(values) == {0: 3.0, 1: 1.0}


def test_other_resources_are_paid_for_at_their_prices() -> None:
    """Node 1 costs 8 and two units at 2: without node 0 the order costs 12."""
    values = values_of(one_order(), stock_price=np.array([0.0, 2.0]))
    assert by_node(values)[0] == 7.0
    assert by_cell(values)[0] == 3.5


def test_equal_sources_are_worth_nothing() -> None:
    values = values_of(one_order(parcel_parts={"carrier": 5.0}))
    assert len(values.node) == len(values.cell) == 0


def test_a_node_that_saves_a_second_parcel_is_worth_it() -> None:
    """Node 0 has both products in one parcel for 5, the others one each for 4."""
    p = problem_from_arrays(
        line_order=[0, 0],
        line_sku=[0, 1],
        quantity=1,
        stock=[[1, 1], [1, 0], [0, 1]],
        parcel_parts={"carrier": [[5.0, 4.0, 4.0]]},
        serve_parts={"picking": 0.0},
        split_fee=2.0,
        open_cost=50.0,
    )
    values = values_of(p)
    assert by_node(values) == {0: 5.0}
    # without either of its units the order needs a second parcel: 5 + 4 + 2, or 4 + 4 + 2
    assert by_cell(values) == {0: 5.0, 1: 5.0}


def test_no_orders_have_no_values() -> None:
    values = marginal_values([], np.zeros(2), np.zeros(2))
    assert len(values.node) == len(values.units) == 0


@pytest.mark.parametrize("seed", range(15))
def test_unit_values_are_what_closing_the_cell_for_the_line_costs(seed: int) -> None:
    r = np.random.default_rng(seed)
    lines = int(r.integers(1, 4))
    p = problem_from_arrays(
        line_order=[0] * lines,
        line_sku=np.arange(lines),
        quantity=r.integers(1, 3, lines),
        stock=9 * (r.random((3, lines)) < 0.8),
        parcel_parts={"carrier": r.uniform(1, 9, (1, 3))},
        serve_parts={"picking": r.uniform(0, 6, (lines, 3))},
        split_fee=1.0,
        open_cost=r.uniform(4, 20, lines),
    )
    found = by_cell(values_of(p))

    for line in range(lines):
        for node in range(3):
            closed = np.zeros((lines, 3), dtype=np.uint8)
            closed[line, node] = 1
            cost, without = (least_cost(one) for one in (p, replace(p, line_refusal=closed)))
            gain = (without - cost) / p.quantity[line]
            assert found.get(node * p.skus + line, 0.0) == pytest.approx(gain, abs=1e-5)


def least_cost(p: SourcingProblem) -> float:
    groups = groups_of(p)
    return sum(float(cheapest(g, g.parcel, g.serve).value.sum()) for g in groups)


def table(steps: list[list[float]], block: int = 1) -> OpportunityCostTable:
    """One resource whose costs do not depend on time, except that nothing counts at the end."""
    values = np.array(steps, dtype=float)
    full = np.repeat(values[None], 21, axis=0)
    full[0] = 0.0
    return OpportunityCostTable(full, np.array([block]), np.zeros(values.shape))


def test_costs_are_looked_up_by_what_is_left() -> None:
    costs = table([[0.0, 9.0, 4.0, 1.0]])
    at = [float(costs.at(1.0, np.array([left]))[0]) for left in (0, 1, 2, 3, 99)]
    assert at == [0.0, 9.0, 4.0, 1.0, 1.0]
    assert costs.step_values(0, 1.0) == [9.0, 4.0, 1.0]


def test_several_places_may_count_as_one_step() -> None:
    costs = table([[0.0, 9.0, 4.0]], block=3)
    at = [float(costs.at(1.0, np.array([left]))[0]) for left in (1, 3, 4, 6, 7)]
    assert at == [9.0, 9.0, 4.0, 4.0, 4.0]


def test_time_is_interpolated_and_clipped() -> None:
    costs = table([[0.0, 8.0]])
    left = np.array([1])
    assert float(costs.at(0.025, left)[0]) == pytest.approx(4.0)
    assert float(costs.at(-1.0, left)[0]) == 0.0
    assert float(costs.at(2.0, left)[0]) == 8.0
    assert costs.step_values(0, 0.025) == pytest.approx([4.0])


def test_the_fee_of_a_step_is_added() -> None:
    costs = replace(table([[0.0, 8.0, 3.0]]), fee=np.array([[0.0, 2.0, 0.0]]))
    assert float(costs.at(1.0, np.array([1]))[0]) == 10.0
    assert costs.step_values(0, 1.0) == [10.0, 3.0]


def test_prices_are_written_for_learned_cells_only() -> None:
    model = OpportunityCostModel(table([[0.0, 6.0]]), np.array([1]), table([[0.0, 5.0, 2.0]]))
    prices = model.prices(1.0, np.array([[7, 2]]), np.array([1]))
    assert prices.stock.tolist() == [[0.0, 2.0]]
    assert prices.node.tolist() == [6.0]
    model.write_unit_prices(prices, 1.0, np.array([7, 1]), np.array([0]))
    assert prices.stock.tolist() == [[0.0, 5.0]]


def test_excess_sums_gains_beyond_each_threshold() -> None:
    excess = _excess(np.array([0, 0, 1]), np.array([2.0, 5.0, 1.0]), np.array([1.0, 2.0, 1.0]), 2)
    at = MONEY.tolist().index
    assert excess[0, at(0.0)] == 12.0
    assert excess[0, at(3.0)] == 4.0
    assert excess[0, at(5.0)] == 0.0
    assert excess[1, at(0.5)] == 0.5


def test_excess_between_thresholds_is_interpolated() -> None:
    excess = _excess(np.array([0]), np.array([10.0]), np.array([1.0]), 1)
    over = _excess_over(excess, np.array([[0.25, 3.7, 500.0]]))
    assert over.tolist() == [pytest.approx([9.75, 6.3, 0.0])]


def test_backward_induction_ends_at_zero_and_falls_with_places() -> None:
    excess = _excess(np.zeros(8, dtype=np.int64), np.full(8, 10.0), np.ones(8), 1)
    costs = _backward_induction(excess, np.array([8.0]), np.array([1]), np.zeros((1, 6)))
    assert costs.shape == (21, 1, 6)
    assert not costs[0].any()
    assert not costs[:, :, 0].any()
    last = costs[20, 0, 1:]
    assert (np.diff(last) < 0).all()
    # with eight requests of 10 expected for it, the last place is nearly worth one
    assert 9.8 < last[0] < 10.0
    assert (np.diff(costs[:, 0, 1]) >= 0).all()


def test_a_fee_leaves_less_for_the_place() -> None:
    excess = _excess(np.zeros(8, dtype=np.int64), np.full(8, 10.0), np.ones(8), 1)
    rate, block = np.array([8.0]), np.array([1])
    free = _backward_induction(excess, rate, block, np.zeros((1, 2)))
    charged = _backward_induction(excess, rate, block, np.array([[0.0, 4.0]]))
    assert charged[20, 0, 1] == pytest.approx(6.0, abs=0.1)
    assert charged[20, 0, 1] < free[20, 0, 1]


def test_unlimited_stock_and_stock_of_nothing_have_no_cost() -> None:
    p = one_order(stock=[[UNLIMITED], [0]])
    model = learn_opportunity_costs(p, [p], rounds=1)
    assert len(model.cells) == 0
    assert model.prices(1.0, p.stock, p.capacity).stock.tolist() == [[0.0], [0.0]]


def test_zero_prices_have_the_shape_of_the_problem() -> None:
    zero = BidPrices.zero(one_order())
    assert zero.stock.tolist() == [[0.0], [0.0]]
    assert zero.node.tolist() == [0.0, 0.0]
