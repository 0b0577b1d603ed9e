"""Publishing finds every fault of a flow at once and names the step of each."""

from datetime import timedelta

import pytest
from pydantic import BaseModel
from tests.orchestration.builders import action, chain
from tests.orchestration.entities import COUNT, COUNT_ITEM, EVENTS, ITEM, ORDER
from tests.orchestration.fake_provider import FakeProvider

from openiom.kernel import Invalid
from openiom.orchestration import CatalogSnapshot, check_flow, compile_flow, read_flow
from openiom.policies import Column, PolicyDocument, Row, decision_table

TABLE = decision_table(
    columns=[Column(name="N", field="number")], rows=[Row(when={"N": "'1'"}, set={"color": "red"})]
)
PASSING = decision_table(
    columns=[Column(name="N", field="number")],
    rows=[Row(when={"N": "'1'"}, outcome="pass")],
    hit="first",
)
POLICIES = {
    "paint": PolicyDocument(name="paint", type="execution", entity="order", content=TABLE),
    "of_items": PolicyDocument(name="of_items", type="execution", entity="item", content=PASSING),
    "filter": PolicyDocument(name="filter", type="filter", entity="order", content=PASSING),
}
KNOWN = CatalogSnapshot(
    {"order": ORDER, "item": ITEM},
    {"sample.count": COUNT, "sample.count_item": COUNT_ITEM},
    {(i, a.name): a for i in ("east", "west") for a in FakeProvider().provider().actions},
    POLICIES,
    EVENTS,
)


def flow(*steps, **more):
    return {
        "title": "Test",
        "subject": "order",
        "trigger": {"event": "order.created"},
        "steps": chain(steps),
        **more,
    }


def faults(*steps, **more) -> list[str]:
    return [str(problem) for problem in check_flow(read_flow(flow(*steps, **more)), KNOWN)]


def test_a_good_flow_is_fused_into_segments_between_the_steps_where_tokens_rest() -> None:
    wait = {
        "id": "wait",
        "kind": "wait",
        "events": ["order.approved"],
        "timeout": "PT48H",
        "to": {"timed_out": "b"},
    }
    compiled = compile_flow(flow(action("a"), wait, action("b")), KNOWN)
    assert compiled.plan.order == ["start", "a", "wait", "b", "end"]
    assert compiled.plan.segments == [["start", "a", "wait"], ["b", "end"]]
    assert compiled.document.by_id["wait"].timeout == timedelta(hours=48)  # type: ignore[union-attr]


def test_faults_of_every_kind_are_told_at_once_by_step_name() -> None:
    with pytest.raises(Invalid) as refused:
        compile_flow(
            flow(
                {**action("a"), "title": "Count", "action": "sample.dance"},
                {
                    "id": "b",
                    "kind": "policies",
                    "policies": ["gone", "paint", "of_items", "filter"],
                },
                {"id": "c", "kind": "provider_action", "instance": "north", "action": "send"},
                {"id": "d", "kind": "provider_action", "instance": "east", "action": "dance"},
                {"id": "e", "kind": "provider_action", "instance": "east", "action": "send"},
                {"id": "f", "kind": "wait", "events": ["order.dreamt"]},
                {
                    "id": "g",
                    "kind": "condition",
                    "when": "number = = 1",
                    "to": {"yes": "end", "maybe": "end"},
                },
                action("h", to={"succeeded": "nowhere"}),
                trigger={"event": "order.created", "condition": "("},
            ),
            KNOWN,
        )
    told = [str(problem) for problem in refused.value.problems]
    assert [text.split(" (known")[0].split(":")[0] for text in told] == [
        "trigger, condition",
        "step 'g'",
        "step 'g'",
        "step 'h'",
        "step 'h'",
        "step 'Count' (a)",
        "step 'b'",
        "step 'b'",
        "step 'b'",
        "step 'b'",
        "step 'c'",
        "step 'd'",
        "step 'e'",
        "step 'f'",
        "step 'g', when",
    ]
    assert (
        "step 'Count' (a): no action 'sample.dance' (known: sample.count, sample.count_item)"
        in told
    )
    assert "step 'b': policy 'gone' is not published (publish it or choose another)" in told
    assert "step 'b': policy 'paint' sets color, which cannot be set (known: source)" in told
    assert "step 'd': 'east' cannot do 'dance' (known: notify, send)" in told
    assert "step 'e': 'send' is for item, the step runs for order" in told
    assert "step 'h': cannot be reached from the start (lead a port to it or remove it)" in told


def test_a_loop_without_a_wait_is_refused_and_with_one_it_is_not() -> None:
    again = {"id": "again", "kind": "condition", "when": "true", "to": {"yes": "a", "no": "end"}}
    assert faults(action("a"), again) == [
        "step 'a': loops without a wait: a -> again (put a wait or a delay in the loop)"
    ]
    nap = {"id": "nap", "kind": "delay", "duration": "PT1M"}
    assert faults(action("a"), nap, again) == []


def test_a_step_from_which_no_end_is_reached_is_dead() -> None:
    nap = {"id": "nap", "kind": "delay", "duration": "PT1M", "to": {"next": "a"}}
    assert faults(action("a"), nap)[-3:] == [
        "step 'a': never gets to an end (lead its way to an end)",
        "step 'nap': never gets to an end (lead its way to an end)",
        "step 'end': cannot be reached from the start (lead a port to it or remove it)",
    ]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"id": "x", "kind": "dance"}, "step 'x'"),
        ({"id": "x", "kind": "wait", "events": []}, "step 'x', events"),
        ({"id": "x", "kind": "delay", "duration": "soon"}, "step 'x', duration"),
        ({"id": "x", "kind": "delay", "duration": "PT0S"}, "step 'x', duration"),
        ({"id": "x", "kind": "merge", "mode": "some"}, "step 'x', mode"),
        ({"id": "x", "kind": "action"}, "step 'x', action"),
    ],
)
def test_a_malformed_step_is_named(step: dict, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_flow(flow(step))
    assert [problem.where for problem in refused.value.problems] == [told]


def test_parameters_of_an_action_are_checked_against_its_model() -> None:
    assert issubclass(COUNT.parameters, BaseModel)
    [problem] = faults({**action("a"), "parameters": {"size": 3, "name": "n"}})
    assert problem.startswith("step 'a', parameters.size: ")


def test_two_steps_may_not_share_an_id() -> None:
    with pytest.raises(Invalid, match="two steps share the id a"):
        read_flow(flow(action("a"), action("a")))
