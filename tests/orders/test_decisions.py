"""Pure decisions about orders: totals, deliveries, shipping events and allowed actions."""

from decimal import Decimal
from typing import Any

import pytest

from openiom.orders.allowed_actions import OrderUnits, allowed_actions
from openiom.orders.decisions import (
    LineAmounts,
    LineUnits,
    OrderAmounts,
    Totals,
    compute_totals,
    is_newer_delivery,
    is_wholly_canceled,
    is_wholly_shipped,
    shipping_events,
)
from openiom.orders.state_counts import count_changes
from openiom.orders.states import LINE_TABLE, ORDER_TABLE, attention, line_targets

ZERO = Decimal(0)


def amounts(quantity: int, unit_price: str, discount: str = "0", tax: str = "0") -> LineAmounts:
    return LineAmounts(quantity, Decimal(unit_price), Decimal(discount), Decimal(tax))


def totals(*lines: LineAmounts, stated: str, **more: Any) -> Totals:
    currency = more.pop("currency", "USD")
    order = OrderAmounts(**{name: Decimal(value) for name, value in more.items()})
    return compute_totals(lines, order, stated_total=Decimal(stated), currency=currency)


def test_an_order_adds_up_from_its_lines_shipping_discount_and_tax() -> None:
    found = totals(
        amounts(3, "10.00", discount="2.00", tax="1.40"),
        amounts(1, "5.50", tax="0.60"),
        shipping="4.00",
        discount="1.50",
        stated="38.00",
    )
    assert found == Totals(Decimal("33.50"), Decimal("2.00"), Decimal("38.00"), ZERO)


def test_a_tax_of_the_order_replaces_that_of_its_lines() -> None:
    found = totals(amounts(1, "10.00", tax="9.00"), tax="1.00", stated="11.00")
    assert (found.tax, found.difference) == (Decimal("1.00"), ZERO)


def test_prices_that_include_their_tax_add_up_too() -> None:
    found = totals(amounts(2, "10.00", tax="3.20"), stated="20.00")
    assert (found.tax, found.difference) == (Decimal("3.20"), ZERO)


@pytest.mark.parametrize(
    ("stated", "difference"),
    [
        ("20.02", "0"),
        ("19.98", "0"),
        ("20.03", "0.03"),
        ("19.97", "-0.03"),
        ("25.00", "5.00"),
        ("12.00", "-8.00"),
    ],
)
def test_a_difference_beyond_one_cent_a_line_is_reported(stated: str, difference: str) -> None:
    found = totals(amounts(1, "10.00"), amounts(1, "10.00"), stated=stated)
    assert found.difference == Decimal(difference)
    assert found.total == Decimal(stated), "the stated total is what the customer pays"


def test_the_difference_is_that_to_the_total_with_tax() -> None:
    found = totals(amounts(1, "10.00", tax="2.00"), stated="11.50")
    assert found.difference == Decimal("-0.50")


def test_rounding_follows_the_digits_of_the_currency() -> None:
    assert totals(amounts(1, "1000"), stated="1001", currency="JPY").difference == ZERO
    assert totals(amounts(1, "1000"), stated="1002", currency="JPY").difference == Decimal(2)


def test_the_subtotal_is_rounded_to_the_currency() -> None:
    assert totals(amounts(3, "0.335"), stated="1.00").subtotal == Decimal("1.00")


def test_handling_and_gift_wrapping_are_part_of_the_total() -> None:
    found = totals(amounts(2, "50.00"), fees="6.50", discount="10.00", stated="96.50")
    assert (found.subtotal, found.difference) == (Decimal("100.00"), ZERO)


@pytest.mark.parametrize("stated", ["90.00", "65.00"])
def test_credit_is_a_payment_whether_the_total_counts_it_or_not(stated: str) -> None:
    found = totals(amounts(2, "50.00"), discount="10.00", credit="25.00", stated=stated)
    assert found.difference == ZERO


@pytest.mark.parametrize(
    ("known_version", "version", "digest", "newer"),
    [
        (5, 6, "b", True),
        (5, 5, "b", True),
        (5, 4, "b", False),
        (5, 0, "b", True),
        (0, 0, "b", True),
        (0, 1, "b", True),
        (5, 6, "a", False),
        (5, 0, "a", False),
    ],
)
def test_a_delivery_is_newer_with_other_content_and_no_older_version(
    known_version: int, version: int, digest: str, newer: bool
) -> None:
    found = is_newer_delivery(
        known_version=known_version, known_digest="a", version=version, digest=digest
    )
    assert found is newer


OPEN = LineUnits(ordered=5, shipped=0, canceled=0)
PART = LineUnits(ordered=5, shipped=2, canceled=1)
SHIPPED = LineUnits(ordered=5, shipped=5, canceled=0)
SHORT = LineUnits(ordered=5, shipped=3, canceled=2)
CANCELED = LineUnits(ordered=5, shipped=0, canceled=5)


@pytest.mark.parametrize(
    ("lines", "shipped"),
    [
        ([SHIPPED], True),
        ([SHORT], True),
        ([SHIPPED, CANCELED], True),
        ([CANCELED], False),
        ([PART], False),
        ([SHIPPED, OPEN], False),
        ([], False),
    ],
)
def test_an_order_is_wholly_shipped_when_it_owes_nothing_and_something_left(
    lines: list[LineUnits], shipped: bool
) -> None:
    assert is_wholly_shipped(lines) is shipped


def test_an_order_is_wholly_canceled_when_no_line_has_another_unit() -> None:
    assert is_wholly_canceled([CANCELED, CANCELED])
    assert not is_wholly_canceled([CANCELED, SHORT])
    assert not is_wholly_canceled([OPEN])


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        ([OPEN], [OPEN], []),
        ([OPEN], [PART], ["order.partially_shipped"]),
        ([OPEN, OPEN], [SHIPPED, OPEN], ["order.partially_shipped"]),
        ([PART], [PART], []),
        ([PART, OPEN], [SHORT, OPEN], []),
        ([PART], [SHORT], ["order.shipped"]),
        ([OPEN], [SHIPPED], ["order.shipped"]),
        ([SHIPPED], [SHIPPED], []),
        ([SHIPPED, OPEN], [SHIPPED, CANCELED], ["order.shipped"]),
        ([OPEN], [CANCELED], []),
    ],
)
def test_each_shipping_event_happens_once(
    before: list[LineUnits], after: list[LineUnits], events: list[str]
) -> None:
    assert shipping_events(before, after) == events


def actions(
    state: str, *, manual_hold: bool = False, units: int = 0, shipped: int = 0, owed: int = 5
) -> dict[str, tuple[bool, str]]:
    totals = OrderUnits(Decimal(units), Decimal(shipped), Decimal(owed))
    found = allowed_actions(state, manual_hold=manual_hold, units=totals)
    return {name: (one["allowed"], one["reason"]) for name, one in found.model_dump().items()}


NOTHING_TO_RECALL = (False, "no unit of the order is in a fulfillment order")


@pytest.mark.parametrize("state", ["new", "on_hold", "in_progress", "fulfillment_in_process"])
def test_an_open_order_can_be_held_and_canceled(state: str) -> None:
    assert actions(state) == {
        "hold": (True, ""),
        "release": (False, "the order is not on manual hold"),
        "cancel": (True, ""),
        "recall": NOTHING_TO_RECALL,
    }


def test_an_order_on_manual_hold_can_be_released_and_canceled() -> None:
    assert actions("on_hold", manual_hold=True) == {
        "hold": (False, "the order is already on manual hold"),
        "release": (True, ""),
        "cancel": (True, ""),
        "recall": NOTHING_TO_RECALL,
    }


@pytest.mark.parametrize("state", ["on_hold", "in_progress", "fulfillment_in_process"])
def test_units_in_fulfillment_are_recalled_before_their_order_is_canceled(state: str) -> None:
    found = actions(state, units=3)
    assert found["cancel"] == (False, "3 units are in a fulfillment order; recall it first")
    assert found["recall"] == (True, "")
    assert found["hold"] == (True, "")


def test_of_an_order_that_has_shipped_in_part_the_rest_is_canceled_by_line() -> None:
    found = actions("fulfillment_in_process", shipped=2, owed=3)
    assert found["cancel"] == (False, "2 units have shipped; cancel the rest of the lines")
    assert found["hold"] == (True, "")


def test_a_hold_is_possible_until_every_unit_has_shipped() -> None:
    found = actions("fulfillment_in_process", shipped=5, owed=0)
    assert found["hold"] == (False, "every unit of the order has shipped")
    assert found["recall"] == NOTHING_TO_RECALL


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("completed", "the order is completed"),
        ("canceled", "the order is canceled"),
        ("fraud_review", "the state fraud_review does not allow it"),
    ],
)
def test_an_order_that_is_not_open_says_why_nothing_is_possible(state: str, reason: str) -> None:
    found = actions(state, units=2)
    assert (found["hold"], found["cancel"]) == ((False, reason), (False, reason))
    assert found["release"] == (False, "the order is not on manual hold")


@pytest.mark.parametrize("state", ["completed", "canceled"])
def test_an_order_that_has_ended_has_nothing_to_recall(state: str) -> None:
    assert actions(state, units=2)["recall"] == (False, f"the order is {state}")


def test_a_person_should_look_at_held_and_failed_orders() -> None:
    assert attention("on_hold", manual_hold=True) == "manual_hold"
    assert attention("on_hold", manual_hold=False) == "failed"
    assert attention("in_progress", manual_hold=False) == ""
    assert attention("new", manual_hold=False) == ""


def test_counts_change_by_the_orders_that_moved() -> None:
    before = {"a": ("new", ""), "b": ("new", ""), "c": ("on_hold", "failed")}
    after = {"a": ("in_progress", ""), "b": ("new", ""), "c": ("in_progress", "")}
    changes = {bucket: n for bucket, n in count_changes(before, after).items() if n}
    assert changes == {("new", ""): -1, ("on_hold", "failed"): -1, ("in_progress", ""): 2}


def test_lines_follow_an_event_from_the_states_that_name_it() -> None:
    targets = line_targets("order.backorder_hold_released")
    assert targets == {"on_hold": ("in_progress", "Ready To Be Fulfilled")}
    canceled = line_targets("order.canceled")
    assert set(canceled) == {"new", "on_hold", "in_progress", "fulfillment_in_process"}
    assert set(canceled.values()) == {("canceled", "Canceled")}
    assert line_targets("order.shipped") == {}


def test_every_event_of_the_tables_leads_to_a_state_of_the_table() -> None:
    for table in (ORDER_TABLE, LINE_TABLE):
        names = {state.name for state in table.states}
        for row in table.transitions:
            assert row.to.state in names or row.event == "order.hold_released"
