"""The tokens' table: claims, locks and the statements that write many tokens."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from tests.orchestration.builders import action
from tests.orchestration.entities import NOW
from tests.orchestration.harness import Harness

from openiom.kernel import new_id, new_ids
from openiom.orchestration.runtime import token_store
from openiom.orchestration.token import Token

LATER = NOW + timedelta(hours=1)
RUN, OTHER_RUN = new_ids(2)


def token(**fields) -> Token:
    """A token that is due now."""
    base = Token(
        id=new_id(),
        run_id=RUN,
        flow_version_id=1,
        subject_id=UUID(int=1),
        root_id=UUID(int=2),
        step="first",
        state="ready",
        step_result=None,
        split_path=(),
        since_id=7,
        consumed_event_ids=(),
        generation=0,
        entered_at=NOW,
        due_at=NOW,
        is_new=True,
    )
    return replace(base, **fields)


def insert(harness: Harness, *tokens: Token) -> None:
    with harness.session() as session:
        token_store.insert_tokens(session, tokens)


def claim(harness: Harness, limit: int = 10) -> list[UUID]:
    with harness.session() as session:
        return [t.id for t in token_store.claim_due_tokens(session, now=NOW, limit=limit)]


def stored(harness: Harness, *columns: str) -> list[tuple]:
    return harness.rows(f"SELECT {', '.join(columns)} FROM orchestration.token ORDER BY id")


def test_due_tokens_are_claimed_oldest_first_up_to_the_limit(harness: Harness) -> None:
    first = token(due_at=NOW - timedelta(hours=1))
    second = token(due_at=NOW)
    future = token(due_at=NOW + timedelta(seconds=1))
    asleep = token(due_at=None, state="waiting")
    insert(harness, second, future, asleep, first)
    assert claim(harness) == [first.id, second.id]
    assert claim(harness, limit=1) == [first.id]


def test_tokens_that_another_batch_has_claimed_are_skipped(harness: Harness) -> None:
    one, two = token(), token()
    insert(harness, one, two)
    with harness.session() as session:
        assert len(token_store.claim_due_tokens(session, now=NOW, limit=1)) == 1
        assert len(claim(harness)) == 1


def test_a_token_reads_back_as_it_was_written(harness: Harness) -> None:
    written = token(
        state="waiting",
        awaits=("order.approved", "order.noted"),
        split_path=("split:1", "inner:2"),
        consumed_event_ids=(3, 5),
        generation=2,
        error={"what": "no"},
    )
    insert(harness, written)

    with harness.session() as session:
        [read] = token_store.lock_tokens(session, [RUN])

    for name in ("id", "run_id", "subject_id", "root_id", "step", "state", "since_id"):
        assert getattr(read, name) == getattr(written, name)

    assert (list(read.split_path), list(read.consumed_event_ids)) == (
        ["split:1", "inner:2"],
        [3, 5],
    )
    assert (read.generation, read.step_result, read.entered_at) == (2, None, NOW)
    assert not read.is_new
    [(awaits, error)] = stored(harness, "awaits", "error")
    assert (awaits, error) == (["order.approved", "order.noted"], {"what": "no"})


def test_siblings_are_the_tokens_that_were_not_claimed(harness: Harness) -> None:
    claimed, sibling, stranger = token(), token(), token(run_id=OTHER_RUN)
    insert(harness, claimed, sibling, stranger)
    with harness.session() as session:
        found = token_store.read_siblings(session, [RUN], claimed=[claimed.id])
    assert [(t.id, t.is_sibling) for t in found] == [(sibling.id, True)]


def test_storing_inserts_updates_and_deletes(harness: Harness) -> None:
    moved, ended = token(), token()
    insert(harness, moved, ended)
    moved = replace(moved, is_new=False, step="second", state="waiting", due_at=LATER)
    moved.awaits, moved.split_path = ("order.noted",), ("split:1",)
    moved.consumed_event_ids, moved.generation, moved.entered_at = (9,), 3, LATER
    ended = replace(ended, is_new=False, has_ended=True)

    new = token(step="third")
    never = token(has_ended=True)
    with harness.session() as session:
        token_store.store_tokens(session, [moved, ended, new, never])

    rows = stored(
        harness,
        "id",
        "step",
        "state",
        "due_at",
        "awaits",
        "split_path",
        "consumed_event_ids",
        "generation",
        "entered_at",
    )
    assert rows == [
        (moved.id, "second", "waiting", LATER, ["order.noted"], ["split:1"], [9], 3, LATER),
        (new.id, "third", "ready", NOW, None, [], [], 0, NOW),
    ]


def test_an_update_clears_the_step_result_and_what_is_no_longer_set(harness: Harness) -> None:
    old = token(state="failed", due_at=None, error={"what": "no"}, awaits=("x",))
    insert(harness, old)
    harness.execute('UPDATE orchestration.token SET step_result = \'{"port": "next"}\'')

    with harness.session() as session:
        token_store.store_tokens(
            session, [replace(old, is_new=False, state="ready", due_at=NOW, error=None, awaits=())]
        )

    assert stored(harness, "state", "error", "awaits", "step_result") == [
        ("ready", None, None, None)
    ]


def test_storing_nothing_writes_nothing(harness: Harness) -> None:
    with harness.session() as session:
        token_store.store_tokens(session, [])
        token_store.insert_tokens(session, [])
    assert stored(harness, "id") == []


def test_a_held_token_resumes_where_it_was(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    [(version,)] = harness.rows("SELECT id FROM orchestration.flow_version")
    early, late = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    ready = token(flow_version_id=version, entered_at=early)
    waiting = token(flow_version_id=version, state="waiting", entered_at=late)
    insert(harness, ready, waiting)

    with harness.session() as session:
        token_store.hold_tokens(session, [ready, waiting])

    assert stored(harness, "state", "due_at", "step_result") == [
        ("held", None, None),
        ("held", None, {"due": True}),
    ]
    with harness.session() as session:
        assert token_store.resume_tokens(session, ["other"]) == 0
        assert token_store.resume_tokens(session, ["simple"]) == 2

    assert stored(harness, "state", "due_at", "step_result") == [
        ("ready", early, None),
        ("waiting", late, None),
    ]


def test_a_result_that_arrived_before_the_hold_is_kept(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    [(version,)] = harness.rows("SELECT id FROM orchestration.flow_version")
    ready = token(flow_version_id=version)
    insert(harness, ready)
    harness.execute('UPDATE orchestration.token SET step_result = \'{"port": "succeeded"}\'')

    with harness.session() as session:
        token_store.hold_tokens(session, [ready])
        token_store.resume_tokens(session, ["simple"])

    assert stored(harness, "state", "step_result") == [("ready", {"port": "succeeded"})]


def test_a_failed_token_is_retried(harness: Harness) -> None:
    failed = token(state="failed", due_at=None, error={"what": "no"}, awaits=("x",))
    other = token(state="failed", due_at=None, error={"what": "no"})
    insert(harness, failed, other)

    with harness.session() as session:
        token_store.retry_tokens(session, [failed.id], now=LATER)

    assert stored(harness, "state", "due_at", "error", "awaits") == [
        ("ready", LATER, None, None),
        ("failed", None, {"what": "no"}, None),
    ]


def test_a_skipped_token_leaves_by_the_given_port(harness: Harness) -> None:
    one, two = token(state="waiting", awaits=("x",)), token()
    insert(harness, one, two)
    with harness.session() as session:
        token_store.skip_tokens(session, {one.id: "happened"}, now=LATER)
    assert stored(harness, "state", "due_at", "awaits", "step_result") == [
        ("ready", LATER, None, {"port": "happened", "reason": "skipped by hand"}),
        ("ready", NOW, None, None),
    ]


def test_tokens_of_runs_are_deleted(harness: Harness) -> None:
    mine, other = token(), token(run_id=OTHER_RUN)
    insert(harness, mine, other)
    with harness.session() as session:
        token_store.delete_tokens_of_runs(session, [RUN])
    assert stored(harness, "id") == [(other.id,)]


@pytest.mark.parametrize(
    ("states", "expected"),
    [(["waiting"], ["ready", "failed"]), (["ready", "waiting"], ["failed", "failed"])],
)
def test_tokens_fail_in_the_given_states_with_their_flow_run(
    harness: Harness, states: list[str], expected: list[str]
) -> None:
    harness.flow("simple", action("first"))
    harness.place("A", "B")
    harness.run(harness.dispatcher)
    [ready, waiting] = [row[0] for row in stored(harness, "id")]
    harness.execute("UPDATE orchestration.token SET state = 'waiting' WHERE id = %s", waiting)

    with harness.session() as session:
        token_store.fail_tokens(session, [ready, waiting], {"what": "no"}, states=states)

    assert [row[0] for row in stored(harness, "state")] == expected
    runs = harness.rows("SELECT state FROM orchestration.flow_run ORDER BY id")
    assert [state == "failed" for (state,) in runs] == [state == "failed" for state in expected]


def test_a_copy_shares_nothing_that_a_batch_changes() -> None:
    original = token()
    copy = original.copy()
    copy.step, copy.state = "second", "waiting"
    copy.entries.append({"step": "first"})
    assert (original.step, original.state, original.entries) == ("first", "ready", [])
    assert copy.id == original.id


def test_a_branch_makes_new_tokens_inside_the_split() -> None:
    original = token(is_new=False, split_path=("outer:1",))
    first, second, third = original.branch("inner:2", 3)
    assert first is original
    assert not first.is_new
    assert second.is_new
    assert third.is_new
    assert len({first.id, second.id, third.id}) == 3

    for branch in (first, second, third):
        assert branch.split_path == ("outer:1", "inner:2")
        assert branch.run_id == original.run_id

    second.entries.append({})
    assert first.entries == third.entries == []


def test_a_branch_of_one_makes_no_token() -> None:
    original = token()
    assert original.branch("split:1", 1) == [original]
