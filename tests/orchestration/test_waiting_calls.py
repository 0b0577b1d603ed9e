"""Calls that wait, by instance and by the documents that they belong to."""

from uuid import UUID

import pytest
from tests.orchestration.entities import NOW
from tests.orchestration.test_call_queue import call

from openiom.kernel import new_id
from openiom.orchestration import (
    WaitingCalls,
    count_failed_runs,
    count_waiting_calls,
    failed_roots,
    failed_step,
    oldest_call,
    roots_waiting_for,
    waiting_calls,
    waiting_instances,
)
from openiom.orchestration.provider_call import INSTANCE_PAUSED
from openiom.orchestration.runtime import call_queue as queue
from openiom.platform.bulk import execute
from openiom.platform.database import Database


def add_run(database: Database, *, root: UUID, state: str = "running") -> tuple[UUID, UUID]:
    """Insert a flow run of a document with one token; return their ids."""
    run, token = new_id(), new_id()
    with database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO orchestration.flow_run (id, flow_version_id, flow, parallel_key,"
            " subject_type, subject_id, root_id, trigger_event_id, state, started_at)"
            " VALUES (%s, 1, 'out', '', 'item', %s, %s, 1, %s, %s)",
            (run, new_id(), root, state, NOW),
        )
        token_state = "failed" if state == "failed" else "waiting"
        execute(
            session,
            "INSERT INTO orchestration.token (id, run_id, flow_version_id, subject_id, root_id,"
            " step, state, since_id, entered_at, error)"
            " VALUES (%s, %s, 1, %s, %s, 'send', %s, 1, %s, '{\"what\": \"refused\"}')",
            (token, run, root, root, token_state, NOW),
        )

    return run, token


def queue_call(
    database: Database, *, root: UUID, instance: str, state: str = "ready", cause: str = ""
) -> None:
    """Queue a call of a new flow run of a document; `cause` is why it is held."""
    run, token = add_run(database, root=root)
    new = call(instance=instance, run_id=run, token_id=token)
    with database.unit_of_work() as session:
        queue.insert_calls(session, [new], now=NOW)
        execute(
            session,
            "UPDATE orchestration.provider_call SET state = %s,"
            " error = jsonb_build_object('what', 'no answer', 'cause', %s::text) WHERE key = %s",
            (state, cause, new.key),
        )


def test_waiting_calls_are_counted_by_instance_and_document(database: Database) -> None:
    first, second, other = new_id(), new_id(), new_id()
    queue_call(database, root=first, instance="east")
    queue_call(database, root=first, instance="east", state="leased")
    queue_call(database, root=second, instance="east")
    queue_call(database, root=second, instance="east", state="done")
    queue_call(database, root=other, instance="west")

    with database.unit_of_work() as session:
        assert sorted(count_waiting_calls(session, ["east", "north"])) == sorted(
            [WaitingCalls("east", first, 2), WaitingCalls("east", second, 1)]
        )
        assert count_waiting_calls(session, []) == []
        assert set(roots_waiting_for(session, "east")) == {first, second}
        assert roots_waiting_for(session, "north") == []


def test_a_held_call_waits_for_its_instance_only_while_that_is_paused(database: Database) -> None:
    paused, on_hold = new_id(), new_id()
    queue_call(database, root=paused, instance="east", state="held", cause=INSTANCE_PAUSED)
    queue_call(database, root=on_hold, instance="east", state="held")

    with database.unit_of_work() as session:
        assert count_waiting_calls(session, ["east"]) == [WaitingCalls("east", paused, 1)]
        assert roots_waiting_for(session, "east") == [paused]
        assert waiting_instances(session, [paused, on_hold], ["east"]) == {paused: "east"}


def test_counting_stops_at_a_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_calls, "MAX_COUNTED", 2)
    for _ in range(3):
        queue_call(database, root=new_id(), instance="east")
        add_run(database, root=new_id(), state="failed")

    with database.unit_of_work() as session:
        assert len(count_waiting_calls(session, ["east"])) == 2
        assert len(roots_waiting_for(session, "east")) == 2
        assert count_failed_runs(session) == 2


def test_each_document_names_the_instance_it_waits_for(database: Database) -> None:
    east, both, none = new_id(), new_id(), new_id()
    queue_call(database, root=east, instance="east")
    queue_call(database, root=both, instance="west")
    queue_call(database, root=both, instance="east")
    queue_call(database, root=none, instance="east", state="failed")

    with database.unit_of_work() as session:
        assert waiting_instances(session, [east, both, none], ["east", "west"]) == {
            east: "east",
            both: "east",
        }
        assert waiting_instances(session, [both], ["west"]) == {both: "west"}
        assert waiting_instances(session, [both], []) == {}


def test_a_run_with_several_failed_tokens_is_counted_once(database: Database) -> None:
    run, _ = add_run(database, root=new_id(), state="failed")
    add_run(database, root=new_id(), state="failed")
    add_run(database, root=new_id())
    with database.unit_of_work() as session:
        execute(session, "UPDATE orchestration.token SET run_id = %s WHERE state = 'failed'", [run])
        assert count_failed_runs(session) == 1


def test_failed_runs_name_their_documents_and_the_step_that_failed(database: Database) -> None:
    failed, running = new_id(), new_id()
    run, _ = add_run(database, root=failed, state="failed")
    add_run(database, root=failed, state="failed")
    add_run(database, root=running)

    with database.unit_of_work() as session:
        assert failed_roots(session) == [(failed, NOW)]
        assert failed_step(session, failed) == (run, NOW, "refused", "send")
        assert failed_step(session, running) is None


def test_the_title_of_a_failed_step_is_that_of_its_flow_version(database: Database) -> None:
    root = new_id()
    add_run(database, root=root, state="failed")
    document = '{"steps": [{"id": "wait"}, {"id": "send", "title": "Send to 3PL"}]}'
    with database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO orchestration.flow_version (name, version, document, plan, awaits,"
            " published_at) VALUES ('out', 1, %s, '{}', '{}', %s)",
            (document, NOW),
        )
        execute(
            session,
            "UPDATE orchestration.token SET flow_version_id ="
            " (SELECT max(id) FROM orchestration.flow_version)",
        )
        step = failed_step(session, root)
        assert step is not None
        assert step.step_title == "Send to 3PL"


def test_the_oldest_call_of_an_instance_is_the_first_that_waits(database: Database) -> None:
    queue_call(database, root=new_id(), instance="east")
    queue_call(database, root=new_id(), instance="west", state="done")
    with database.unit_of_work() as session:
        assert oldest_call(session, "east") == NOW
        assert oldest_call(session, "west") is None
