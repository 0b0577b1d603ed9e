"""A stored explanation as the rows people read."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from openiom.fulfillment_optimization.decision_queries import DecisionRow, _decision
from openiom.fulfillment_optimization.engine import Refusal
from openiom.fulfillment_optimization.models import SourcingDecision

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST, SECOND = str(UUID(int=1)), str(UUID(int=2))
EXPLANATION: dict[str, Any] = {
    "lines": [FIRST, SECOND],
    "sources": ["CHI", "MIA", "SEA"],
    "chosen": ["SEA", None],
    "quantity": [2, 5],
    "parcel": {"carriage": [3.0, 9.0, 1.0], "packing": [1.0, 1.0, 1.0]},
    "serve": {"picking": [[0.5, 0.5, 0.25], [0.4, 0.2, 0.3]]},
    "on_hand": [[4, 0, 2], [1, 2, 3]],
    "refused": [
        [Refusal.NONE, Refusal.NOT_ON_HAND, Refusal.INACTIVE],
        [Refusal.NOT_ENOUGH_ON_HAND, Refusal.NONE, Refusal.NOT_ENOUGH_ON_HAND],
    ],
    "parts": {"carriage": 1.0, "packing": 1.0},
    "considered": 7,
}


def decision(**changes: Any) -> DecisionRow:
    stored = SourcingDecision(
        id=UUID(int=9),
        plan_id=UUID(int=8),
        order_id=UUID(int=7),
        decided_at=NOW,
        strategy="west",
        complete=False,
        cost=502.25,
        explanation=EXPLANATION | changes,
    )
    return _decision(stored, "USD")


def ranking(found: DecisionRow, line: str) -> list[tuple[str, float, str]]:
    return [
        (row.source, row.total, row.refused)
        for row in found.candidates
        if row.line_id == UUID(line)
    ]


def test_a_decision_has_the_figures_of_its_plan() -> None:
    found = decision()
    assert (found.id, found.decided_at, found.strategy) == (UUID(int=9), NOW, "west")
    assert (found.complete, found.cost, found.currency) == (False, 502.25, "USD")
    assert (found.parts, found.considered) == ({"carriage": 1.0, "packing": 1.0}, 7)
    assert found.note == ""
    assert decision(note="no active source").note == "no active source"


def test_candidates_are_the_chosen_one_then_the_cheapest_then_the_refused() -> None:
    found = decision()
    assert ranking(found, FIRST) == [
        ("SEA", 2.25, ""),
        ("CHI", 4.5, ""),
        ("MIA", 10.5, "nothing on hand"),
    ]
    assert ranking(found, SECOND) == [
        ("MIA", 10.2, ""),
        ("SEA", 2.3, "not enough on hand for the whole line"),
        ("CHI", 4.4, "not enough on hand for the whole line"),
    ]


def test_a_candidate_has_the_money_of_its_parcel_and_of_the_line() -> None:
    (chosen, *_) = decision().candidates
    assert chosen.cost == {"carriage": 1.0, "packing": 1.0, "picking": 0.25}
    assert (chosen.chosen, chosen.on_hand) == (True, 2)
    assert [row.chosen for row in decision().candidates] == [True] + [False] * 5
    assert [row.on_hand for row in decision().candidates] == [2, 4, 0, 2, 3, 1]


def test_a_total_has_four_decimals() -> None:
    parcel = {"carriage": [0.1, 0.1, 0.00004], "packing": [0.2, 0.2, 0.00004]}
    found = decision(parcel=parcel, serve={"picking": [[0.0, 0.0, 0.00004]] * 2})
    totals = {row.source: row.total for row in found.candidates}
    assert totals == {"CHI": 0.3, "MIA": 0.3, "SEA": 0.0001}


def test_a_chosen_source_is_not_refused_whatever_the_plan_says() -> None:
    refusals = [[Refusal.INACTIVE] * 3] * 2
    found = decision(refused=refusals)
    assert [row.refused for row in found.candidates if row.source == "SEA"] == ["", "not active"]


def test_a_line_without_a_source_stays_open() -> None:
    chosen = [(row.line_id, row.source, row.quantity) for row in decision().chosen]
    assert chosen == [(UUID(FIRST), "SEA", 2), (UUID(SECOND), None, 5)]


def test_a_split_line_has_a_row_for_each_part() -> None:
    found = decision(parts_of_lines={SECOND: [["SEA", 3], ["", 2]]})
    chosen = [(row.line_id, row.source, row.quantity) for row in found.chosen]
    assert chosen == [(UUID(FIRST), "SEA", 2), (UUID(SECOND), "SEA", 3), (UUID(SECOND), None, 2)]


@pytest.mark.parametrize("explanation", [{}, {"lines": []}])
def test_a_decision_without_lines_has_no_candidates(explanation: dict[str, Any]) -> None:
    stored = SourcingDecision(
        id=UUID(int=9),
        decided_at=NOW,
        strategy="west",
        complete=True,
        cost=0,
        explanation=explanation,
    )
    found = _decision(stored, "")
    assert (found.candidates, found.chosen, found.parts, found.considered) == ([], [], {}, 0)
