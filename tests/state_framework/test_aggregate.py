"""A header's event happens once, when its last line gets there."""

from hypothesis import given
from hypothesis import strategies as st

from openiom.state_framework import Aggregate, LineStatus, header_events, header_events_many

IN_FULFILLMENT = Aggregate("order.fulfillment_in_process", frozenset({"fulfillment_in_process"}))
SHIPPED = Aggregate("order.shipped", frozenset({"fulfillment_in_process"}), frozenset({"Shipped"}))
RULES = [IN_FULFILLMENT, SHIPPED]
NEW, MOVING, GONE, CANCELED = (
    LineStatus("new"),
    LineStatus("fulfillment_in_process", "Picked"),
    LineStatus("fulfillment_in_process", "Shipped"),
    LineStatus("canceled"),
)


def test_nothing_is_owed_until_the_last_line_gets_there_and_nothing_twice():
    assert header_events(RULES, before=[NEW, NEW], after=[MOVING, NEW]) == []
    assert header_events(RULES, before=[MOVING, NEW], after=[MOVING, MOVING]) == [
        "order.fulfillment_in_process"
    ]
    assert header_events(RULES, before=[MOVING, MOVING], after=[MOVING, GONE]) == []
    assert header_events(RULES, before=[MOVING, GONE], after=[GONE, GONE]) == ["order.shipped"]
    assert header_events(RULES, before=[GONE, GONE], after=[GONE, GONE]) == []


def test_a_canceled_line_does_not_keep_the_rest_and_canceling_the_last_open_one_completes_it():
    assert header_events(RULES, before=[GONE, MOVING], after=[GONE, CANCELED]) == ["order.shipped"]
    assert header_events(RULES, before=[CANCELED, NEW], after=[CANCELED, CANCELED]) == []
    assert header_events(RULES, before=[], after=[]) == []


def test_many_headers_are_settled_together():
    assert header_events_many(
        RULES, {"a": ([NEW], [GONE]), "b": ([NEW, NEW], [GONE, NEW]), "c": ([MOVING], [GONE])}
    ) == {"a": ["order.fulfillment_in_process", "order.shipped"], "c": ["order.shipped"]}


@given(st.permutations(range(5)), st.integers(1, 5))
def test_in_whatever_order_and_groups_lines_ship_the_header_ships_once(order, step):
    lines = [MOVING] * 5
    raised = []
    for start in range(0, 5, step):
        after = list(lines)
        for index in order[start : start + step]:
            after[index] = GONE
        raised += header_events(RULES, before=lines, after=after)
        lines = after

    assert raised == ["order.shipped"]
