"""Past orders by day, and as lines that could be planned now."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.fulfillment_optimization import PastLine, PastOrder, as_open_lines, by_day

MONDAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def placed(day: date, hour: int = 9, *lines: PastLine, **changes: Any) -> PastOrder:
    order = PastOrder(
        placed_at=datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
        country="US",
        state="WA",
        place=(47.6, -122.3),
        business=False,
        currency="USD",
        wanted_days=None,
        lines=lines,
    )
    return replace(order, **changes)


def test_every_day_of_the_period_has_a_list_also_without_orders() -> None:
    first = placed(MONDAY, 23)
    last = placed(MONDAY + timedelta(days=2), 0)
    found = by_day([first, last], first=MONDAY, last=MONDAY + timedelta(days=2))
    assert found == [[first], [], [last]]


def test_a_period_of_one_day_is_that_day() -> None:
    order = placed(MONDAY)
    assert by_day([order], first=MONDAY, last=MONDAY) == [[order]]
    assert by_day([], first=MONDAY, last=MONDAY) == [[]]


def test_orders_of_one_day_keep_their_order() -> None:
    orders = [placed(MONDAY, 12), placed(MONDAY, 9), placed(MONDAY, 9)]
    (day,) = by_day(orders, first=MONDAY, last=MONDAY)
    assert [one.placed_at.hour for one in day] == [12, 9, 9]


def test_an_order_after_the_period_is_an_error() -> None:
    with pytest.raises(IndexError):
        by_day([placed(MONDAY + timedelta(days=1))], first=MONDAY, last=MONDAY)


@given(st.lists(st.integers(0, 9), max_size=30))
def test_no_order_is_lost_and_each_is_in_its_day(days: list[int]) -> None:
    orders = [placed(MONDAY + timedelta(days=ahead)) for ahead in days]
    found = by_day(orders, first=MONDAY, last=MONDAY + timedelta(days=9))
    assert [len(day) for day in found] == [days.count(ahead) for ahead in range(10)]
    for ahead, day in enumerate(found):
        assert all(one.placed_at.date() == MONDAY + timedelta(days=ahead) for one in day)


def test_lines_have_numbers_over_all_orders_and_their_order_as_number() -> None:
    two = placed(MONDAY, 9, PastLine("LAMP", 2, 20.0), PastLine("DESK", 1, 90.0))
    one = placed(MONDAY, 9, PastLine("LAMP", 3, 30.0))
    lines = as_open_lines([two, placed(MONDAY), one], NOON)
    assert [(line.line_id.int, line.order_id.int) for line in lines] == [(0, 0), (1, 0), (2, 2)]
    assert [(line.product, line.quantity) for line in lines] == [
        ("LAMP", 2),
        ("DESK", 1),
        ("LAMP", 3),
    ]


def test_a_line_has_the_destination_of_its_order_and_no_source() -> None:
    order = placed(MONDAY, 9, PastLine("LAMP", 2, 20.0), business=True, place=None, country="CA")
    (line,) = as_open_lines([order], NOON)
    assert (line.country, line.state, line.place, line.business) == ("CA", "WA", None, True)
    assert (line.source, line.strategy, line.channel) == ("", "", "")
    assert line.line_id == UUID(int=0)


@pytest.mark.parametrize(
    ("wanted_days", "wanted"),
    [(None, None), (0, date(2026, 11, 20)), (1, date(2026, 11, 21)), (30, date(2026, 12, 20))],
)
def test_the_requested_day_is_as_far_ahead_as_it_was(
    wanted_days: int | None, wanted: date | None
) -> None:
    order = placed(MONDAY, 9, PastLine("LAMP", 2, 20.0), wanted_days=wanted_days)
    (line,) = as_open_lines([order], NOON)
    assert line.wanted == wanted


def test_no_orders_have_no_lines() -> None:
    assert as_open_lines([], NOON) == []
    assert as_open_lines([placed(MONDAY)], NOON) == []
