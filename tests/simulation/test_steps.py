"""The steps of a simulated day, each by itself: supply, batches, strategies, sums."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.fulfillment_optimization import (
    PastLine,
    PastOrder,
    PlanningNetwork,
    PlanningStrategy,
)
from openiom.simulation.demand import DemandPool, as_json, copy_of, drawn, from_json, starting_stock
from openiom.simulation.kpis import LOWER, UPPER, SourceTally, band
from openiom.simulation.request import ScenarioChanges
from openiom.simulation.service import _value_at
from openiom.simulation.simulator import (
    Arrival,
    Scenario,
    _batches,
    _free,
    _is_replenished,
    _parcels,
    _receive,
    _replenish,
    _Served,
    _State,
    _strategies,
    _tally,
    _without_shock,
)

MONDAY = date(2026, 11, 2)


def order(*lines: tuple[str, int], hour: int = 12, currency: str = "USD") -> PastOrder:
    return PastOrder(
        placed_at=datetime(2026, 11, 2, hour, 5, tzinfo=UTC),
        country="US",
        state="WA",
        place=None,
        business=False,
        currency=currency,
        wanted_days=None,
        lines=tuple(PastLine(product, units, 10.0 * units) for product, units in lines),
    )


def network(**strategies: dict[str, Any]) -> PlanningNetwork:
    address = {"latitude": 0.0, "longitude": 1.0, "country": "US"}
    named = {name: {"title": name, **body} for name, body in strategies.items()}
    return PlanningNetwork({"source": {"A": {"title": "A", "address": address}}, "strategy": named})


@pytest.mark.parametrize(
    ("interval", "days"), [(None, []), (1, [1, 2, 3, 4, 5]), (2, [2, 4]), (5, [5]), (6, [])]
)
def test_stock_is_filled_up_at_the_interval_but_not_on_the_first_morning(
    interval: int | None, days: list[int]
) -> None:
    assert [ahead for ahead in range(6) if _is_replenished(ahead, interval)] == days


def test_stock_is_filled_up_to_its_first_level_and_never_lowered() -> None:
    stock = {"LAMP": {"SEA": 2, "CHI": 9}}
    _replenish(stock, {"LAMP": {"SEA": 5, "CHI": 5, "MIA": 1}, "DESK": {"SEA": 3}})
    assert stock == {"LAMP": {"SEA": 5, "CHI": 9, "MIA": 1}, "DESK": {"SEA": 3}}


def test_supply_arrives_on_its_day() -> None:
    stock = {"LAMP": {"SEA": 2}}
    inbound = (
        Arrival(1, "LAMP", "SEA", 4),
        Arrival(1, "DESK", "CHI", 3),
        Arrival(2, "LAMP", "SEA", 9),
    )
    _receive(stock, inbound, 0)
    assert stock == {"LAMP": {"SEA": 2}}
    _receive(stock, inbound, 1)
    assert stock == {"LAMP": {"SEA": 6}, "DESK": {"CHI": 3}}


def test_free_stock_is_that_of_the_products_above_zero() -> None:
    stock = {"LAMP": {"SEA": 2, "CHI": 0, "MIA": -1}, "DESK": {"SEA": 3}}
    assert _free(stock, ["LAMP", "RUG"]) == {("LAMP", "SEA"): 2}
    assert _free(stock, []) == {}


def test_without_the_shock_demand_is_that_of_the_baseline() -> None:
    new = {"product": "NEO", "like": "LAMP", "share": 2.0}
    changes = ScenarioChanges.model_validate(
        {"closed_sources": ["SEA"], "demand_multiplier": 3.0, "new_products": [new]}
    )
    found = _without_shock(changes)
    assert (found.demand_multiplier, found.new_products) == (1.0, [])
    assert found.closed_sources == ["SEA"]
    assert changes.demand_multiplier == 3.0, "the request is not changed"


@pytest.mark.parametrize(
    ("batch", "expected"),
    [({"bid_prices": False}, [(12, 3)]), ({"bid_prices": True}, [(8, 1), (9, 2)])],
)
def test_orders_are_planned_at_noon_unless_they_pay_prices(
    batch: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    plain = network(plain={"weights": {"lateness_per_day": 0}, "batch": batch})
    assert hours(plain.strategy("plain", MONDAY), [8, 9, 9]) == expected


def hours(strategy: PlanningStrategy, placed: list[int]) -> list[tuple[int, int]]:
    """The hour of each batch and its number of orders."""
    orders = [order(("LAMP", 1), hour=hour) for hour in placed]
    found = []
    for batch in _batches(strategy, orders, MONDAY):
        assert not batch.together
        assert batch.now.date() == MONDAY
        found.append((batch.now.hour, len(batch.orders)))
    return found


def test_a_day_without_orders_has_no_batch() -> None:
    strategy = network(plain={}).strategy("plain", MONDAY)
    assert list(_batches(strategy, [], MONDAY)) == []


def test_orders_of_a_window_are_planned_together_when_it_closes() -> None:
    collecting = network(window={"batch": {"enabled": True, "minutes": 60}})
    strategy = collecting.strategy("window", MONDAY)
    orders = [order(("LAMP", 1), hour=hour) for hour in (8, 8, 10)]
    found = list(_batches(strategy, orders, MONDAY))
    assert [(batch.together, len(batch.orders)) for batch in found] == [(True, 2), (True, 1)]
    assert [batch.now.hour for batch in found] == [9, 11]


def names(scenario_strategy: str, **strategies: dict[str, Any]) -> list[str]:
    scenario = Scenario(network(**strategies), scenario_strategy, {})
    return [strategy.name for strategy in _strategies(scenario, MONDAY)]


def test_alternates_follow_the_strategy_until_one_repeats() -> None:
    assert names("a", a={}) == ["a"]
    assert names("a", a={"alternate": "b"}, b={}) == ["a", "b"]
    assert names("a", a={"alternate": "b"}, b={"alternate": "a"}) == ["a", "b"]


def test_a_chain_ends_at_a_strategy_that_does_not_exist() -> None:
    assert names("a", a={"alternate": "gone"}) == ["a"]
    assert names("gone", a={}) == []


def test_a_chain_has_at_most_six_strategies() -> None:
    chain = {f"s{number}": {"alternate": f"s{number + 1}"} for number in range(9)}
    assert names("s0", **chain, s9={}) == ["s0", "s1", "s2", "s3", "s4", "s5"]


def served(*rows: tuple[int, str, int]) -> list[_Served]:
    return [_Served(line, source, units) for line, source, units in rows]


def test_lines_of_an_order_from_one_source_share_a_parcel() -> None:
    orders = [order(("LAMP", 1), ("DESK", 1)), order(("LAMP", 1))]
    rows = served((0, "SEA", 1), (1, "SEA", 1), (2, "SEA", 1), (1, "CHI", 1))
    assert _parcels(orders, rows) == [(0, "SEA"), (1, "SEA"), (0, "CHI")]


def test_the_sums_of_a_batch() -> None:
    orders = [
        order(("LAMP", 2), ("DESK", 1)),
        order(("LAMP", 4)),
        order(("RUG", 1)),
        order(("LAMP", 1), currency="EUR"),
    ]
    state = _State(MONDAY, {}, [])
    rows = served((0, "SEA", 1), (0, "CHI", 1), (1, "SEA", 1), (2, "SEA", 1), (4, "SEA", 1))
    found = _tally(state, orders, rows, "USD")
    assert (found.orders, found.lines, found.units, found.units_served) == (4, 5, 9, 5)
    assert (found.in_full, found.in_part, found.split, found.parcels) == (2, 1, 1, 4)
    assert found.revenue == pytest.approx(20 + 10 + 10)
    assert found.lost_revenue == pytest.approx(30 + 10)
    assert found.sources == {"SEA", "CHI"}
    assert state.sources == {
        "SEA": SourceTally(lines=4, units=4),
        "CHI": SourceTally(lines=1, units=1),
    }


def test_a_batch_without_anything_served_loses_all_its_revenue() -> None:
    found = _tally(_State(MONDAY, {}, []), [order(("LAMP", 2))], [], "USD")
    assert (found.in_full, found.in_part, found.parcels, found.sources) == (0, 0, 0, set())
    assert (found.revenue, found.lost_revenue) == (0.0, 20.0)


units = st.integers(0, 9)
stocks = st.dictionaries(
    st.sampled_from(["LAMP", "DESK", "RUG"]),
    st.dictionaries(st.sampled_from(["SEA", "CHI"]), units),
)


@given(stocks)
def test_a_copy_of_stock_is_equal_and_independent(stock: dict[str, dict[str, int]]) -> None:
    copied = copy_of(stock)
    assert copied == stock
    for by_source in copied.values():
        by_source["NEW"] = 1
    assert all("NEW" not in by_source for by_source in stock.values())


@given(stocks, st.sampled_from(["", "SEA", "CHI"]), st.dictionaries(st.just("LAMP"), units))
def test_a_new_source_has_the_stock_of_another_one_and_its_own_figures(
    stock: dict[str, dict[str, int]], like: str, own: dict[str, int]
) -> None:
    new = {"name": "NEW", "body": {}, "stock_like": like, "stock": own}
    found = starting_stock(stock, ScenarioChanges.model_validate({"new_sources": [new]}))

    for product in {*stock, *own}:
        expected = dict(stock.get(product, {}))
        if like in expected:
            expected["NEW"] = expected[like]

        if product in own:
            expected["NEW"] = own[product]

        assert found[product] == expected


@given(st.floats(0.1, 4.0), st.floats(0.0, 3.0), st.integers(0, 99))
def test_an_order_is_repeated_the_whole_part_of_its_multiplier_and_at_most_once_more(
    multiplier: float, shock: float, seed: int
) -> None:
    pool = DemandPool(((order(("LAMP", 1)), order(("DESK", 1))),))
    changes = ScenarioChanges(demand_multiplier=shock, demand_products=["LAMP"])
    (day,) = drawn(pool, days=1, multiplier=multiplier, changes=changes, seed=seed, run=0)
    for product, times in (("LAMP", multiplier * shock), ("DESK", multiplier)):
        copies = sum(one.lines[0].product == product for one in day)
        assert int(times) <= copies <= int(times) + 1


@given(st.lists(st.lists(st.integers(1, 9), max_size=3), min_size=1, max_size=4))
def test_a_stored_pool_is_read_unchanged(days: list[list[int]]) -> None:
    pool = DemandPool(tuple(map(_day, days)))
    assert from_json(as_json(pool)) == pool
    assert pool.lines == sum(map(len, days))


def _day(quantities: list[int]) -> tuple[PastOrder, ...]:
    return tuple(order(("LAMP", quantity)) for quantity in quantities)


figures = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


@given(figures)
def test_bounds_are_the_quantiles_over_the_runs(values: list[float]) -> None:
    found = band(values)
    assert found["mean"] == pytest.approx(sum(values) / len(values), abs=1e-4)
    assert found["lower"] == pytest.approx(quantile_by_hand(values, LOWER), abs=1e-4)
    assert found["upper"] == pytest.approx(quantile_by_hand(values, UPPER), abs=1e-4)


def quantile_by_hand(values: list[float], share: float) -> float:
    """Linear interpolation between the two nearest of the sorted values."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "West"),
        ("weights.split", 4.0),
        ("constraints[0]", "near"),
        ("constraints[2]", None),
        ("bands[1].days", 3),
        ("bands[1].km", None),
        ("title.split", None),
        ("weights[0]", None),
        ("gone.deeper", None),
        ("", None),
    ],
)
def test_the_value_at_the_path_of_a_change(path: str, value: object) -> None:
    body = {
        "title": "West",
        "weights": {"split": 4.0},
        "constraints": ["near", "hours"],
        "bands": [{"days": 1}, {"days": 3}],
    }
    if path:
        assert _value_at(body, path) == value
    else:
        assert _value_at(body, path) is body
