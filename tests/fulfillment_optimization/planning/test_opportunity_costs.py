"""Cost curves by units left, and the prices they give for the stock and capacity of a problem."""

from datetime import datetime

import pytest
from tests.fulfillment_optimization.builders import order, place, plan, setting, stock

from openiom.fulfillment_optimization.planning.opportunity_costs import (
    CostCurve,
    OpportunityCosts,
    _share_of_day_left,
    _trimmed,
    _without_negligible,
)


@pytest.mark.parametrize(
    ("units_left", "cost"),
    [(-1, 0.0), (0, 0.0), (1, 9.0), (5, 9.0), (6, 4.0), (10, 4.0), (11, 1.0), (15, 1.0), (99, 1.0)],
)
def test_a_curve_has_a_cost_for_every_number_of_units_left(units_left: int, cost: float) -> None:
    assert CostCurve(5, (9.0, 4.0, 1.0)).at(units_left) == cost


def test_a_curve_without_steps_costs_nothing() -> None:
    assert CostCurve(1, ()).at(3) == 0.0


@pytest.mark.parametrize(
    ("costs", "kept"),
    [
        ([5.0, 2.0], (5.0, 2.0)),
        ([5.0, 0.0], (5.0, 0.0)),
        ([5.0, 0.0, 0.0, 0.0], (5.0, 0.0)),
        ([5.0, 0.0009, 0.0002], (5.0, 0.0009)),
        ([5.0, 0.0, 2.0, 0.0], (5.0, 0.0, 2.0, 0.0)),
        ([0.0, 0.0], (0.0,)),
        ([-1.0], (0.0,)),
        ([1.23456], (1.2346,)),
    ],
)
def test_negligible_steps_at_the_end_become_one(
    costs: list[float], kept: tuple[float, ...]
) -> None:
    assert _trimmed(costs) == kept


def test_resources_of_negligible_cost_have_no_curve() -> None:
    dear, cheap = CostCurve(1, (0.002,)), CostCurve(1, (0.001,))
    curves = {("A", "LAMP"): dear, ("B", "LAMP"): cheap, ("C", ""): CostCurve(1, ())}
    assert _without_negligible(curves) == {("A", "LAMP"): dear}


@pytest.mark.parametrize(
    ("zone", "now", "share"),
    [
        ("UTC", "2026-11-20T00:00+00:00", 1.0),
        ("UTC", "2026-11-20T06:00+00:00", 0.75),
        ("UTC", "2026-11-20T23:30+00:00", 0.5 / 24),
        ("America/New_York", "2026-11-20T06:00+00:00", 23 / 24),
    ],
)
def test_the_share_of_the_local_day_that_is_left(zone: str, now: str, share: float) -> None:
    assert _share_of_day_left(zone, datetime.fromisoformat(now)) == pytest.approx(share)


def test_prices_follow_the_units_and_parcels_that_are_left() -> None:
    sources = [place("A", 1.0, daily_parcels=3), place("B", 10.0)]
    answer = plan(order("one", LAMP=1, RUG=1), setting(sources), stock(LAMP_A=1, LAMP_B=4, RUG_A=2))
    curve = CostCurve(2, (7.0, 3.0))
    costs = OpportunityCosts(
        {
            ("A", "LAMP"): curve,
            ("B", "LAMP"): curve,
            ("A", ""): curve,
            ("B", ""): curve,
            ("A", "BED"): curve,
            ("GONE", "LAMP"): curve,
        }
    )
    prices = costs.prices(answer.framed)
    products = answer.framed.products
    by_product = {product: prices.stock[:, s].tolist() for s, product in enumerate(products)}
    assert by_product == {"LAMP": [7.0, 3.0], "RUG": [0.0, 0.0]}
    assert prices.node.tolist() == [3.0, 0.0]
