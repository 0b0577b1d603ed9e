"""Concurrent calls share executions, and a faulty call fails alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock

import pytest
from psycopg.errors import AdminShutdown, LockNotAvailable

from openiom.platform.group_commit import (
    GroupCommit,
    GroupedCall,
    PendingCall,
    execute_together,
)


class Doubler:
    """Doubles numbers; refuses negative ones, and blocks on demand."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.lock = Lock()
        self.blocked = Event()
        self.go_on = Event()
        self.go_on.set()

    def __call__(self, requests: Sequence[int]) -> Sequence[int]:
        with self.lock:
            self.batches.append(list(requests))
        self.blocked.set()
        assert self.go_on.wait(20)
        if any(request < 0 for request in requests):
            raise ValueError(f"negative: {min(requests)}")
        return [2 * request for request in requests]


def submit_while_blocked(
    work: Doubler, group: GroupCommit[int, int], first: int, others: list[int]
) -> dict[int, int | str]:
    """Submit `others` while the execution of `first` is blocked, and return all outcomes."""

    def outcome(request: int) -> int | str:
        try:
            return group.submit(request)
        except ValueError as error:
            return str(error)

    work.go_on.clear()
    with ThreadPoolExecutor(len(others) + 1) as pool:
        running = {first: pool.submit(outcome, first)}
        assert work.blocked.wait(20)

        for request in others:
            running[request] = pool.submit(outcome, request)

        while len(group._queue) < len(others):
            pass

        work.go_on.set()
        return {request: future.result(20) for request, future in running.items()}


def test_a_single_call_is_executed_alone() -> None:
    work = Doubler()
    group = GroupCommit(work)

    assert group.submit(21) == 42
    assert group.submit(4) == 8
    assert work.batches == [[21], [4]]


def test_calls_that_queue_meanwhile_share_one_execution() -> None:
    work = Doubler()

    outcomes = submit_while_blocked(work, GroupCommit(work), 1, [2, 3, 4])

    assert outcomes == {1: 2, 2: 4, 3: 6, 4: 8}
    assert [sorted(batch) for batch in work.batches] == [[1], [2, 3, 4]]


def test_an_execution_has_at_most_the_limit_of_calls() -> None:
    work = Doubler()

    outcomes = submit_while_blocked(work, GroupCommit(work, limit=2), 1, [2, 3, 4, 5, 6])

    assert outcomes == {1: 2, 2: 4, 3: 6, 4: 8, 5: 10, 6: 12}
    assert [len(batch) for batch in work.batches] == [1, 2, 2, 1]


def test_a_faulty_call_fails_alone() -> None:
    work = Doubler()

    outcomes = submit_while_blocked(work, GroupCommit(work), 1, [2, -3, 4])

    assert outcomes == {1: 2, 2: 4, -3: "negative: -3", 4: 8}
    shared, *alone = work.batches[1:]
    assert sorted(shared) == [-3, 2, 4]
    assert sorted(alone) == [[-3], [2], [4]]


def test_the_error_of_a_single_call_is_raised_without_a_second_execution() -> None:
    work = Doubler()

    with pytest.raises(ValueError, match="negative: -1"):
        GroupCommit(work).submit(-1)
    assert work.batches == [[-1]]


def test_a_fault_of_the_server_fails_all_calls_at_once() -> None:
    executions = []

    def work(requests: Sequence[int]) -> list[int]:
        executions.append(list(requests))
        raise AdminShutdown

    calls = [GroupedCall[int, int](number) for number in range(3)]
    execute_together(work, calls)

    assert executions == [[0, 1, 2]]
    assert all(isinstance(call.error, AdminShutdown) for call in calls)


def test_a_lock_that_timed_out_fails_its_call_only() -> None:
    def work(requests: Sequence[int]) -> list[int]:
        if 1 in requests:
            raise LockNotAvailable
        return list(requests)

    calls = [GroupedCall[int, int](number) for number in range(3)]
    execute_together(work, calls)

    assert [call.done for call in calls] == [True, True, True]
    assert [call.results for call in calls] == [[0], [], [2]]
    assert isinstance(calls[1].error, LockNotAvailable)


def test_a_failed_call_does_not_stop_later_ones() -> None:
    work = Doubler()
    group = GroupCommit(work)
    with pytest.raises(ValueError, match="negative"):
        group.submit(-1)

    assert group.submit(1) == 2


def test_work_must_return_one_result_per_request() -> None:
    group: GroupCommit[int, int] = GroupCommit(lambda requests: [])

    with pytest.raises(ValueError, match="shorter"):
        group.submit(1)


def test_many_threads_get_their_own_results() -> None:
    work = Doubler()
    group = GroupCommit(work, limit=8)
    start = Barrier(16)

    def use(thread: int) -> list[int]:
        start.wait()
        return [group.submit(100 * thread + number) for number in range(50)]

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(use, range(16)))

    for thread, found in enumerate(results):
        assert found == [2 * (100 * thread + number) for number in range(50)]

    assert sum(map(len, work.batches)) == 800
    assert max(map(len, work.batches)) <= 8


def test_waking_a_call_twice_does_nothing() -> None:
    call: PendingCall[int, int] = PendingCall(1)
    assert call.waiting.locked()
    call.wake()
    call.wake()

    assert not call.waiting.locked()
    assert not call.done
