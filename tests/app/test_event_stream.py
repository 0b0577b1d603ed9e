"""Live news: told soon, told once, never overtaking a transaction in flight."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from openiom.app.event_stream import EventTail
from openiom.kernel import Event
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import append_events


@pytest.fixture
def tail(database: Database) -> Iterator[EventTail]:
    running = EventTail(database)
    running.start()
    time.sleep(0.6)
    yield running
    running.stop()


class Listener:
    """Stands for a browser: hears what the tail fans out."""

    def __init__(self, tail: EventTail, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[dict[str, Any]] = []
        monkeypatch.setattr(tail, "_tell", self.hear)

    def hear(self, text: str | None) -> None:
        if text:
            self.heard += orjson.loads(text)["events"]

    def wait(self, count: int, seconds: float = 5.0) -> list[str]:
        deadline = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return [event["name"] for event in self.heard]


def fact(name: str) -> Event:
    order = uuid4()
    return Event(name=name, subject_type="order", subject_id=order, root_id=order)


def test_an_event_is_told_once_within_moments_of_its_commit(
    database: Database, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Listener(tail, monkeypatch)
    with database.unit_of_work() as session:
        append_events(
            session, [fact("order.created"), fact("order.hold_placed")], at=utc_now(), actor="test"
        )

    assert browser.wait(2) == ["order.created", "order.hold_placed"]
    time.sleep(1.2)
    assert len(browser.heard) == 2


def test_an_event_of_a_slow_transaction_is_told_late_and_not_lost(
    database: Database, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Listener(tail, monkeypatch)
    with database.unit_of_work() as slow:
        append_events(slow, [fact("order.created")], at=utc_now(), actor="slow")
        with database.unit_of_work() as quick:
            append_events(quick, [fact("order.hold_placed")], at=utc_now(), actor="quick")
        time.sleep(1.2)
        assert browser.heard == []

    assert sorted(browser.wait(2)) == ["order.created", "order.hold_placed"]
