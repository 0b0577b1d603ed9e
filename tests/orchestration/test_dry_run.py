"""A dry run uses the same steps as the real run, and writes nothing."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.orchestration.builders import (
    NOTIFY,
    ONLY_US,
    SEND,
    action,
    condition,
    flow_body,
    merge,
    policy_body,
    splitter,
    wait,
)
from tests.orchestration.harness import Harness
from tests.package_app import http_client, package_app

from openiom.kernel import NotFound, TooManyAttempts, new_id
from openiom.orchestration import DryStep, dry_run, router
from openiom.orchestration.queries import get_flow
from openiom.platform.http import current_time
from openiom.policies import Column, DraftEnded, DraftEvaluator, Row

CHOOSE = policy_body("choose", rows=[Row(when={"Country": "'US'"}, set={"source": "east"})])
TABLES = (
    "orchestration.flow_run",
    "orchestration.token",
    "orchestration.step_result",
    "orchestration.step_tally",
    "orchestration.provider_call",
    "platform.business_event",
    "public.ran",
)


def counts(harness: Harness) -> list[int]:
    return [harness.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]


def try_flow(harness: Harness, order, name: str = "demo") -> list[DryStep]:
    before = counts(harness)
    with harness.database.reading() as session:
        flow = get_flow(session, name).compile()
        steps = dry_run(session, harness.engine, flow, [order], now=harness.now)[order]
    assert counts(harness) == before
    return steps


def passed(steps: list[DryStep]) -> list[tuple[str, str]]:
    return [(step.step, step.port) for step in steps]


def test_actions_are_assumed_to_succeed(harness: Harness) -> None:
    harness.flow("demo", action("first", "fragile", title="First"), action("second"))
    [order] = harness.place("poison")
    steps = try_flow(harness, order)
    assert passed(steps) == [
        ("start", "next"),
        ("first", "succeeded"),
        ("second", "succeeded"),
        ("end", ""),
    ]
    first = steps[1]
    assert (first.title, first.kind, first.reason) == ("First", "action", "would run sample.count")
    assert first.details == {"items": 1, "parameters": {"name": "fragile"}}


def test_an_action_for_each_item_counts_its_items(harness: Harness) -> None:
    each = {"id": "each", "kind": "action", "action": "sample.count_item", "for_each": "item"}
    harness.flow("demo", each)
    [order] = harness.place("A", items=[1, 2])
    details = try_flow(harness, order)[1].details
    assert (details["items"], details["failed"], details["parameters"]) == (2, 0, {})


def test_policies_and_conditions_are_evaluated_on_what_would_be_set(harness: Harness) -> None:
    harness.policy(CHOOSE)
    check = {"id": "choose", "kind": "policies", "policies": ["choose"]}
    check["events"] = {"passed": "order.checked"}
    harness.flow("demo", check, condition("east", "source == 'east'", yes="send", no="end"), SEND)
    [order] = harness.place("A", items=[1, 2])
    steps = try_flow(harness, order)
    assert passed(steps) == [
        ("start", "next"),
        ("choose", "passed"),
        ("east", "yes"),
        ("send", "succeeded"),
        ("end", ""),
    ]
    assert steps[1].details["policies"][0]["sets"] == {"source": "east"}
    assert steps[1].details["would_raise"] == ["order.checked"]
    assert steps[2].reason == "source == 'east' is true"
    assert harness.rows("SELECT source, state FROM public.sample_order") == [(None, "new")]


def test_a_provider_action_shows_its_payloads(harness: Harness) -> None:
    harness.flow("demo", {**SEND, "when": "quantity > 1"})
    [order] = harness.place("A", items=[1, 2])
    send = try_flow(harness, order)[1]
    [(item,)] = harness.rows("SELECT id::text FROM public.sample_item WHERE quantity = 2")
    assert (send.port, send.reason) == ("succeeded", "would request send from east")
    assert send.details == {"payloads": [{"id": item, "sku": "SKU1"}]}
    assert harness.provider.requests == []


def test_a_payload_that_cannot_be_built_ends_the_dry_run(harness: Harness) -> None:
    harness.flow("demo", SEND, action("never"))
    [order] = harness.place("A", items=[1])
    harness.execute("UPDATE public.sample_item SET sku = NULL")
    steps = try_flow(harness, order)
    assert passed(steps) == [("start", "next"), ("send", "")]
    assert steps[1].reason.startswith("is required")


def test_nothing_to_send_is_reported(harness: Harness) -> None:
    harness.flow("demo", SEND)
    [order] = harness.place("A")
    send = try_flow(harness, order)[1]
    assert (send.port, send.reason) == ("succeeded", "nothing to send")


def test_waits_and_delays_end_as_expected(harness: Harness) -> None:
    nap = {"id": "nap", "kind": "delay", "duration": "PT15M"}
    timed = wait("timed", timeout="PT1H", to={"timed_out": "end"})
    harness.flow("demo", wait("w", "order.noted", "item.shipped"), nap, timed)
    [order] = harness.place("A")
    steps = try_flow(harness, order)
    assert passed(steps)[1:4] == [("w", "happened"), ("nap", "next"), ("timed", "happened")]
    assert steps[1].reason == "would wait for order.noted, item.shipped"
    assert steps[2].reason == "would sleep 0:15:00"


def test_an_event_in_the_log_does_not_change_a_dry_run(harness: Harness) -> None:
    harness.flow("demo", wait())
    [order] = harness.place("A")
    harness.raise_event("order.approved", order)
    assert try_flow(harness, order)[1].reason == "would wait for order.approved"


def test_every_branch_is_followed_and_joined_once(harness: Harness) -> None:
    split = splitter(("left", "true", "l"), ("right", "country == 'US'", "r"))
    left = action("l", "l", to={"succeeded": "merge"})
    harness.flow("demo", split, left, wait("r"), merge(), action("after"))
    [order] = harness.place("A")
    steps = try_flow(harness, order)
    assert passed(steps)[1] == ("split", "left, right")
    assert sorted(passed(steps)[2:]) == [
        ("after", "succeeded"),
        ("end", ""),
        ("l", "succeeded"),
        ("merge", "next"),
        ("r", "happened"),
    ]


@pytest.mark.parametrize("mode", ["all", "any"])
def test_what_follows_a_merge_runs_once(harness: Harness, mode: str) -> None:
    split = splitter(("left", "true", "l"), ("right", "true", "r"))
    left = action("l", "l", to={"succeeded": "merge"})
    harness.flow("demo", split, left, action("r", "r"), merge(mode), action("after"))
    [order] = harness.place("A")
    steps = [step.step for step in try_flow(harness, order)]
    assert steps.count("after") == 1
    assert steps.count("merge") == 1


def test_branches_that_meet_without_a_merge_run_the_common_steps_once(harness: Harness) -> None:
    split = splitter(("left", "true", "common"), ("right", "true", "common"))
    harness.flow("demo", split, action("common"))
    [order] = harness.place("A")
    assert [step.step for step in try_flow(harness, order)] == ["start", "split", "common", "end"]


def test_a_loop_is_followed_once(harness: Harness) -> None:
    done = condition("done", "source == 'enough'", yes="end", no="wait")
    harness.flow("demo", wait(), action("count"), done)
    [order] = harness.place("A")
    assert passed(try_flow(harness, order)) == [
        ("start", "next"),
        ("wait", "happened"),
        ("count", "succeeded"),
        ("done", "no"),
    ]


def test_a_failing_policy_stops_the_dry_run_or_leaves_by_its_port(harness: Harness) -> None:
    harness.policy(ONLY_US)
    check = {"id": "check", "kind": "policies", "policies": ["only_us"]}
    harness.flow("demo", check)
    [order] = harness.place("C", country="CA")
    steps = try_flow(harness, order)
    assert passed(steps) == [("start", "next"), ("check", "")]
    assert steps[1].reason == "only_us: not to CA"
    harness.flow("demo", {**check, "to": {"failed": "sorry"}}, action("sorry"))
    assert passed(try_flow(harness, order))[1:3] == [("check", "failed"), ("sorry", "succeeded")]


def test_a_dry_run_resumes_after_an_error_like_the_real_run(harness: Harness) -> None:
    harness.policy(ONLY_US)
    resume = {"event": "order.noted", "port": "passed"}
    check = {"id": "check", "kind": "policies", "policies": ["only_us"], "resume_on_error": resume}
    harness.flow("demo", check, action("after"))
    [order] = harness.place("C", country="CA")
    assert passed(try_flow(harness, order))[1:3] == [("check", "passed"), ("after", "succeeded")]


def test_an_expression_without_a_result_ends_the_dry_run(harness: Harness) -> None:
    harness.flow("demo", condition("odd", "number + 1 > 2", yes="end", no="end"))
    [order] = harness.place("A")
    steps = try_flow(harness, order)
    assert passed(steps) == [("start", "next"), ("odd", "")]
    assert steps[1].reason.startswith("`number + 1 > 2` has no result")


def test_a_step_that_crashes_ends_the_dry_run_with_the_reason(harness: Harness) -> None:
    harness.policy(ONLY_US)
    harness.flow("demo", {"id": "check", "kind": "policies", "policies": ["only_us"]})
    [order] = harness.place("A")
    harness.execute(
        "UPDATE platform.configuration_document SET deleted = true WHERE name = 'only_us'"
    )
    steps = try_flow(harness, order)
    assert passed(steps) == [("start", "next"), ("check", "")]
    assert "no policy named only_us" in steps[1].reason


def test_a_subject_that_does_not_exist_is_refused(harness: Harness) -> None:
    harness.flow("demo", action("first"))
    unknown = new_id()
    with pytest.raises(NotFound, match=f"no order {unknown}"):
        try_flow(harness, unknown)


@pytest.fixture
def client(harness: Harness) -> Iterator[TestClient]:
    app = package_app(harness.database, router, permissions={"*"}, engine=harness.engine)
    app.dependency_overrides[current_time] = lambda: harness.now
    with http_client(app) as http:
        yield http


def test_subjects_are_tried_over_http_in_order(harness: Harness, client: TestClient) -> None:
    harness.flow("demo", condition("us", "country == 'US'", yes="end", no="end"))
    orders = [*harness.place("A"), *harness.place("C", country="CA")]
    body = {"subject_ids": [str(order) for order in orders]}
    results = client.post("/api/v1/flows/demo/dry-run", json=body).json()["results"]
    assert [result["subject_id"] for result in results] == body["subject_ids"]
    assert [result["steps"][1]["port"] for result in results] == ["yes", "no"]


def test_an_older_version_and_a_draft_can_be_tried(harness: Harness, client: TestClient) -> None:
    harness.flow("demo", action("old"))
    harness.flow("demo", action("new"))
    [order] = harness.place("A")
    body = {"subject_ids": [str(order)]}
    draft = flow_body(action("draft"))

    tried = []
    for more in ({}, {"version": 1}, {"document": draft}):
        response = client.post("/api/v1/flows/demo/dry-run", json=body | more)
        tried.append(response.json()["results"][0]["steps"][1]["step"])

    assert tried == ["new", "old", "draft"]


def test_an_invalid_draft_or_version_cannot_be_tried(harness: Harness, client: TestClient) -> None:
    harness.flow("demo", NOTIFY)
    [order] = harness.place("A")
    body = {"subject_ids": [str(order)]}
    invalid = flow_body(action("a", to={"succeeded": "nowhere"}))
    url = "/api/v1/flows/demo/dry-run"
    assert client.post(url, json=body | {"document": invalid}).status_code == 422
    missing = client.post(url, json=body | {"version": 9})
    assert missing.status_code == 404
    assert "no flow named demo in version 9" in missing.text
    assert client.post(url, json={"subject_ids": [str(new_id())]}).status_code == 404


ENDLESS = "x = split('" + "1," * 4_900 + "1', ','); count(x, count(x, count(x, true) > 0) > 0) > 0"
HOSTILE = ("[" * 20_000, "count([1..1e12], true)", "map([1..30000000], #)")


@pytest.fixture
def quick(harness: Harness) -> Iterator[Harness]:
    """Return a harness that evaluates dry runs in a child with half a second for each."""
    drafts = DraftEvaluator(seconds=0.5)
    harness.catalog.registry.drafts = drafts
    yield harness
    drafts.close()


def draft_request(order: object, when: str) -> dict[str, object]:
    """A request to try a draft that continues where `when` is true."""
    draft = flow_body(condition("check", when, yes="end", no="end"))
    return {"subject_ids": [str(order)], "document": draft}


@pytest.mark.parametrize("when", HOSTILE)
def test_a_hostile_draft_is_not_tried(harness: Harness, when: str) -> None:
    harness.flow("demo")
    [order] = harness.place("A")
    app = package_app(harness.database, router, permissions={"*"}, engine=harness.engine)
    with http_client(app) as client:
        answer = client.post("/api/v1/flows/demo/dry-run", json=draft_request(order, when))

    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert problem["where"] == "step 'check', when"
    assert problem["what"].startswith("the expression is not evaluated: ")


def test_a_draft_that_would_not_end_is_refused(quick: Harness) -> None:
    quick.flow("demo")
    [order] = quick.place("A")
    app = package_app(quick.database, router, permissions={"*"}, engine=quick.engine)
    with http_client(app) as client:
        answer = client.post("/api/v1/flows/demo/dry-run", json=draft_request(order, ENDLESS))
        after = client.post("/api/v1/flows/demo/dry-run", json=draft_request(order, "true"))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "the condition cannot be evaluated: it takes too long"
    assert answer.json()["where"] == "step check, when"
    assert after.status_code == 200


@pytest.mark.parametrize(
    "step",
    [
        {"id": "judge", "kind": "policies", "policies": ["slow"]},
        {**SEND, "when": ENDLESS},
        splitter(("always", ENDLESS, "end"), otherwise="end"),
    ],
    ids=["policy", "provider action", "splitter"],
)
def test_every_step_of_a_dry_run_has_the_same_limits(quick: Harness, step: dict) -> None:
    slow = policy_body("slow", rows=[Row(when={"Rule": ENDLESS})], column=Column(name="Rule"))
    quick.policy(slow)
    quick.flow("demo", step)
    [order] = quick.place("A", items=[1, 2])

    with pytest.raises(DraftEnded, match="it takes too long"):
        try_flow(quick, order)


def test_a_dry_run_waits_for_another_one_as_long_as_it_may_take(quick: Harness) -> None:
    quick.flow("demo", condition("check", "true", yes="end", no="end"))
    [order] = quick.place("A")

    with quick.catalog.registry.drafts._lock, pytest.raises(TooManyAttempts):
        try_flow(quick, order)
