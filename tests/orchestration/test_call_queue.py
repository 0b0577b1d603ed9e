"""The outbound queue: what steps and operations write, and what the call worker claims."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.orchestration.builders import NOTIFY, SEND
from tests.orchestration.entities import NOW
from tests.orchestration.harness import Harness

from openiom.kernel import new_id
from openiom.orchestration import pause
from openiom.orchestration.provider_call import NewCall
from openiom.orchestration.runtime import call_queue as queue
from openiom.orchestration.runtime.calls import claim
from openiom.orchestration.runtime.calls.claim import CallGroup, ClaimedCall
from openiom.orchestration.runtime.calls.completed import completed_tokens, release_tokens
from openiom.platform.leases import LEASE

GROUP = CallGroup("east", "send")
RUN, TOKEN = new_id(), new_id()


def call(**fields) -> NewCall:
    """A call of one item."""
    base = NewCall(
        key=str(new_id()),
        instance="east",
        action="send",
        entity="item",
        entity_id=new_id(),
        flow="out",
        run_id=RUN,
        token_id=TOKEN,
        step="send",
        generation=1,
        payload={"id": "1"},
        max_attempts=3,
        first_delay_seconds=2.0,
    )
    return replace(base, **fields)


def insert(harness: Harness, *calls: NewCall, now: datetime = NOW) -> None:
    with harness.session() as session:
        assert queue.insert_calls(session, calls, now=now) == len(calls)


def claim_keys(harness: Harness, limit: int = 10, now: datetime = NOW) -> list[str]:
    with harness.session() as session:
        return [row.key for row in claim.claim_calls(session, GROUP, limit=limit, now=now)]


def stored(harness: Harness, *columns: str) -> list[tuple]:
    return harness.rows(f"SELECT {', '.join(columns)} FROM orchestration.provider_call ORDER BY id")


def test_a_call_is_inserted_once_under_its_key(harness: Harness) -> None:
    insert(harness, call(key="a"))
    columns = ("key", "state", "due_at", "attempts", "deferrals", "payload", "max_attempts")
    assert stored(harness, *columns) == [("a", "ready", NOW, 0, 0, {"id": "1"}, 3)]
    with pytest.raises(Exception, match="uq_provider_call_key"):
        insert(harness, call(key="a"))


def test_inserting_no_calls_is_allowed(harness: Harness) -> None:
    insert(harness)
    assert stored(harness, "id") == []


def test_a_claim_leases_due_calls_of_its_group_oldest_first(harness: Harness) -> None:
    insert(harness, call(key="late"), now=NOW)
    insert(harness, call(key="early"), now=NOW - timedelta(hours=1))
    insert(harness, call(key="future"), now=NOW + timedelta(seconds=1))
    insert(harness, call(key="west", instance="west"), call(key="other", action="notify"))
    assert claim_keys(harness, limit=1) == ["early"]
    assert claim_keys(harness) == ["late"]
    leased = harness.rows(
        "SELECT key, attempts, lease_until FROM orchestration.provider_call"
        " WHERE state = 'leased' ORDER BY key"
    )
    assert leased == [("early", 1, NOW + LEASE), ("late", 1, NOW + LEASE)]


def test_the_group_that_is_due_for_longest_is_chosen(harness: Harness) -> None:
    insert(harness, call(instance="west"), now=NOW - timedelta(hours=1))
    insert(harness, call(), now=NOW)
    with harness.session() as session:
        west = CallGroup("west", "send")
        assert claim.oldest_due_group(session, NOW, excluded=[]) == west
        assert claim.oldest_due_group(session, NOW, excluded=[west]) == GROUP
        assert claim.oldest_due_group(session, NOW, excluded=[west, GROUP]) is None
        assert claim.oldest_due_group(session, NOW - timedelta(hours=2), excluded=[]) is None


def waiting_call(harness: Harness) -> None:
    """A call whose token waits for it."""
    harness.flow("out", NOTIFY)
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)


def test_an_expired_lease_makes_its_call_ready_again(harness: Harness) -> None:
    waiting_call(harness)
    with harness.session() as session:
        claim.claim_calls(session, CallGroup("east", "notify"), limit=10, now=NOW)
        claim.release_expired_leases(session, NOW + LEASE)

    assert stored(harness, "state") == [("leased",)]
    later = NOW + LEASE + timedelta(seconds=1)

    with harness.session() as session:
        claim.release_expired_leases(session, later)

    assert stored(harness, "state", "lease_until", "due_at", "attempts") == [
        ("ready", None, later, 1)
    ]


def test_an_expired_lease_of_a_token_that_no_longer_waits_is_canceled(harness: Harness) -> None:
    insert(harness, call())
    claim_keys(harness)
    with harness.session() as session:
        claim.release_expired_leases(session, NOW + 2 * LEASE)
    assert stored(harness, "state", "lease_until") == [("canceled", None)]


def test_a_lease_is_renewed_by_its_own_claim_only(harness: Harness) -> None:
    insert(harness, call())
    with harness.session() as session:
        [claimed] = claim.claim_calls(session, GROUP, limit=1, now=NOW)

    until = NOW + 3 * LEASE
    claim.renew_leases(harness.database, [replace(claimed, attempts=2)], until)
    assert stored(harness, "lease_until") == [(NOW + LEASE,)]
    claim.renew_leases(harness.database, [claimed], until)
    assert stored(harness, "lease_until") == [(until,)]
    claim.renew_leases(harness.database, [claimed], NOW)
    assert stored(harness, "lease_until") == [(until,)]


def test_calls_of_paused_flows_are_held(harness: Harness) -> None:
    harness.flow("out", SEND)
    harness.flow("other", SEND)
    insert(harness, call(), call(flow="other"), call(instance="west"))

    with harness.session() as session:
        assert claim.hold_paused_calls(session, GROUP) == 0
        pause(session, names=["out"], now=NOW)
        assert claim.hold_paused_calls(session, GROUP) == 1

    assert stored(harness, "state") == [("held",), ("ready",), ("ready",)]
    with harness.session() as session:
        queue.resume_calls(session, ["out"])

    assert stored(harness, "state") == [("ready",), ("ready",), ("ready",)]


def set_states(harness: Harness, *states: str) -> None:
    for (id,), state in zip(stored(harness, "id"), states, strict=True):
        harness.execute(
            "UPDATE orchestration.provider_call SET state = %s WHERE id = %s", state, id
        )


STATES = ("ready", "leased", "done", "failed", "held", "canceled")


@pytest.mark.parametrize("by", ["token", "run"])
def test_canceling_leaves_calls_that_are_made_or_done(harness: Harness, by: str) -> None:
    insert(harness, *[call() for _ in STATES])
    set_states(harness, *STATES)

    with harness.session() as session:
        if by == "token":
            queue.cancel_calls_of_tokens(session, [TOKEN], now=NOW)
        else:
            queue.cancel_calls_of_runs(session, [RUN], now=NOW)

    assert [state for (state,) in stored(harness, "state")] == [
        "canceled",
        "leased",
        "done",
        "canceled",
        "canceled",
        "canceled",
    ]


def test_a_retry_resets_failed_and_canceled_calls_with_a_new_payload(harness: Harness) -> None:
    calls = [call(key=state) for state in STATES]
    insert(harness, *calls)
    set_states(harness, *STATES)
    harness.execute("UPDATE orchestration.provider_call SET attempts = 3, deferrals = 1")
    later = NOW + timedelta(hours=1)

    with harness.session() as session:
        changed = [replace(one, payload={"id": "2"}) for one in calls]
        queue.retry_calls(session, changed, now=later)
        queue.retry_calls(session, [], now=later)

    retried = harness.rows(
        "SELECT key, state, attempts, deferrals, due_at, payload FROM orchestration.provider_call"
        ' WHERE payload = \'{"id": "2"}\' ORDER BY key'
    )
    assert retried == [
        ("canceled", "ready", 0, 0, later, {"id": "2"}),
        ("failed", "ready", 0, 0, later, {"id": "2"}),
    ]


def test_the_last_generation_of_a_step_is_known_by_flow_run(harness: Harness) -> None:
    other = new_id()
    insert(
        harness,
        call(generation=1),
        call(generation=3),
        call(generation=9, step="other"),
        call(generation=2, run_id=other),
    )

    with harness.session() as session:
        found = queue.last_generations(session, [RUN, other, new_id()], "send")

    assert found == {RUN: 3, other: 2}


def test_the_earlier_calls_of_a_token_at_a_step(harness: Harness) -> None:
    insert(harness, call(key="a"), call(key="b", step="other"), call(key="c", token_id=new_id()))
    with harness.session() as session:
        [earlier] = queue.earlier_calls(session, [TOKEN], "send")
        assert (earlier.key, earlier.state, earlier.event_raised) == ("a", "ready", False)
        queue.mark_event_raised(session, [earlier.id])
        [earlier] = queue.earlier_calls(session, [TOKEN], "send")
        assert earlier.event_raised


def waiting_items(harness: Harness) -> UUID:
    """A token that waits for the calls of three items."""
    harness.flow("out", SEND)
    harness.place("A", items=[1, 2, 3])
    harness.run(harness.dispatcher, harness.steps)
    [(token,)] = harness.rows("SELECT id FROM orchestration.token")
    return token


@pytest.mark.parametrize(
    ("states", "port"),
    [
        (("done", "done", "done"), "succeeded"),
        (("done", "failed", "done"), "failed"),
        (("done", "canceled", "done"), "succeeded"),
        (("done", "done", "ready"), None),
        (("leased", "done", "done"), None),
        (("held", "failed", "failed"), None),
    ],
)
def test_a_token_is_complete_when_all_its_calls_are_final(
    harness: Harness, states: tuple[str, ...], port: str | None
) -> None:
    token = waiting_items(harness)
    set_states(harness, *states)
    harness.execute("UPDATE orchestration.provider_call SET duration_ms = 5, attempts = 2")

    with harness.session() as session:
        completed = completed_tokens(session, [token])
        released = release_tokens(session, [token], now=NOW)

    if port is None:
        assert (completed, released) == ([], 0)
        return

    assert released == 1
    [found] = completed
    assert found.step_result == {
        "port": port,
        "reason": "",
        "duration_ms": 5,
        "details": {"calls": 3, "attempts": 2, "external_ids": []},
    }
    assert found.state == "ready"
    [(state, result)] = harness.rows("SELECT state, step_result FROM orchestration.token")
    assert (state, result) == ("ready", found.step_result)


def test_a_token_that_does_not_wait_is_not_complete(harness: Harness) -> None:
    token = waiting_items(harness)
    set_states(harness, "done", "done", "done")
    harness.execute("UPDATE orchestration.token SET generation = 2")
    with harness.session() as session:
        assert completed_tokens(session, [token]) == []
        assert release_tokens(session, [token], now=NOW) == 0
        assert release_tokens(session, [], now=NOW) == 0


def test_a_claimed_call_carries_what_its_outcome_needs(harness: Harness) -> None:
    new = call(max_attempts=5, first_delay_seconds=0.5)
    insert(harness, new)

    with harness.session() as session:
        [claimed] = claim.claim_calls(session, GROUP, limit=1, now=NOW)

    assert claimed == ClaimedCall(
        id=claimed.id,
        key=new.key,
        entity="item",
        entity_id=new.entity_id,
        flow="out",
        token_id=TOKEN,
        step="send",
        generation=1,
        payload={"id": "1"},
        attempts=1,
        max_attempts=5,
        first_delay_seconds=0.5,
        deferrals=0,
    )
