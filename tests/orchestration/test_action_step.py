"""Action steps: one call for a whole batch, refusals, crashes and retries."""

from datetime import timedelta

import pytest
from tests.orchestration.builders import action
from tests.orchestration.entities import NOW, count
from tests.orchestration.harness import Harness

from openiom.provider_contract import Action, ActionCall, NoParameters, Outcome

EACH = {"id": "each", "kind": "action", "action": "sample.count_item", "for_each": "item"}
NO_SINGLES = {**EACH, "action": "sample.refuse_single"}


def test_an_order_passes_from_its_event_to_the_end_in_one_batch(harness: Harness) -> None:
    harness.flow("simple", action("first"), action("second"))
    harness.place("A")
    harness.run(harness.dispatcher)
    assert harness.steps.run_once(harness.database, limit=10, now=harness.now).rows == 1
    assert harness.positions() == {"A": ("completed",)}
    assert harness.history("A") == ["first: succeeded", "second: succeeded"]
    assert harness.ran() == {("count", "A"): 2}


def test_a_thousand_tokens_move_in_one_batch_and_are_tallied(harness: Harness) -> None:
    harness.flow("simple", action("first"), action("second"))
    harness.place(*[f"N{i}" for i in range(1000)])
    harness.run(harness.dispatcher, limit=1000)
    assert harness.steps.run_once(harness.database, limit=1000, now=harness.now).rows == 1000
    assert harness.run_states() == {"completed": 1000}
    assert harness.rows("SELECT count(*) FROM orchestration.token") == [(0,)]
    results = harness.rows(
        "SELECT count(*), sum(jsonb_array_length(entries)) FROM orchestration.step_result"
    )
    assert results == [(1000, 2000)]
    assert harness.rows("SELECT flow, recorded_at, counts FROM orchestration.step_tally") == [
        ("simple", NOW, {"first": {"succeeded": 1000}, "second": {"succeeded": 1000}})
    ]


def test_the_history_shows_details_and_duration(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    harness.place("A")
    harness.run()
    [entry] = harness.entries("A")
    assert entry.pop("duration_ms") > 0
    assert entry == {"step": "first", "port": "succeeded", "details": {"n": 1}}


def test_one_faulty_order_stops_at_its_step_and_the_others_pass(harness: Harness) -> None:
    harness.flow("fragile", action("first"), action("second", "fragile"), action("third"))
    harness.place(*[f"N{i}" for i in range(50)], "poison")
    harness.run()
    assert harness.run_states() == {"completed": 50, "failed": 1}
    assert harness.positions()["poison"] == ("failed", "failed at second")
    assert harness.history("poison") == ["first: succeeded", "second: error"]
    assert harness.token_error() == {
        "what": "RuntimeError: cannot digest poison",
        "where": "second",
        "why": "the step could not be run",
        "remedy": "correct the cause and reprocess, or skip the step",
        "step": "second",
    }
    assert harness.ran()["count", "poison"] == 1
    assert harness.ran()["fragile", "poison"] == 0


def test_a_token_that_resumes_after_a_crash_can_crash_again(harness: Harness) -> None:
    resume = {"port": "succeeded"}
    harness.flow(
        "fragile",
        action("first", "fragile", resume_on_error=resume),
        action("second", "fragile"),
    )
    harness.place("poison", "A")
    harness.run()
    assert harness.positions() == {"A": ("completed",), "poison": ("failed", "failed at second")}
    assert harness.history("poison") == ["first: succeeded", "second: error"]
    [first, _] = harness.entries("poison")
    assert first["reason"] == "resumed after an error: RuntimeError: cannot digest poison"


def test_a_refusal_leaves_by_the_failed_port_or_stops_the_token(harness: Harness) -> None:
    harness.flow(
        "wired",
        action("pick", "picky", to={"failed": "sorry"}),
        action("good", to={"succeeded": "end"}),
        action("sorry", "sorry"),
    )
    harness.place("bad1", "fine")
    harness.run()
    assert harness.history("bad1") == ["pick: failed", "sorry: succeeded"]
    assert harness.history("fine") == ["pick: succeeded", "good: succeeded"]
    harness.flow("wired", action("pick", "picky"), action("good"))
    harness.place("bad2")
    harness.run()
    assert harness.positions()["bad2"] == ("failed", "failed at pick")
    assert harness.token_error()["what"] == "bad order"


def test_a_step_can_resume_after_an_error(harness: Harness) -> None:
    resume = {"event": "order.noted", "port": "succeeded"}
    harness.flow(
        "brave",
        action("pick", "picky", resume_on_error=resume),
        action("on", "fragile", resume_on_error=resume),
    )
    harness.place("bad", "poison")
    harness.run()
    assert harness.positions() == {"bad": ("completed",), "poison": ("completed",)}
    states = harness.rows("SELECT number, state FROM public.sample_order ORDER BY 1")
    assert states == [("bad", "noted"), ("poison", "noted")]


def test_resuming_takes_precedence_over_the_failed_port(harness: Harness) -> None:
    resume = {"port": "succeeded"}
    pick = action("pick", "picky", resume_on_error=resume, to={"failed": "sorry"})
    harness.flow("brave", pick, action("good", to={"succeeded": "end"}), action("sorry", "sorry"))
    harness.place("bad")
    harness.run()
    assert harness.history("bad") == ["pick: succeeded", "good: succeeded"]


def test_an_action_for_each_item_succeeds_when_all_of_them_do(harness: Harness) -> None:
    harness.flow("each", EACH)
    harness.place("A", items=[1, 2, 3])
    harness.place("B")
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert harness.rows("SELECT count(*) FROM public.ran") == [(3,)]
    [entry] = harness.entries("A")
    assert entry["details"] == {"items": 3, "failed": 0, "results": [{"n": 1}] * 3}
    assert "reason" not in entry


def test_an_action_for_each_item_fails_when_one_of_them_does(harness: Harness) -> None:
    harness.flow("each", NO_SINGLES)
    harness.place("A", items=[1, 2, 1])
    harness.place("B", items=[2])
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at each"), "B": ("completed",)}
    [entry] = harness.entries("A")
    assert entry["reason"] == "one is too few"
    assert entry["details"] == {"items": 3, "failed": 2, "results": []}


def test_an_action_is_called_once_for_all_subjects_of_a_batch(harness: Harness) -> None:
    calls: list[int] = []

    def record(call: ActionCall) -> list[Outcome]:
        calls.append(len(call.subject_ids))
        assert (call.now, call.actor) == (NOW, "flow:batch")
        return [Outcome(True)] * len(call.subject_ids)

    recording = Action("sample.record", "Record", "order", NoParameters, record)
    harness = Harness(harness.database, actions={"sample.record": recording})
    harness.flow("batch", {"id": "a", "kind": "action", "action": "sample.record"})
    harness.place("A", "B", "C")
    harness.run()
    assert calls == [3]


def test_an_action_can_ask_to_be_called_again_and_knows_who_has_waited(harness: Harness) -> None:
    """A batch window: subjects wait until it closes and are then processed together."""
    calls: list[tuple[int, int]] = []

    def collect(call: ActionCall) -> list[Outcome]:
        calls.append((len(call.subject_ids), len(call.resumed)))
        outcomes = []
        for id in call.subject_ids:
            if id in call.resumed:
                outcomes.append(Outcome(True))
            else:
                outcomes.append(Outcome(True, retry_at=NOW + timedelta(minutes=2)))
        return outcomes

    waiting = Action("sample.collect", "Collect", "order", NoParameters, collect)
    harness = Harness(harness.database, actions={"sample.collect": waiting})
    harness.flow(
        "batch", {"id": "collect", "kind": "action", "action": "sample.collect"}, action("on")
    )
    harness.place("A")
    harness.run()
    harness.place("B")
    harness.run()
    assert harness.positions() == {
        "A": ("running", "waiting at collect"),
        "B": ("running", "waiting at collect"),
    }
    harness.advance_clock(seconds=119)
    harness.run()
    assert calls == [(1, 0), (1, 0)]
    harness.advance_clock(seconds=1)
    harness.run()
    assert calls == [(1, 0), (1, 0), (2, 2)]
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert harness.history("A") == ["collect: succeeded", "on: succeeded"]


def test_what_an_action_writes_is_read_by_the_next_step(harness: Harness) -> None:
    def ship_to_canada(call: ActionCall) -> list[Outcome]:
        harness_rows = "UPDATE public.sample_order SET country = 'CA' WHERE id = %s"
        for id in call.subject_ids:
            call.session.connection().exec_driver_sql(harness_rows, (id,))
        return [Outcome(True)] * len(call.subject_ids)

    move = Action("sample.move", "Move", "order", NoParameters, ship_to_canada)
    harness = Harness(harness.database, actions={"sample.move": move})
    is_us = {"kind": "condition", "when": "country == 'US'"}
    harness.flow(
        "moving",
        {"id": "before", **is_us, "to": {"yes": "move", "no": "end"}},
        {"id": "move", "kind": "action", "action": "sample.move"},
        {"id": "after", **is_us, "to": {"yes": "end", "no": "moved"}},
        action("moved", "moved"),
    )
    harness.place("A")
    harness.run()
    assert harness.history("A") == [
        "before: yes",
        "move: succeeded",
        "after: no",
        "moved: succeeded",
    ]


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_a_batch_takes_at_most_its_limit(harness: Harness, limit: int) -> None:
    harness.flow("simple", action("first"))
    harness.place("A", "B", "C")
    harness.run(harness.dispatcher)
    result = harness.steps.run_once(harness.database, limit=limit, now=harness.now)
    assert result.rows == min(limit, 3)
    assert result.more == (limit <= 3)


def test_the_sample_action_counts_every_subject(harness: Harness) -> None:
    with harness.session() as session:
        call = ActionCall(session, [], NoParameters(), NOW, "test")
        assert count(call) == []
