"""What a later delivery changes on the lines of an order, decided without a database."""

from typing import Any

import pytest

from openiom.kernel import new_id
from openiom.orders.line_changes import (
    DeliveredLine,
    LineChanges,
    LineDifference,
    LineKey,
    line_changes,
    surplus_steps,
    wanted_steps,
)
from openiom.orders.locked_rows import LockedLine

KEY = LineKey("7", "LAMP", "ea", ())
OTHER = LineKey("8", "CHAIR", "ea", ())


def line(quantity: int, **more: Any) -> LockedLine:
    values = {"in_fulfillment": 0, "shipped": 0, "canceled": 0, **more}
    return LockedLine(
        id=new_id(),
        order_id=new_id(),
        line_number=1,
        product="LAMP",
        unit="ea",
        quantity=quantity,
        state="new",
        state_reason="",
        source=None,
        source_reason="",
        requested_delivery_date=None,
        **values,
    )


def changes(
    *lines: LockedLine, delivered: DeliveredLine | None, changeable: bool = True
) -> LineChanges:
    found = {} if delivered is None else {KEY: delivered}
    return line_changes({KEY: lines} if lines else {}, found, changeable=changeable)


@pytest.mark.parametrize(
    ("stored", "delivered", "wanted"),
    [
        ({"quantity": 2}, DeliveredLine(2), 2),
        ({"quantity": 2}, DeliveredLine(2, canceled=1), 1),
        ({"quantity": 2}, DeliveredLine(2, canceled=2), 0),
        ({"quantity": 3}, DeliveredLine(3, shipped=1), 2),
        ({"quantity": 3, "shipped": 1}, DeliveredLine(3, shipped=1), 3),
        ({"quantity": 3, "shipped": 1}, DeliveredLine(3, shipped=2), 2),
        ({"quantity": 3, "shipped": 1}, DeliveredLine(3), 3),
        ({"quantity": 3}, DeliveredLine(3, canceled=1, shipped=1), 1),
        ({"quantity": 2}, DeliveredLine(2, canceled=2, shipped=2), 0),
        ({"quantity": 5, "canceled": 2}, DeliveredLine(5), 3),
        ({"quantity": 5, "canceled": 2}, DeliveredLine(3), 3),
        ({"quantity": 5, "canceled": 2}, DeliveredLine(6), 4),
        ({"quantity": 5, "canceled": 2}, DeliveredLine(5, canceled=2), 3),
        ({"quantity": 5, "canceled": 2}, DeliveredLine(5, canceled=3), 2),
    ],
)
def test_what_is_wanted_of_a_line(
    stored: dict[str, int], delivered: DeliveredLine, wanted: int
) -> None:
    assert wanted_steps([line(**stored)], delivered) == wanted


def test_less_is_canceled_of_the_last_part_first() -> None:
    first, second = line(3), line(2)
    found = changes(first, second, delivered=DeliveredLine(2))
    assert found.cancel == {second.id: 2, first.id: 1}
    assert (found.wanted, found.differences) == (2, [])


def test_units_in_fulfillment_cannot_be_taken_back() -> None:
    stored = line(4, in_fulfillment=3)
    found = changes(stored, delivered=DeliveredLine(4, canceled=2), changeable=False)
    assert found.cancel == {stored.id: 1}
    assert found.differences == [LineDifference(KEY, here=3, source=2)]


def test_a_refund_of_what_was_shipped_is_no_difference() -> None:
    found = changes(line(2, shipped=2), delivered=DeliveredLine(2, canceled=1, shipped=2))
    assert (found.cancel, found.differences) == ({}, [])


def test_more_is_added_to_a_part_that_is_open() -> None:
    done, open_part = line(1, canceled=1), line(2)
    found = changes(done, open_part, delivered=DeliveredLine(5))
    assert (found.grow, found.added) == ({open_part.id: 2}, {})


def test_more_of_a_canceled_line_is_a_new_line() -> None:
    found = changes(line(2, canceled=2), delivered=DeliveredLine(3))
    assert (found.grow, found.added, found.wanted) == ({}, {KEY: 1}, 1)


def test_more_after_the_release_is_a_difference() -> None:
    found = changes(line(2, in_fulfillment=2), delivered=DeliveredLine(5), changeable=False)
    assert not found
    assert found.differences == [LineDifference(KEY, here=2, source=5)]


def test_a_removed_line_is_canceled() -> None:
    stored = line(2)
    found = changes(stored, delivered=None)
    assert (found.cancel, found.wanted) == ({stored.id: 2}, 0)


@pytest.mark.parametrize(
    ("changeable", "added", "differences"),
    [(True, {KEY: 2}, []), (False, {}, [LineDifference(KEY, here=0, source=2)])],
)
def test_an_added_line_has_what_is_left_of_it(
    changeable: bool, added: dict[LineKey, int], differences: list[LineDifference]
) -> None:
    delivered = DeliveredLine(4, canceled=1, shipped=1)
    found = changes(delivered=delivered, changeable=changeable)
    assert (found.added, found.differences, found.wanted) == (added, differences, 2)


def test_an_added_line_of_which_nothing_is_left_is_ignored() -> None:
    found = changes(delivered=DeliveredLine(2, canceled=2))
    assert (bool(found), found.differences) == (False, [])


def test_lines_are_decided_one_by_one() -> None:
    kept, removed = line(1), line(2)
    found = line_changes({KEY: [kept], OTHER: [removed]}, {KEY: DeliveredLine(1)}, changeable=True)
    assert (found.cancel, found.wanted) == ({removed.id: 2}, 1)


@pytest.mark.parametrize(
    ("parts", "ordered", "removed"),
    [
        ([(5, 2)], 3, [2]),
        ([(5, 2)], 4, [1]),
        ([(5, 2)], 5, [0]),
        ([(5, 5)], 2, [3]),
        ([(5, 5), (4, 1)], 3, [4, 1]),
        ([(3, 0), (2, 2)], 1, [0, 1]),
    ],
)
def test_canceled_units_that_are_no_longer_ordered_are_removed(
    parts: list[tuple[int, int]], ordered: int, removed: list[int]
) -> None:
    lines = [line(quantity, canceled=canceled) for quantity, canceled in parts]
    found = surplus_steps(lines, ordered)
    assert [found.get(part.id, 0) for part in lines] == removed
