"""Runs of the simulator: common demand, stock from day to day, capacity, prices and figures."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.fulfillment_optimization.quote_setup import CHICAGO, MIAMI, SEATTLE

from openiom.fulfillment_optimization import PastLine, PastOrder, PlanningNetwork
from openiom.kernel import Invalid
from openiom.platform.geocoding import geocode
from openiom.simulation.changes import changed_documents
from openiom.simulation.demand import (
    DemandPool,
    Stock,
    as_json,
    drawn,
    from_json,
    pool_of,
    starting_stock,
)
from openiom.simulation.kpis import RunFigures, band, bands_of, differences
from openiom.simulation.request import ScenarioChanges, SimulationRequest
from openiom.simulation.simulator import Arrival, Scenario, simulate

MONDAY = date(2026, 11, 2)
PLACES = {"SEA": SEATTLE, "CHI": CHICAGO, "MIA": MIAMI}


def order(
    day: int, city: str, *lines: tuple[str, int], hour: int = 12, currency: str = "USD"
) -> PastOrder:
    place = PLACES[city]
    return PastOrder(
        placed_at=datetime(2026, 11, 2, hour, tzinfo=UTC) + timedelta(days=day),
        country=place["country"],
        state=place["state"],
        place=geocode(place),
        business=False,
        currency=currency,
        wanted_days=None,
        lines=tuple(PastLine(product, units, 10.0 * units) for product, units in lines),
    )


def bodies(*names: str, **strategy: Any) -> dict[str, dict[str, dict[str, Any]]]:
    sources = {n: {"title": n, "address": PLACES[n]} for n in names}
    found: dict[str, dict[str, dict[str, Any]]] = {"source": sources}
    if strategy:
        found["strategy"] = {"default": {"title": "Default", **strategy}}
    return found


def requested(days: int = 1, **more: Any) -> SimulationRequest:
    to = MONDAY + timedelta(days=days - 1)
    demand = {"kind": "past", "from": MONDAY, "to": to, "multiplier": more.pop("multiplier", 1.0)}
    return SimulationRequest.model_validate({"name": "s", "demand": demand, "runs": 2, **more})


def run(
    request: SimulationRequest,
    orders: list[PastOrder],
    documents: dict[str, Any],
    stock: Stock,
    *,
    n: int = 0,
) -> RunFigures:
    changed = changed_documents(documents, request.changes, strategy=request.strategy)
    scenario = Scenario(
        PlanningNetwork(changed.over(documents)),
        changed.strategy,
        starting_stock(stock, request.changes),
        {},
        frozenset(),
    )
    pool = pool_of(orders, first=request.demand.from_, last=request.demand.to)
    return simulate(request, pool, scenario, run=n, shocked=True)


def test_one_day_of_two_orders_comes_to_exact_figures() -> None:
    orders = [order(0, "SEA", ("LAMP", 2), ("SHADE", 1)), order(0, "CHI", ("LAMP", 4), hour=13)]
    stock = {"LAMP": {"SEA": 5, "CHI": 1}, "SHADE": {"CHI": 9}}
    found = run(requested(), orders, bodies("SEA", "CHI"), stock)
    km = 2788.7
    assert found.kpis["orders"] == 2
    assert found.kpis["order_lines"] == 3
    assert found.kpis["orders_per_week"] == 14
    assert found.kpis["revenue"] == 30.0
    assert found.kpis["lost_revenue"] == 40.0
    assert found.kpis["revenue_per_order"] == 15.0
    assert found.kpis["revenue_per_fulfilled_order"] == 30.0
    assert found.kpis["sources_used"] == 2
    assert found.kpis["sources_per_order"] == 2.0
    assert found.kpis["split_rate"] == 1.0
    assert found.kpis["fill_rate"] == pytest.approx(3 / 7)
    assert (
        found.kpis["orders_in_full"],
        found.kpis["orders_in_part"],
        found.kpis["orders_unfulfilled"],
    ) == (1, 0, 1)
    assert found.kpis["avg_fulfillment_distance_km"] == pytest.approx(km / 2, abs=1)
    parcels, split, lines, units = 2 * 6.0, 4.0, 2 * 0.4, 3 * 0.05
    carriage = found.kpis["avg_fulfillment_distance_km"] * 2 * 0.0035
    assert found.kpis["cost"] == pytest.approx(parcels + split + lines + units + carriage)
    assert found.by_source["CHI"] == {
        "parcels": 1,
        "lines": 1,
        "units": 1,
        "avg_distance_km": pytest.approx(km, abs=1),
        "days_used": 1,
    }


def test_stock_falls_from_day_to_day_until_it_is_replenished() -> None:
    orders = [order(day, "SEA", ("LAMP", 3)) for day in range(4)]
    once = run(requested(4), orders, bodies("SEA"), {"LAMP": {"SEA": 7}})
    assert once.daily["fill_rate"] == [1.0, 1.0, 0.0, 0.0]
    filled = run(requested(4, replenish_days=2), orders, bodies("SEA"), {"LAMP": {"SEA": 7}})
    assert filled.daily["fill_rate"] == [1.0, 1.0, 1.0, 1.0]


def test_capacity_is_per_day() -> None:
    documents = bodies("SEA", "CHI")
    documents["source"]["SEA"]["daily_parcels"] = 1
    orders = [order(day, "SEA", ("LAMP", 1), hour=h) for day in range(2) for h in (9, 10)]
    found = run(requested(2), orders, documents, {"LAMP": {"SEA": 99, "CHI": 99}})
    assert (found.by_source["SEA"]["parcels"], found.by_source["CHI"]["parcels"]) == (2, 2)


def test_where_hours_matter_orders_are_sourced_in_the_hour_they_came() -> None:
    documents = bodies("SEA", constraints=["open"])
    documents["constraint"] = {"open": {"title": "Open", "type": "respect_timings"}}
    hours = {"monday": [{"opens": "08:00", "closes": "17:00"}]}
    documents["calendar"] = {
        "c": {"title": "C", "time_zone": "America/Los_Angeles", "hours": hours}
    }
    documents["source"]["SEA"]["calendar"] = "c"
    orders = [order(0, "SEA", ("LAMP", 1), hour=h) for h in (15, 16, 23)]
    found = run(requested(), orders, documents, {"LAMP": {"SEA": 99}})
    assert (found.kpis["orders_in_full"], found.kpis["orders_unfulfilled"]) == (2, 1)


def test_what_a_strategy_leaves_open_goes_to_its_alternate() -> None:
    documents = bodies("SEA", "CHI", maximum_distance_km=100, alternate="far")
    documents["strategy"]["far"] = {"title": "Far"}
    found = run(requested(), [order(0, "SEA", ("LAMP", 1))], documents, {"LAMP": {"CHI": 1}})
    assert (found.kpis["fill_rate"], list(found.by_source)) == (1.0, ["CHI"])


def test_without_any_source_everything_is_lost() -> None:
    request = requested(changes={"closed_sources": ["SEA"]})
    found = run(request, [order(0, "SEA", ("LAMP", 2))], bodies("SEA"), {"LAMP": {"SEA": 9}})
    assert (found.kpis["orders_unfulfilled"], found.kpis["lost_revenue"], found.kpis["cost"]) == (
        1,
        20.0,
        0.0,
    )


def test_revenue_in_another_currency_is_left_out() -> None:
    orders = [
        order(0, "SEA", ("LAMP", 1)),
        order(0, "SEA", ("LAMP", 1)),
        order(0, "SEA", ("LAMP", 7), currency="EUR"),
    ]
    found = run(requested(), orders, bodies("SEA"), {"LAMP": {"SEA": 99}})
    assert (found.kpis["revenue"], found.kpis["order_lines"]) == (20.0, 3)


def test_the_days_drawn_depend_on_seed_and_run_alone() -> None:
    pool = pool_of(
        [order(day, "SEA", (f"P{day}", 1)) for day in range(7)],
        first=MONDAY,
        last=MONDAY + timedelta(6),
    )

    def products(seed: int, run: int, **changes: Any) -> list[str]:
        days = drawn(
            pool, days=7, multiplier=1.0, changes=ScenarioChanges(**changes), seed=seed, run=run
        )
        return [line.product for day in days for o in day for line in o.lines]

    assert products(1, 0) == products(1, 0) == products(1, 0, closed_sources=["SEA"])
    assert products(1, 0) != products(1, 1)
    assert products(1, 0) != products(2, 0)
    assert max(Counter(products(1, 0)).values()) > 1


@pytest.mark.parametrize("multiplier", [0.5, 1.5, 3.0])
def test_a_multiplier_is_met_on_average_and_adds_to_the_same_orders(multiplier: float) -> None:
    pool = DemandPool((tuple(order(0, "SEA", (f"P{i}", 1)) for i in range(400)),))

    def of(times: float) -> Counter[str]:
        day = next(drawn(pool, days=1, multiplier=times, changes=ScenarioChanges(), seed=3, run=0))
        return Counter(o.lines[0].product for o in day)

    assert sum(of(multiplier).values()) == pytest.approx(400 * multiplier, rel=0.08)
    assert not of(multiplier) - of(multiplier + 0.25)


def test_a_shock_hits_only_orders_with_the_product() -> None:
    pool = DemandPool((tuple(order(0, "SEA", (p, 1)) for p in ("LAMP", "SHADE")),))
    changes = ScenarioChanges(demand_multiplier=3.0, demand_products=["LAMP"])
    day = next(drawn(pool, days=1, multiplier=1.0, changes=changes, seed=0, run=0))
    assert Counter(o.lines[0].product for o in day) == {"LAMP": 3, "SHADE": 1}


def test_a_new_product_sells_in_orders_of_its_own() -> None:
    pool = DemandPool((tuple(order(0, "SEA", ("LAMP", 2), ("SHADE", 1)) for _ in range(200)),))
    changes = ScenarioChanges.model_validate(
        {"new_products": [{"product": "LAMP II", "like": "LAMP", "share": 0.5}]}
    )
    day = next(drawn(pool, days=1, multiplier=1.0, changes=changes, seed=0, run=0))
    new = [o for o in day if o.lines[0].product == "LAMP II"]
    assert len(day) - len(new) == 200
    assert len(new) == pytest.approx(100, rel=0.15)
    assert {(len(o.lines), o.lines[0].quantity) for o in new} == {(1, 2)}


def test_a_pool_is_the_same_after_being_stored() -> None:
    pool = pool_of(
        [order(0, "SEA", ("LAMP", 2)), order(2, "CHI", ("SHADE", 1))],
        first=MONDAY,
        last=MONDAY + timedelta(2),
    )
    assert from_json(as_json(pool)) == pool
    assert [len(day) for day in pool.days] == [1, 0, 1]


def figures(
    seed: int, documents: dict[str, Any], runs: int = 8, **changes: Any
) -> list[dict[str, Any]]:
    numbers = np.random.default_rng(99)
    cities = list(PLACES)
    orders = [
        order(day, str(numbers.choice(cities)), ("LAMP", int(numbers.integers(1, 4))))
        for day in range(7)
        for _ in "12345"
    ]
    request = requested(7, seed=seed, changes=changes)
    stock = {"LAMP": {"SEA": 40, "CHI": 40, "MIA": 40}}
    return [run(request, orders, documents, stock, n=n).as_dict() for n in range(runs)]


def test_changing_nothing_differs_by_exactly_nothing() -> None:
    documents = bodies("SEA", "CHI", "MIA", title="Default")
    gap = differences(
        figures(5, documents), figures(5, documents, strategy={"body": {"title": "Default"}})
    )
    assert {tuple(g.values()) for g in gap.values()} == {(0.0, 0.0, 0.0, False)}


def test_a_cost_regression_of_three_per_cent_is_flagged_for_every_seed() -> None:
    documents = bodies(
        "SEA", "CHI", "MIA", weights={"parcel": 6.0, "line": 0.4, "unit": 0.05, "split": 4.0}
    )
    dearer = {
        "weights": {
            "parcel": 6.18,
            "per_100_km": 0.3605,
            "line": 0.412,
            "unit": 0.0515,
            "split": 4.12,
        }
    }
    flagged = 0
    for seed in range(20):
        before = figures(seed, documents, runs=4)
        gap = differences(before, figures(seed, documents, runs=4, strategy={"body": dearer}))
        ratio = gap["cost"]["mean"] / bands_of(before)["kpis"]["cost"]["mean"]
        flagged += gap["cost"]["certain"] and ratio == pytest.approx(0.03, abs=1e-4)
        assert gap["fill_rate"]["certain"] is False

    assert flagged == 20


def test_bounds_are_the_quantiles_of_5_and_95_per_cent() -> None:
    assert band([float(x) for x in range(101)]) == {"mean": 50.0, "lower": 5.0, "upper": 95.0}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"closed_sources": ["SEA", "NOPE"]}, "changes.closed_sources.1"),
        (
            {"new_sources": [{"name": "SEA", "body": {"title": "S", "address": SEATTLE}}]},
            "changes.new_sources.0.name",
        ),
        (
            {"new_sources": [{"name": "N", "body": {"address": SEATTLE}}]},
            "changes.new_sources.0.body.title",
        ),
        (
            {"constraints": [{"name": "c", "body": {"title": "C", "type": "hope"}}]},
            "changes.constraints.0.body",
        ),
        ({"constraints": [{"name": "c"}]}, "changes.constraints.0.name"),
        ({"strategy": {"name": "nope"}}, "changes.strategy.name"),
        (
            {"strategy": {"body": {"allow_partial": "perhaps"}}},
            "changes.strategy.body.allow_partial",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_path(
    changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(Invalid) as refused:
        changed_documents(bodies("SEA"), ScenarioChanges.model_validate(changes), strategy="")
    assert [problem.where for problem in refused.value.problems] == [where]


def test_a_new_source_joins_the_list_its_strategy_chooses_from() -> None:
    documents = bodies("SEA", source_list="west")
    documents["source_list"] = {"west": {"title": "West", "sources": ["SEA"]}}
    new = {
        "name": "CHI",
        "body": {"title": "C", "address": CHICAGO},
        "stock_like": "SEA",
        "stock": {"SHADE": 3},
    }
    changes = ScenarioChanges.model_validate({"new_sources": [new]})
    changed = changed_documents(documents, changes, strategy="")
    assert [(d["kind"], d["name"]) for d in changed.documents] == [
        ("source", "CHI"),
        ("source_list", "west"),
    ]
    assert changed.over(documents)["source_list"]["west"]["sources"] == ["SEA", "CHI"]
    assert starting_stock({"LAMP": {"SEA": 5}, "SHADE": {"SEA": 8}}, changes) == {
        "LAMP": {"SEA": 5, "CHI": 5},
        "SHADE": {"SEA": 8, "CHI": 3},
    }


# --- the product's own way
# ------------------------------------------------------------------------------------------


def test_orders_of_one_batch_window_are_planned_together_and_those_of_two_are_not() -> None:
    """Chicago has one LAMP and Seattle one.

    Miami, which asks first, takes the near one unless Chicago is heard too.
    """
    miami, chicago = order(0, "MIA", ("LAMP", 1), hour=9), order(0, "CHI", ("LAMP", 1), hour=9)
    miami = replace(miami, placed_at=miami.placed_at.replace(minute=5))
    chicago = replace(chicago, placed_at=chicago.placed_at.replace(minute=50))

    found = {}
    for minutes in (60, 15):
        documents = bodies("SEA", "CHI", batch={"enabled": True, "minutes": minutes})
        found[minutes] = run(
            requested(), [miami, chicago], documents, {"LAMP": {"SEA": 1, "CHI": 1}}
        ).by_source

    assert found[60]["CHI"]["avg_distance_km"] == pytest.approx(0, abs=5)
    assert found[60]["SEA"]["avg_distance_km"] == pytest.approx(4390, abs=30)
    assert found[15]["CHI"]["avg_distance_km"] == pytest.approx(1910, abs=30)
    assert found[15]["SEA"]["avg_distance_km"] == pytest.approx(2789, abs=30)


def test_scheduled_supply_arrives_on_its_morning_and_not_before() -> None:
    orders = [order(day, "SEA", ("LAMP", 2)) for day in range(4)]
    documents = bodies("SEA")
    scenario = Scenario(
        PlanningNetwork(documents),
        "default",
        {"LAMP": {"SEA": 2}},
        inbound=(Arrival(2, "LAMP", "SEA", 3),),
    )
    pool = pool_of(orders, first=MONDAY, last=MONDAY + timedelta(days=3))
    found = simulate(requested(4), pool, scenario, run=0, shocked=True)
    assert found.daily["fill_rate"] == [1.0, 0.0, 1.0, 0.0]
    assert scenario.stock == {"LAMP": {"SEA": 2}}


def test_where_a_strategy_pays_bid_prices_scarce_units_are_left_to_those_who_need_them() -> None:
    """Each day one LAMP order in the morning and a pair at noon that only Seattle has whole."""
    orders = [
        row
        for day in range(3)
        for row in (
            order(day, "SEA", ("LAMP", 1), hour=8),
            order(day, "SEA", ("LAMP", 1), ("RUG", 1), hour=12),
        )
    ]
    stock = {"LAMP": {"SEA": 1, "CHI": 9}, "RUG": {"SEA": 9}}
    weights = {"split": 20}
    pays = run(requested(), orders[:2], bodies("SEA", "CHI", weights=weights), stock)
    free = bodies("SEA", "CHI", weights=weights, batch={"bid_prices": False})
    greedy = run(requested(), orders[:2], free, stock)
    assert (pays.kpis["split_rate"], greedy.kpis["split_rate"]) == (0.0, 0.5)
    assert pays.kpis["cost"] < greedy.kpis["cost"]


def test_the_day_of_a_source_is_its_own() -> None:
    """In Seattle 07:00 UTC belongs to the day before."""
    documents = bodies("SEA", "CHI", batch={"bid_prices": True})
    documents["source"]["SEA"] |= {"daily_parcels": 1, "time_zone": "America/Los_Angeles"}
    orders = [order(0, "SEA", ("LAMP", 1), hour=7), order(0, "SEA", ("LAMP", 1), hour=12)]
    found = run(requested(), orders, documents, {"LAMP": {"SEA": 9, "CHI": 9}})
    assert found.by_source["SEA"]["parcels"] == 2


def test_runs_learn_the_same_prices_whichever_comes_first() -> None:
    orders = [
        order(day, city, ("LAMP", 1 + day % 2), hour=h)
        for day in range(5)
        for h, city in ((8, "SEA"), (9, "MIA"))
    ]
    documents, stock = bodies("SEA", "CHI", "MIA"), {"LAMP": {"SEA": 4, "CHI": 9, "MIA": 4}}
    pool = pool_of(orders, first=MONDAY, last=MONDAY + timedelta(days=4))
    kept = Scenario(PlanningNetwork(documents), "default", stock)
    second = [simulate(requested(5), pool, kept, run=n, shocked=True) for n in (0, 1)][1]
    alone = simulate(
        requested(5),
        pool,
        Scenario(PlanningNetwork(documents), "default", stock),
        run=1,
        shocked=True,
    )
    assert second.as_dict() == alone.as_dict()
