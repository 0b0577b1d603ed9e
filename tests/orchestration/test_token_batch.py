"""A batch moves tokens in memory: order of steps, history, resumption, splits and joins."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session
from tests.orchestration.builders import condition, flow_body, merge, splitter, wait
from tests.orchestration.entities import ORDER

from openiom.kernel import Invalid
from openiom.orchestration import Catalog
from openiom.orchestration.compiler import executable_flow, plan_of, read_flow
from openiom.orchestration.context import (
    ExecutableFlow,
    StepFailure,
    distinct_ids,
    expression_failure,
    join_reasons,
)
from openiom.orchestration.dry_run import RecordedEffects
from openiom.orchestration.elements.merge import (
    can_arrive,
    closed_split,
    consumed_events,
    leave_split,
    tokens_inside,
)
from openiom.orchestration.provider_call import EarlierCall, call_key
from openiom.orchestration.runtime.execution import run_until_blocked
from openiom.orchestration.runtime.token_batch import StepCrashed, TokenBatch, place_and_remedy
from openiom.orchestration.token import Token
from openiom.policies import Condition, Failure
from openiom.provider_contract import EventRequest, Facts, Outcome

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=3)
A, B, GONE = UUID(int=1), UUID(int=2), UUID(int=9)


def load_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    return {id: {"number": id.int} for id in ids if id != GONE}


class RefusingEffects(RecordedEffects):
    """Effects that keep the events raised and refuse those named `refused`."""

    def __init__(self) -> None:
        super().__init__()
        self.raised: list[tuple[str, str, str]] = []

    def raise_events(
        self, entity: str, requests: Sequence[EventRequest], actor: str
    ) -> Sequence[Outcome]:
        outcomes = []
        for request in requests:
            self.raised.append((entity, request.event, actor))
            outcomes.append(Outcome(request.event != "refused", reason="not now"))
        return outcomes


def flow(*steps: dict[str, Any], **more: Any) -> ExecutableFlow:
    document = read_flow(flow_body(*steps, **more))
    return executable_flow(document, plan_of(document), id=1, name="demo", version=1)


def batch(compiled: ExecutableFlow, **more: Any) -> TokenBatch:
    session: Any = None
    registry: Any = None
    catalog = Catalog({"order": replace(ORDER, facts=load_facts)}, {}, registry)
    return TokenBatch(session, catalog, RefusingEffects(), {1: compiled}, NOW, **more)


def token(step: str = "start", subject: UUID = A, **more: Any) -> Token:
    values: dict[str, Any] = {
        "id": UUID(int=100 + subject.int),
        "run_id": UUID(int=200 + subject.int),
        "flow_version_id": 1,
        "subject_id": subject,
        "root_id": subject,
        "step": step,
        "state": "ready",
        "step_result": None,
        "split_path": (),
        "since_id": 0,
        "consumed_event_ids": (),
        "generation": 0,
        "entered_at": EARLIER,
    }
    return Token(**{**values, **more})


def history(moved: Token) -> list[tuple[str, str, str]]:
    entries = []
    for entry in moved.entries:
        entries.append((entry["step"], entry["port"], entry.get("reason", "")))
    return entries


BY_NUMBER = condition("small", "number < 2", yes="end", no="wait")
WAITING = flow(BY_NUMBER, wait())


def test_tokens_move_until_they_end_or_wait() -> None:
    moved = batch(WAITING)
    first, second = token(subject=A), token(subject=B)
    moved.add([first, second])
    run_until_blocked(moved)

    assert first.has_ended
    assert (second.step, second.state, tuple(second.awaits)) == (
        "wait",
        "waiting",
        ("order.approved",),
    )
    assert history(first) == [("small", "yes", "number < 2 is true")]
    assert history(second) == [("small", "no", "number < 2 is false")]
    assert moved.tally == {("demo", "small", "yes"): 1, ("demo", "small", "no"): 1}
    assert first.entries[0]["duration_ms"] >= 0
    assert moved.changed_tokens() == [first, second]


def test_a_subject_that_does_not_exist_stops_its_token() -> None:
    moved = batch(WAITING)
    lost = token(subject=GONE)
    moved.add([lost])
    moved.run()

    assert lost.state == "failed"
    assert lost.error == {
        "what": "the order no longer exists",
        "where": "small",
        "why": "",
        "remedy": "cancel the flow run",
        "step": "small",
    }
    assert history(lost) == [("small", "error", "the order no longer exists")]


def test_a_finished_wait_leaves_by_its_result_and_keeps_the_duration() -> None:
    moved = batch(WAITING)
    result = {"port": "happened", "reason": "order.approved", "duration_ms": 7, "details": {"n": 1}}
    woken = token("wait", step_result=result)
    moved.add([woken])
    moved.run()

    assert woken.has_ended
    assert woken.entries == [
        {
            "step": "wait",
            "port": "happened",
            "reason": "order.approved",
            "details": {"n": 1},
            "duration_ms": 7,
        }
    ]


def test_a_step_that_failed_while_its_token_waited_stops_it() -> None:
    moved = batch(WAITING)
    failed = token("wait", step_result={"port": "failed"})
    moved.add([failed])
    moved.run()

    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error["what"] == "the step failed"
    assert failed.error["remedy"] == "correct the cause and reprocess, or skip the step"


RESUMING = {"event": "order.noted", "port": "happened"}


@pytest.mark.parametrize(
    ("resume", "raised"),
    [
        (RESUMING, [("order", "order.noted", "flow:demo")]),
        ({"port": "happened"}, []),
    ],
)
def test_a_step_can_resume_after_an_error(resume: dict[str, str], raised: list[Any]) -> None:
    moved = batch(flow(wait(resume_on_error=resume)))
    failed = token("wait", step_result={"port": "failed", "reason": "no stock"})
    moved.add([failed])
    moved.run()

    assert failed.has_ended
    assert history(failed) == [("wait", "happened", "resumed after an error: no stock")]
    assert moved.effects.raised == raised  # type: ignore[attr-defined]


def test_a_known_crash_stops_the_token_at_its_step() -> None:
    crash = StepCrashed(WAITING.document("small"), Invalid("bad", where="row 1", remedy="mend it"))
    moved = batch(WAITING, crashes={"small": crash})
    stopped = token()
    moved.add([stopped])
    moved.run()

    assert stopped.error == {
        "what": "Invalid: row 1: bad. mend it",
        "where": "row 1",
        "why": "the step could not be run",
        "remedy": "mend it",
        "step": "small",
    }


def test_an_exception_of_a_step_names_the_step() -> None:
    moved = batch(WAITING)
    moved.facts = None  # type: ignore[assignment]
    moved.add([token()])

    with pytest.raises(StepCrashed) as crash:
        moved.run()

    assert (crash.value.step, crash.value.where) == ("small", "small")
    assert isinstance(crash.value.cause, AttributeError)
    assert place_and_remedy(crash.value.cause) == ("", "")


def test_steps_run_in_the_order_of_the_flow_and_waits_run_last() -> None:
    compiled = flow(wait("first"), wait("second"), condition("last", "true", yes="end", no="end"))
    moved = batch(compiled)
    keys = [(1, "last"), (1, "first"), (1, "start"), (1, "second")]

    ordered = sorted(keys, key=moved._order)

    assert ordered == [(1, "start"), (1, "last"), (1, "first"), (1, "second")]


def test_entering_a_step_resets_what_belonged_to_the_last_one() -> None:
    moved = batch(WAITING)
    entering = token("wait", state="waiting", due_at=NOW, awaits=("x",), generation=3)

    moved.advance(entering, "small")

    assert (entering.step, entering.state, entering.due_at) == ("small", "ready", None)
    assert (entering.awaits, entering.generation, entering.entered_at) == ((), 0, NOW)


@pytest.mark.parametrize(("state", "entered_at"), [("ready", NOW), ("waiting", EARLIER)])
def test_a_token_that_keeps_waiting_keeps_its_time_of_arrival(
    state: str, entered_at: datetime
) -> None:
    moved = batch(WAITING)
    waiting = token("wait", state=state)

    moved.suspend(waiting, due_at=NOW, awaits=["order.approved"])

    assert (waiting.state, waiting.due_at, waiting.entered_at) == ("waiting", NOW, entered_at)


SPLIT = flow(
    splitter(("left", "true", "nap"), ("right", "number > 0", "merge")),
    wait("nap", to={"happened": "merge"}),
    merge(),
)


def test_branches_meet_once_the_last_one_has_arrived() -> None:
    moved = batch(SPLIT)
    first = token()
    moved.add([first])
    run_until_blocked(moved)

    left, right = moved.tokens
    [split] = left.split_path
    assert split.startswith("split:")
    assert (left.step, left.state) == ("nap", "waiting")
    assert (right.step, right.state, right.is_new) == ("merge", "waiting", True)
    assert left.entries[0]["port"] == "left, right"
    assert can_arrive(SPLIT, "merge", [left, right])

    moved.leave(left, "happened")
    run_until_blocked(moved)

    assert [(one.has_ended, tuple(one.split_path)) for one in (left, right)] == [
        (True, ()),
        (True, (split,)),
    ]
    assert moved.tokens_of_run(first.run_id) == []


def test_a_sibling_outside_of_the_batch_is_released_once() -> None:
    moved = batch(SPLIT)
    sibling = token("merge", state="waiting", is_sibling=True)

    moved.release_sibling(sibling)
    moved.release_sibling(sibling)

    assert (sibling.state, sibling.due_at) == ("ready", NOW)
    assert moved.changed_tokens() == [sibling]


def test_an_absorbed_sibling_is_written_and_a_token_of_the_batch_is_not_listed_twice() -> None:
    moved = batch(SPLIT)
    own, sibling = token("merge"), token("merge", subject=B, is_sibling=True)
    moved.tokens.append(own)

    moved.absorb(own, "joined")
    moved.absorb(sibling, "joined")

    assert moved.changed_tokens() == [own, sibling]
    assert history(sibling) == [("merge", "absorbed", "joined")]
    assert own.has_ended
    assert sibling.has_ended


def test_the_tokens_of_a_run_are_those_that_have_not_ended() -> None:
    moved = batch(SPLIT)
    own, ended, sibling = token(), token(has_ended=True), token(is_sibling=True)
    moved.tokens += [own, ended, token(subject=B)]
    moved.siblings[own.run_id].append(sibling)

    assert moved.tokens_of_run(own.run_id) == [own, sibling]
    assert [run_id for run_id, _ in moved.split_runs()] == [own.run_id, UUID(int=202)]


def test_a_join_is_passed_once_per_run() -> None:
    moved = batch(SPLIT)
    moved.joined[A] = ["merge|split:1"]

    moved.mark_joined(A, "merge|split:2")

    assert moved.is_joined(A, "merge|split:1")
    assert moved.is_joined(A, "merge|split:2")
    assert not moved.is_joined(B, "merge|split:1")
    assert moved.newly_joined == {A: ["merge|split:2"]}


def test_refused_events_are_returned_by_subject() -> None:
    moved = batch(WAITING)
    requests = [EventRequest(A, "order.noted"), EventRequest(B, "refused")]

    assert moved.raise_events(WAITING, "order", requests) == {B: "not now"}
    assert moved.raise_events(WAITING, "order", []) == {}


NESTED = ("split:1", "other:2", "split:3")


def test_a_merge_closes_the_innermost_split_of_its_splitters() -> None:
    inside = token(split_path=NESTED)

    assert closed_split(SPLIT, "merge", inside) == "split:3"
    assert closed_split(SPLIT, "merge", token(split_path=("other:2",))) is None
    assert closed_split(SPLIT, "merge", token()) is None
    assert tokens_inside([inside, token()], "other:2") == [inside]


def test_leaving_a_split_keeps_the_others() -> None:
    leaving = token(split_path=NESTED)

    leave_split(leaving, "other:2")

    assert leaving.split_path == ("split:1", "split:3")


def test_events_used_by_any_branch_count_as_used() -> None:
    tokens = [token(consumed_event_ids=(7, 3)), token(consumed_event_ids=(5, 3)), token()]

    assert consumed_events(tokens) == (3, 5, 7)
    assert consumed_events([]) == ()


def test_only_a_token_before_the_merge_can_still_arrive() -> None:
    assert not can_arrive(SPLIT, "merge", [])
    assert not can_arrive(SPLIT, "merge", [token("merge"), token("end")])
    assert can_arrive(SPLIT, "merge", [token("merge"), token("nap")])


@pytest.mark.parametrize(
    ("groups", "expected"),
    [([], []), ([[A], [B]], [A, B]), ([[B, A], [A], [B]], [B, A]), ([[], [A]], [A])],
)
def test_ids_of_several_groups_are_listed_once(groups, expected) -> None:
    assert distinct_ids(groups) == expected


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [([], ""), ([""], ""), (["a", "", "b"], "a; b"), (["b", "a", "b"], "b; a")],
)
def test_reasons_are_joined_once_each(reasons: list[str], expected: str) -> None:
    assert join_reasons(reasons) == expected


def test_an_expression_without_a_result_shows_what_it_read() -> None:
    failure = Failure("a + b", "unsupported", {"a": 1, "b": "x"})

    assert expression_failure(failure) == StepFailure(
        what="`a + b` has no result: unsupported", why="it read a = 1, b = 'x'"
    )


@pytest.mark.parametrize(
    ("state", "event_raised", "expected"),
    [
        ("done", False, True),
        ("done", True, False),
        ("failed", False, False),
        ("ready", True, False),
    ],
)
def test_only_a_finished_call_can_be_unannounced(state, event_raised, expected) -> None:
    call = EarlierCall(1, "key", state, A, "X-1", event_raised)

    assert call.is_unannounced is expected


def test_the_key_of_a_call_names_run_step_entity_and_generation() -> None:
    calling = token("send", generation=2)

    assert call_key(calling, B) == f"{calling.run_id}:send:{B}:2"


def test_facts_are_returned_for_the_tokens_whose_subject_exists() -> None:
    moved = batch(WAITING)
    first, lost = token("small", subject=A), token("small", subject=GONE)

    found, facts = moved.facts_or_stop(WAITING, [lost, first], [Condition("number > 1")])

    assert (found, facts) == ([first], [{"number": 1}])
    assert (lost.state, first.state) == ("failed", "ready")
