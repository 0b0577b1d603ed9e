"""Each kind of constraint as arrays of the engine."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from openiom.fulfillment_optimization.constraints import (
    RANKING,
    ConstraintBody,
    ConstraintContext,
    ConstraintEffects,
    SourceSelector,
    apply_constraints,
    constraint_kinds,
    constraints_in_force,
    refusal_texts,
)
from openiom.fulfillment_optimization.engine import UNLIMITED, Refusal
from openiom.fulfillment_optimization.explanations import TEXTS, refusal_text

SOURCES = SourceSelector(("A", "B", "C"), {"stores": frozenset({"A", "B"})})


def context(**changes: Any) -> ConstraintContext:
    """Two orders (US, CA), three lines of two products, sources A, B (US) and C (CA)."""
    fields: dict[str, Any] = {
        "sources": SOURCES,
        "countries": np.array(["US", "US", "CA"]),
        "destinations": np.array(["US", "CA"]),
        "km": np.array([[100.0, 200.0, 300.0], [400.0, 500.0, 600.0]]),
        "line_order": np.array([0, 0, 1]),
        "line_sku": np.array([0, 1, 0]),
        "products": ("LAMP", "RUG"),
        "stock": np.array([[5, 1], [2, 0], [3, 3]]),
        "safety_stock": np.array([2, 3, 4]),
        "closed": np.array([0, Refusal.CLOSED, Refusal.AFTER_CUTOFF], dtype=np.uint8),
        "lines_today": np.array([1, 0, 2]),
        "daily_lines": np.array([UNLIMITED] * 3),
    }
    return ConstraintContext(**(fields | changes))


def effects_of(kind: str, *, of: ConstraintContext | None = None, **body: Any) -> ConstraintEffects:
    constraint = ConstraintBody.model_validate({"title": kind, "type": kind, **body}).root
    return apply_constraints([constraint], of or context())


FAR, ABROAD = Refusal.MAXIMUM_DISTANCE, Refusal.OTHER_COUNTRY_OR_REGION


def test_without_constraints_nothing_is_limited() -> None:
    effects = apply_constraints([], context())
    assert effects.order_refusal.shape == (2, 3)
    assert effects.line_refusal.shape == (3, 3)
    assert not effects.order_refusal.any()
    assert (effects.max_nodes, effects.max_line_nodes) == (UNLIMITED, UNLIMITED)
    assert (effects.penalties, effects.partial_penalty, effects.caps) == (0.0, 0.0, [])


def test_a_distance_equal_to_the_limit_is_allowed() -> None:
    effects = effects_of("maximum_distance", entries=[{"distance": 300}])
    assert effects.order_refusal.tolist() == [[0, 0, 0], [FAR, FAR, FAR]]


def test_the_smallest_distance_of_overlapping_rows_counts() -> None:
    rows = [{"distance": 450}, {"source_list": "stores", "distance": 150}]
    effects = effects_of("maximum_distance", entries=rows)
    assert effects.order_refusal.tolist() == [[0, FAR, 0], [FAR, FAR, FAR]]


def test_a_border_counts_for_the_sources_of_the_row_only() -> None:
    rows = [{"source": "C", "same_country": True}]
    effects = effects_of("maximum_distance", entries=rows)
    assert effects.order_refusal.tolist() == [[0, 0, ABROAD], [0, 0, 0]]


def test_a_soft_distance_is_a_penalty_on_the_parcel() -> None:
    rows = [{"distance": 450, "same_country": True}]
    effects = effects_of("maximum_distance", entries=rows, hard=False, penalty=7)
    assert effects.parcel_parts["beyond the maximum distance"].tolist() == [
        [0.0, 0.0, 7.0],
        [7.0, 7.0, 7.0],
    ]
    assert effects.penalties == 7.0
    assert not effects.order_refusal.any()


def test_distance_limits_are_known_to_explanations_when_hard() -> None:
    body = {"title": "x", "type": "maximum_distance", "entries": [{"source": "B", "distance": 9}]}
    hard = ConstraintBody.model_validate(body).root
    soft = ConstraintBody.model_validate({**body, "hard": False}).root
    whole = ConstraintBody.model_validate({"title": "x", "type": "restrict_partial_orders"}).root
    limits = hard.maximum_km(SOURCES)
    assert limits is not None
    assert limits.tolist() == [np.inf, 9.0, np.inf]
    assert soft.maximum_km(SOURCES) is None
    assert whole.maximum_km(SOURCES) is None


def test_closed_sources_are_refused_by_their_reason() -> None:
    closed, late = Refusal.CLOSED, Refusal.AFTER_CUTOFF
    assert effects_of("respect_timings").order_refusal.tolist() == [[0, closed, late]] * 2
    one = effects_of("respect_timings", entries=[{"source": "C"}, {"source": "A"}])
    assert one.order_refusal.tolist() == [[0, 0, late]] * 2


def test_soft_timings_cost_each_parcel_from_a_closed_source() -> None:
    effects = effects_of("respect_timings", hard=False, penalty=3)
    assert effects.parcel_parts["outside working times"].tolist() == [[0.0, 3.0, 3.0]] * 2


def test_a_source_below_its_own_safety_stock_is_refused_for_the_product() -> None:
    """A has 5 and 1 against 2, B 2 and 0 against 3, C 3 and 3 against 4."""
    code = Refusal.SAFETY_STOCK
    effects = effects_of("safety_stock")
    assert effects.line_refusal.tolist() == [[0, code, code], [code, 0, code], [0, code, code]]


def test_safety_stock_of_a_row_counts_for_its_product_and_the_largest_wins() -> None:
    code = Refusal.SAFETY_STOCK
    rows = [{"units": 3, "product": "LAMP"}, {"units": 6, "product": "LAMP", "source": "A"}]
    effects = effects_of("safety_stock", entries=rows)
    assert effects.line_refusal.tolist() == [[code, code, 0], [0, 0, 0], [code, code, 0]]
    reached = effects_of("safety_stock", entries=[{"units": 2, "product": "LAMP"}])
    assert not reached.line_refusal.any()
    unknown = effects_of("safety_stock", entries=[{"units": 9, "product": "SOFA"}])
    assert not unknown.line_refusal.any()


def test_soft_safety_stock_costs_each_line() -> None:
    rows = [{"units": 3, "product": "LAMP"}]
    effects = effects_of("safety_stock", entries=rows, hard=False, penalty=4)
    assert effects.serve_parts["below safety stock"].tolist() == [
        [0.0, 4.0, 0.0],
        [0.0, 0.0, 0.0],
        [0.0, 4.0, 0.0],
    ]
    assert effects.penalties == 4.0


def test_ranks_count_as_steps_and_sources_without_a_row_come_last() -> None:
    rows = [{"source": "C", "rank": 2}, {"source": "A", "rank": 7}, {"source": "A", "rank": 9}]
    effects = effects_of("location_priority", entries=rows)
    assert effects.serve_parts[RANKING].tolist() == [[1.0, 2.0, 0.0]] * 3
    assert effects.ranks == 2


def test_a_rank_for_a_product_takes_precedence_over_general_ones() -> None:
    rows = [
        {"source_list": "stores", "rank": 1},
        {"source": "C", "rank": 5, "product": "RUG"},
        {"source": "B", "rank": 9, "product": "RUG"},
    ]
    effects = effects_of("location_priority", entries=rows, hard=False, penalty=10)
    money = effects.serve_parts["location priority"]
    assert money[0].tolist() == [0.0, 0.0, 10.0]
    assert money[1].tolist() == [0.0, 20.0, 10.0]
    assert effects.penalties == 20.0


def test_a_list_counts_its_sources_together_and_a_source_alone() -> None:
    rows = [{"source_list": "stores", "lines": 4}, {"source": "C", "lines": 4}]
    effects = effects_of("maximum_order_lines", entries=rows)
    assert [cap.members.tolist() for cap in effects.caps] == [
        [True, True, False],
        [False, False, True],
    ]
    assert [cap.left for cap in effects.caps] == [3, 2]


def test_a_cap_that_cannot_bind_is_left_out() -> None:
    assert effects_of("maximum_order_lines", entries=[{"source": "A", "lines": 4}]).caps == []
    [cap] = effects_of("maximum_order_lines", entries=[{"source": "A", "lines": 3}]).caps
    assert cap.left == 2
    [used_up] = effects_of("maximum_order_lines", entries=[{"source": "C", "lines": 1}]).caps
    assert used_up.left == 0


def test_a_row_for_every_source_caps_each_and_the_smallest_counts() -> None:
    rows = [{"lines": 3}, {"source": "B", "lines": 1}]
    caps = effects_of("maximum_order_lines", entries=rows).caps
    left = {cap.members.tolist().index(True): cap.left for cap in caps}
    assert left == {0: 2, 1: 1, 2: 1}


def test_a_soft_cap_keeps_its_penalty() -> None:
    rows = [{"source": "A", "lines": 1}]
    effects = effects_of("maximum_order_lines", entries=rows, hard=False, penalty=6)
    [cap] = effects.soft_caps
    assert (cap.left, cap.penalty, effects.penalties) == (0, 6.0, 6.0)
    assert effects.caps == []


def test_the_order_lines_of_a_source_itself_are_a_hard_cap() -> None:
    of = context(daily_lines=np.array([3, UNLIMITED, 9]))
    [cap] = apply_constraints([], of).caps
    assert (cap.members.tolist(), cap.left) == ([True, False, False], 2)


def test_sources_per_order_and_per_line_keep_the_strictest_limit() -> None:
    limits = [
        ConstraintBody.model_validate({"title": "x", "type": kind, "maximum": maximum}).root
        for kind in ("maximum_sources_per_order", "maximum_sources_per_line")
        for maximum in (3, 2, 4)
    ]
    effects = apply_constraints(limits, context())
    assert (effects.max_nodes, effects.max_line_nodes, effects.penalties) == (2, 2, 0.0)


def test_soft_limits_on_sources_are_preferences_with_the_penalty_of_the_strictest() -> None:
    soft = [
        ConstraintBody.model_validate(
            {"title": "x", "type": kind, "maximum": n, "hard": False, "penalty": 10 * n}
        ).root
        for kind in ("maximum_sources_per_order", "maximum_sources_per_line")
        for n in (3, 2, 4)
    ]
    effects = apply_constraints(soft, context())
    assert (effects.preferred_nodes, effects.extra_node_penalty) == (2, 20.0)
    assert (effects.preferred_line_nodes, effects.extra_line_node_penalty) == (2, 20.0)
    assert (effects.max_nodes, effects.max_line_nodes) == (UNLIMITED, UNLIMITED)
    assert effects.penalties == 180.0


def test_whole_orders_are_required_or_preferred() -> None:
    assert effects_of("restrict_partial_orders").partial_penalty == np.inf
    soft = effects_of("restrict_partial_orders", hard=False, penalty=30)
    assert soft.partial_penalty == 30.0


def test_the_combined_kind_applies_what_is_set() -> None:
    kind = "maximum_sources_and_partial_order"
    nothing = effects_of(kind)
    assert (nothing.max_nodes, nothing.max_line_nodes) == (UNLIMITED, UNLIMITED)
    assert nothing.partial_penalty == 0.0
    all_rules = effects_of(kind, maximum=2, partial_lines=False, partial_orders=False)
    assert (all_rules.max_nodes, all_rules.max_line_nodes) == (2, 1)
    assert all_rules.partial_penalty == np.inf


def test_the_first_reason_of_a_refusal_is_kept() -> None:
    effects = ConstraintEffects.none(context())
    everywhere = np.ones((2, 3), dtype=bool)
    effects.refuse_order(everywhere, Refusal.CLOSED)
    effects.refuse_order(everywhere, Refusal.MAXIMUM_DISTANCE)
    assert np.unique(effects.order_refusal).tolist() == [Refusal.CLOSED]


def test_an_unknown_list_has_no_members() -> None:
    body = {"title": "x", "type": "respect_timings", "entries": [{"source_list": "gone"}]}
    effects = apply_constraints([ConstraintBody.model_validate(body).root], context())
    assert not effects.order_refusal.any()


def test_sources_with_limited_order_lines_are_known_to_planning() -> None:
    body = {"title": "x", "type": "maximum_order_lines"}
    some = [{"source_list": "stores", "lines": 1}]
    limited = ConstraintBody.model_validate({**body, "entries": some}).root
    members = limited.line_limited_sources(SOURCES)
    assert members is not None
    assert members.tolist() == [True, True, False]
    other = ConstraintBody.model_validate({"title": "x", "type": "safety_stock"}).root
    assert other.line_limited_sources(SOURCES) is None


def test_constraints_count_within_their_dates() -> None:
    day = date(2026, 11, 20)

    def dated(**body: Any) -> int:
        constraint = ConstraintBody.model_validate(
            {"title": "x", "type": "restrict_partial_orders", **body}
        ).root
        return len(constraints_in_force([constraint], day))

    assert dated() == 1
    assert dated(enabled=False) == 0
    assert dated(effective_from="2026-11-20", effective_to="2026-11-20") == 1
    assert dated(effective_from="2026-11-21") == 0
    assert dated(effective_to="2026-11-19") == 0


@pytest.mark.parametrize(
    "body",
    [
        {"type": "maximum_distance"},
        {"type": "maximum_distance", "entries": []},
        {"type": "maximum_distance", "entries": [{"distance": 0}]},
        {"type": "maximum_distance", "entries": [{"source": "A", "source_list": "stores"}]},
        {"type": "maximum_sources_per_order"},
        {"type": "maximum_sources_per_order", "maximum": 0},
        {"type": "maximum_order_lines", "entries": [{"lines": -1}]},
        {"type": "location_priority", "entries": [{"rank": 0}]},
        {"type": "restrict_partial_orders", "penalty": -1},
        {"type": "restrict_partial_orders", "maximum": 3},
        {"type": "nearest_first"},
    ],
)
def test_documents_that_make_no_sense_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ConstraintBody.model_validate({"title": "x", **body})


def test_every_kind_has_a_title_a_description_and_a_form() -> None:
    kinds = constraint_kinds()
    assert [kind.kind for kind in sorted(kinds)] == [
        "location_priority",
        "maximum_distance",
        "maximum_order_lines",
        "maximum_sources_and_partial_order",
        "maximum_sources_per_line",
        "maximum_sources_per_order",
        "respect_timings",
        "restrict_partial_orders",
        "safety_stock",
    ]
    assert [kind.title for kind in kinds] == sorted(kind.title for kind in kinds)

    for kind in kinds:
        assert kind.description.endswith(".")
        properties = kind.property_schema["properties"]
        assert {"title", "hard", "penalty", "effective_from"} <= properties.keys()
        assert "type" not in properties
        assert "title" in kind.property_schema["required"]
        assert all(schema.get("title") for schema in properties.values())


def test_every_refusal_has_a_text_and_constraints_bring_their_own() -> None:
    assert set(TEXTS) == set(Refusal)
    assert refusal_text(Refusal.CLOSED) == "closed at this time"
    assert refusal_texts()[Refusal.SAFETY_STOCK] == "less on hand than its safety stock"
    assert refusal_text(0) == ""


@pytest.mark.parametrize(("distance", "km"), [(100, 100.0), (None, np.inf)])
def test_distances_are_kilometers_or_miles(distance: float | None, km: float) -> None:
    body = {"title": "x", "type": "maximum_distance"}
    rows = [
        {"source": "A", "distance": distance},
        {"source": "B", "distance": distance, "unit": "mi"},
    ]
    limit = ConstraintBody.model_validate({**body, "entries": rows}).root
    limits = limit.maximum_km(SOURCES)
    assert limits is not None
    assert limits.tolist() == pytest.approx([km, km * 1.609344, np.inf])


def test_a_border_is_named_before_a_distance() -> None:
    rows = [{"distance": 150, "same_country": True}]
    effects = effects_of("maximum_distance", entries=rows)
    assert effects.order_refusal.tolist() == [[0, FAR, ABROAD], [ABROAD, ABROAD, FAR]]


def test_a_product_rank_falls_back_to_the_general_one_where_it_names_no_source() -> None:
    rows = [
        {"source": "A", "rank": 3},
        {"source": "B", "rank": 1},
        {"source": "C", "rank": 2, "product": "LAMP"},
        {"source": "A", "rank": 1, "product": "SOFA"},
    ]
    effects = effects_of("location_priority", entries=rows)
    assert effects.serve_parts[RANKING].tolist() == [
        [2.0, 0.0, 1.0],
        [1.0, 0.0, 2.0],
        [2.0, 0.0, 1.0],
    ]


def test_a_row_without_units_means_the_safety_stock_of_each_source() -> None:
    """A has 5 lamps against 2, B 2 against 3; the row of two units counts for A's rugs only."""
    rows = [{"source": "B"}, {"source": "A", "units": 2, "product": "RUG"}]
    effects = effects_of("safety_stock", entries=rows)
    code = Refusal.SAFETY_STOCK
    assert effects.line_refusal.tolist() == [[0, code, 0], [code, 0, 0], [0, code, 0]]


def test_all_constraints_together_keep_their_own_effects() -> None:
    bodies: list[dict[str, Any]] = [
        {"type": "maximum_distance", "entries": [{"distance": 150}]},
        {"type": "respect_timings", "hard": False, "penalty": 2},
        {"type": "safety_stock", "hard": False, "penalty": 3},
        {"type": "maximum_sources_per_order", "maximum": 2, "hard": False, "penalty": 5},
        {"type": "restrict_partial_orders", "hard": False, "penalty": 11},
    ]
    constraints = [ConstraintBody.model_validate({"title": "x", **body}).root for body in bodies]
    effects = apply_constraints(constraints, context())
    assert effects.order_refusal.tolist() == [[0, FAR, FAR], [FAR, FAR, FAR]]
    assert effects.parcel_parts.keys() == {"outside working times"}
    assert effects.serve_parts.keys() == {"below safety stock"}
    assert effects.penalties == 2.0 + 3.0 + 5.0
    assert (effects.preferred_nodes, effects.partial_penalty) == (2, 11.0)
