"""Processes follow the clock of their database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from openiom.platform import clock
from openiom.platform.bulk import execute
from openiom.platform.clock import DATABASE_CLOCK, DatabaseClock, utc_now
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of this machine is an hour ahead."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(hours=1)

    monkeypatch.setattr(clock, "datetime", Ahead)
    monkeypatch.setattr("openiom.platform.database.datetime", Ahead)
    monkeypatch.setattr(DATABASE_CLOCK, "_compared_at", None)
    yield
    DATABASE_CLOCK.follow(NOW, requested_at=NOW, answered_at=NOW)


def test_the_difference_of_the_clocks_is_corrected(database: Database, fast_clock: None) -> None:
    assert utc_now() - datetime.now(UTC) > timedelta(minutes=59)
    connecting = Database(database.url)

    with connecting.unit_of_work() as session:
        execute(session, "SELECT 1")

    connecting.close()
    assert abs(utc_now() - datetime.now(UTC)) < timedelta(seconds=20)


@pytest.mark.parametrize(
    ("shown", "difference"),
    [
        (NOW + 31 * SECOND, 30 * SECOND),
        (NOW - 29 * SECOND, -30 * SECOND),
        (NOW + 1.1 * SECOND, timedelta()),
    ],
)
def test_half_of_the_time_of_an_answer_and_small_differences_do_not_count(
    shown: datetime, difference: timedelta
) -> None:
    followed = DatabaseClock()

    followed.follow(shown, requested_at=NOW, answered_at=NOW + 2 * SECOND)

    assert abs(followed.now() - datetime.now(UTC) - difference) < 5 * SECOND


def test_clocks_are_compared_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 130.0, 159.9, 160.0, 161.0])
    monkeypatch.setattr(clock, "monotonic", lambda: next(moments))
    compared = DatabaseClock()

    assert [compared.claim_comparison() for _ in range(5)] == [True, False, False, True, False]
