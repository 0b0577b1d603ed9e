"""State tables of any shape, compared with a reference that searches the rows one by one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import Invalid, TransitionRefused
from openiom.state_framework import (
    ANY,
    PREVIOUS,
    State,
    StateTable,
    Target,
    Transition,
    TransitionRequest,
    advance,
    advance_many,
)

OPEN = ("a", "b", "c")
FINAL = ("y", "z")
EVENTS = ("go", "run", "back")
REASONS = ("", "one", "two")
STATES = tuple(
    [State(name, name.upper(), 1) for name in OPEN]
    + [State(name, name.upper(), 2, final=True) for name in FINAL]
)
BEFORE = Target("a", "earlier")


@st.composite
def transitions(draw: st.DrawFn) -> list[Transition]:
    """Rows with distinct events and sources, of which every one is valid."""
    keys = st.tuples(st.sampled_from(EVENTS), st.sampled_from([None, ANY, *OPEN]))
    rows = []
    for event, source in draw(st.lists(keys, unique=True, max_size=10)):
        state = draw(st.sampled_from([PREVIOUS, *OPEN, *FINAL]))
        target = Target(state, draw(st.sampled_from(REASONS)))
        reasons = draw(st.lists(st.sampled_from(REASONS), max_size=2))
        rows.append(Transition(event, source, target, tuple(reasons)))

    return rows


REQUESTS = st.builds(
    TransitionRequest,
    event=st.sampled_from([*EVENTS, "unnamed"]),
    state=st.sampled_from([None, *OPEN, *FINAL]),
    previous=st.sampled_from([None, BEFORE]),
    reason=st.sampled_from([None, *REASONS, "other"]),
)


def row_by_search(rows: list[Transition], event: str, state: str | None) -> Transition | None:
    """Return the row of the state, else that of the wildcard for a state that is not final."""
    named = [row for row in rows if row.event == event]
    for row in named:
        if row.source == state:
            return row

    for row in named:
        if row.source == ANY and state in OPEN:
            return row

    return None


def expected(rows: list[Transition], request: TransitionRequest, *, enabled: bool) -> Any:
    """Return the target, None, or `refused`."""
    named = [row for row in rows if row.event == request.event]
    if not named:
        return None

    row = row_by_search(rows, request.event, request.state)
    if row is None and enabled:
        return "refused"

    row = row or named[0]
    if row.to.state == PREVIOUS:
        return "refused" if enabled and request.previous is None else request.previous
    if request.reason is None:
        return row.to
    if enabled and request.reason not in {row.to.reason, *row.reasons}:
        return "refused"

    return Target(row.to.state, request.reason)


def result(table: StateTable, request: TransitionRequest) -> Any:
    try:
        return advance(
            table,
            event=request.event,
            state=request.state,
            previous=request.previous,
            reason=request.reason,
        )
    except TransitionRefused:
        return "refused"


@given(rows=transitions(), request=REQUESTS, enabled=st.booleans())
def test_an_event_leads_where_a_search_of_the_rows_leads(
    rows: list[Transition], request: TransitionRequest, enabled: bool
) -> None:
    table = StateTable("thing", STATES, tuple(rows), enabled=enabled)

    assert result(table, request) == expected(rows, request, enabled=enabled)


@given(rows=transitions(), requests=st.lists(REQUESTS, max_size=8))
def test_many_requests_have_the_results_of_single_ones(
    rows: list[Transition], requests: list[TransitionRequest]
) -> None:
    table = StateTable("thing", STATES, tuple(rows))

    results = advance_many(table, requests)

    for request, found in zip(requests, results, strict=True):
        outcome = "refused" if isinstance(found, TransitionRefused) else found
        assert outcome == result(table, request)


@given(rows=transitions(), request=REQUESTS)
def test_a_table_with_its_guard_off_refuses_nothing(
    rows: list[Transition], request: TransitionRequest
) -> None:
    table = StateTable("thing", STATES, tuple(rows)).with_guard(enabled=False)

    assert result(table, request) != "refused"


@given(rows=transitions())
def test_a_table_grown_row_by_row_equals_the_table_made_at_once(rows: list[Transition]) -> None:
    grown = StateTable("thing", STATES, ())
    for row in rows:
        grown = grown.extended(transitions=[row])

    assert grown == StateTable("thing", STATES, tuple(rows))
    assert grown.events() == list(dict.fromkeys(row.event for row in rows))


@given(rows=transitions())
def test_a_row_cannot_be_added_a_second_time(rows: list[Transition]) -> None:
    table = StateTable("thing", STATES, tuple(rows))

    for row in rows:
        with pytest.raises(Invalid, match=f"cannot be altered: {row.event} from "):
            table.extended(transitions=[row])


@pytest.mark.parametrize("name", [*OPEN, *FINAL])
def test_a_state_cannot_be_added_a_second_time(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        StateTable("thing", STATES, ()).extended(states=[State(name, "Other", 7)])

    assert refusal.value.what == f"shipped rows cannot be altered: {name}"
    assert refusal.value.remedy == "add a state or a transition of another name or source"


def test_all_faults_of_a_table_are_named_in_the_order_of_its_rows() -> None:
    rows = (
        Transition("go", "y", Target("lost", "")),
        Transition("go", "y", Target("a", "")),
        Transition("run", "lost", Target(PREVIOUS, "")),
    )
    with pytest.raises(Invalid) as refusal:
        StateTable("thing", (*STATES, STATES[0]), rows)

    assert refusal.value.what == "the state table is not valid"
    assert refusal.value.where == "thing"
    assert refusal.value.remedy == "correct the states and transitions that are listed"
    assert [str(problem) for problem in refusal.value.problems] == [
        "state a: it is defined twice (remove one of them)",
        "go from y: the source state is final",
        "go from y: the target state lost is unknown",
        "go from y: it is defined twice (remove one of them)",
        "go from y: the source state is final",
        "run from lost: the source state is unknown",
    ]


def test_a_row_allows_its_own_reason_and_those_it_lists() -> None:
    row = Transition("go", "a", Target("b", "one"), ("two",))

    assert row.label == "go from a"
    assert [reason for reason in REASONS if row.allows(reason)] == ["one", "two"]


def test_a_missing_state_reads_the_row_of_a_new_record_only() -> None:
    table = StateTable("thing", STATES, (Transition("go", ANY, Target("b", "")),))

    assert table.row("go", None) is None
    assert table.row("go", "a") == table.transitions[0]
    assert table.row("go", "y") is None
