"""The recommended table of the reference as cases, and what users may add to it."""

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
        "order.canceled cannot happen while fulfillment_in_process: it is allowed from in_progress, new, on_hold"
    )


def test_a_release_leads_back_to_where_the_order_stood():
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


def test_many_are_answered_in_order_and_a_refusal_stops_nobody():
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
    assert advance(grown, event="order.canceled", state="fraud_review") == Target("canceled", "Fraud")
    assert advance(ORDER, event="fraud.suspected", state=NEW) is None


@pytest.mark.parametrize(
    "added",
    [
        {"transitions": [Transition("order.canceled", NEW, Target(HOLD, "Not so fast"))]},
        {"states": [State(NEW, "Brand new", 9)]},
    ],
)
def test_users_never_alter_shipped_rows(added):
    with pytest.raises(Invalid, match="shipped rows may be added to, never altered"):
        ORDER.extended(**added)


def test_a_faulty_table_lists_all_its_faults():
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


def test_switched_off_it_refuses_nothing_and_still_moves():
    off = ORDER.switched(enabled=False)

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
