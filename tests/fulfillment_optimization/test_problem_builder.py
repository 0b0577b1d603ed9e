"""The objective, part by part, in money that can be checked by hand."""

from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError
from tests.fulfillment_optimization.builders import NOON, order, place, plan, setting, stock

from openiom.fulfillment_optimization.documents import CostWeights, RateFactor, RateTableBody
from openiom.fulfillment_optimization.problem_builder import PlanningContext, cover_money
from openiom.fulfillment_optimization.rates import fallback_rate, rate

NEAR, FAR = place("NEAR", 1), place("FAR", 20)  # 111.19 and 2,223.9 km
BOTH = stock(LAMP_NEAR=5, LAMP_FAR=5)

TABLE = RateTableBody.model_validate(
    {
        "title": "Ground",
        "zones": [{"name": "local", "up_to_km": 500}, {"name": "far"}],
        "prices": [
            {"zone": "local", "up_to_kg": 1, "price": 5},
            {"zone": "local", "up_to_kg": 10, "price": 8},
            {"zone": "far", "up_to_kg": 1, "price": 9},
            {"zone": "far", "up_to_kg": 10, "price": 15},
        ],
        "per_kg_beyond": 0.5,
        "factors": [{"name": "stores pay more", "source_type": "store", "rate_factor": 10}],
    }
)


def test_a_plain_order_costs_parcel_carriage_picking_and_handling():
    answer = plan(order("a", LAMP=2), setting([NEAR]), BOTH)
    assert answer.money() == {"parcel": 6.0, "carriage": 0.3892, "picking": 0.4, "handling": 0.1}


def test_a_source_may_have_handling_costs_of_its_own():
    dear = place("NEAR", 1, handling={"per_parcel": 9.5, "per_line": 1.5, "per_unit": 0.25})
    answer = plan(order("a", LAMP=2), setting([dear]), BOTH)
    assert answer.money() == {"parcel": 9.5, "carriage": 0.3892, "picking": 1.5, "handling": 0.5}
    assert plan(order("a", LAMP=2), setting([dear, FAR]), BOTH).sources == ["NEAR"]
    dearer = place("NEAR", 1, handling={"per_parcel": 20})
    assert plan(order("a", LAMP=2), setting([dearer, FAR]), BOTH).sources == ["FAR"]


def test_a_source_people_would_rather_not_use_costs_its_preference():
    shop = place("NEAR", 1, preference_cost=8)
    assert plan(order("a", LAMP=1), setting([shop, FAR]), BOTH).sources == ["FAR"]
    half = plan(order("a", LAMP=1), setting([shop, FAR], weights={"preference": 0.5}), BOTH)
    assert half.sources == ["NEAR"]
    assert half.money()["preference"] == 4


def test_the_fallback_rate_of_the_reference():
    factor = RateFactor(name="f", fallback_weight=5, fallback_rate=8, fallback_increment=0.75)
    assert fallback_rate(factor, 10) == 11.75
    assert fallback_rate(factor, 5) == 8
    assert fallback_rate(factor, 0.1) == 8


def test_a_known_rate_is_changed_by_its_factor_and_an_unknown_one_falls_back():
    kind = {"source_type": "store", "business": False}
    assert rate(TABLE, zone="local", weight_kg=0.5, **kind) == pytest.approx(5.5)
    assert rate(TABLE, zone="local", weight_kg=0.5, source_type="warehouse", business=False) == 5
    assert rate(TABLE, zone="far", weight_kg=12, source_type="warehouse", business=False) == 16
    empty = TABLE.model_copy(
        update={
            "prices": [],
            "factors": [
                RateFactor(name="f", fallback_weight=5, fallback_rate=8, fallback_increment=0.75)
            ],
        }
    )
    assert rate(empty, zone="local", weight_kg=10, **kind) == 11.75


def test_of_several_factor_rows_the_one_that_names_more_wins():
    rows = [
        {"name": "any", "rate_factor": 1},
        {
            "name": "stores to homes",
            "source_type": "store",
            "address_type": "Residence",
            "rate_factor": 50,
        },
        {"name": "stores", "source_type": "store", "rate_factor": 10},
    ]
    table = RateTableBody.model_validate(TABLE.model_dump() | {"factors": rows})
    asked = {"zone": "local", "weight_kg": 1.0}
    assert rate(table, **asked, source_type="store", business=False) == pytest.approx(7.5)
    assert rate(table, **asked, source_type="store", business=True) == pytest.approx(5.5)
    assert rate(table, **asked, source_type="3pl", business=True) == pytest.approx(5.05)


def test_a_whole_order_is_rated_by_the_weight_of_the_parcel():
    given = PlanningContext(now=NOON, weights_kg={"LAMP": 0.5, "RUG": 1.0})
    units = stock(LAMP_NEAR=5, RUG_NEAR=5)
    answer = plan(order("a", LAMP=2, RUG=3), setting([NEAR], rates=TABLE), units, given)
    money = answer.money()
    assert money["carriage"] + money["carriage by weight"] == pytest.approx(
        8
    )  # 4 kg in the local zone
    one = plan(order("a", LAMP=1), setting([NEAR], rates=TABLE), units, given).money()
    assert one["carriage"] == 5
    assert "carriage by weight" not in one


def test_a_divided_order_is_rated_nearly_as_its_parcels_are():
    given = PlanningContext(now=NOON, weights_kg={"LAMP": 1.0, "RUG": 1.0})
    answer = plan(
        order("a", LAMP=1, RUG=4),
        setting([NEAR, FAR], rates=TABLE),
        stock(LAMP_NEAR=1, RUG_FAR=4),
        given,
    )
    money = answer.money()
    # 5 + 15 by the table (1 kg locally, 4 kg far); what the weight of all 5 kg adds, 3 and 6, is
    # shared by weight
    assert money["carriage"] + money["carriage by weight"] == pytest.approx(
        5 + 3 * 0.2 + 9 + 6 * 0.8
    )


def test_a_source_may_have_agreed_on_a_zone():
    agreed = place("FAR", 20, zone_overrides=[{"country": "US", "zone": "local"}])
    answer = plan(order("a", LAMP=1), setting([agreed], rates=TABLE), BOTH)
    assert answer.money()["carriage"] == 5


def test_a_rate_table_that_contradicts_itself_is_refused():
    for change in (
        {"zones": [{"name": "a"}, {"name": "b"}]},
        {"zones": [{"name": "a", "up_to_km": 5}]},
        {"prices": [{"zone": "none", "up_to_kg": 1, "price": 1}]},
        {
            "prices": [
                {"zone": "far", "up_to_kg": 1, "price": 9},
                {"zone": "far", "up_to_kg": 2, "price": 3},
            ]
        },
    ):
        with pytest.raises(ValidationError):
            RateTableBody.model_validate(TABLE.model_dump() | change)


def test_each_day_after_the_requested_date_costs():
    soon = order("a", LAMP=1, wanted=date(2026, 11, 20))
    late = plan(soon, setting([NEAR, FAR], weights={"lateness_per_day": 3}), BOTH)
    assert late.sources == ["NEAR"]
    assert late.money()["lateness"] % 3 == 0
    assert late.money()["lateness"] > 0
    in_time = plan(order("b", LAMP=1, wanted=date(2026, 12, 20)), setting([FAR]), BOTH)
    assert "lateness" not in in_time.money()


def test_lateness_sends_an_order_to_the_quicker_source_though_it_is_dearer():
    slow = place("NEAR", 1, processing_days=9)
    wanted = order("a", LAMP=1, wanted=date(2026, 11, 26))
    assert plan(wanted, setting([slow, FAR]), BOTH).sources == ["FAR"]
    assert plan(wanted, setting([slow, FAR], weights={"lateness_per_day": 0}), BOTH).sources == [
        "NEAR"
    ]


def test_an_order_is_wanted_when_the_first_of_its_lines_is():
    early, late = (
        order("a", LAMP=1, wanted=date(2026, 11, 20)),
        order("a", RUG=1, wanted=date(2026, 12, 30)),
    )
    units = stock(LAMP_NEAR=1, RUG_NEAR=1)
    first = plan([*early, *late], setting([NEAR]), units).money()["lateness"]
    assert plan([*late, *early], setting([NEAR]), units).money()["lateness"] == first > 0


def test_parcels_beyond_four_fifths_of_a_day_feel_pressure():
    near = place("NEAR", 1, daily_parcels=10)
    given = PlanningContext(now=NOON, parcels_today={"NEAR": 7})
    lines = order("a", LAMP=1) + order("b", LAMP=1)
    calm = plan(lines[:1], setting([near], weights={"capacity_pressure": 4}), BOTH, given)
    assert "capacity pressure" not in calm.money()
    pressed = plan(lines, setting([near], weights={"capacity_pressure": 4}), BOTH, given)
    assert pressed.money()["capacity pressure"] == 4
    away = plan(lines, setting([near, FAR], weights={"capacity_pressure": 40}), BOTH, given)
    assert away.sources == ["NEAR", "FAR"]


def test_stock_out_risk_and_markdown_credit_follow_days_of_cover():
    weights = CostWeights(stock_out=10, stock_out_days=10, markdown_credit=4, markdown_days=50)
    stocks = np.array([[0], [5], [10], [50], [75], [200], [7]])
    demand = np.array([[1.0], [1.0], [1.0], [1.0], [1.0], [1.0], [0.0]])
    risk, credit = cover_money(stocks, demand, weights)
    assert risk.ravel().tolist() == [10, 5, 0, 0, 0, 0, 0]
    assert credit.ravel().tolist() == [0, 0, 0, 0, 2, 4, 4]


def test_a_source_about_to_run_dry_is_spared_and_one_about_to_mark_down_is_used():
    demand = {("LAMP", "NEAR"): 5.0, ("LAMP", "FAR"): 0.01}
    given = PlanningContext(now=NOON, demand=demand)
    plain = plan(order("a", LAMP=1), setting([NEAR, FAR]), BOTH, given)
    assert plain.sources == ["NEAR"]
    weighed = {"stock_out": 10, "markdown_credit": 2}
    spared = plan(order("a", LAMP=1), setting([NEAR, FAR], weights=weighed), BOTH, given)
    assert spared.sources == ["FAR"]
    assert spared.money()["markdown credit"] == -2
    forced = plan(order("a", LAMP=1), setting([NEAR], weights=weighed), BOTH, given)
    assert forced.money()["stock-out risk"] == pytest.approx(10 * (1 - 1 / 7), abs=1e-4)


def test_the_nearest_source_of_each_line_is_the_parity_mode():
    """One parcel from FAR would be cheaper; distance alone does not care."""
    lines, units = order("a", LAMP=1, RUG=1), stock(LAMP_NEAR=1, LAMP_FAR=1, RUG_FAR=1)
    assert plan(lines, setting([NEAR, FAR]), units).sources == ["FAR", "FAR"]
    nearest = plan(lines, setting([NEAR, FAR], objective="distance"), units)
    assert nearest.sources == ["NEAR", "FAR"]
    assert nearest.money() == {"distance": pytest.approx(111.1949 + 2223.8985, abs=1e-3)}


def test_parts_add_up_to_the_cost():
    given = PlanningContext(now=NOON, weights_kg={"LAMP": 2.0}, demand={("LAMP", "NEAR"): 1.0})
    weights = {"stock_out": 3, "markdown_credit": 1, "capacity_pressure": 2}
    answer = plan(
        order("a", LAMP=2, wanted=date(2026, 11, 20)) + order("b", LAMP=9),
        setting([place("NEAR", 1, preference_cost=1), FAR], rates=TABLE, weights=weights),
        BOTH,
        given,
    )
    assert sum(answer.money().values()) == pytest.approx(answer.plan.cost, abs=1e-3)
