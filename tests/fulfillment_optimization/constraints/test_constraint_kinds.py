"""Every kind of constraint, from its document to the plan."""

from datetime import date

import pytest
from pydantic import ValidationError
from tests.fulfillment_optimization.builders import (
    NOON,
    constraint,
    order,
    place,
    plan,
    setting,
    stock,
)

from openiom.fulfillment_optimization.constraints import ConstraintBody
from openiom.fulfillment_optimization.problem_builder import PlanningContext

# One degree of longitude is 111.19 km, or 69.1 miles.
NEAR, FAR = place("NEAR", 1), place("FAR", 20)
BOTH = stock(LAMP_NEAR=5, LAMP_FAR=5)
FAR_ONLY = stock(LAMP_FAR=5)


# --- maximum distance ---


def test_a_source_beyond_the_maximum_distance_is_refused():
    limit = constraint("maximum_distance", entries=[{"distance": 500, "unit": "km"}])
    answer = plan(order("a", LAMP=1), setting([NEAR, FAR], limit), FAR_ONLY)
    assert answer.sources == [None]
    assert answer.refused()["FAR"] == "MAXIMUM_DISTANCE"


def test_of_overlapping_rows_the_smallest_distance_wins():
    rows = [{"distance": 100, "unit": "mi"}, {"source": "NEAR", "distance": 10, "unit": "mi"}]
    limit = constraint("maximum_distance", entries=rows)
    answer = plan(order("a", LAMP=1), setting([NEAR, FAR], limit), BOTH)
    assert answer.sources == [None]
    assert answer.refused() == {"NEAR": "MAXIMUM_DISTANCE", "FAR": "MAXIMUM_DISTANCE"}
    wider = constraint("maximum_distance", entries=[{"distance": 100, "unit": "mi"}])
    assert plan(order("a", LAMP=1), setting([NEAR, FAR], wider), BOTH).sources == ["NEAR"]


def test_miles_are_not_kilometers():
    """69.1 miles are 111.19 km."""
    for distance, unit, found in (
        (69, "mi", None),
        (70, "mi", "NEAR"),
        (111, "km", None),
        (112, "km", "NEAR"),
    ):
        limit = constraint("maximum_distance", entries=[{"distance": distance, "unit": unit}])
        assert plan(order("a", LAMP=1), setting([NEAR], limit), BOTH).sources == [found], (
            distance,
            unit,
        )


def test_a_row_may_be_for_one_list_only():
    limit = constraint("maximum_distance", entries=[{"source_list": "stores", "distance": 50}])
    stores = {"stores": ["NEAR"]}
    assert plan(order("a", LAMP=1), setting([NEAR, FAR], limit, lists=stores), BOTH).sources == [
        "FAR"
    ]


def test_the_border_of_a_country_may_be_a_limit():
    limit = constraint("maximum_distance", entries=[{"same_country": True}])
    abroad = place("NEAR", 1, country="CA")
    answer = plan(order("a", LAMP=1), setting([abroad, FAR], limit), BOTH)
    assert answer.sources == ["FAR"]
    assert answer.refused()["NEAR"] == "OTHER_COUNTRY_OR_REGION"


def test_a_soft_distance_is_broken_only_when_nothing_nearer_can_serve():
    limit = constraint("maximum_distance", hard=False, penalty=50, entries=[{"distance": 500}])
    near_first = plan(order("a", LAMP=1), setting([NEAR, FAR], limit), BOTH)
    assert near_first.sources == ["NEAR"]
    far_then = plan(order("a", LAMP=1), setting([NEAR, FAR], limit), FAR_ONLY)
    assert far_then.sources == ["FAR"]
    assert far_then.money()["beyond the maximum distance"] == 50


def test_a_soft_constraint_never_leaves_a_line_open_that_could_be_served():
    """However dear it is to break: the price of an open line rises by every penalty."""
    limit = constraint("maximum_distance", hard=False, penalty=5000, entries=[{"distance": 500}])
    answer = plan(order("a", LAMP=1), setting([FAR], limit), FAR_ONLY)
    assert answer.sources == ["FAR"]
    none = plan(order("a", LAMP=1), setting([FAR], limit), {})
    assert none.money() == {"open": 500.0}


# --- whole orders, sources per order and per line ---


def test_an_order_that_must_be_whole_is_sourced_whole_or_not_at_all():
    whole = constraint("restrict_partial_orders")
    lines = order("a", LAMP=1, SHADE=1)
    assert plan(lines, setting([NEAR], allow_partial=True), stock(LAMP_NEAR=1)).sources == [
        "NEAR",
        None,
    ]
    assert plan(lines, setting([NEAR], whole, allow_partial=True), stock(LAMP_NEAR=1)).sources == [
        None,
        None,
    ]


def test_an_order_that_should_be_whole_pays_for_being_divided_from_its_rest():
    whole = constraint("restrict_partial_orders", hard=False, penalty=30)
    answer = plan(
        order("a", LAMP=1, SHADE=1), setting([NEAR], whole, allow_partial=True), stock(LAMP_NEAR=1)
    )
    assert answer.sources == ["NEAR", None]
    assert answer.money()["soft constraints"] == 30


def test_an_order_uses_no_more_sources_than_it_may():
    one = constraint("maximum_sources_per_order", maximum=1)
    lines, units = order("a", LAMP=1, SHADE=1), stock(LAMP_NEAR=1, SHADE_FAR=1)
    assert plan(lines, setting([NEAR, FAR]), units).sources == ["NEAR", "FAR"]
    assert plan(lines, setting([NEAR, FAR], one), units).sources == [None, None]


def test_where_partial_fulfillment_is_permitted_the_sources_an_order_may_use_cover_what_they_can():
    one = constraint("maximum_sources_per_order", maximum=1)
    answer = plan(
        order("a", LAMP=1, SHADE=1, RUG=1),
        setting([NEAR, FAR], one, allow_partial=True),
        stock(LAMP_NEAR=1, SHADE_FAR=1, RUG_FAR=1),
    )
    assert answer.sources == [None, "FAR", "FAR"]


def test_a_soft_limit_of_one_source_tries_one_and_then_several():
    one = constraint("maximum_sources_per_order", maximum=1, hard=False)
    lines = order("a", LAMP=1, SHADE=1)
    whole_far = stock(LAMP_NEAR=1, LAMP_FAR=1, SHADE_FAR=1)
    assert plan(lines, setting([NEAR, FAR], one), whole_far).sources == ["FAR", "FAR"]
    assert plan(lines, setting([NEAR, FAR], one), stock(LAMP_NEAR=1, SHADE_FAR=1)).sources == [
        "NEAR",
        "FAR",
    ]


def test_a_line_is_divided_across_no_more_sources_than_it_may():
    two = constraint("maximum_sources_per_line", maximum=2)
    third = place("THIRD", 2)
    units = stock(LAMP_NEAR=2, LAMP_FAR=2, LAMP_THIRD=2)
    three = plan(order("a", LAMP=5), setting([NEAR, FAR, third], max_line_sources=3), units)
    assert three.plan.served.tolist() == [5]
    assert plan(
        order("a", LAMP=5), setting([NEAR, FAR, third], two, max_line_sources=3), units
    ).sources == [None]
    assert plan(
        order("a", LAMP=4), setting([NEAR, FAR, third], two, max_line_sources=3), units
    ).plan.served == [4]


def test_one_source_per_line_means_never_divided():
    one = constraint("maximum_sources_per_line", maximum=1)
    units = stock(LAMP_NEAR=2, LAMP_FAR=2)
    assert plan(
        order("a", LAMP=3), setting([NEAR, FAR], max_line_sources=2), units
    ).plan.served.tolist() == [3]
    assert plan(
        order("a", LAMP=3), setting([NEAR, FAR], one, max_line_sources=2), units
    ).plan.served.tolist() == [0]


def test_a_soft_limit_of_sources_per_line_costs_its_penalty():
    one = constraint("maximum_sources_per_line", maximum=1, hard=False, penalty=7)
    answer = plan(
        order("a", LAMP=3),
        setting([NEAR, FAR], one, max_line_sources=2),
        stock(LAMP_NEAR=2, LAMP_FAR=2),
    )
    assert answer.plan.served.tolist() == [3]
    assert answer.money()["soft constraints"] == 7


def test_the_earlier_combined_form_limits_sources_and_parts():
    combined = constraint(
        "maximum_sources_and_partial_order", maximum=1, partial_lines=False, partial_orders=False
    )
    sources = setting([NEAR, FAR], combined, allow_partial=True, max_line_sources=2)
    assert plan(order("a", LAMP=1, SHADE=1), sources, stock(LAMP_NEAR=1, SHADE_FAR=1)).sources == [
        None,
        None,
    ]
    assert plan(order("a", LAMP=2), sources, stock(LAMP_NEAR=1, LAMP_FAR=1)).sources == [None]
    assert plan(order("a", LAMP=1, SHADE=1), sources, stock(LAMP_FAR=1, SHADE_FAR=1)).sources == [
        "FAR",
        "FAR",
    ]


# --- order lines a day ---


def test_a_source_takes_no_more_order_lines_a_day_than_it_may():
    cap = constraint("maximum_order_lines", entries=[{"source": "NEAR", "lines": 3}])
    lines = order("a", LAMP=1, SHADE=1) + order("b", LAMP=1)
    units = stock(LAMP_NEAR=9, SHADE_NEAR=9, LAMP_FAR=9, SHADE_FAR=9)
    given = PlanningContext(now=NOON, lines_today={"NEAR": 1})
    assert plan(lines, setting([NEAR, FAR], cap), units, given).sources == ["NEAR", "NEAR", "FAR"]
    full = PlanningContext(now=NOON, lines_today={"NEAR": 3})
    answer = plan(lines, setting([NEAR, FAR], cap), units, full)
    assert answer.sources == ["FAR", "FAR", "FAR"]
    assert answer.refused()["NEAR"] == "MAXIMUM_ORDER_LINES"


def test_the_sources_of_a_list_count_their_lines_together():
    third = place("THIRD", 2)
    cap = constraint("maximum_order_lines", entries=[{"source_list": "stores", "lines": 2}])
    lines = [line for name in "abc" for line in order(name, LAMP=1)]
    given = PlanningContext(now=NOON, lines_today={"THIRD": 1})
    answer = plan(
        lines,
        setting([NEAR, FAR, third], cap, lists={"stores": ["NEAR", "THIRD"]}),
        stock(LAMP_NEAR=9, LAMP_THIRD=9, LAMP_FAR=9),
        given,
    )
    assert answer.sources == ["NEAR", "FAR", "FAR"]


def test_of_overlapping_rows_the_fewest_lines_win():
    rows = [{"lines": 5}, {"source": "NEAR", "lines": 1}]
    cap = constraint("maximum_order_lines", entries=rows)
    lines = [line for name in "abc" for line in order(name, LAMP=1)]
    assert plan(lines, setting([NEAR, FAR], cap), stock(LAMP_NEAR=9, LAMP_FAR=9)).sources == [
        "NEAR",
        "FAR",
        "FAR",
    ]


def test_a_source_has_a_daily_limit_of_its_own():
    near = place("NEAR", 1, daily_lines=1)
    lines = order("a", LAMP=1) + order("b", LAMP=1)
    assert plan(lines, setting([near, FAR]), stock(LAMP_NEAR=9, LAMP_FAR=9)).sources == [
        "NEAR",
        "FAR",
    ]


def test_parcels_a_day_are_counted_with_those_of_earlier_waves():
    near = place("NEAR", 1, daily_parcels=3)
    lines = order("a", LAMP=1) + order("b", LAMP=1)
    given = PlanningContext(now=NOON, parcels_today={"NEAR": 2})
    answer = plan(lines, setting([near, FAR]), stock(LAMP_NEAR=9, LAMP_FAR=9), given)
    assert answer.sources == ["NEAR", "FAR"]


# --- timings, safety stock, priority ---

MORNINGS = {"title": "Mornings", "hours": {"friday": [{"opens": "08:00", "closes": "11:00"}]}}


def test_an_order_goes_to_an_open_source_while_another_is_closed():
    near = place("NEAR", 1, calendar="mornings")
    timings = constraint("respect_timings", entries=[{"source": "NEAR"}])
    open_source = setting([near, FAR], timings, calendars={"mornings": MORNINGS})
    answer = plan(order("a", LAMP=1), open_source, BOTH)
    assert answer.sources == ["FAR"]
    assert answer.refused()["NEAR"] == "CLOSED"
    earlier = PlanningContext(now=NOON.replace(hour=10))
    assert plan(order("a", LAMP=1), open_source, BOTH, earlier).sources == ["NEAR"]


def test_a_source_after_its_cutoff_takes_no_order_today():
    near = place("NEAR", 1, cutoff="11:30")
    timings = constraint("respect_timings")
    answer = plan(order("a", LAMP=1), setting([near, FAR], timings), BOTH)
    assert answer.sources == ["FAR"]
    assert answer.refused()["NEAR"] == "AFTER_CUTOFF"
    assert plan(order("a", LAMP=1), setting([near, FAR]), BOTH).sources == ["NEAR"]


def test_the_cutoff_is_local_to_the_source():
    near = place("NEAR", 1, cutoff="11:30", time_zone="America/New_York")  # 07:00 there
    assert plan(
        order("a", LAMP=1), setting([near, FAR], constraint("respect_timings")), BOTH
    ).sources == ["NEAR"]


def test_soft_timings_are_passed_over_when_everything_else_is_closed():
    near, far = place("NEAR", 1, cutoff="11:30"), place("FAR", 20, cutoff="11:00")
    timings = constraint("respect_timings", hard=False, penalty=9)
    answer = plan(order("a", LAMP=1), setting([near, far], timings), BOTH)
    assert answer.sources == ["NEAR"]
    assert answer.money()["outside working times"] == 9


def test_a_source_is_left_alone_for_a_product_below_its_safety_stock():
    near = place("NEAR", 1, safety_stock=6)
    safety = constraint("safety_stock")
    answer = plan(order("a", LAMP=1), setting([near, FAR], safety), BOTH)
    assert answer.sources == ["FAR"]
    assert answer.refused()["NEAR"] == "SAFETY_STOCK"
    assert plan(
        order("a", LAMP=1), setting([near, FAR], safety), stock(LAMP_NEAR=6, LAMP_FAR=5)
    ).sources == ["NEAR"]


def test_safety_stock_may_be_set_for_one_product_of_one_list():
    safety = constraint(
        "safety_stock", entries=[{"source_list": "stores", "product": "LAMP", "units": 6}]
    )
    sources = setting([NEAR, FAR], safety, lists={"stores": ["NEAR"]})
    units = stock(LAMP_NEAR=5, LAMP_FAR=5, RUG_NEAR=5, RUG_FAR=5)
    assert plan(order("a", LAMP=1) + order("b", RUG=1), sources, units).sources == ["FAR", "NEAR"]


def test_soft_safety_stock_is_used_when_there_is_no_other():
    near = place("NEAR", 1, safety_stock=6)
    safety = constraint("safety_stock", hard=False, penalty=12)
    assert plan(order("a", LAMP=1), setting([near, FAR], safety), BOTH).sources == ["FAR"]
    alone = plan(order("a", LAMP=1), setting([near], safety), BOTH)
    assert alone.sources == ["NEAR"]
    assert alone.money()["below safety stock"] == 12


def test_a_lower_rank_comes_first_however_far_it_is():
    ranks = constraint(
        "location_priority", entries=[{"source": "FAR", "rank": 1}, {"source": "NEAR", "rank": 2}]
    )
    answer = plan(order("a", LAMP=1), setting([NEAR, FAR], ranks), BOTH)
    assert answer.sources == ["FAR"]
    assert sum(answer.money().values()) < 20  # ranks are no money
    assert plan(order("a", LAMP=1), setting([NEAR, FAR], ranks), stock(LAMP_NEAR=1)).sources == [
        "NEAR"
    ]


def test_a_product_may_have_a_priority_of_its_own():
    rows = [
        {"source": "FAR", "rank": 1},
        {"source": "NEAR", "rank": 2},
        {"source": "NEAR", "rank": 1, "product": "RUG"},
    ]
    ranks = constraint(
        "location_priority", entries=[*rows, {"source": "FAR", "rank": 9, "product": "RUG"}]
    )
    units = stock(LAMP_NEAR=5, LAMP_FAR=5, RUG_NEAR=5, RUG_FAR=5)
    assert plan(
        order("a", LAMP=1) + order("b", RUG=1), setting([NEAR, FAR], ranks), units
    ).sources == ["FAR", "NEAR"]


def test_sources_without_a_rank_come_last():
    ranks = constraint("location_priority", entries=[{"source": "FAR", "rank": 7}])
    assert plan(order("a", LAMP=1), setting([NEAR, FAR], ranks), BOTH).sources == ["FAR"]


def test_a_soft_priority_weighs_against_money():
    for penalty, chosen in ((1.0, "NEAR"), (50.0, "FAR")):
        ranks = constraint(
            "location_priority", hard=False, penalty=penalty, entries=[{"source": "FAR", "rank": 1}]
        )
        assert plan(order("a", LAMP=1), setting([NEAR, FAR], ranks), BOTH).sources == [chosen]


def test_a_product_outside_the_catalog_is_taken_to_be_everywhere():
    ranks = constraint("location_priority", entries=[{"source": "FAR", "rank": 1}])
    given = PlanningContext(now=NOON, unlimited=frozenset({"GIFT"}))
    assert plan(order("a", GIFT=3), setting([NEAR, FAR], ranks), {}, given).sources == ["FAR"]


# --- dates, switches, refusals ---


@pytest.mark.parametrize(
    ("dates", "counts"),
    [
        ({"effective_from": date(2026, 11, 20)}, True),
        ({"effective_from": date(2026, 11, 21)}, False),
        ({"effective_to": date(2026, 11, 20)}, True),
        ({"effective_to": date(2026, 11, 19)}, False),
        ({"enabled": False}, False),
    ],
)
def test_a_constraint_counts_from_its_first_day_to_its_last_while_it_is_enabled(dates, counts):
    limit = constraint("maximum_distance", entries=[{"distance": 50}], **dates)
    found = plan(order("a", LAMP=1), setting([NEAR], limit), BOTH).sources
    assert found == ([None] if counts else ["NEAR"])


@pytest.mark.parametrize(
    "body",
    [
        {"type": "maximum_distance", "entries": []},
        {
            "type": "maximum_distance",
            "entries": [{"distance": 5, "source": "A", "source_list": "B"}],
        },
        {"type": "maximum_sources_per_order", "maximum": 0},
        {"type": "maximum_order_lines", "entries": [{"source": "A"}]},
        {"type": "no such type"},
        {"type": "safety_stock", "entries": [{"rank": 1}]},
    ],
)
def test_a_constraint_that_makes_no_sense_is_refused(body):
    with pytest.raises(ValidationError):
        ConstraintBody.model_validate({"title": "t", **body})
