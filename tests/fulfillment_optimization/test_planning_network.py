"""Planning on documents without a database: strategies, plans, usage, prices and distances."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from openiom.fulfillment_optimization import (
    Assignment,
    CapacityUsage,
    OpenLine,
    OpportunityCosts,
    PastLine,
    PastOrder,
    PlannedLines,
    PlanningConditions,
    PlanningNetwork,
    as_open_lines,
    default_strategy,
    document_problems,
    strategy_body,
)
from openiom.fulfillment_optimization.planning.opportunity_costs import CostCurve
from openiom.kernel import NotFound

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOON.date()
Documents = dict[str, dict[str, dict[str, Any]]]


def source(east: float, **more: Any) -> dict[str, Any]:
    address = {"latitude": 0.0, "longitude": east, "country": "US"}
    return {"title": "Source", "address": address, **more}


def documents(**strategy: Any) -> Documents:
    return {
        "source": {"A": source(1.0), "B": source(10.0), "OFF": source(0.0, active=False)},
        "strategy": {"plain": {"title": "Plain", "is_default": True, **strategy}},
    }


def orders(*lines: tuple[str, int]) -> list[PastOrder]:
    """One order of one line each, on the equator."""
    found = []
    for product, quantity in lines:
        line = PastLine(product, quantity, 10.0)
        found.append(PastOrder(NOON, "US", "", (0.0, 0.0), False, "USD", None, (line,)))
    return found


def plan(
    bodies: Documents,
    lines: list[OpenLine],
    stock: dict[tuple[str, str], int],
    *,
    together: bool = False,
    costs: OpportunityCosts | None = None,
    **conditions: Any,
) -> PlannedLines:
    network = PlanningNetwork(bodies)
    given = PlanningConditions(now=NOON, stock=stock, **conditions)
    strategy = network.strategy("", TODAY)
    return network.plan(lines, strategy, given, together=together, costs=costs)


def test_lines_are_assigned_to_the_cheapest_source_with_stock() -> None:
    lines = as_open_lines(orders(("LAMP", 2), ("LAMP", 2), ("LAMP", 2)), NOON)
    found = plan(documents(), lines, {("LAMP", "A"): 2, ("LAMP", "B"): 3})
    assert found.assignments == (Assignment(0, "A", 2), Assignment(1, "B", 2))
    assert found.parcels == {"A": 1, "B": 1}
    carriage = (111.195 + 1111.95) * 0.0035
    assert found.cost == pytest.approx(2 * 6.0 + 2 * 0.4 + 4 * 0.05 + carriage, abs=0.01)


def test_usage_of_the_day_counts_against_the_capacity() -> None:
    bodies = documents()
    bodies["source"]["A"]["daily_parcels"] = 2
    lines = as_open_lines(orders(("LAMP", 1), ("LAMP", 1)), NOON)
    stock = {("LAMP", "A"): 9, ("LAMP", "B"): 9}
    for used, expected in ((0, ["A", "A"]), (1, ["A", "B"]), (2, ["B", "B"])):
        found = plan(bodies, lines, stock, usage={"A": CapacityUsage(parcels=used)})
        assert [row.source for row in found.assignments] == expected


def test_unlimited_products_need_no_stock() -> None:
    lines = as_open_lines(orders(("GIFT", 5)), NOON)
    assert plan(documents(), lines, {}).assignments == ()
    found = plan(documents(), lines, {}, unlimited=frozenset({"GIFT"}))
    assert found.assignments == (Assignment(0, "A", 5),)


def test_opportunity_costs_send_an_order_to_another_source() -> None:
    lines = as_open_lines(orders(("LAMP", 1)), NOON)
    stock = {("LAMP", "A"): 1, ("LAMP", "B"): 1}
    costs = OpportunityCosts({("A", "LAMP"): CostCurve(1, (50.0,))})
    assert plan(documents(), lines, stock).assignments[0].source == "A"
    priced = plan(documents(), lines, stock, costs=costs)
    assert priced.assignments[0].source == "B"
    assert priced.cost < 20.0


def test_a_strategy_without_sources_assigns_nothing() -> None:
    bodies = documents(source_list="none")
    bodies["source_list"] = {"none": {"title": "None", "sources": ["OFF"]}}
    found = plan(bodies, as_open_lines(orders(("LAMP", 1)), NOON), {("LAMP", "A"): 1})
    assert found == PlannedLines((), {}, 0.0)


def test_costs_are_learned_from_past_days() -> None:
    bodies = documents(batch={"contention": 50})
    network = PlanningNetwork(bodies)
    strategy = network.strategy("", TODAY)
    past = [orders(*[("LAMP", 1)] * 4) for _ in range(3)]
    scarce = PlanningConditions(now=NOON, stock={("LAMP", "A"): 2, ("LAMP", "B"): 9})
    learned = network.learn_costs(past, strategy, scarce)
    assert set(learned.curves) == {("A", "LAMP")}
    plenty = PlanningConditions(now=NOON, stock={("LAMP", "A"): 99, ("LAMP", "B"): 99})
    [curve] = network.learn_costs(past, strategy, plenty).curves.values()
    assert curve.at(99) < 0.01 < learned.curves["A", "LAMP"].at(2)
    assert network.learn_costs([[], []], strategy, scarce).curves == {}


def test_distances_are_those_of_the_named_sources() -> None:
    network = PlanningNetwork(documents())
    found = network.distances_km([(0.0, 0.0), (0.0, 1.0), None], ["B", "A", "A"])
    assert found[:2].tolist() == pytest.approx([1111.95, 0.0], abs=0.01)
    assert found[2] != found[2]
    assert network.distances_km([], []).tolist() == []


def test_a_strategy_is_found_by_name_while_it_is_in_force() -> None:
    bodies = documents(alternate="other", currency="EUR", constraints=["near"])
    bodies["constraint"] = {
        "near": {"title": "Near", "type": "maximum_distance", "entries": [{"distance": 5}]}
    }
    bodies["strategy"]["other"] = {"title": "Other", "effective_to": "2026-11-20"}
    network = PlanningNetwork(bodies)
    default = network.strategy("", TODAY)
    assert (default.name, default.alternate, default.currency) == ("plain", "other", "EUR")
    assert (default.source_names, default.constraint_count) == (("A", "B"), 1)
    other = network.strategy("other", TODAY)
    assert (other.name, other.alternate, other.constraint_count) == ("other", "", 0)

    with pytest.raises(NotFound, match="not in force"):
        network.strategy("other", TODAY + timedelta(days=1))

    with pytest.raises(NotFound, match="no strategy named nowhere"):
        network.strategy("nowhere", TODAY)


def test_batch_windows_and_local_days() -> None:
    bodies = documents(batch={"enabled": True, "minutes": 30})
    bodies["source"]["A"]["time_zone"] = "Asia/Tokyo"
    strategy = PlanningNetwork(bodies).strategy("", TODAY)
    assert strategy.window_end(NOON) == NOON + timedelta(minutes=30)
    assert strategy.local_days(NOON + timedelta(hours=4)) == {
        "A": date(2026, 11, 21),
        "B": date(2026, 11, 20),
    }
    assert PlanningNetwork(documents()).strategy("", TODAY).window_end(NOON) is None


@pytest.mark.parametrize(
    ("of_source", "of_strategy", "constraint", "expected"),
    [
        ({}, {}, None, False),
        ({"cutoff": "14:00"}, {}, None, True),
        ({"cutoff": "14:00"}, {"weights": {"lateness_per_day": 0}}, None, False),
        ({}, {"weights": {"lateness_per_day": 0}}, "respect_timings", True),
        ({}, {}, "safety_stock", False),
    ],
)
def test_the_hour_matters_where_lateness_costs_or_timings_are_respected(
    of_source: dict[str, Any], of_strategy: dict[str, Any], constraint: str | None, expected: bool
) -> None:
    given = {"weights": {"lateness_per_day": 1.0}, **of_strategy}
    bodies = documents(**given, constraints=["c"] if constraint else [])
    bodies["source"]["A"] |= of_source
    if constraint:
        bodies["constraint"] = {"c": {"title": "c", "type": constraint}}
    assert PlanningNetwork(bodies).strategy("", TODAY).depends_on_time_of_day() is expected


def test_the_default_strategy_is_the_one_marked_last() -> None:
    marked = {"title": "x", "is_default": True}
    assert default_strategy({}) == "default"
    assert default_strategy({"a": {"title": "a"}}) == "default"
    assert default_strategy({"a": marked, "b": marked, "c": {}}) == "b"


def test_the_body_of_a_strategy_also_of_the_built_in_one() -> None:
    body = {"title": "Mine"}
    assert strategy_body({"strategy": {"default": body}}, "default") == body
    built_in = strategy_body({}, "default")
    assert built_in is not None
    assert built_in["title"] == "Lowest cost from any active source"
    assert strategy_body({}, "other") is None


def test_problems_of_a_document_have_paths() -> None:
    assert document_problems("source", source(1.0), where="body") == []
    [problem] = document_problems("source", source(1.0, daily_parcels=-1), where="body")
    assert problem.where == "body.daily_parcels"
