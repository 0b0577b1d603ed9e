"""The recommended state table as cases, and what users may add to it."""

import pytest

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
    moves,
)

NEW, HOLD, PROGRESS, FULFILLMENT = "new", "on_hold", "in_progress", "fulfillment_in_process"
STATES = (
    State(NEW, "New", 1),
    State(HOLD, "On hold", 2),
    State(PROGRESS, "In progress", 3),
    State(FULFILLMENT, "Fulfillment in process", 4, read_only=True),
    State("completed", "Completed", 5, read_only=True, final=True),
    State("canceled", "Canceled", 5, read_only=True, final=True),
)
ORDER = StateTable(
    entity="order",
    states=STATES,
    transitions=(
        *moves("order.created", [None], NEW, "New sales order"),
        *moves(
            "order.header_validation.succeeded",
            [NEW, PROGRESS],
            PROGRESS,
            "Order Validation Success",
        ),
        *moves("order.header_validation.failed", [NEW, PROGRESS], HOLD, "Order Validation Failed"),
        *moves("order.lines_validation.succeeded", [PROGRESS], PROGRESS, "Ready To Be Fulfilled"),
        *moves("order.lines_validation.failed", [PROGRESS, HOLD], HOLD, "Order Validation Failed"),
        *moves(
            "onhand.check.succeeded", [PROGRESS, HOLD], FULFILLMENT, "Inventory Check Successful"
        ),
        *moves(
            "onhand.check.failed",
            [PROGRESS],
            HOLD,
            "Inventory not found",
            reasons=["Backorder Hold"],
        ),
        *moves("order.sent_to_fulfillment", [FULFILLMENT], FULFILLMENT, "Sent To Fulfillment"),
        *moves("order.picked", [FULFILLMENT], FULFILLMENT, "Picked"),
        *moves("order.shipped", [FULFILLMENT], FULFILLMENT, "Shipped"),
        *moves("order.delivered", [FULFILLMENT], FULFILLMENT, "Delivered"),
        *moves("order.invoiced", [FULFILLMENT], "completed", "Fulfilled"),
        *moves("order.hold_placed", [NEW, HOLD, PROGRESS], HOLD, "Manual hold"),
        *moves("order.hold_released", [HOLD], PREVIOUS, ""),
        *moves(
            "order.canceled",
            [NEW, HOLD, PROGRESS],
            "canceled",
            "Customer request",
            reasons=["SLA expired"],
        ),
    ),
)


@pytest.mark.parametrize(
    ("state", "event", "to"),
    [
        (None, "order.created", Target(NEW, "New sales order")),
        (NEW, "order.header_validation.succeeded", Target(PROGRESS, "Order Validation Success")),
        (
            PROGRESS,
            "order.header_validation.succeeded",
            Target(PROGRESS, "Order Validation Success"),
        ),
        (NEW, "order.header_validation.failed", Target(HOLD, "Order Validation Failed")),
        (PROGRESS, "order.lines_validation.succeeded", Target(PROGRESS, "Ready To Be Fulfilled")),
        (HOLD, "order.lines_validation.failed", Target(HOLD, "Order Validation Failed")),
        (PROGRESS, "onhand.check.succeeded", Target(FULFILLMENT, "Inventory Check Successful")),
        (HOLD, "onhand.check.succeeded", Target(FULFILLMENT, "Inventory Check Successful")),
        (PROGRESS, "onhand.check.failed", Target(HOLD, "Inventory not found")),
        (FULFILLMENT, "order.sent_to_fulfillment", Target(FULFILLMENT, "Sent To Fulfillment")),
        (FULFILLMENT, "order.picked", Target(FULFILLMENT, "Picked")),
        (FULFILLMENT, "order.invoiced", Target("completed", "Fulfilled")),
        (PROGRESS, "order.hold_placed", Target(HOLD, "Manual hold")),
        (NEW, "order.canceled", Target("canceled", "Customer request")),
        (NEW, "order.liked_by_a_friend", None),
        ("completed", "order.liked_by_a_friend", None),
    ],
)
def test_the_recommended_table(state, event, to):
    assert advance(ORDER, event=event, state=state) == to


@pytest.mark.parametrize(
    ("state", "event"),
    [
        ("completed", "order.header_validation.succeeded"),
        ("canceled", "order.shipped"),
        (FULFILLMENT, "order.canceled"),
        (FULFILLMENT, "order.hold_placed"),
        (NEW, "order.shipped"),
        (NEW, "order.created"),
        (None, "order.shipped"),
    ],
)
def test_a_named_event_from_the_wrong_state_is_refused(state, event):
    with pytest.raises(TransitionRefused):
        advance(ORDER, event=event, state=state)


def test_a_refusal_names_entity_event_state_and_where_it_would_be_allowed():
    with pytest.raises(TransitionRefused) as refusal:
        advance(ORDER, event="order.canceled", state=FULFILLMENT)

    assert refusal.value.where == "order"
    assert refusal.value.what == (
        "order.canceled cannot happen while fulfillment_in_process:"
        " it is allowed from in_progress, new, on_hold"
    )


def test_a_release_leads_back_to_the_previous_state():
    before = Target(PROGRESS, "Ready To Be Fulfilled")

    assert advance(ORDER, event="order.hold_released", state=HOLD, previous=before) == before
    with pytest.raises(TransitionRefused, match="no earlier state is recorded"):
        advance(ORDER, event="order.hold_released", state=HOLD)


def test_a_reason_may_be_chosen_among_those_the_row_lists():
    assert advance(ORDER, event="order.canceled", state=NEW, reason="SLA expired") == Target(
        "canceled", "SLA expired"
    )
    with pytest.raises(TransitionRefused, match="'Bored' is not one of its reasons"):
        advance(ORDER, event="order.canceled", state=NEW, reason="Bored")


def test_many_requests_are_answered_in_order_and_a_refusal_stops_no_other():
    answers = advance_many(
        ORDER,
        [
            TransitionRequest("order.shipped", NEW),
            TransitionRequest("order.canceled", NEW),
            TransitionRequest("unknown", NEW),
            TransitionRequest("order.hold_released", HOLD, previous=Target(NEW, "New sales order")),
        ],
    )

    assert isinstance(answers[0], TransitionRefused)
    assert answers[1:] == [
        Target("canceled", "Customer request"),
        None,
        Target(NEW, "New sales order"),
    ]


def test_users_add_states_and_transitions():
    grown = ORDER.extended(
        states=[State("fraud_review", "Fraud review", 2)],
        transitions=[
            Transition("fraud.suspected", NEW, Target("fraud_review", "Fraud score")),
            Transition("order.canceled", "fraud_review", Target("canceled", "Fraud")),
        ],
    )

    assert advance(grown, event="fraud.suspected", state=NEW) == Target(
        "fraud_review", "Fraud score"
    )
    assert advance(grown, event="order.canceled", state="fraud_review") == Target(
        "canceled", "Fraud"
    )
    assert advance(ORDER, event="fraud.suspected", state=NEW) is None


@pytest.mark.parametrize(
    "added",
    [
        {"transitions": [Transition("order.canceled", NEW, Target(HOLD, "Not so fast"))]},
        {"states": [State(NEW, "Brand new", 9)]},
    ],
)
def test_users_never_alter_shipped_rows(added):
    with pytest.raises(Invalid, match="shipped rows cannot be altered"):
        ORDER.extended(**added)


def test_a_faulty_table_lists_all_its_problems():
    with pytest.raises(Invalid) as refusal:
        ORDER.extended(
            transitions=[
                Transition("a", "nowhere", Target(NEW, "")),
                Transition("b", NEW, Target("nowhere", "")),
                Transition("c", "completed", Target(NEW, "")),
            ]
        )

    assert [str(p) for p in refusal.value.problems] == [
        "a from nowhere: the source state is unknown",
        "b from new: the target state nowhere is unknown",
        "c from completed: the source state is final",
    ]


def test_a_wildcard_covers_every_state_that_is_not_final_and_has_no_row_of_its_own():
    table = ORDER.extended(
        transitions=[
            Transition("recall", ANY, Target(HOLD, "Recalled")),
            Transition("recall", NEW, Target("canceled", "Recalled")),
        ]
    )

    assert advance(table, event="recall", state=FULFILLMENT) == Target(HOLD, "Recalled")
    assert advance(table, event="recall", state=NEW) == Target("canceled", "Recalled")

    with pytest.raises(TransitionRefused):
        advance(table, event="recall", state="completed")


def test_with_the_guard_off_nothing_is_refused():
    off = ORDER.with_guard(enabled=False)

    assert advance(off, event="order.shipped", state="completed") == Target(FULFILLMENT, "Shipped")
    assert advance(off, event="order.canceled", state=FULFILLMENT, reason="Bored") == Target(
        "canceled", "Bored"
    )
    assert advance(off, event="order.hold_released", state=NEW) is None
    assert advance(off, event="unknown", state=NEW) is None


def test_the_progress_bar_and_the_lock_come_from_the_table():
    assert [state.name for state in ORDER.timeline()] == [
        NEW,
        HOLD,
        PROGRESS,
        FULFILLMENT,
        "canceled",
        "completed",
    ]
    assert ORDER.state(FULFILLMENT).read_only

    with pytest.raises(Invalid, match="there is no state lost"):
        ORDER.state("lost")


def small(*transitions, states=("a", "b"), final=("z",), **more):
    every = [State(name, name.upper(), 1) for name in states]
    every += [State(name, name.upper(), 2, final=True) for name in final]
    return StateTable("thing", tuple(every), tuple(transitions), **more)


GO = Transition("go", "a", Target("b", "Went"), ("Ran", "Flew"))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(None, "Went"), ("Went", "Went"), ("Ran", "Ran"), ("Flew", "Flew")],
)
def test_the_reasons_of_a_row(reason, expected):
    assert advance(small(GO), event="go", state="a", reason=reason) == Target("b", expected)


def test_an_unknown_reason_lists_the_known_ones():
    with pytest.raises(TransitionRefused) as refusal:
        advance(small(GO), event="go", state="a", reason="Swam")
    assert refusal.value.what == "go cannot happen while a: 'Swam' is not one of its reasons"
    assert refusal.value.remedy == "use Went, Ran, Flew"


@pytest.mark.parametrize(
    ("source", "state", "message"),
    [
        (None, "a", "go cannot happen while a: it is allowed from (not created yet)"),
        ("a", None, "go cannot happen before it exists: it is allowed from a"),
        (ANY, "z", "go cannot happen while z: it is allowed from any state"),
    ],
)
def test_a_refusal_names_where_the_event_is_allowed(source, state, message):
    table = small(Transition("go", source, Target("b", "Went")))
    with pytest.raises(TransitionRefused) as refusal:
        advance(table, event="go", state=state)
    assert refusal.value.what == message
    assert refusal.value.where == "thing"
    assert refusal.value.remedy == "send the event that fits its state"


def test_a_release_without_a_previous_state_says_what_to_do():
    table = small(Transition("release", "a", Target(PREVIOUS, "")))
    with pytest.raises(TransitionRefused) as refusal:
        advance(table, event="release", state="a")

    assert refusal.value.what == (
        "release cannot happen while a: no earlier state is recorded to return to"
    )
    assert refusal.value.remedy == "use another event"
    before = Target("b", "Went")
    assert advance(table, event="release", state="a", previous=before, reason="x") == before


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("a", Target("b", "Own")),
        ("b", Target("a", "Any")),
        ("z", None),
        (None, None),
    ],
)
def test_a_wildcard_yields_to_a_row_of_the_state_and_skips_final_states(state, expected):
    table = small(
        Transition("go", ANY, Target("a", "Any")), Transition("go", "a", Target("b", "Own"))
    )
    row = table.row("go", state)
    assert (row.to if row else None) == expected


def test_a_row_for_a_record_that_does_not_exist_yet():
    table = small(Transition("create", None, Target("a", "New")))
    assert advance(table, event="create", state=None) == Target("a", "New")
    assert table.row("other", None) is None


@pytest.mark.parametrize(
    ("event", "state", "reason", "expected"),
    [
        ("go", "a", None, Target("b", "Went")),
        ("go", "b", None, Target("b", "Went")),
        ("go", "z", "Swam", Target("b", "Swam")),
        ("go", None, None, Target("b", "Went")),
        ("back", "z", None, Target("a", "First")),
        ("back", "b", None, Target("z", "Second")),
        ("stay", "a", None, None),
    ],
)
def test_with_the_guard_off_an_event_uses_its_row_or_the_first_that_names_it(
    event, state, reason, expected
):
    table = small(
        GO,
        Transition("back", "a", Target("a", "First")),
        Transition("back", "b", Target("z", "Second")),
        enabled=False,
    )
    assert advance(table, event=event, state=state, reason=reason) == expected


def test_an_unknown_state_is_an_error():
    with pytest.raises(Invalid) as refusal:
        advance(small(GO), event="go", state="nowhere")
    assert refusal.value.what == "there is no state nowhere"
    assert refusal.value.where == "thing"
    assert refusal.value.remedy == "use one of a, b, z"


@pytest.mark.parametrize(
    ("transitions", "states", "problems"),
    [
        ([GO], ("a", "b"), []),
        ([GO, GO], ("a", "b"), ["go from a: it is defined twice (remove one of them)"]),
        ([GO], ("a", "b", "a"), ["state a: it is defined twice (remove one of them)"]),
        ([GO], ("a",), ["go from a: the target state b is unknown"]),
        ([GO], ("b",), ["go from a: the source state is unknown"]),
        (
            [Transition("go", "z", Target("b", ""))],
            ("a", "b"),
            ["go from z: the source state is final"],
        ),
        ([Transition("go", ANY, Target("b", ""))], ("b",), []),
        ([Transition("go", None, Target("b", ""))], ("b",), []),
        ([Transition("go", "a", Target(PREVIOUS, ""))], ("a",), []),
        ([Transition("go", "a", Target("z", ""))], ("a",), []),
        ([GO, Transition("go", "b", Target("a", ""))], ("a", "b"), []),
        ([GO, Transition("run", "a", Target("b", ""))], ("a", "b"), []),
    ],
)
def test_the_problems_of_a_table(transitions, states, problems):
    assert problems_of_small(transitions, states) == problems


def problems_of_small(transitions, states):
    try:
        small(*transitions, states=states)
    except Invalid as error:
        return [str(problem) for problem in error.problems]
    return []


def test_moves_make_one_row_per_source():
    rows = moves("go", ["a", None], "b", "Went", reasons=["Ran"])
    assert rows == [
        Transition("go", "a", Target("b", "Went"), ("Ran",)),
        Transition("go", None, Target("b", "Went"), ("Ran",)),
    ]
    assert moves("go", [], "b", "Went") == []


def test_events_are_listed_once_in_the_order_of_the_rows():
    table = small(
        GO, Transition("run", "a", Target("b", "")), Transition("go", "b", Target("a", ""))
    )
    assert table.events() == ["go", "run"]
    assert table.first_row("go") == GO
    assert table.first_row("fly") is None


def test_the_guard_can_be_switched_without_changing_the_rows():
    off = small(GO).with_guard(enabled=False)
    assert not off.enabled
    assert off.with_guard(enabled=True) == small(GO)


def test_altered_rows_are_named_in_the_refusal():
    added = Transition("go", "a", Target("a", "Stayed"))
    with pytest.raises(Invalid) as refusal:
        small(GO).extended(states=[State("b", "Other", 3)], transitions=[added])
    assert refusal.value.what == "shipped rows cannot be altered: b, go from a"
    assert refusal.value.where == "thing"


def test_states_at_one_place_of_the_progress_bar_are_sorted_by_name():
    assert [state.name for state in small(states=("b", "a"), final=("z", "c")).timeline()] == [
        "a",
        "b",
        "c",
        "z",
    ]


def test_equal_requests_are_evaluated_once_and_answered_each():
    request = TransitionRequest("go", "a", reason="Ran")
    results = advance_many(small(GO), [request, TransitionRequest("go", "b"), request])
    assert results[0] == results[2] == Target("b", "Ran")
    assert isinstance(results[1], TransitionRefused)
    assert advance_many(small(GO), []) == []
