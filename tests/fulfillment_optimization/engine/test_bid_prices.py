"""Bid prices: what they do to real time, and how a batch derives them from its duals."""

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import (
    BidPrices,
    SourcingProblem,
    problem_from_arrays,
    solve,
)
from openiom.fulfillment_optimization.engine.averaged_duals import averaged_prices
from openiom.fulfillment_optimization.engine.columns import columns_of_nodes, joined, open_columns
from openiom.fulfillment_optimization.engine.lagrangian import Relaxation
from openiom.fulfillment_optimization.engine.master_problem import Master


def orders(**changes: object) -> SourcingProblem:
    """Two orders of one unit for the one unit of node 0; node 1 costs 3 and 5 more."""
    arrays: dict[str, object] = {
        "line_order": [0, 1],
        "line_sku": [0, 0],
        "quantity": 1,
        "stock": [[1], [9]],
        "parcel_parts": {"carrier": [[1.0, 4.0], [1.0, 6.0]]},
        "serve_parts": {},
        "open_cost": 50.0,
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def with_prices(p: SourcingProblem, stock: list[list[float]], node: list[float]) -> list[int]:
    """The node of every order solved in real time with these prices."""
    plan = solve(p, bid_prices=BidPrices(np.array(stock), np.array(node)))
    nodes: list[int] = plan.node.tolist()
    return nodes


@pytest.mark.parametrize(
    ("price", "node"), [(0.0, [0, 1]), (2.9, [0, 1]), (3.1, [1, 0]), (4.9, [1, 0]), (5.1, [1, 1])]
)
def test_an_order_takes_a_unit_only_if_it_gains_more_than_the_price(
    price: float, node: list[int]
) -> None:
    assert with_prices(orders(), [[price], [0.0]], [0.0, 0.0]) == node
    assert with_prices(orders(capacity=[1, 9]), [[0.0], [0.0]], [price, 0.0]) == node


def test_the_price_is_paid_for_every_unit_of_the_line() -> None:
    three = orders(quantity=3, stock=[[9], [9]])
    assert with_prices(three, [[0.9], [0.0]], [0.0, 0.0]) == [0, 0]
    assert with_prices(three, [[1.1], [0.0]], [0.0, 0.0]) == [1, 0]


def test_a_line_stays_open_when_all_sources_are_dearer_than_waiting() -> None:
    p = orders(open_cost=10.0)
    assert with_prices(p, [[9.5], [6.5]], [0.0, 0.0]) == [-1, -1]
    assert with_prices(p, [[8.9], [9.0]], [0.0, 0.0]) == [0, -1]


def test_prices_are_not_part_of_the_cost() -> None:
    p = orders()
    plan = solve(p, bid_prices=BidPrices(np.array([[2.0], [0.0]]), np.array([0.5, 0.0])))
    assert plan.cost == 1.0 + 6.0


@pytest.mark.parametrize(
    ("bid", "pressure", "node"),
    [(0.0, 2.0, [0, 0]), (0.0, 4.0, [1, 0]), (4.0, 2.0, [1, 0]), (2.0, 2.9, [0, 0])],
)
def test_a_pressed_node_charges_the_higher_of_bid_price_and_pressure(
    bid: float, pressure: float, node: list[int]
) -> None:
    p = orders(stock=[[9], [9]], capacity=9, soft_capacity=[0, 9], pressure=[pressure, 0.0])
    assert with_prices(p, [[0.0], [0.0]], [bid, 0.0]) == node


def test_prices_of_zero_have_the_shape_of_the_stock() -> None:
    zero = BidPrices.zero(orders())
    assert zero.stock.tolist() == [[0.0], [0.0]]
    assert zero.node.tolist() == [0.0, 0.0]


def prices_of_batch(p: SourcingProblem, seconds: float = 9.0) -> BidPrices:
    relaxation = Relaxation(p)
    master = Master(relaxation)
    nodes = [np.full(p.lines, node) for node in range(p.nodes)]
    pool = joined([open_columns(p), *(columns_of_nodes(p, node) for node in nodes)])
    master.add(pool)
    _, prices, _ = master.solve()
    return averaged_prices(relaxation, prices, master, pool, lambda: seconds)


def test_averaged_prices_lie_between_the_gain_and_the_loss_of_a_unit() -> None:
    """The next unit saves 3 and the last one 5; scarcer and richer problems see one each."""
    bid = prices_of_batch(orders())
    assert bid.stock[0, 0] == pytest.approx(4.0)
    assert bid.stock[1, 0] == 0.0
    assert bid.node.tolist() == [0.0, 0.0]
    assert with_prices(orders(), bid.stock.tolist(), bid.node.tolist()) == [1, 0]


def test_averaged_prices_are_the_same_every_time() -> None:
    one, two = prices_of_batch(orders()), prices_of_batch(orders())
    assert one.stock.tolist() == two.stock.tolist()
    assert one.node.tolist() == two.node.tolist()


def test_without_time_the_prices_of_the_problem_itself_are_used() -> None:
    bid = prices_of_batch(orders(), seconds=0.0)
    assert bid.stock[0, 0] in (pytest.approx(3.0), pytest.approx(5.0))


def test_scarce_parcels_have_averaged_prices_like_scarce_units() -> None:
    bid = prices_of_batch(orders(stock=[[9], [9]], capacity=[1, 9], soft_capacity=[1, 9]))
    assert bid.node.tolist() == pytest.approx([4.0, 0.0])
    assert not bid.stock.any()


def test_prices_of_a_batch_are_those_averages() -> None:
    plan = solve(orders(), mode="batch")
    assert plan.prices is not None
    assert plan.prices.stock[0, 0] == pytest.approx(4.0)
    assert solve(orders(), bid_prices=plan.prices).cost == plan.cost == 5.0
