"""What pages ask and people do: flow runs, runs, flows, counts, dry runs, reprocess."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.one_room import client_of, one_room
from tests.orchestration.builders import action
from tests.orchestration.harness import Harness

from openiom.kernel import new_id
from openiom.orchestration import router
from openiom.platform.http import now
from openiom.policies import Column, Row, decision_table

WAIT = {
    "id": "wait",
    "kind": "wait",
    "title": "Wait for approval",
    "events": ["order.approved"],
    "timeout": "PT1H",
}


@pytest.fixture
def client(harness: Harness) -> Iterator[TestClient]:
    app = one_room(
        harness.database, router, permissions={"*"}, principal="clerk", engine=harness.engine
    )
    app.dependency_overrides[now] = lambda: harness.now
    with client_of(app) as asking:
        yield asking


def published(harness: Harness) -> None:
    harness.flow(
        "demo",
        action("pick", "picky", title="Pick"),
        {**WAIT, "to": {"timed_out": "end"}},
        action("last"),
    )


def test_an_order_shows_where_it_stands_and_what_it_went_through(
    harness: Harness, client: TestClient
) -> None:
    published(harness)
    order, bad = harness.place("A", "bad")
    harness.run()
    [flow_run] = client.get(f"/api/v1/orders/{order}/flow-runs").json()["flow_runs"]
    assert (flow_run["flow"], flow_run["version"], flow_run["state"]) == ("demo", 1, "running")
    assert (flow_run["step"], flow_run["step_title"]) == ("wait", "Wait for approval")
    assert flow_run["awaits"] == ["order.approved"]
    assert flow_run["wake_at"] == "2026-11-20T13:00:00Z"
    assert [(r["step"], r["title"], r["kind"], r["port"]) for r in flow_run["results"]] == [
        ("pick", "Pick", "action", "succeeded")
    ]
    [flow_run] = client.get(f"/api/v1/orders/{bad}/flow-runs").json()["flow_runs"]
    assert (flow_run["state"], flow_run["error"]["what"], flow_run["error"]["where"]) == (
        "failed",
        "bad order",
        "Pick",
    )


def test_runs_page_by_key_and_filter_by_state(harness: Harness, client: TestClient) -> None:
    published(harness)
    harness.place("A", "bad1", "bad2", "bad3")
    harness.run()
    first = client.get("/api/v1/runs?state=failed&limit=2").json()
    assert [row["subject_label"] for row in first["items"]] == ["bad3", "bad2"]
    assert first["items"][0]["step_title"] == "Pick"
    second = client.get(f"/api/v1/runs?state=failed&limit=2&after={first['next']}").json()
    assert ([row["subject_label"] for row in second["items"]], second["next"]) == (["bad1"], None)
    assert len(client.get("/api/v1/runs?flow=demo").json()["items"]) == 4
    assert client.get("/api/v1/runs?after=garbage").status_code == 422


def test_flows_show_their_document_their_picture_and_their_counts(
    harness: Harness, client: TestClient
) -> None:
    published(harness)
    harness.place("A", "B", "bad")
    harness.run()
    [row] = client.get("/api/v1/flows").json()["items"]
    assert row == {
        "name": "demo",
        "title": "Demo",
        "subject": "order",
        "trigger": "order.created",
        "version": 1,
        "active": True,
        "paused": False,
        "running": 0,
        "waiting": 2,
        "failed": 1,
    }
    view = client.get("/api/v1/flows/demo").json()
    assert [step["id"] for step in view["steps"]] == ["start", "pick", "wait", "last", "end"]
    assert (view["problems"], view["segments"]) == (
        [],
        [["start", "pick", "wait"], ["end"], ["last", "end"]],
    )
    counts = client.get("/api/v1/flows/demo/counts").json()["steps"]
    assert (counts["wait"]["waiting"], counts["pick"]["failed"]) == (2, 1)
    assert client.get("/api/v1/flows/none").status_code == 404


def test_reprocess_skip_and_cancel_answer_for_each_id(harness: Harness, client: TestClient) -> None:
    published(harness)
    orders = harness.place("A", "bad")
    harness.run()
    ids = dict(
        harness.rows(
            "SELECT o.number, j.id FROM orchestration.flow_run j JOIN public.sample_order o ON o.id = subject_id"
        )
    )
    asked = {
        "run_ids": [str(ids["bad"]), str(ids["A"])],
        "order_ids": [str(orders[1]), str(new_id())],
    }
    results = client.post("/api/v1/flow-runs/reprocess", json=asked).json()["results"]
    assert [(r["ok"], r["reason"]) for r in results] == [
        (True, ""),
        (False, "the flow run is running"),
        (True, ""),
        (False, "no flow run of it has failed"),
    ]
    harness.run()
    assert harness.positions()["bad"] == ("failed", "failed at pick")
    [skipped] = client.post("/api/v1/flow-runs/skip", json={"run_ids": [str(ids["bad"])]}).json()[
        "results"
    ]
    assert skipped["ok"]
    harness.run(harness.steps)
    assert harness.positions()["bad"] == ("running", "waiting at wait")
    both = {"run_ids": [str(ids["bad"]), str(UUID(int=1))]}
    results = client.post("/api/v1/flow-runs/cancel", json=both).json()["results"]
    assert [(r["ok"], r["reason"]) for r in results] == [(True, ""), (False, "no such flow run")]
    assert harness.positions()["bad"] == ("canceled",)
    [again] = client.post("/api/v1/flow-runs/cancel", json={"run_ids": [str(ids["bad"])]}).json()[
        "results"
    ]
    assert again["reason"] == "the flow run is canceled"
    many = {"run_ids": [str(new_id()) for _ in range(1001)]}
    assert client.post("/api/v1/flow-runs/cancel", json=many).status_code == 413


def test_a_flow_is_paused_and_resumed(harness: Harness, client: TestClient) -> None:
    published(harness)
    assert client.post("/api/v1/flows/pause", json={"names": ["demo"]}).json() == {
        "state": "paused",
        "released": 0,
    }
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "held at start")}
    assert client.post("/api/v1/flows/resume", json={"names": ["demo"]}).json() == {
        "state": "running",
        "released": 1,
    }
    assert client.post("/api/v1/flows/pause", json={"names": ["none"]}).status_code == 404


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(
    harness: Harness, client: TestClient
) -> None:
    content = decision_table(
        columns=[Column(name="Country", field="country")],
        rows=[Row(when={"Country": "'US'"}, set={"source": "east"})],
    )
    harness.apply(
        "policy",
        "choose",
        {"name": "choose", "type": "execution", "entity": "order", "content": content},
    )
    harness.flow(
        "demo",
        {
            "id": "choose",
            "kind": "policies",
            "policies": ["choose"],
            "events": {"passed": "order.checked"},
        },
        {
            "id": "east",
            "kind": "condition",
            "when": "source == 'east'",
            "to": {"yes": "send", "no": "end"},
        },
        {
            "id": "send",
            "kind": "provider_action",
            "instance": "east",
            "action": "send",
            "for_each": "item",
        },
    )
    [order] = harness.place("A", items=[1, 2])
    before = harness.rows("SELECT count(*) FROM platform.business_event")
    asked = {"subject_ids": [str(order)]}
    [result] = client.post("/api/v1/flows/demo/dry-run", json=asked).json()["results"]
    assert [(step["step"], step["port"]) for step in result["steps"]] == [
        ("start", "next"),
        ("choose", "passed"),
        ("east", "yes"),
        ("send", "succeeded"),
        ("end", ""),
    ]
    assert result["steps"][1]["details"]["policies"][0]["sets"] == {"source": "east"}
    assert result["steps"][1]["details"]["would_raise"] == ["order.checked"]
    assert result["steps"][3]["reason"] == "would request send from east"
    assert len(result["steps"][3]["details"]["payloads"]) == 2
    assert harness.rows("SELECT count(*) FROM platform.business_event") == before
    assert harness.rows("SELECT source FROM public.sample_order") == [(None,)]
    assert harness.provider.requests == []
    assert (
        client.post("/api/v1/flows/demo/dry-run", json={"subject_ids": [str(new_id())]}).status_code
        == 404
    )


def test_a_draft_is_checked_without_being_stored(harness: Harness, client: TestClient) -> None:
    draft = {
        "title": "Draft",
        "subject": "order",
        "trigger": {"event": "order.dreamt"},
        "steps": [],
    }
    answer = client.post("/api/v1/flows/check", json={"name": "draft", "document": draft}).json()
    assert [problem["where"] for problem in answer["problems"]] == ["steps"]
    assert harness.rows("SELECT count(*) FROM orchestration.flow") == [(0,)]


def test_who_may_not_is_told_which_permission_is_missing(
    harness: Harness, client: TestClient
) -> None:
    client.app.state.permissions = frozenset({"orchestration.read"})  # type: ignore[attr-defined]
    assert client.get("/api/v1/flows").status_code == 200
    answer = client.post("/api/v1/flows/pause", json={"names": ["demo"]})
    assert (answer.status_code, "orchestration.write" in answer.json()["remedy"]) == (403, True)
