"""An event is raised on a header once, when its last line qualifies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.state_framework import Aggregate, LineStatus, header_events, header_events_many

IN_FULFILLMENT = Aggregate("order.fulfillment_in_process", frozenset({"fulfillment_in_process"}))
SHIPPED = Aggregate("order.shipped", frozenset({"fulfillment_in_process"}), frozenset({"Shipped"}))
RULES = [IN_FULFILLMENT, SHIPPED]
NEW, MOVING, SENT, CANCELED = (
    LineStatus("new"),
    LineStatus("fulfillment_in_process", "Picked"),
    LineStatus("fulfillment_in_process", "Shipped"),
    LineStatus("canceled"),
)


def test_an_event_is_raised_when_the_last_line_qualifies_and_only_once():
    assert header_events(RULES, before=[NEW, NEW], after=[MOVING, NEW]) == []
    assert header_events(RULES, before=[MOVING, NEW], after=[MOVING, MOVING]) == [
        "order.fulfillment_in_process"
    ]
    assert header_events(RULES, before=[MOVING, MOVING], after=[MOVING, SENT]) == []
    assert header_events(RULES, before=[MOVING, SENT], after=[SENT, SENT]) == ["order.shipped"]
    assert header_events(RULES, before=[SENT, SENT], after=[SENT, SENT]) == []


def test_a_canceled_line_does_not_count_and_canceling_the_last_open_one_completes():
    assert header_events(RULES, before=[SENT, MOVING], after=[SENT, CANCELED]) == ["order.shipped"]
    assert header_events(RULES, before=[CANCELED, NEW], after=[CANCELED, CANCELED]) == []
    assert header_events(RULES, before=[], after=[]) == []


def test_many_headers_are_evaluated_together():
    assert header_events_many(
        RULES, {"a": ([NEW], [SENT]), "b": ([NEW, NEW], [SENT, NEW]), "c": ([MOVING], [SENT])}
    ) == {"a": ["order.fulfillment_in_process", "order.shipped"], "c": ["order.shipped"]}


@given(st.permutations(range(5)), st.integers(1, 5))
def test_in_whatever_order_and_groups_lines_ship_the_header_ships_once(order, step):
    lines = [MOVING] * 5
    raised = []
    for start in range(0, 5, step):
        after = list(lines)
        for index in order[start : start + step]:
            after[index] = SENT

        raised += header_events(RULES, before=lines, after=after)
        lines = after

    assert raised == ["order.shipped"]


@pytest.mark.parametrize(
    ("rule", "lines", "expected"),
    [
        (IN_FULFILLMENT, [MOVING], True),
        (IN_FULFILLMENT, [MOVING, SENT], True),
        (IN_FULFILLMENT, [MOVING, NEW], False),
        (IN_FULFILLMENT, [NEW, MOVING], False),
        (IN_FULFILLMENT, [], False),
        (IN_FULFILLMENT, [CANCELED], False),
        (IN_FULFILLMENT, [CANCELED, MOVING], True),
        (IN_FULFILLMENT, [MOVING, CANCELED], True),
        (SHIPPED, [SENT], True),
        (SHIPPED, [MOVING], False),
        (SHIPPED, [LineStatus("new", "Shipped")], False),
        (SHIPPED._replace(ignoring=frozenset()), [SENT, CANCELED], False),
        (SHIPPED._replace(ignoring=frozenset({"new"})), [SENT, NEW], True),
    ],
)
def test_whether_a_rule_holds(rule, lines, expected):
    assert rule.holds(lines) is expected


def test_events_are_raised_in_the_order_of_the_rules():
    changed = {"before": [NEW], "after": [SENT]}
    assert header_events(RULES, **changed) == ["order.fulfillment_in_process", "order.shipped"]
    assert header_events(RULES[::-1], **changed) == [
        "order.shipped",
        "order.fulfillment_in_process",
    ]
    assert header_events([], **changed) == []
