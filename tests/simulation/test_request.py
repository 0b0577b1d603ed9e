"""What a simulation may be requested with: limits, defaults and error texts."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from openiom.simulation.request import (
    MOST_CHANGES,
    MOST_DAYS,
    MOST_RUNS,
    Demand,
    ScenarioChanges,
    SimulationRequest,
)

WEEK: dict[str, Any] = {"kind": "past", "from": "2026-11-02", "to": "2026-11-08"}
AHEAD: dict[str, Any] = {"kind": "future", "from": "2026-12-01", "to": "2026-12-07"}


def request(**changes: Any) -> SimulationRequest:
    return SimulationRequest.model_validate({"name": "What if", "demand": WEEK, **changes})


def errors(given: dict[str, Any]) -> list[tuple[str, str]]:
    """The place and the text of every error."""
    with pytest.raises(ValidationError) as caught:
        request(**given)
    found = []
    for error in caught.value.errors():
        found.append((".".join(map(str, error["loc"])), error["msg"]))
    return found


def test_a_request_has_defaults() -> None:
    found = request()
    assert found.template == "source_optimization"
    assert (found.runs, found.seed, found.replenish_days) == (20, 0, None)
    assert (found.strategy, found.description) == ("", "")
    assert found.changes == ScenarioChanges()
    assert found.changes.demand_multiplier == 1.0
    assert found.demand == Demand.model_validate(WEEK)
    assert found.demand.multiplier == 1.0


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        ("name", ["x", "x" * 200], ["", "x" * 201]),
        ("description", ["", "x" * 4000], ["x" * 4001]),
        ("runs", [2, MOST_RUNS], [1, MOST_RUNS + 1]),
        ("seed", [0, 2**63 - 1], [-1, 2**63]),
        ("replenish_days", [None, 1, MOST_DAYS], [0, MOST_DAYS + 1]),
        ("template", ["demand_shock", "network_expansion", "new_product"], ["other"]),
    ],
)
def test_limits_of_a_request(field: str, accepted: list[Any], refused: list[Any]) -> None:
    for value in accepted:
        assert getattr(request(**{field: value}), field) == value
    for value in refused:
        assert [place for place, _ in errors({field: value})] == [field]


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        ("demand_multiplier", [0, 100], [-0.01, 100.01]),
        ("closed_sources", [["SEA"] * MOST_CHANGES], [["SEA"] * (MOST_CHANGES + 1)]),
    ],
)
def test_limits_of_the_changes(field: str, accepted: list[Any], refused: list[Any]) -> None:
    for value in accepted:
        assert getattr(request(changes={field: value}).changes, field) == value
    for value in refused:
        assert [place for place, _ in errors({"changes": {field: value}})] == [f"changes.{field}"]


@pytest.mark.parametrize(
    ("share", "accepted"), [(0, False), (0.001, True), (10, True), (10.01, False)]
)
def test_a_new_product_sells_a_share_of_another_one(share: float, accepted: bool) -> None:
    new = {"product": "NEO", "like": "LAMP", "share": share}
    if accepted:
        assert request(changes={"new_products": [new]}).changes.new_products[0].share == share
    else:
        places = [place for place, _ in errors({"changes": {"new_products": [new]}})]
        assert places == ["changes.new_products.0.share"]


@pytest.mark.parametrize("multiplier", [0.01, 1, 100])
def test_demand_may_be_multiplied(multiplier: float) -> None:
    assert request(demand={**WEEK, "multiplier": multiplier}).demand.multiplier == multiplier


@pytest.mark.parametrize("multiplier", [0, -1, 100.5])
def test_demand_is_multiplied_by_something_above_zero(multiplier: float) -> None:
    places = [place for place, _ in errors({"demand": {**WEEK, "multiplier": multiplier}})]
    assert places == ["demand.multiplier"]


@pytest.mark.parametrize(
    ("demand", "text"),
    [
        ({**WEEK, "to": "2026-11-01"}, "to: is before from"),
        ({**WEEK, "to": "2027-11-03"}, "to: a simulation covers at most 366 days"),
        (
            {**WEEK, "basis_from": "2026-10-01", "basis_to": "2026-10-07"},
            "basis_from: past demand is its own basis; leave it out",
        ),
        ({**AHEAD, "basis_from": "2026-10-01"}, "basis_from, basis_to: give both or neither"),
        ({**AHEAD, "basis_to": "2026-10-01"}, "basis_from, basis_to: give both or neither"),
        ({**WEEK, "basis_to": "2026-10-01"}, "basis_from, basis_to: give both or neither"),
        (
            {**AHEAD, "basis_from": "2026-10-02", "basis_to": "2026-10-01"},
            "basis_to: give 1 to 366 days",
        ),
        (
            {**AHEAD, "basis_from": "2025-10-01", "basis_to": "2026-10-02"},
            "basis_to: give 1 to 366 days",
        ),
    ],
)
def test_a_period_that_makes_no_sense_is_refused_with_the_reason(
    demand: dict[str, Any], text: str
) -> None:
    assert errors({"demand": demand}) == [("demand", f"Value error, {text}")]


@pytest.mark.parametrize(
    ("demand", "days"),
    [
        (WEEK, 7),
        ({**WEEK, "to": "2026-11-02"}, 1),
        ({**WEEK, "to": "2027-11-02"}, 366),
        ({**AHEAD, "basis_from": "2026-10-01", "basis_to": "2026-10-01"}, 7),
        ({**AHEAD, "basis_from": "2025-10-01", "basis_to": "2026-10-01"}, 7),
    ],
)
def test_a_period_of_one_day_to_a_year_is_accepted(demand: dict[str, Any], days: int) -> None:
    assert request(demand=demand).demand.days == days


def test_days_are_written_as_in_the_request() -> None:
    found = request()
    assert (found.demand.from_, found.demand.to) == (date(2026, 11, 2), date(2026, 11, 8))
    stored = found.model_dump(mode="json", by_alias=True)
    assert stored["demand"]["from"] == "2026-11-02"
    assert SimulationRequest.model_validate(stored) == found


@pytest.mark.parametrize(
    "part",
    [
        {"nmae": "typo"},
        {"demand": {**WEEK, "form": "2026-11-02"}},
        {"changes": {"close": ["SEA"]}},
        {"changes": {"strategy": {"named": "west"}}},
    ],
)
def test_unknown_fields_are_refused(part: dict[str, Any]) -> None:
    assert [text for _, text in errors(part)] == ["Extra inputs are not permitted"]
