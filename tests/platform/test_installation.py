"""A database that moves to another server: no event is skipped or repeated, providers are off."""

from datetime import UTC, datetime

import pytest

from openiom.kernel import Event, new_id
from openiom.platform.bulk import execute, fetch, fetch_column
from openiom.platform.database import Database
from openiom.platform.events import (
    append_events,
    backlog_size,
    consumer_lags,
    end_of_log,
    ensure_consumer,
    events_in_transaction,
    read_between,
    read_new,
)
from openiom.platform.installation import (
    Installation,
    declare_restored,
    find_installation,
    is_live,
    recognize_server,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONSUMERS = ("first", "second")
AHEAD = 10_000_000
"""How many transactions the server of the dump was ahead of this one."""


def event(name: str) -> Event:
    order = new_id()
    return Event(name=name, subject_type="order", subject_id=order, root_id=order, data={})


def append(database: Database, *names: str) -> None:
    with database.unit_of_work() as session:
        append_events(session, map(event, names), at=NOW, actor="test")


def read(database: Database, consumer: str, *, limit: int = 2) -> list[str]:
    """Return all events that a consumer has not read, read in pages."""
    found: list[str] = []
    more = True
    while more:
        with database.unit_of_work() as session:
            events, more = read_new(session, consumer=consumer, names=None, limit=limit)
            found += [one.name for one in events]

    return found


def move(database: Database, identifier: str = "another server") -> None:
    """Make the database look like a dump of a server with many more transactions."""
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE platform.business_event SET xid = (xid::text::bigint + %s)::text::xid8"
            " WHERE id > (SELECT foreign_events FROM platform.installation)",
            (AHEAD,),
        )
        for name, seen, xid in fetch(
            session, "SELECT name, seen::text, xid::text FROM platform.event_consumer"
        ):
            xmin, xmax, in_flight = seen.split(":")
            moved = [str(int(one) + AHEAD) for one in in_flight.split(",") if one]
            snapshot = f"{int(xmin) + AHEAD}:{int(xmax) + AHEAD}:{','.join(moved)}"
            partly = int(xid) + AHEAD if int(xid) else 0
            execute(
                session,
                "UPDATE platform.event_consumer SET seen = %s::pg_snapshot, xid = %s::xid8"
                " WHERE name = %s",
                (snapshot, str(partly), name),
            )

        execute(session, "UPDATE platform.installation SET system_identifier = %s", (identifier,))


@pytest.fixture
def log(database: Database) -> Database:
    """A log with five events; the first consumer has read three of them, the second one none."""
    recognize_server(database, now=NOW)
    with database.unit_of_work() as session:
        for consumer in CONSUMERS:
            ensure_consumer(session, consumer)

    append(database, "a", "b")
    assert read(database, "first") == ["a", "b"]
    append(database, "c", "d", "e")
    with database.unit_of_work() as session:
        events, more = read_new(session, consumer="first", names=None, limit=1)
        assert ([one.name for one in events], more) == (["c"], True)

    return database


def test_the_first_server_is_the_live_one(database: Database) -> None:
    with database.reading() as session:
        assert find_installation(session) is None
        assert is_live(session)

    first = recognize_server(database, now=NOW)

    assert first.live
    assert recognize_server(database, now=NOW) == first
    with database.reading() as session:
        assert find_installation(session) == first
        assert is_live(session)


def test_every_consumer_continues_on_another_server(log: Database) -> None:
    move(log)

    copy = recognize_server(log, now=NOW)
    append(log, "f", "g")

    assert not copy.live
    assert read(log, "first") == ["d", "e", "f", "g"]
    assert read(log, "second") == ["a", "b", "c", "d", "e", "f", "g"]
    append(log, "h")
    assert read(log, "first") == ["h"]
    assert read(log, "second") == ["h"]


def test_a_log_that_moves_twice_keeps_its_backlog(log: Database) -> None:
    move(log)
    recognize_server(log, now=NOW)
    append(log, "f")
    assert read(log, "first") == ["d", "e", "f"]
    append(log, "g")

    move(log, "a third server")
    recognize_server(log, now=NOW)
    append(log, "h")

    assert read(log, "first") == ["g", "h"]
    assert read(log, "second") == ["a", "b", "c", "d", "e", "f", "g", "h"]


def test_without_a_rebase_the_events_of_the_new_server_are_not_seen(log: Database) -> None:
    """What happened before: the cursor is ahead of every transaction of the server."""
    move(log)
    append(log, "f")

    with log.unit_of_work() as session:
        assert read_new(session, consumer="first", names=["f"], limit=9) == ([], False)


def test_a_server_that_would_repeat_transactions_is_recognized(log: Database) -> None:
    with log.reading() as session:
        known = find_installation(session)

    assert known is not None
    move(log, known.system_identifier)

    assert not recognize_server(log, now=NOW).live
    append(log, "f")
    assert read(log, "first") == ["d", "e", "f"]


def test_old_events_with_the_number_of_a_current_transaction_are_not_its_own(
    log: Database,
) -> None:
    move(log)
    recognize_server(log, now=NOW)
    with log.unit_of_work() as session:
        execute(session, "UPDATE platform.business_event SET xid = pg_current_xact_id()")
        append_events(session, [event("own")], at=NOW, actor="test")
        names = [one.name for one in events_in_transaction(session, ["a", "own"])]

    assert names == ["own"]


def test_a_new_consumer_reads_a_restored_log_from_its_beginning(log: Database) -> None:
    move(log)
    recognize_server(log, now=NOW)
    append(log, "f")
    with log.unit_of_work() as session:
        ensure_consumer(session, "third")
        ensure_consumer(session, "third")

    assert read(log, "third") == ["a", "b", "c", "d", "e", "f"]


def test_names_that_no_consumer_wants_leave_the_backlog_too(log: Database) -> None:
    move(log)
    recognize_server(log, now=NOW)
    with log.reading() as session:
        assert backlog_size(session) == 2 + 5
        assert all(lag.seconds > 0 for lag in consumer_lags(session))

    more = True
    while more:
        with log.unit_of_work() as session:
            events, more = read_new(session, consumer="second", names=["e"], limit=2)

    with log.reading() as session:
        assert backlog_size(session) == 2
        assert [lag.seconds for lag in consumer_lags(session) if lag.name == "second"] == [0]


def test_positions_of_a_restored_log_contain_new_events_only(log: Database) -> None:
    move(log)
    recognize_server(log, now=NOW)
    with log.reading() as session:
        start = end_of_log(session)

    append(log, "f")
    with log.reading() as session:
        events = read_between(session, start, end_of_log(session), limit=9)

    assert [one.name for one in events] == ["f"]


@pytest.mark.parametrize("live", [True, False])
def test_a_person_says_whether_it_is_the_live_installation(log: Database, live: bool) -> None:
    move(log)

    declared = declare_restored(log, live=live, now=NOW)

    assert declared.live is live
    assert recognize_server(log, now=NOW) == declared
    with log.reading() as session:
        assert is_live(session) is live

    assert read(log, "first") == ["d", "e"]


def test_a_copy_becomes_the_live_installation_without_another_rebase(log: Database) -> None:
    move(log)
    recognize_server(log, now=NOW)
    append(log, "f")

    declared = declare_restored(log, live=True, now=NOW)

    assert declared.live
    assert read(log, "first") == ["d", "e", "f"]
    append(log, "g")
    assert read(log, "first") == ["g"]


def test_sequences_continue_after_ids_that_replication_has_copied(log: Database) -> None:
    with log.unit_of_work() as session:
        [highest] = fetch_column(session, "SELECT max(id) FROM platform.business_event")
        sequence = "pg_get_serial_sequence('platform.business_event', 'id')"
        fetch(session, f"SELECT setval({sequence}, 1)")

    move(log)
    recognize_server(log, now=NOW)
    append(log, "f")

    with log.reading() as session:
        assert fetch_column(session, "SELECT id FROM platform.business_event WHERE name = 'f'") == [
            highest + 1
        ]


def test_an_installation_names_its_server() -> None:
    installation = Installation("7", 16_384, live=True)

    assert (installation.server.system_identifier, installation.server.database_oid) == (
        "7",
        16_384,
    )
