"""The master problem as a matrix, as a linear program that grows, and as an integer program."""

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import Shares, SourcingProblem, problem_from_arrays
from openiom.fulfillment_optimization.engine.columns import (
    Columns,
    columns_of_nodes,
    columns_of_plan,
    fitting_alone,
    joined,
    open_columns,
)
from openiom.fulfillment_optimization.engine.lagrangian import Cuts, Relaxation
from openiom.fulfillment_optimization.engine.master_problem import (
    Master,
    as_model,
    matrix,
    row_limits,
)
from openiom.fulfillment_optimization.engine.milp import INF, solve_model


def two_orders(**changes: object) -> SourcingProblem:
    """Order 0 has lines of SKUs 0 and 1, order 1 a line of SKU 0; node 0 has two units of it."""
    arrays: dict[str, object] = {
        "line_order": [0, 0, 1],
        "line_sku": [0, 1, 0],
        "quantity": [2, 3, 1],
        "stock": [[2, 9], [9, 9]],
        "parcel_parts": {"carrier": [[1.0, 4.0], [1.0, 6.0]]},
        "serve_parts": {},
        "open_cost": 20.0,
        "capacity": [5, 4],
        "used": [2, 0],
        "soft_capacity": [3, 4],
        "pressure": [2.0, 0.0],
        "limit_members": [[True, False]],
        "line_limit": [2],
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def relaxation_of(**changes: object) -> Relaxation:
    return Relaxation(two_orders(**changes))


def dense(relaxation: Relaxation, columns: Columns) -> list[list[float]]:
    """The matrix of some columns, one list for each of them."""
    a = matrix(relaxation, columns)
    height = len(row_limits(relaxation)[0])

    rows: list[list[float]] = []
    for i in range(len(columns)):
        column = np.zeros(height)
        entries = slice(int(a.start[i]), int(a.start[i + 1]))
        column[a.index[entries]] = a.value[entries]
        rows.append(column.tolist())

    return rows


def test_rows_are_orders_then_stock_then_parcels_then_order_lines_then_cuts() -> None:
    relaxation = relaxation_of()
    assert relaxation.cells.tolist() == [0]
    lower, upper = row_limits(relaxation)
    assert upper.tolist() == [1.0, 1.0, 2.0, 1.0, 4.0, 2.0]
    assert lower.tolist() == [1.0, 1.0, -INF, -INF, -INF, -INF]
    relaxation.add_cuts(Cuts(np.array([0]), np.array([0]), np.array([0]), np.array([3.0])))
    assert row_limits(relaxation)[1].tolist() == [1.0, 1.0, 2.0, 1.0, 4.0, 2.0, 3.0]


def test_a_column_uses_its_order_scarce_units_parcels_and_counted_lines() -> None:
    relaxation = relaxation_of()
    p = relaxation.problem
    columns = joined(
        [
            open_columns(p),
            columns_of_nodes(p, np.array([0, 0, 0])),
            columns_of_nodes(p, np.array([1, 0, 1])),
        ]
    )
    assert dense(relaxation, columns) == [
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 2.0, 1.0, 0.0, 2.0],
        [0.0, 1.0, 1.0, 1.0, 0.0, 1.0],
        [1.0, 0.0, 0.0, 1.0, 1.0, 1.0],
        [0.0, 1.0, 0.0, 0.0, 1.0, 0.0],
    ]


def test_two_lines_of_one_sku_add_up_in_the_row_of_their_cell() -> None:
    relaxation = relaxation_of(line_sku=[0, 0, 0], stock=[[5, 9], [9, 9]])
    columns = columns_of_nodes(relaxation.problem, np.array([0, 0, 1]))
    assert dense(relaxation, columns)[0][2] == 5.0


def test_cuts_are_counted_for_each_pair_a_column_holds() -> None:
    relaxation = relaxation_of()
    relaxation.add_cuts(
        Cuts(np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([0, 0, 1]), np.array([1.0, 0.0]))
    )
    columns = columns_of_nodes(relaxation.problem, np.array([0, 0, 1]))
    assert [column[-2:] for column in dense(relaxation, columns)] == [[2.0, 0.0], [0.0, 1.0]]


def all_plans(p: SourcingProblem) -> Columns:
    """Every order open, and every plan of whole lines from one node that the stock allows."""
    nodes = [np.full(p.lines, node) for node in range(p.nodes)]
    plans = joined([open_columns(p), *(columns_of_nodes(p, node) for node in nodes)])
    return fitting_alone(p, plans)


def contested(**changes: object) -> SourcingProblem:
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


def solved(p: SourcingProblem, columns: Columns | None = None) -> tuple[float, list[float], Master]:
    relaxation = Relaxation(p)
    master = Master(relaxation)
    master.add(all_plans(p) if columns is None else columns)
    optimum, prices, _ = master.solve()
    return optimum, prices.stock.tolist(), master


def test_the_price_of_the_last_unit_lies_between_what_it_saves_each_order() -> None:
    optimum, [price], _ = solved(contested())
    assert optimum == pytest.approx(4.0 + 1.0)
    assert 3.0 - 1e-9 <= price <= 5.0 + 1e-9


@pytest.mark.parametrize(("stock", "optimum"), [(0, 10.0), (1, 5.0), (2, 2.0), (9, 2.0)])
def test_the_optimum_falls_with_the_stock_until_all_orders_have_it(
    stock: int, optimum: float
) -> None:
    assert solved(contested(stock=[[stock], [9]]))[0] == pytest.approx(optimum)


def test_orders_stay_open_when_nothing_else_is_offered() -> None:
    p = contested()
    optimum, _, _ = solved(p, open_columns(p))
    assert optimum == pytest.approx(100.0)


def test_columns_added_later_lower_the_optimum_and_have_values_in_their_sequence() -> None:
    p = contested()
    _, _, master = solved(p, open_columns(p))
    master.add(columns_of_nodes(p, np.array([1, 1])))
    optimum, _, value = master.solve()
    assert optimum == pytest.approx(10.0)
    assert value.tolist() == pytest.approx([0.0, 0.0, 1.0, 1.0])
    master.add(columns_of_nodes(p, np.array([0, 0])))
    optimum, _, value = master.solve()
    assert optimum == pytest.approx(5.0)
    assert value.tolist() == pytest.approx([0.0, 0.0, 1.0, 0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("capacity", "soft", "pressure", "optimum"),
    [
        (9, 9, 2.0, 2.0),
        (9, 1, 2.0, 4.0),
        (9, 1, 4.0, 5.0),  # dearer than the three that node 1 costs more
        (9, 0, 2.0, 6.0),
        (1, 1, 2.0, 5.0),
        (1, 0, 2.0, 7.0),
        (0, 0, 2.0, 10.0),
    ],
)
def test_parcels_beyond_the_soft_capacity_cost_pressure_up_to_the_capacity(
    capacity: int, soft: int, pressure: float, optimum: float
) -> None:
    p = contested(
        stock=[[9], [9]], capacity=[capacity, 9], soft_capacity=[soft, 9], pressure=[pressure, 0.0]
    )
    assert solved(p, all_plans(p))[0] == pytest.approx(optimum)
    model = as_model(Relaxation(p), all_plans(p))
    assert solve_model(model).objective == pytest.approx(optimum)


def test_parcels_and_order_lines_have_prices_too() -> None:
    p = contested(stock=[[9], [9]], limit_members=[[True, False]], line_limit=[1])
    master = Master(Relaxation(p))
    master.add(all_plans(p))
    optimum, prices, _ = master.solve()
    assert optimum == pytest.approx(5.0)
    assert prices.stock.tolist() == []
    assert 3.0 - 1e-9 <= prices.lines[0] + prices.node[0] <= 5.0 + 1e-9


def test_cuts_are_rows_of_the_plans_already_there() -> None:
    """Two units, lines of two: half a line more could be served; the cut allows one line only."""
    p = contested(quantity=2, stock=[[3], [9]])
    relaxation = Relaxation(p)
    master = Master(relaxation)
    columns = all_plans(p)
    master.add(columns)
    assert master.solve()[0] == pytest.approx(1.0 + 0.5 * 1.0 + 0.5 * 4.0)
    cuts = Cuts(np.array([0, 0]), np.array([0, 1]), np.array([0, 0]), np.array([1.0]))
    relaxation.add_cuts(cuts)
    master.add_cuts(columns, 0)
    optimum, prices, _ = master.solve()
    assert optimum == pytest.approx(5.0)
    assert len(prices.cuts) == 1
    assert prices.cuts[0] > 0
    assert relaxation.price(prices).bound == pytest.approx(5.0)


@pytest.mark.parametrize(("units", "optimum"), [(0.0, 5.0), (0.25, 4.25), (1.0, 2.0), (-2.0, 10.0)])
def test_perturbed_limits_are_not_lowered_below_zero(units: float, optimum: float) -> None:
    _, _, master = solved(contested())
    master.perturb(np.array([units, 0.0, 0.0]))
    assert master.solve()[0] == pytest.approx(optimum)


def test_each_perturbation_starts_from_the_limits_of_the_problem() -> None:
    _, _, master = solved(contested())
    for _ in range(3):
        master.perturb(np.array([0.5, 0.0, 0.0]))
    assert master.solve()[0] == pytest.approx(3.5)
    master.perturb(np.zeros(3))
    assert master.solve()[0] == pytest.approx(5.0)


def test_the_integer_program_has_whole_plans_and_continuous_parcels_beyond() -> None:
    relaxation = relaxation_of()
    columns = columns_of_plan(relaxation.problem, Shares.of([(0, 0, 2), (1, 0, 3), (2, 1, 1)]))
    model = as_model(relaxation, columns)
    assert model.cost.tolist() == [2.0, 0.0, 1.0, 6.0]
    assert model.upper.tolist() == [2.0, 0.0, 1.0, 1.0]
    assert model.lower.tolist() == [0.0] * 4
    assert model.integer.tolist() == [False, False, True, True]
    rows = np.zeros((len(model.row_lower), len(model.cost)))

    for row in range(len(rows)):
        entries = slice(int(model.start[row]), int(model.start[row + 1]))
        rows[row, model.index[entries]] = model.value[entries]

    assert rows.tolist() == [
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [0.0, 0.0, 2.0, 0.0],
        [-1.0, 0.0, 1.0, 0.0],
        [0.0, -1.0, 0.0, 1.0],
        [0.0, 0.0, 2.0, 0.0],
    ]
