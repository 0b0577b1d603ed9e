"""Key figures of a run from its days, and their bounds over runs: exact numbers."""

from typing import Any

import pytest

from openiom.simulation.kpis import (
    DAILY,
    KPIS,
    RunFigures,
    SourceTally,
    Tally,
    band,
    bands_of,
    daily_of,
    differences,
    kpis_of,
    ratio,
)

FIRST = Tally(
    orders=4,
    lines=7,
    units=20,
    units_served=15,
    in_full=2,
    in_part=1,
    split=1,
    parcels=4,
    km=900.0,
    km_parcels=3,
    revenue=300.0,
    lost_revenue=50.0,
    cost=60.0,
    sources={"SEA", "CHI"},
)
SECOND = Tally(
    orders=1,
    lines=1,
    units=5,
    units_served=5,
    in_full=1,
    parcels=1,
    km=100.0,
    km_parcels=1,
    revenue=60.0,
    cost=8.0,
    sources={"SEA"},
)
IDLE = Tally()


@pytest.mark.parametrize(
    ("kpi", "expected"),
    [
        ("avg_fulfillment_distance_km", 250.0),
        ("orders", 5),
        ("orders_per_week", 7.0 * 5 / 3),
        ("order_lines", 8),
        ("revenue", 360.0),
        ("lost_revenue", 50.0),
        ("revenue_per_order", 72.0),
        ("revenue_per_fulfilled_order", 90.0),
        ("sources_per_day", 1.0),
        ("sources_used", 2),
        ("sources_per_order", 1.25),
        ("cost", 68.0),
        ("cost_per_fulfilled_order", 17.0),
        ("split_rate", 0.25),
        ("fill_rate", 0.8),
        ("orders_in_full", 3),
        ("orders_in_part", 1),
        ("orders_unfulfilled", 1),
    ],
)
def test_a_kpi_of_three_days(kpi: str, expected: float) -> None:
    assert kpis_of([FIRST, SECOND, IDLE])[kpi] == pytest.approx(expected, abs=1e-12)


def test_every_kpi_and_every_daily_figure_is_computed() -> None:
    assert tuple(kpis_of([FIRST])) == KPIS
    assert tuple(daily_of([FIRST])) == DAILY


def test_a_run_without_orders_has_zeros() -> None:
    assert set(kpis_of([IDLE]).values()) == {0.0}
    assert set(kpis_of([]).values()) == {0.0}


def test_daily_figures_have_a_value_for_each_day() -> None:
    assert daily_of([FIRST, SECOND, IDLE]) == {
        "orders": [4, 1, 0],
        "order_lines": [7, 1, 0],
        "revenue": [300.0, 60.0, 0.0],
        "cost": [60.0, 8.0, 0.0],
        "fill_rate": [0.75, 1.0, 0.0],
        "avg_fulfillment_distance_km": [300.0, 100.0, 0.0],
        "sources": [2, 1, 0],
    }


def test_adding_a_tally_adds_every_sum_and_unites_the_sources() -> None:
    total = Tally()
    for day in (FIRST, SECOND):
        total.add(day)

    assert total == Tally(
        orders=5,
        lines=8,
        units=25,
        units_served=20,
        in_full=3,
        in_part=1,
        split=1,
        parcels=5,
        km=1000.0,
        km_parcels=4,
        revenue=360.0,
        lost_revenue=50.0,
        cost=68.0,
        sources={"SEA", "CHI"},
    )
    assert total.fulfilled == 4
    assert FIRST.sources == {"SEA", "CHI"}


@pytest.mark.parametrize(
    ("amount", "of", "expected"), [(6.0, 4.0, 1.5), (0.0, 4.0, 0.0), (5.0, 0.0, 0.0)]
)
def test_a_ratio_of_nothing_is_zero(amount: float, of: float, expected: float) -> None:
    assert ratio(amount, of) == expected


def test_the_figures_of_a_source() -> None:
    tally = SourceTally(parcels=4, lines=6, units=9, km=300.0, km_parcels=3, days=2)
    assert tally.as_dict() == {
        "parcels": 4,
        "lines": 6,
        "units": 9,
        "avg_distance_km": 100.0,
        "days_used": 2,
    }


def test_bounds_are_the_quantiles_of_five_and_ninety_five_per_cent() -> None:
    assert band([float(n) for n in range(101)]) == {"mean": 50.0, "lower": 5.0, "upper": 95.0}
    assert band([1 / 3, 1 / 3]) == {"mean": 0.333333, "lower": 0.333333, "upper": 0.333333}


def run(cost: float, **sources: float) -> dict[str, Any]:
    """A run of one day whose every KPI is `cost`, with the parcels of each source."""
    by_source = {name: SourceTally(parcels=int(n)).as_dict() for name, n in sources.items()}
    kpis = dict.fromkeys(KPIS, cost)
    return RunFigures(kpis, {name: [cost, 2 * cost] for name in DAILY}, by_source).as_dict()


def test_bands_of_runs_by_kpi_day_and_source() -> None:
    found = bands_of([run(10.0, SEA=4), run(20.0, SEA=2, CHI=1)])
    assert tuple(found["kpis"]) == KPIS
    assert found["kpis"]["cost"] == {"mean": 15.0, "lower": 10.5, "upper": 19.5}
    assert found["daily"]["revenue"] == {
        "mean": [15.0, 30.0],
        "lower": [10.5, 21.0],
        "upper": [19.5, 39.0],
    }
    assert list(found["by_source"]) == ["CHI", "SEA"]
    assert found["by_source"]["SEA"]["parcels"] == {"mean": 3.0, "lower": 2.1, "upper": 3.9}
    assert found["by_source"]["CHI"]["parcels"] == {"mean": 0.5, "lower": 0.05, "upper": 0.95}


@pytest.mark.parametrize(
    ("first", "second", "mean", "certain"),
    [
        ([10.0, 20.0], [10.0, 20.0], 0.0, False),
        ([10.0, 20.0], [12.0, 23.0], 2.5, True),
        ([10.0, 20.0], [8.0, 17.0], -2.5, True),
        ([10.0, 20.0], [8.0, 25.0], 1.5, False),
        ([10.0, 20.0], [10.0, 21.0], 0.5, True),
    ],
)
def test_a_difference_is_certain_when_its_bounds_are_on_one_side_of_zero(
    first: list[float], second: list[float], mean: float, certain: bool
) -> None:
    found = differences([run(value) for value in first], [run(value) for value in second])
    assert tuple(found) == KPIS
    assert (found["cost"]["mean"], found["cost"]["certain"]) == (mean, certain)


def whole_run(*days: Tally) -> dict[str, Any]:
    return RunFigures(kpis_of(days), daily_of(days), {}).as_dict()


def test_a_run_that_drew_no_order_is_left_out_of_every_mean() -> None:
    found = bands_of([whole_run(SECOND), whole_run(IDLE)])
    assert found["kpis"]["fill_rate"] == {"mean": 1.0, "lower": 1.0, "upper": 1.0}
    assert found["kpis"]["cost"] == {"mean": 8.0, "lower": 8.0, "upper": 8.0}
    assert found["kpis"]["orders_in_full"]["mean"] == 1.0
    assert found["daily"]["cost"] == {"mean": [8.0], "lower": [8.0], "upper": [8.0]}


def test_ratios_of_fulfilled_orders_leave_out_runs_that_served_nothing() -> None:
    nothing_served = Tally(orders=2, lines=2, units=4, lost_revenue=80.0)
    found = bands_of([whole_run(SECOND), whole_run(nothing_served)])["kpis"]
    assert found["fill_rate"]["mean"] == 0.5
    assert found["cost"]["mean"] == 4.0
    assert found["cost_per_fulfilled_order"]["mean"] == 8.0
    assert found["avg_fulfillment_distance_km"]["mean"] == 100.0


def test_a_day_without_orders_has_no_fill_rate_but_no_cost_either() -> None:
    daily = bands_of([whole_run(SECOND, IDLE), whole_run(SECOND, SECOND)])["daily"]
    assert daily["fill_rate"]["mean"] == [1.0, 1.0]
    assert daily["avg_fulfillment_distance_km"]["mean"] == [100.0, 100.0]
    assert daily["cost"]["mean"] == [8.0, 4.0]


def test_a_source_has_the_distance_of_the_runs_that_used_it() -> None:
    used = SourceTally(parcels=2, km=300.0, km_parcels=2).as_dict()
    kpis = dict.fromkeys(KPIS, 1.0)
    days = {name: [1.0] for name in DAILY}
    runs = [RunFigures(kpis, days, {"SEA": used}), RunFigures(kpis, days, {})]
    found = bands_of([one.as_dict() for one in runs])["by_source"]["SEA"]
    assert (found["parcels"]["mean"], found["avg_distance_km"]["mean"]) == (1.0, 150.0)


def test_without_any_order_all_figures_are_zero() -> None:
    found = bands_of([whole_run(IDLE), whole_run(IDLE)])
    assert found["kpis"]["fill_rate"] == {"mean": 0.0, "lower": 0.0, "upper": 0.0}
    assert found["daily"]["fill_rate"]["mean"] == [0.0]
    assert found["by_source"] == {}


def test_a_difference_counts_the_runs_in_which_both_have_the_figure() -> None:
    baseline = [whole_run(FIRST), whole_run(IDLE)]
    scenario = [whole_run(SECOND), whole_run(IDLE)]
    found = differences(baseline, scenario)
    assert found["cost"]["mean"] == -52.0
    assert found["fill_rate"]["mean"] == 0.25
    assert differences([whole_run(IDLE)], [whole_run(IDLE)])["cost"]["mean"] == 0.0
