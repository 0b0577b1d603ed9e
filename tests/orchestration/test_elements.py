"""Every step kind registers itself once, and everything else reads the registry."""

import pytest
from fastapi.testclient import TestClient
from tests.orchestration.builders import action, chain, flow_body
from tests.orchestration.harness import Harness
from tests.package_app import http_client, package_app

from openiom.kernel import Invalid
from openiom.orchestration import ELEMENTS, read_flow, router
from openiom.orchestration.publication import step_references

STEPS = {
    "start": {},
    "end": {},
    "policies": {"policies": ["p"]},
    "condition": {"when": "true"},
    "splitter": {"branches": [{"name": "left", "when": "true"}]},
    "merge": {},
    "action": {"action": "sample.count"},
    "provider_action": {"instance": "east", "action": "send"},
    "wait": {"events": ["order.approved"]},
    "delay": {"duration": "PT1M"},
}
PORTS = {
    "start": (("next",), ()),
    "end": ((), ()),
    "policies": (("passed",), ("failed", "skipped")),
    "condition": (("yes", "no"), ()),
    "splitter": (("left",), ()),
    "merge": (("next",), ()),
    "action": (("succeeded",), ("failed",)),
    "provider_action": (("succeeded",), ("failed", "skipped")),
    "wait": (("happened",), ()),
    "delay": (("next",), ()),
}


def step_of(kind: str, **more):
    return ELEMENTS[kind].document.model_validate({"id": "x", "kind": kind, **STEPS[kind], **more})


def test_the_registry_lists_every_kind_under_its_own_name():
    assert list(ELEMENTS) == list(STEPS)
    for kind, element in ELEMENTS.items():
        assert element.kind == kind


@pytest.mark.parametrize("kind", STEPS)
def test_a_kind_describes_itself_for_people_and_forms(kind):
    element = ELEMENTS[kind]
    assert element.title[0].isupper()
    assert element.description.endswith(".")
    assert "\n" not in element.description
    properties = element.properties()["properties"]
    assert {"id", "kind", "title", "to", "resume_on_error"} <= properties.keys()
    assert set(STEPS[kind]) <= properties.keys()


@pytest.mark.parametrize("kind", STEPS)
def test_a_kind_compiles_its_steps(kind):
    step = step_of(kind)
    assert ELEMENTS[kind].compile(step).step == step


@pytest.mark.parametrize("kind", STEPS)
def test_a_kind_declares_its_ports(kind):
    step = step_of(kind)
    required, optional = PORTS[kind]
    assert step.required_ports == required
    assert step.optional_ports == optional
    assert step.ports == (*required, *optional)


@pytest.mark.parametrize(
    ("trait", "kinds"),
    [
        ("suspends", {"provider_action", "wait", "delay"}),
        ("breaks_loops", {"wait", "delay"}),
        ("splits", {"splitter"}),
        ("joins", {"merge"}),
        ("runs_last", {"wait"}),
    ],
)
def test_the_traits_of_the_kinds(trait, kinds):
    found = {kind for kind in STEPS if getattr(step_of(kind).traits, trait)}
    assert found == kinds


def test_a_flow_starts_and_ends_at_steps_with_that_role():
    roles = {kind: step_of(kind).traits.role for kind in STEPS}
    assert [kind for kind, role in roles.items() if role == "start"] == ["start"]
    assert [kind for kind, role in roles.items() if role == "end"] == ["end"]


def test_ports_can_depend_on_the_settings_of_a_step():
    assert step_of("wait", timeout="PT1H").required_ports == ("happened", "timed_out")
    assert step_of("splitter", otherwise=True).required_ports == ("left", "otherwise")


def test_only_a_wait_awaits_events():
    assert step_of("wait").awaited_events == ("order.approved",)
    assert step_of("delay").awaited_events == ()


def test_a_step_is_labeled_by_its_title_or_its_id():
    assert step_of("delay").label == "x"
    assert step_of("delay", title="Nap").label == "Nap"


def test_the_document_reads_each_step_as_its_kind():
    document = read_flow(flow_body(action("a"), {"id": "d", "kind": "delay", "duration": "PT1M"}))
    kinds = [type(step) for step in document.steps]
    assert kinds == [ELEMENTS[k].document for k in ("start", "action", "delay", "end")]


@pytest.mark.parametrize("unknown", [{"color": "red"}, {"to": {"next": "Not An Id"}}])
def test_a_step_with_unknown_settings_is_refused(unknown):
    steps = chain([{"id": "d", "kind": "delay", "duration": "PT1M", **unknown}])
    with pytest.raises(Invalid):
        read_flow({**flow_body(), "steps": steps})


def test_references_to_other_documents_come_from_the_kinds():
    assert step_references() == {
        "policy": ("$.steps[*].policies[*]", "$.steps[*].filter"),
        "strategy": ("$.steps[*].parameters.strategy",),
        "provider_instance": ("$.steps[*].instance",),
    }


def test_the_api_lists_the_kinds(harness: Harness):
    app = package_app(harness.database, router, permissions={"orchestration.read"})
    with http_client(app) as client:
        assert kinds_of(client) == list(STEPS)


def kinds_of(client: TestClient) -> list[str]:
    items = client.get("/api/v1/step-kinds").json()["items"]
    for item in items:
        assert item.keys() == {"kind", "title", "description", "properties"}
    return [item["kind"] for item in items]
