"""News for browsers: soon, once, and without overtaking a transaction in flight."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from starlette.testclient import TestClient

from openiom.app import event_stream
from openiom.app.event_stream import EventTail, message_text, stream
from openiom.kernel import Event
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import LoggedEvent, append_events

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def tail(database: Database) -> Iterator[EventTail]:
    running = EventTail(database)
    running.start()
    time.sleep(0.6)
    yield running
    running.stop()


class Listener:
    """Records what a tail sends to browsers."""

    def __init__(self, tail: EventTail, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[dict[str, Any]] = []
        monkeypatch.setattr(tail, "_publish", self.receive)

    def receive(self, message: str | None) -> None:
        if message:
            self.events += orjson.loads(message)["events"]

    def wait(self, count: int, seconds: float = 10.0) -> list[str]:
        deadline = time.monotonic() + seconds
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return [event["name"] for event in self.events]


def event(name: str) -> Event:
    order = uuid4()
    return Event(name=name, subject_type="order", subject_id=order, root_id=order)


def append(database: Database, *names: str) -> None:
    with database.unit_of_work() as session:
        append_events(session, map(event, names), at=utc_now(), actor="test")


def test_an_event_is_sent_once_soon_after_its_commit(
    database: Database, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Listener(tail, monkeypatch)
    append(database, "order.created", "order.hold_placed")

    assert browser.wait(2) == ["order.created", "order.hold_placed"]
    time.sleep(1.2)
    assert len(browser.events) == 2
    assert tail.published == 2


def test_events_before_the_start_are_not_sent(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(database, "order.created")
    tail = EventTail(database)
    browser = Listener(tail, monkeypatch)
    tail.start()
    time.sleep(0.6)
    append(database, "order.hold_placed")

    try:
        assert browser.wait(1) == ["order.hold_placed"]
    finally:
        tail.stop()


def test_an_event_of_a_slow_transaction_is_sent_late_and_not_lost(
    database: Database, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Listener(tail, monkeypatch)
    with database.unit_of_work() as slow:
        append_events(slow, [event("order.created")], at=utc_now(), actor="slow")
        append(database, "order.hold_placed")
        assert browser.wait(1) == ["order.hold_placed"]

    assert browser.wait(2) == ["order.hold_placed", "order.created"]


def test_a_flood_is_cut_and_not_sent_later(
    database: Database, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "MAX_EVENTS", 3)
    browser = Listener(tail, monkeypatch)
    append(database, "a", "b", "c", "d", "e")
    assert browser.wait(3) == ["a", "b", "c"]
    append(database, "f")

    assert browser.wait(4) == ["a", "b", "c", "f"]


def test_a_tail_continues_after_the_database_was_unreachable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "RECONNECT_SECONDS", 0.1)
    lost = Database("postgresql://127.0.0.1:1/none")
    tail = EventTail(lost)
    browser = Listener(tail, monkeypatch)
    tail.start()
    time.sleep(0.5)
    monkeypatch.setattr(tail, "_database", database)
    time.sleep(1.0)
    append(database, "order.created")

    try:
        assert browser.wait(1) == ["order.created"]
    finally:
        tail.stop()
        lost.close()


def test_a_message_has_what_a_page_needs() -> None:
    order = UUID(int=7)
    logged = LoggedEvent(
        xid=1,
        id=2,
        occurred_at=NOW,
        name="order.created",
        subject_type="order",
        subject_id=order,
        root_id=order,
        actor="ann",
        data={"secret": "not sent"},
    )

    assert orjson.loads(message_text([logged])) == {
        "events": [
            {
                "name": "order.created",
                "root_id": str(order),
                "subject_type": "order",
                "subject_id": str(order),
                "at": "2026-05-04T12:00:00+00:00",
            }
        ]
    }


def test_a_stream_sends_messages_and_ends_with_the_tail(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_SECONDS", 0.1)
    tail = EventTail(database)

    async def listen() -> list[str]:
        parts: list[str] = []
        async for part in stream(tail, lambda: True):
            parts.append(part)
            if len(parts) == 1:
                tail._publish('{"events": []}')
            elif len(parts) == 3:
                assert tail.listeners == 1
                tail._publish(None)

        return parts

    parts = asyncio.run(listen())

    assert parts == [
        "retry: 2000\n\n",
        'event: change\ndata: {"events": []}\n\n',
        ": keep-alive\n\n",
    ]
    assert tail.listeners == 0


@pytest.mark.parametrize("busy", [True, False])
def test_a_stream_ends_soon_after_its_session(
    database: Database, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    monkeypatch.setattr(event_stream, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_SECONDS", 0.05)
    tail = EventTail(database)
    answers = [True, False]

    async def listen() -> list[str]:
        parts: list[str] = []
        async for part in stream(tail, lambda: answers.pop(0)):
            parts.append(part)
            if busy:
                tail._publish('{"events": []}')
        return parts

    parts = asyncio.run(listen())

    assert answers == []
    if not busy:
        assert parts == ["retry: 2000\n\n", ": keep-alive\n\n"]
    assert tail.listeners == 0


def test_a_browser_that_does_not_read_loses_the_oldest_messages(database: Database) -> None:
    tail = EventTail(database)

    async def fill() -> list[str | None]:
        _, queue = tail.subscribe()
        for number in range(event_stream.QUEUED_MESSAGES + 2):
            tail._publish(str(number))
        await asyncio.sleep(0)
        return [queue.get_nowait() for _ in range(queue.qsize())]

    messages = asyncio.run(fill())

    assert messages[0] == "2"
    assert messages[-1] == str(event_stream.QUEUED_MESSAGES + 1)
    assert len(messages) == event_stream.QUEUED_MESSAGES


def test_publishing_to_a_browser_that_has_gone_does_nothing(database: Database) -> None:
    tail = EventTail(database)

    async def subscribe() -> None:
        tail.subscribe()

    asyncio.run(subscribe())
    tail._publish("late")


def test_the_stream_requires_a_principal(anonymous_client: TestClient) -> None:
    assert anonymous_client.get("/api/v1/live").status_code == 401
