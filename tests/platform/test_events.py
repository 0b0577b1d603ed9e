"""The event log: no consumer misses an event, and none reads one twice."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from threading import Event as StopEvent
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import Event, new_id
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.event_partitions import ensure_partitions, months_from
from openiom.platform.events import (
    EventSearch,
    append_events,
    consumer_lags,
    end_of_log,
    ensure_consumer,
    estimated_events,
    events_in_transaction,
    first_events,
    read_between,
    read_new,
    roots_with_event,
    timeline,
)
from openiom.platform.write_behind import flush_buffers, savepoint

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def event(name: str, order: UUID, *, subject: UUID | None = None, **data: Any) -> Event:
    return Event(
        name=name, subject_type="order", subject_id=subject or order, root_id=order, data=data
    )


def append(database: Database, *events: Event, at: datetime = NOW) -> None:
    with database.unit_of_work() as session:
        assert append_events(session, events, at=at, actor="test") == len(events)


def read(
    database: Database, names: Collection[str] | None = None, *, limit: int = 10
) -> tuple[list[str], bool]:
    with database.unit_of_work() as session:
        events, more = read_new(session, consumer="reader", names=names, limit=limit)
        return [one.name for one in events], more


@pytest.fixture
def reader(database: Database) -> Database:
    """A database with a consumer that has read nothing yet."""
    with database.unit_of_work() as session:
        ensure_consumer(session, "reader")
        ensure_consumer(session, "reader")
    return database


def test_an_event_is_read_as_it_was_appended(reader: Database) -> None:
    order, line = new_id(), new_id()
    append(reader, event("order.created", order, subject=line, total="10.00", lines=[1, None]))

    with reader.unit_of_work() as session:
        [[logged], more] = read_new(session, consumer="reader", names=None, limit=10)

    assert not more
    assert logged.name == "order.created"
    assert logged.occurred_at == NOW
    assert (logged.subject_type, logged.subject_id, logged.root_id) == ("order", line, order)
    assert logged.actor == "test"
    assert logged.data == {"total": "10.00", "lines": [1, None]}
    assert logged.xid > 0


def test_appending_no_events_does_nothing(database: Database) -> None:
    with database.unit_of_work() as session:
        assert append_events(session, [], at=NOW, actor="test") == 0


def test_every_event_is_read_once_in_order(reader: Database) -> None:
    order = new_id()
    append(reader, event("a", order), event("b", order))
    append(reader, event("c", order))

    assert read(reader, limit=2) == (["a", "b"], True)
    assert read(reader, limit=2) == (["c"], False)
    assert read(reader, limit=2) == ([], False)
    append(reader, event("d", order))
    assert read(reader) == (["d"], False)


def test_a_transaction_in_flight_delays_no_other_event(reader: Database) -> None:
    order = new_id()
    append(reader, event("early", order))

    with reader.unit_of_work() as slow:
        append_events(slow, [event("slow", order)], at=NOW, actor="test")
        append(reader, event("quick", order))
        assert read(reader) == (["early", "quick"], False)
        append(reader, event("late", order))
        assert read(reader) == (["late"], False)
        assert read(reader) == ([], False)

    assert read(reader) == (["slow"], False)
    assert read(reader) == ([], False)


def test_events_of_one_read_are_in_the_order_of_their_ids(reader: Database) -> None:
    """The transaction that began first locked the order last."""
    order = new_id()
    with reader.unit_of_work() as first:
        execute(first, "SELECT pg_current_xact_id()")
        append(reader, event("held", order))
        append_events(first, [event("released", order)], at=NOW, actor="test")

    assert read(reader) == (["held", "released"], False)


def test_a_transaction_that_was_rolled_back_leaves_no_gap(reader: Database) -> None:
    with suppress(ZeroDivisionError), reader.unit_of_work() as undone:
        append_events(undone, [event("undone", new_id())], at=NOW, actor="test")
        flush_buffers(undone)
        append(reader, event("a", new_id()))
        assert read(reader) == (["a"], False)
        raise ZeroDivisionError

    append(reader, event("b", new_id()))
    assert read(reader) == (["b"], False)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_pages_of_any_size_return_every_event_once(reader: Database, limit: int) -> None:
    """Transactions of 1 to 4 events; every third one is in flight while the others are read."""
    found: list[str] = []
    with ExitStack() as slow_ones:
        for number in range(9):
            names = [f"{number}.{part}" for part in range(number % 4 + 1)]
            session = slow_ones.enter_context(reader.unit_of_work()) if number % 3 == 0 else None
            if session is None:
                append(reader, *(event(name, new_id()) for name in names))
            else:
                append_events(
                    session, [event(name, new_id()) for name in names], at=NOW, actor="test"
                )

            found += read(reader, limit=limit)[0]

    more = True
    while more:
        names, more = read(reader, limit=limit)
        found += names

    assert len(found) == 21
    assert len(set(found)) == 21


def test_readers_and_writers_of_many_threads_lose_and_repeat_nothing(reader: Database) -> None:
    database = Database(reader.url, threads=8)
    stop = StopEvent()
    read_names: list[str] = []

    def write(thread: int) -> None:
        for number in range(25):
            with suppress(ZeroDivisionError), database.unit_of_work() as session:
                append_events(
                    session, [event(f"{thread}.{number}", new_id())], at=NOW, actor="test"
                )
                flush_buffers(session)
                if number % 5 == 0:
                    raise ZeroDivisionError

    def consume() -> None:
        while True:
            last = stop.is_set()
            names, more = read(database, limit=3)
            read_names.extend(names)
            if last and not names and not more:
                return

    with ThreadPoolExecutor(5) as pool:
        consumer = pool.submit(consume)
        list(pool.map(write, range(4)))
        stop.set()
        consumer.result(30)

    database.close()
    assert len(read_names) == 4 * 20
    assert len(set(read_names)) == 4 * 20


def test_only_the_requested_names_are_read(reader: Database) -> None:
    order = new_id()
    append(reader, *(event(name, order) for name in "abcabc"))

    pages = [read(reader, {"a", "c"}, limit=3) for _ in range(3)]

    assert pages == [(["a", "c", "a"], True), (["c"], False), ([], False)]


def test_reading_is_undone_with_its_transaction(reader: Database) -> None:
    append(reader, event("a", new_id()))

    def read_and_fail() -> None:
        with reader.unit_of_work() as session:
            assert read_new(session, consumer="reader", names=None, limit=10)[0]
            raise RuntimeError("the batch failed")

    with pytest.raises(RuntimeError, match="the batch failed"):
        read_and_fail()

    assert read(reader) == (["a"], False)


def test_one_process_reads_for_a_consumer_at_a_time(reader: Database) -> None:
    append(reader, event("a", new_id()))
    with reader.unit_of_work() as first:
        assert len(read_new(first, consumer="reader", names=None, limit=10)[0]) == 1
        assert read(reader) == ([], False)


def test_an_unknown_consumer_reads_nothing(database: Database) -> None:
    append(database, event("a", new_id()))

    assert read(database) == ([], False)


def test_a_transaction_sees_its_own_events_only(database: Database) -> None:
    order = new_id()
    append(database, event("a", order))

    with database.unit_of_work() as session:
        append_events(
            session, [event("b", order), event("a", order), event("c", order)], at=NOW, actor="x"
        )
        found = events_in_transaction(session, ["a", "b"])
        assert [one.name for one in found] == ["b", "a"]
        assert [one.actor for one in found] == ["x", "x"]


def test_events_are_handed_on_with_the_ids_that_the_log_gets(database: Database) -> None:
    order = new_id()
    with database.unit_of_work() as session:
        append_events(session, [event("a", order), event("b", order)], at=NOW, actor="x")
        append_events(session, [event("c", order)], at=NOW, actor="x")
        handed = events_in_transaction(session, ["a", "b", "c"])
        assert fetch(session, "SELECT count(*) FROM platform.business_event") == [(0,)]
        assert [one.name for one in timeline(session, [order])] == ["c", "b", "a"]

    with database.reading() as session:
        logged = timeline(session, [order])[::-1]

    assert [(one.id, one.name, one.data) for one in handed] == [
        (one.id, one.name, one.data) for one in logged
    ]


def test_events_of_a_savepoint_that_was_rolled_back_are_not_handed_on(database: Database) -> None:
    order = new_id()
    with database.unit_of_work() as session:
        append_events(session, [event("before", order)], at=NOW, actor="x")
        with suppress(ZeroDivisionError), savepoint(session):
            append_events(session, [event("inside", order)], at=NOW, actor="x")
            raise ZeroDivisionError

        append_events(session, [event("after", order)], at=NOW, actor="x")
        found = events_in_transaction(session, ["before", "inside", "after"])

    assert [one.name for one in found] == ["before", "after"]


def test_a_timeline_is_newest_first_and_of_the_requested_documents(database: Database) -> None:
    first, second, other = new_id(), new_id(), new_id()
    append(database, event("a", first), event("b", second), event("c", other), event("d", first))

    with database.reading() as session:
        assert [one.name for one in timeline(session, [first, second])] == ["d", "b", "a"]
        assert [one.name for one in timeline(session, [first, second], limit=2)] == ["d", "b"]
        assert timeline(session, []) == []


def test_documents_with_a_recent_event_are_found(database: Database) -> None:
    early, late, other = new_id(), new_id(), new_id()
    append(database, event("order.released", early, because="stock"), at=NOW - timedelta(hours=2))
    append(database, event("order.released", late, because="stock", lines=3))
    append(database, event("order.released", other, because="user"))

    with database.reading() as session:
        roots = [early, late, other]
        since = NOW - timedelta(hours=1)
        name = "order.released"
        assert roots_with_event(session, roots, name, since=since) == {late, other}
        stock = {"because": "stock"}
        assert roots_with_event(session, roots, name, since=since, data=stock) == {late}
        assert roots_with_event(session, [early], name, since=since) == set()
        assert roots_with_event(session, roots, "order.held", since=since) == set()
        assert roots_with_event(session, roots, name, since=NOW, data=stock) == set()


def test_searches_find_the_first_event_about_their_subject(database: Database) -> None:
    order, line, other_line = new_id(), new_id(), new_id()
    append(
        database,
        event("paid", order),
        event("shipped", order, subject=other_line),
        event("shipped", order, subject=line),
        event("shipped", order, subject=line),
    )

    with database.reading() as session:
        ids = [
            row_id
            for (row_id,) in fetch(session, "SELECT id FROM platform.business_event ORDER BY id")
        ]
        about_line = EventSearch(new_id(), line, order, 0, ["shipped"])
        about_order = EventSearch(new_id(), order, order, 0, ["shipped", "paid"])
        after_first = EventSearch(new_id(), line, order, ids[2], ["shipped"])
        consumed = EventSearch(new_id(), order, order, 0, ["shipped"], consumed=ids[1:3])
        nothing = EventSearch(new_id(), line, order, 0, ["paid"])
        searches = [about_line, about_order, after_first, consumed, nothing]

        assert first_events(session, searches) == {
            about_line.key: (ids[2], "shipped"),
            about_order.key: (ids[0], "paid"),
            after_first.key: (ids[3], "shipped"),
            consumed.key: (ids[3], "shipped"),
        }
        assert first_events(session, []) == {}


def test_a_range_of_the_log_is_read_between_two_positions(database: Database) -> None:
    order = new_id()
    append(database, event("before", order))

    with database.reading() as session:
        start = end_of_log(session)

    append(database, event("a", order), event("b", order))
    append(database, event("c", order))

    with database.reading() as session:
        end = end_of_log(session)

    append(database, event("after", order))

    with database.reading() as session:
        assert [one.name for one in read_between(session, start, end, limit=10)] == ["a", "b", "c"]
        assert [one.name for one in read_between(session, start, end, limit=2)] == ["a", "b"]
        assert read_between(session, end, end, limit=10) == []


def test_events_of_a_transaction_in_flight_are_between_later_positions(database: Database) -> None:
    order = new_id()
    with database.reading() as session:
        start = end_of_log(session)

    with database.unit_of_work() as slow:
        append_events(slow, [event("slow", order)], at=NOW, actor="test")
        append(database, event("quick", order))

        with database.reading() as session:
            middle = end_of_log(session)
            events = read_between(session, start, middle, limit=10)
            assert [one.name for one in events] == ["quick"]

    with database.reading() as session:
        events = read_between(session, middle, end_of_log(session), limit=10)

    assert [one.name for one in events] == ["slow"]


def test_the_lag_of_a_consumer_is_the_age_of_its_oldest_unread_event(reader: Database) -> None:
    order = new_id()
    now = datetime.now(UTC)

    def lag() -> float:
        with reader.reading() as session:
            [found] = consumer_lags(session)
            assert found.name == "reader"
            return round(found.seconds, -1)

    assert lag() == 0
    append(reader, event("a", order), event("b", order), at=now - timedelta(minutes=5))
    append(reader, event("c", order), at=now - timedelta(minutes=2))
    assert lag() == 300
    assert read(reader, limit=1) == (["a"], True)
    assert lag() == 300
    assert read(reader, limit=1) == (["b"], True)
    assert lag() == 120
    with reader.unit_of_work() as slow:
        append_events(slow, [event("slow", order)], at=now - timedelta(minutes=9), actor="test")
        assert read(reader) == (["c"], False)
        assert lag() == 0

    assert lag() == 540
    assert read(reader) == (["slow"], False)
    assert lag() == 0


def test_the_number_of_events_is_estimated_from_statistics(database: Database) -> None:
    append(database, *(event("a", new_id()) for _ in range(50)))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE platform.business_event")

    with database.reading() as session:
        assert estimated_events(session) == 50


def test_partitions_cover_whole_months_across_a_year() -> None:
    assert months_from(date(2026, 11, 30), 3) == [
        ("business_event_2026_11", date(2026, 11, 1), date(2026, 12, 1)),
        ("business_event_2026_12", date(2026, 12, 1), date(2027, 1, 1)),
        ("business_event_2027_01", date(2027, 1, 1), date(2027, 2, 1)),
    ]
    assert months_from(date(2026, 1, 1), 0) == []


@given(day=st.dates(max_value=date(9000, 1, 1)), count=st.integers(1, 40))
def test_months_follow_each_other_without_a_gap(day: date, count: int) -> None:
    months = months_from(day, count)

    assert months[0].first <= day < months[0].following
    for month, following in zip(months, months[1:], strict=False):
        assert month.following == following.first
        assert month.first < month.following
    assert len({month.partition for month in months}) == count


def test_partitions_are_created_once_and_events_outside_them_are_kept(database: Database) -> None:
    order = new_id()
    with database.unit_of_work() as session:
        ensure_partitions(session, today=date(2033, 4, 30), months=1)
        ensure_partitions(session, today=date(2033, 4, 1), months=1)

    append(database, event("inside", order), at=datetime(2033, 4, 30, 23, 59, tzinfo=UTC))
    append(database, event("outside", order), at=datetime(2033, 5, 1, tzinfo=UTC))

    with database.reading() as session:
        inside = fetch(session, "SELECT name FROM platform.business_event_2033_04")
        outside = fetch(session, "SELECT name FROM platform.business_event_default")

    assert (inside, outside) == ([("inside",)], [("outside",)])
