"""The log's readers never skip a transaction that is still in flight."""

from datetime import UTC, datetime
from uuid import UUID

from openiom.kernel import Event, new_id
from openiom.platform.database import Database
from openiom.platform.events import append_events, ensure_consumer, read_new, timeline

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def happened(name: str, order: UUID) -> Event:
    return Event(name=name, subject_type="order", subject_id=order, root_id=order)


def test_a_transaction_that_commits_late_is_still_read(database: Database) -> None:
    order = new_id()
    with database.unit_of_work() as session:
        ensure_consumer(session, "reader")
    with database.unit_of_work() as slow:
        append_events(slow, [happened("slow", order)], at=NOW, actor="test")
        with database.unit_of_work() as quick:
            append_events(quick, [happened("quick", order)], at=NOW, actor="test")
        with database.unit_of_work() as session:
            seen, more = read_new(session, consumer="reader", names=None, limit=10)
            assert [e.name for e in seen] == []
            assert more
    with database.unit_of_work() as session:
        seen, _ = read_new(session, consumer="reader", names=None, limit=10)
        assert [e.name for e in seen] == ["slow", "quick"]
    with database.unit_of_work() as session:
        assert read_new(session, consumer="reader", names=None, limit=10) == ([], False)


def test_a_full_page_resumes_behind_its_last_event_and_filters_by_name(database: Database) -> None:
    order = new_id()
    with database.unit_of_work() as session:
        ensure_consumer(session, "reader")
        append_events(session, [happened(n, order) for n in "abcabc"], at=NOW, actor="test")
    pages = []
    for _ in range(3):
        with database.unit_of_work() as session:
            seen, more = read_new(session, consumer="reader", names={"a", "c"}, limit=3)
            pages.append(("".join(e.name for e in seen), more))
    assert pages == [("aca", True), ("c", False), ("", False)]


def test_only_one_process_reads_for_a_consumer_at_a_time(database: Database) -> None:
    order = new_id()
    with database.unit_of_work() as session:
        ensure_consumer(session, "reader")
        append_events(session, [happened("a", order)], at=NOW, actor="test")
    with database.unit_of_work() as first:
        assert len(read_new(first, consumer="reader", names=None, limit=10)[0]) == 1
        with database.unit_of_work() as second:
            assert read_new(second, consumer="reader", names=None, limit=10) == ([], False)


def test_the_timeline_is_newest_first(database: Database) -> None:
    order = new_id()
    with database.unit_of_work() as session:
        append_events(
            session, [happened("first", order), happened("second", order)], at=NOW, actor="test"
        )
    with database.reading() as session:
        assert [e.name for e in timeline(session, [order])] == ["second", "first"]
