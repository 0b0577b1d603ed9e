"""Positions of the log are snapshots; a window is what a newer one sees in addition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.platform.log_positions import LogPosition, LogWindow, PartialPosition


@pytest.mark.parametrize(
    ("snapshot", "xmax", "in_flight"),
    [("1:1:", 1, []), ("10:20:10,14,15", 20, [10, 14, 15]), ("740:740:", 740, [])],
)
def test_a_position_is_read_and_written_as_a_snapshot(
    snapshot: str, xmax: int, in_flight: list[int]
) -> None:
    position = LogPosition.parse(snapshot)

    assert position == LogPosition(xmax, frozenset(in_flight))
    assert str(position) == snapshot


def test_a_window_contains_new_transactions_and_those_that_ended() -> None:
    start = PartialPosition(LogPosition(20, frozenset((10, 14))))
    found = LogWindow(start, LogPosition(25, frozenset((14, 22))))

    assert found.ended == [10]
    assert found.has_new
    assert not LogWindow(start, start.position).has_new


def test_an_older_snapshot_adds_nothing() -> None:
    """The row of a cursor may be newer than the snapshot of the statement that locked it."""
    start = PartialPosition(LogPosition(20, frozenset((15,))))
    found = LogWindow(start, LogPosition(12, frozenset((10,))))

    assert found.ended == []
    assert not found.has_new


@pytest.mark.parametrize(
    ("xid", "xmax", "in_flight"),
    [
        (12, 20, (10, 12, 14)),  # the rest of the transaction that was read in part
        (10, 20, (10, 14)),  # the first one that ended
        (14, 20, (14,)),  # the last one that ended
        (25, 26, (22, 25)),  # one that began since: later ones remain to be read
    ],
)
def test_a_page_that_ends_in_a_transaction_leaves_what_follows_it(
    xid: int, xmax: int, in_flight: tuple[int, ...]
) -> None:
    start = PartialPosition(LogPosition(20, frozenset((10, 12, 14))), xid=12, event_id=3)
    found = LogWindow(start, LogPosition(30, frozenset((22, 28))))

    assert found.position_at(xid, 7) == PartialPosition(
        LogPosition(xmax, frozenset(in_flight)), xid=xid, event_id=7
    )


XIDS = st.sets(st.integers(1, 59))


@given(st.integers(1, 40), XIDS, st.integers(0, 20), XIDS)
def test_a_window_is_the_difference_of_what_two_snapshots_see(
    xmax: int, started: set[int], newer: int, still: set[int]
) -> None:
    start = LogPosition(xmax, frozenset(xid for xid in started if xid < xmax))
    end_xmax = xmax + newer
    in_flight = {xid for xid in still if xmax <= xid < end_xmax} | (start.in_flight & still)
    end = LogPosition(end_xmax, frozenset(in_flight))
    found = LogWindow(PartialPosition(start), end)

    def sees(position: LogPosition, xid: int) -> bool:
        return xid < position.xmax and xid not in position.in_flight

    expected = {xid for xid in range(1, end_xmax) if sees(end, xid) and not sees(start, xid)}
    new = {xid for xid in range(xmax, end_xmax) if xid not in end.in_flight}
    assert set(found.ended) | new == expected
