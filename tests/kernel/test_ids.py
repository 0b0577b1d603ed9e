"""Time-ordered ids."""

import time

import pytest

from openiom.kernel import ids, new_id, new_ids, sorted_ids


def test_ids_are_uuids_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before <= made.int >> 80 <= after


def test_ids_of_one_call_are_distinct_and_ascend() -> None:
    made = new_ids(10_000)

    assert len(made) == 10_000
    assert len(set(made)) == 10_000
    assert made == sorted(made)
    assert {one.version for one in made} == {7}


def test_no_ids_are_made_when_none_are_wanted() -> None:
    assert new_ids(0) == []


def test_a_large_batch_moves_on_to_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_700_000_000_000 * 1_000_000)

    made = new_ids(4097)

    assert made[4095].int >> 80 == 1_700_000_000_000
    assert made[4095].int >> 64 & 0xFFF == 0xFFF
    assert made[4096].int >> 80 == 1_700_000_000_001
    assert made[4096].int >> 64 & 0xFFF == 0


def test_single_ids_of_one_millisecond_ascend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_700_000_000_000 * 1_000_000)
    monkeypatch.setattr(ids, "_sequence", iter(range(5, 100)))

    made = [new_id() for _ in range(20)]

    assert made == sorted(made)
    assert made[0].int >> 64 & 0xFFF == 5
    assert made[19].int >> 64 & 0xFFF == 24


def test_ids_are_sorted_as_the_database_sorts_them_each_once() -> None:
    made = new_ids(50)
    shuffled = [*reversed(made), *made[10:20]]

    assert sorted_ids(shuffled) == sorted(set(shuffled)) == made
    assert sorted_ids(()) == []
