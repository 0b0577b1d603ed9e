"""Publishing finds every problem of a flow at once and names the step of each."""

from datetime import timedelta

import pytest
from tests.orchestration.builders import (
    NOTIFY,
    SEND,
    action,
    chain,
    condition,
    flow_body,
    merge,
    splitter,
    wait,
)
from tests.orchestration.entities import COUNT, COUNT_ITEM, EVENTS, ITEM, ORDER
from tests.orchestration.fake_provider import INSTANCES, FakeProvider

from openiom.kernel import Invalid
from openiom.orchestration import CatalogSnapshot, check_flow, compile_flow, read_flow
from openiom.orchestration.catalog import settable_fields
from openiom.orchestration.compiler import executable_flow
from openiom.policies import Column, PolicyDocument, Row, decision_table

NUMBER = Column(name="N", field="number")
PAINT = decision_table(columns=[NUMBER], rows=[Row(when={"N": "'1'"}, set={"color": "red"})])
PASS = decision_table(columns=[NUMBER], rows=[Row(when={"N": "'1'"}, outcome="pass")])


def policy(name: str, type: str = "execution", entity: str = "order", content=PASS):
    return PolicyDocument(name=name, type=type, entity=entity, content=content)  # type: ignore[arg-type]


POLICIES = {
    "paint": policy("paint", content=PAINT),
    "check": policy("check"),
    "of_items": policy("of_items", entity="item"),
    "filter": policy("filter", type="filter"),
    "item_filter": policy("item_filter", type="filter", entity="item"),
}


def provider_actions():
    found = {}
    for instance in INSTANCES:
        for provider_action in FakeProvider().provider().actions:
            found[instance, provider_action.name] = provider_action
    return found


CATALOG = CatalogSnapshot(
    entities={"order": ORDER, "item": ITEM},
    actions={"sample.count": COUNT, "sample.count_item": COUNT_ITEM},
    provider_actions=provider_actions(),
    policies=POLICIES,
    events=EVENTS,
)


def problems(*steps, **more) -> list[str]:
    return [str(problem) for problem in check_flow(read_flow(flow_body(*steps, **more)), CATALOG)]


def policies(id: str = "p", *names: str, **more):
    return {"id": id, "kind": "policies", "policies": list(names) or ["check"], **more}


NAP = {"id": "nap", "kind": "delay", "duration": "PT1M"}


def test_a_valid_flow_is_compiled_to_segments_between_the_steps_where_tokens_wait() -> None:
    waiting = wait(timeout="PT48H", to={"timed_out": "b"})
    compiled = compile_flow(flow_body(action("a"), waiting, action("b")), CATALOG)
    assert compiled.plan.start == "start"
    assert compiled.plan.order == ["start", "a", "wait", "b", "end"]
    assert compiled.plan.segments == [["start", "a", "wait"], ["b", "end"]]
    assert compiled.document.by_id["wait"].timeout == timedelta(hours=48)  # type: ignore[attr-defined]


def test_the_plan_knows_what_can_still_arrive_at_a_merge() -> None:
    split = splitter(("left", "true", "a"), ("right", "true", "b"))
    flow = flow_body(split, action("a", to={"succeeded": "merge"}), action("b"), merge())
    plan = compile_flow(flow, CATALOG).plan
    assert plan.joins == {"merge": ["split"]}
    assert plan.before == {"merge": ["a", "b", "split", "start"]}
    assert plan.revisited == ["end", "merge"]


def test_steps_of_a_loop_can_be_visited_more_than_once() -> None:
    again = condition("again", "true", yes="a", no="end")
    assert compile_flow(flow_body(action("a"), NAP, again), CATALOG).plan.revisited == [
        "a",
        "again",
        "nap",
    ]


def test_problems_of_every_kind_are_reported_at_once_by_step_name() -> None:
    body = flow_body(
        {**action("a"), "title": "Count", "action": "sample.dance"},
        policies("b", "missing", "paint", "of_items", "filter"),
        {**SEND, "id": "c", "instance": "north"},
        {**SEND, "id": "d", "action": "dance"},
        {"id": "e", "kind": "provider_action", "instance": "east", "action": "send"},
        wait("f", "order.dreamt"),
        {
            "id": "g",
            "kind": "condition",
            "when": "number = = 1",
            "to": {"yes": "end", "maybe": "end"},
        },
        action("h", to={"succeeded": "nowhere"}),
        trigger={"condition": "("},
    )
    with pytest.raises(Invalid) as refused:
        compile_flow(body, CATALOG)

    places = [problem.where for problem in refused.value.problems]
    assert places == [
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


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (
            {**action("a"), "action": "sample.dance"},
            "step 'a': no action 'sample.dance' (known: sample.count, sample.count_item)",
        ),
        (
            {**action("a"), "action": "sample.count_item", "parameters": {}},
            "step 'a': action 'sample.count_item' is for item, but the step runs for order"
            " (choose an action for order)",
        ),
        (
            {**action("a"), "for_each": "parcel"},
            "step 'a': 'parcel' is no child of order (known: item, order)",
        ),
        (
            {**action("a"), "parameters": {}},
            "step 'a', parameters.name: Field required",
        ),
        (
            policies("p", "missing"),
            "step 'p': policy 'missing' is not published (publish it or choose another)",
        ),
        (
            policies("p", "paint"),
            "step 'p': policy 'paint' sets color, which cannot be set (known: source)",
        ),
        (
            policies("p", "of_items"),
            "step 'p': policy 'of_items' is for item, but the step runs for order",
        ),
        (
            policies("p", "filter"),
            "step 'p': policy 'filter' is of type filter, but the step needs execution",
        ),
        (
            policies("p", filter="check"),
            "step 'p': policy 'check' is of type execution, but the step needs filter",
        ),
        (
            policies("p", events={"passed": "order.dreamt"}),
            "step 'p': no business event 'order.dreamt' (see the list of events)",
        ),
        (
            policies("p", entity="parcel"),
            "step 'p': 'parcel' is no child of order (known: item, order)",
        ),
        (
            policies("p", child_events={"failed": "item.refused"}),
            "step 'p': has child events, but its policies are evaluated for the subject"
            " (set entity to a child)",
        ),
        (
            {**SEND, "instance": "north"},
            "step 'send': no provider instance 'north' (known: east, west)",
        ),
        (
            {**SEND, "action": "dance"},
            "step 'send': 'east' has no action 'dance' (known: notify, send)",
        ),
        ({**SEND, "for_each": ""}, "step 'send': 'send' is for item, but the step runs for order"),
        (
            {**SEND, "filter": "filter"},
            "step 'send': policy 'filter' is for order, but the step runs for item",
        ),
        (
            wait("w", "order.dreamt"),
            "step 'w': no business event 'order.dreamt' (see the list of events)",
        ),
        (
            action("a", resume_on_error={"event": "order.dreamt", "port": "succeeded"}),
            "step 'a': no business event 'order.dreamt' (see the list of events)",
        ),
        (
            action("a", resume_on_error={"port": "failed"}),
            "step 'a': resumes by port 'failed', which leads nowhere"
            " (wire the port, or resume by another)",
        ),
        (
            action("a", to={"maybe": "end"}),
            "step 'a': has no port 'maybe' (its ports: succeeded, failed)",
        ),
        (
            action("a", to={"failed": "b"}),
            "step 'a': port 'failed' leads to 'b', which is no step (known: a, end, start)",
        ),
    ],
)
def test_a_problem_of_one_step_is_the_only_one(step, problem) -> None:
    assert problems(step) == [problem]


@pytest.mark.parametrize(
    "step",
    [
        action("a", to={"failed": "end"}),
        {**action("a"), "action": "sample.count_item", "parameters": {}, "for_each": "item"},
        policies("p", "check", filter="filter", events={"passed": "order.checked"}),
        policies("p", "of_items", entity="item", child_events={"passed": "item.checked"}),
        policies("p", "check", entity="order"),
        {**SEND, "filter": "item_filter", "when": "quantity > 1"},
        {**NOTIFY, "to": {"failed": "end", "skipped": "end"}},
        wait("w", "item.sent", "order.notified.failed"),
        condition("c", "number == '1'", yes="end", no="end"),
        splitter(("left", "true", "end"), otherwise="end"),
    ],
)
def test_valid_steps_have_no_problems(step) -> None:
    assert problems(step) == []


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            {"event": "order.dreamt"},
            "trigger: no business event 'order.dreamt' (see the list of events)",
        ),
        (
            {"cancel_on": ["order.dreamt"]},
            "cancel_on: no business event 'order.dreamt' (see the list of events)",
        ),
        ({"subject": "parcel"}, "subject: no entity 'parcel' (known: item, order)"),
    ],
)
def test_a_problem_of_the_header_is_named(more, problem) -> None:
    assert problems(action("a"), **more) == [problem]


def test_a_child_entity_must_exist_in_the_catalog() -> None:
    catalog = CatalogSnapshot({"order": ORDER}, {}, {}, POLICIES, EVENTS)
    document = read_flow(flow_body(policies("p", "of_items", entity="item")))
    assert [str(p) for p in check_flow(document, catalog)] == [
        "step 'p': no entity 'item' (known: order)"
    ]


def test_remedies_list_at_most_twelve_names() -> None:
    actions = {f"a{n:02}": COUNT for n in range(13)}
    catalog = CatalogSnapshot({"order": ORDER}, actions, {}, {}, EVENTS)
    document = read_flow(flow_body(action("a")))
    [problem] = check_flow(document, catalog)
    assert problem.remedy == "known: " + ", ".join(f"a{n:02}" for n in range(12)) + " ..."
    catalog = CatalogSnapshot({"order": ORDER}, {}, {}, {}, EVENTS)
    [problem] = check_flow(document, catalog)
    assert problem.remedy == "there is none yet"


def test_a_policy_cannot_set_fields_of_an_entity_without_any() -> None:
    bare = type(ORDER)(
        name="order",
        title="Order",
        facts=ORDER.facts,
        raise_events=ORDER.raise_events,
        root_of=ORDER.root_of,
        label_of=ORDER.label_of,
    )
    catalog = CatalogSnapshot({"order": bare}, {}, {}, POLICIES, EVENTS)
    [problem] = check_flow(read_flow(flow_body(policies("p", "paint"))), catalog)
    assert problem.remedy == "order has no field a policy may set"
    assert settable_fields(POLICIES["paint"]) == {"color"}
    assert settable_fields(POLICIES["check"]) == set()


def test_a_loop_without_a_pause_is_refused_and_with_one_it_is_not() -> None:
    again = condition("again", "true", yes="a", no="end")
    assert problems(action("a"), again) == [
        "step 'a': loops without a wait: a -> again (put a wait or a delay in the loop)"
    ]
    assert problems(action("a"), NAP, again) == []
    assert problems(action("a"), wait(), again) == []
    assert len(problems(action("a"), NOTIFY, again)) == 1


def test_a_step_from_which_no_end_is_reached_is_a_dead_end() -> None:
    assert problems(action("a"), {**NAP, "to": {"next": "a"}}) == [
        "step 'start': does not reach an end (connect it to a step that reaches an end)",
        "step 'a': does not reach an end (connect it to a step that reaches an end)",
        "step 'nap': does not reach an end (connect it to a step that reaches an end)",
        "step 'end': cannot be reached from the start (lead a port to it or remove it)",
    ]


def test_a_flow_has_one_start_and_at_least_one_end() -> None:
    two_starts = [*chain([action("a")]), {"id": "s", "kind": "start", "to": {"next": "a"}}]
    document = read_flow({**flow_body(), "steps": two_starts})
    assert str(check_flow(document, CATALOG)[0]) == (
        "steps: a flow has one start, found 2 (keep one start)"
    )
    no_end = [
        {"id": "start", "kind": "start", "to": {"next": "nap"}},
        {**NAP, "to": {"next": "nap"}},
    ]
    document = read_flow({**flow_body(), "steps": no_end})
    assert str(check_flow(document, CATALOG)[0]) == (
        "steps: a flow has at least one end (add an end)"
    )
    without_start = [NAP | {"to": {"next": "end"}}, {"id": "end", "kind": "end"}]
    document = read_flow({**flow_body(), "steps": without_start})
    assert [str(problem) for problem in check_flow(document, CATALOG)] == [
        "steps: a flow has one start, found 0 (keep one start)"
    ]


def test_a_port_that_must_be_wired_is_named() -> None:
    step = {"id": "c", "kind": "condition", "when": "true", "to": {"yes": "end"}}
    assert problems(step) == ["step 'c': port 'no' leads nowhere (wire it to a step)"]


def test_an_end_has_no_ports() -> None:
    steps = chain([action("a")])
    steps[-1]["to"] = {"next": "a"}
    document = read_flow({**flow_body(), "steps": steps})
    assert str(check_flow(document, CATALOG)[0]) == (
        "step 'end': has no port 'next' (it has no ports)"
    )


@pytest.mark.parametrize("otherwise", [False, True])
def test_branches_of_a_splitter_have_names_of_their_own(otherwise: bool) -> None:
    step = splitter(("left", "true", "end"), ("left", "true", "end"))
    if otherwise:
        step = splitter(("otherwise", "true", "end"), otherwise="end")
    assert problems(step) == [
        "step 'split': two branches share a name (give each branch a name of its own)"
    ]


@pytest.mark.parametrize(
    ("step", "place"),
    [
        (condition("c", "a b", yes="end", no="end"), "step 'c', when"),
        (splitter(("left", "a b", "end")), "step 'split', branch left"),
        ({**SEND, "when": "a b"}, "step 'send', when"),
    ],
)
def test_an_expression_that_does_not_compile_is_named(step, place) -> None:
    [problem] = check_flow(read_flow(flow_body(step)), CATALOG)
    assert problem.where == place
    assert "unexpected `b` at position 3" in problem.what


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"id": "x", "kind": "dance"}, "step 'x'"),
        ({"id": "x", "kind": "wait", "events": []}, "step 'x', events"),
        ({"id": "x", "kind": "delay", "duration": "soon"}, "step 'x', duration"),
        ({"id": "x", "kind": "delay", "duration": "PT0S"}, "step 'x', duration"),
        ({"id": "x", "kind": "merge", "mode": "some"}, "step 'x', mode"),
        ({"id": "x", "kind": "action"}, "step 'x', action"),
        ({"id": "x", "title": "X-ray", "kind": "action"}, "step 'X-ray', action"),
        (
            {"id": "x", "kind": "splitter", "branches": [{"name": "a"}]},
            "step 'x', branches.0.when",
        ),
    ],
)
def test_a_malformed_step_is_named(step: dict, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_flow(flow_body(step))
    assert [problem.where for problem in refused.value.problems] == [place]


def test_a_step_without_a_name_is_named_by_its_number() -> None:
    steps = [{"id": "end", "kind": "end"}, {"kind": "delay", "duration": "PT1M"}]
    with pytest.raises(Invalid) as refused:
        read_flow({**flow_body(), "steps": steps})
    assert [problem.where for problem in refused.value.problems] == ["step number 2, id"]


def test_no_port_leads_back_to_the_start() -> None:
    assert (
        "step 'a': port 'failed' leads back to the start (lead to the step behind it)"
        in problems(action("a", to={"failed": "start"}))
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"title": ""}, "title"),
        ({"trigger": {}}, "trigger.event"),
        ({"steps": "none"}, "steps"),
        ({"steps": [1, 2]}, "step number 1"),
        ({"color": "red"}, "color"),
    ],
)
def test_a_malformed_document_names_the_field(body, place) -> None:
    with pytest.raises(Invalid) as refused:
        read_flow({**flow_body(action("a")), **body})
    assert refused.value.problems[0].where == place


def test_two_steps_may_not_share_an_id() -> None:
    with pytest.raises(Invalid, match="two steps share the id a"):
        read_flow(flow_body(action("a"), action("a")))


def test_an_executable_flow_compiles_expressions_once() -> None:
    step = condition("c", "number == '1'", yes="end", no="end")
    body = flow_body(step, trigger={"condition": "country == 'US'"}, cancel_on=["order.canceled"])
    compiled = compile_flow(body, CATALOG)
    flow = executable_flow(compiled.document, compiled.plan, id=7, name="web", version=3)
    assert (flow.id, flow.name, flow.version, flow.title) == (7, "web", 3, "Test")
    assert flow.actor == "flow:web"
    assert flow.trigger_condition is not None
    assert flow.trigger_condition.text == "country == 'US'"
    assert flow.cancel_on == {"order.canceled"}
    assert flow.rank == {"start": 0, "c": 1, "end": 2}
    assert not flow.splits
    assert flow.document("c").label == "c"


def test_a_flow_without_a_trigger_condition_has_none_to_evaluate() -> None:
    compiled = compile_flow(flow_body(splitter(("left", "true", "end"))), CATALOG)
    flow = executable_flow(compiled.document, compiled.plan, id=1, name="web", version=1)
    assert flow.trigger_condition is None
    assert flow.splits


def test_all_events_include_those_of_actions() -> None:
    assert CATALOG.all_events == {
        *EVENTS,
        "item.sent",
        "item.sent.failed",
        "order.notified",
        "order.notified.failed",
    }
    assert CATALOG.instances == {"east", "west"}
