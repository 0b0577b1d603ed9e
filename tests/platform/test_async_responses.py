"""Requests that are acknowledged together."""

import asyncio
from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest
from starlette.requests import Request

from openiom.kernel import Refused
from openiom.platform.async_responses import (
    Acknowledgment,
    Answer,
    AsyncRequest,
    prefers_async,
)
from openiom.platform.request_groups import RequestGroups

Groups = RequestGroups[AsyncRequest, Acknowledgment]


class Store:
    """Acknowledges requests with their bodies; `groups` are the bodies of each call.

    The first call waits for `go_on`. A body `refused` is refused, one `broken` fails its call.
    """

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.is_busy = Event()
        self.go_on = Event()

    def __call__(self, requests: Sequence[AsyncRequest]) -> list[Answer]:
        bodies = [request.body for request in requests]
        self.groups.append(bodies)
        self.is_busy.set()
        assert self.go_on.wait(20)
        if b"broken" in bodies:
            raise ZeroDivisionError

        answers: list[Answer] = []
        for body in bodies:
            refused = body == b"refused"
            answers.append(Refused("no") if refused else Acknowledgment(body))
        return answers


def pending(body: bytes) -> AsyncRequest:
    return AsyncRequest(Request({"type": "http", "headers": []}), body)


async def submit_while_busy(store: Store, groups: Groups, *bodies: bytes) -> list[Any]:
    """Submit one request, and the others while it is executed; return what became of each."""
    first = asyncio.create_task(groups.submit(pending(b"first")))
    while not store.is_busy.is_set():
        await asyncio.sleep(0)

    others = [asyncio.create_task(groups.submit(pending(body))) for body in bodies]
    await asyncio.sleep(0)
    store.go_on.set()
    async with asyncio.timeout(20):
        return await asyncio.gather(first, *others, return_exceptions=True)


def test_requests_that_wait_are_executed_together() -> None:
    store = Store()
    groups = Groups(store)
    answers = asyncio.run(submit_while_busy(store, groups, b"1", b"2", b"3"))
    assert [answer.content for answer in answers] == [b"first", b"1", b"2", b"3"]
    assert store.groups == [[b"first"], [b"1", b"2", b"3"]]


def test_no_more_than_the_limit_are_executed_together() -> None:
    store = Store()
    groups = Groups(store, limit=2)
    asyncio.run(submit_while_busy(store, groups, b"1", b"2", b"3"))
    assert store.groups == [[b"first"], [b"1", b"2"], [b"3"]]


def test_a_refused_request_stops_no_other() -> None:
    store = Store()
    answers = asyncio.run(submit_while_busy(store, Groups(store), b"refused", b"2"))
    assert [type(answer) for answer in answers] == [Acknowledgment, Refused, Acknowledgment]


def test_a_request_that_fails_its_group_fails_alone() -> None:
    store = Store()
    answers = asyncio.run(submit_while_busy(store, Groups(store), b"1", b"broken", b"3"))
    kinds = [type(answer) for answer in answers]
    assert kinds == [Acknowledgment, Acknowledgment, ZeroDivisionError, Acknowledgment]
    assert store.groups[1:] == [[b"1", b"broken", b"3"], [b"1"], [b"broken"], [b"3"]]


def test_requests_that_come_back_join_those_that_wait() -> None:
    store = Store()
    store.go_on.set()

    async def client(groups: Groups) -> None:
        for _ in range(50):
            await groups.submit(pending(b"x"))

    async def run() -> None:
        groups = Groups(store, linger_seconds=0.005)
        async with asyncio.timeout(20):
            await asyncio.gather(*[client(groups) for _ in range(4)])

    asyncio.run(run())
    assert sum(map(len, store.groups)) == 200
    assert len(store.groups) < 100


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"respond-async", True),
        (b"wait=5, Respond-Async", True),
        (b"respond-async;foo=bar", True),
        (b"return=minimal", False),
        (b"respond-asynchronously", False),
        (b"", False),
    ],
)
def test_the_preference_is_read(header: bytes, expected: bool) -> None:
    assert prefers_async({"type": "http", "headers": [(b"prefer", header)]}) is expected
    assert not prefers_async({"type": "http", "headers": [(b"accept", header)]})
