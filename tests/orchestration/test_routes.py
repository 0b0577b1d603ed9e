"""Flow runs and flows over HTTP, as pages and programs use them."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.orchestration.builders import SEND, action, splitter
from tests.orchestration.harness import Harness
from tests.package_app import http_client, package_app

from openiom.kernel import new_id
from openiom.orchestration import router
from openiom.platform.http import current_time

WAIT = {
    "id": "wait",
    "kind": "wait",
    "title": "Wait for approval",
    "events": ["order.approved"],
    "timeout": "PT1H",
}


@pytest.fixture
def client(harness: Harness) -> Iterator[TestClient]:
    app = package_app(
        harness.database, router, permissions={"*"}, principal="clerk", engine=harness.engine
    )
    app.dependency_overrides[current_time] = lambda: harness.now
    with http_client(app) as http:
        yield http


def published(harness: Harness) -> None:
    harness.flow(
        "demo",
        action("pick", "picky", title="Pick"),
        {**WAIT, "to": {"timed_out": "end"}},
        action("last"),
    )


def test_an_order_shows_its_current_step_and_its_history(
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


def test_runs_are_paged_by_key_and_filtered_by_state(harness: Harness, client: TestClient) -> None:
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


def test_flows_show_their_document_diagram_and_counts(harness: Harness, client: TestClient) -> None:
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


def test_reprocess_skip_and_cancel_return_one_result_per_id(
    harness: Harness, client: TestClient
) -> None:
    published(harness)
    orders = harness.place("A", "bad")
    harness.run()
    ids = dict(
        harness.rows(
            "SELECT o.number, j.id FROM orchestration.flow_run j"
            " JOIN public.sample_order o ON o.id = subject_id"
        )
    )
    body = {
        "run_ids": [str(ids["bad"]), str(ids["A"])],
        "order_ids": [str(orders[1]), str(new_id())],
    }
    results = client.post("/api/v1/flow-runs/reprocess", json=body).json()["results"]
    assert [(r["ok"], r["reason"]) for r in results] == [
        (True, ""),
        (False, "the flow run is running"),
        (True, ""),
        (False, "nothing has failed that could run again"),
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


def test_a_request_without_permission_names_the_missing_one(
    harness: Harness, client: TestClient
) -> None:
    client.app.state.permissions = frozenset({"orchestration.read"})  # type: ignore[attr-defined]
    assert client.get("/api/v1/flows").status_code == 200
    answer = client.post("/api/v1/flows/pause", json={"names": ["demo"]})
    assert (answer.status_code, "orchestration.write" in answer.json()["remedy"]) == (403, True)


def test_the_first_token_of_a_split_run_is_the_failed_one(
    harness: Harness, client: TestClient
) -> None:
    split = splitter(("left", "true", "wait"), ("right", "true", "pick"))
    harness.flow(
        "fork", split, {**WAIT, "timeout": None, "to": {"happened": "end"}}, action("pick", "picky")
    )
    [order] = harness.place("bad")
    harness.run()
    [run] = client.get(f"/api/v1/orders/{order}/flow-runs").json()["flow_runs"]
    assert [token["step"] for token in run["tokens"]] == ["pick", "wait"]
    assert [token["state"] for token in run["tokens"]] == ["failed", "waiting"]
    assert (run["step"], run["error"]["what"], run["awaits"]) == ("pick", "bad order", [])


def test_a_completed_run_has_no_current_step(harness: Harness, client: TestClient) -> None:
    harness.flow("simple", action("only"))
    [order] = harness.place("A")
    harness.run()
    [run] = client.get(f"/api/v1/orders/{order}/flow-runs").json()["flow_runs"]
    assert (run["state"], run["step"], run["tokens"], run["wake_at"]) == (
        "completed",
        None,
        [],
        None,
    )
    assert run["finished_at"] == "2026-11-20T12:00:00Z"
    [row] = client.get("/api/v1/runs").json()["items"]
    assert (row["step"], row["step_title"], row["error"]) == (None, None, None)


def test_an_order_without_flow_runs_has_none(client: TestClient) -> None:
    assert client.get(f"/api/v1/orders/{new_id()}/flow-runs").json() == {"flow_runs": []}


def test_a_subject_without_a_label_is_shown_by_its_id(harness: Harness, client: TestClient) -> None:
    harness.flow("simple", action("only"))
    [order] = harness.place("A")
    harness.run()
    harness.execute("DELETE FROM public.sample_order")
    [row] = client.get("/api/v1/runs").json()["items"]
    assert row["subject_label"] == str(order)


def test_the_diagram_names_the_kind_of_each_step(harness: Harness, client: TestClient) -> None:
    published(harness)
    steps = client.get("/api/v1/flows/demo").json()["steps"]
    assert [(step["kind"], step["kind_title"]) for step in steps] == [
        ("start", "Start"),
        ("action", "Action"),
        ("wait", "Wait for an event"),
        ("action", "Action"),
        ("end", "End"),
    ]
    assert steps[2]["ports"] == ["happened", "timed_out"]
    assert steps[2]["to"] == {"happened": "last", "timed_out": "end"}


def test_counts_tell_ports_and_errors_of_the_last_day(harness: Harness, client: TestClient) -> None:
    published(harness)
    harness.place("A", "bad")
    harness.run()
    picked = client.get("/api/v1/flows/demo/counts").json()["steps"]["pick"]
    assert picked["ports_24h"] == {"succeeded": 1, "error": 1}
    assert picked["passed_24h"] == 1
    harness.advance_clock(hours=24)
    assert "ports_24h" in client.get("/api/v1/flows/demo/counts").json()["steps"]["pick"]
    assert client.get("/api/v1/flows/demo/counts").json()["steps"]["pick"]["ports_24h"] == {}


def test_a_flow_shows_the_problems_it_has_with_a_changed_configuration(
    harness: Harness, client: TestClient
) -> None:
    harness.flow("out", SEND)
    harness.execute("UPDATE platform.configuration_document SET deleted = true WHERE name = 'east'")
    [problem] = client.get("/api/v1/flows/out").json()["problems"]
    assert problem == {
        "where": "step 'send'",
        "what": "no provider instance 'east'",
        "remedy": "known: west",
    }


def test_a_request_has_to_name_what_it_is_about(client: TestClient) -> None:
    assert client.post("/api/v1/flow-runs/reprocess", json={}).status_code == 422
    assert client.post("/api/v1/flow-runs/skip", json={"run_ids": []}).status_code == 422
    assert client.post("/api/v1/flows/pause", json={"names": []}).status_code == 422
    body = {"run_ids": [str(new_id())], "color": "red"}
    assert client.post("/api/v1/flow-runs/cancel", json=body).status_code == 422


@pytest.mark.parametrize("path", ["reprocess", "skip", "cancel"])
def test_at_most_a_thousand_ids_are_accepted(client: TestClient, path: str) -> None:
    body = {"run_ids": [str(new_id()) for _ in range(1001)]}
    response = client.post(f"/api/v1/flow-runs/{path}", json=body)
    assert response.status_code == 413
    assert "1001 ids, at most 1000 are accepted at once" in response.text


UNKNOWN_RUN = UUID(int=1)

READS = [
    "/api/v1/runs",
    "/api/v1/flows",
    "/api/v1/flows/demo",
    "/api/v1/flows/demo/counts",
    "/api/v1/step-kinds",
    f"/api/v1/orders/{UNKNOWN_RUN}/flow-runs",
]


@pytest.mark.parametrize("path", READS)
def test_reading_needs_its_permission(client: TestClient, path: str) -> None:
    client.app.state.permissions = frozenset({"orchestration.write"})  # type: ignore[attr-defined]
    response = client.get(path)
    assert response.status_code == 403
    assert "orchestration.read" in response.json()["remedy"]


WRITES = {
    "/api/v1/flow-runs/reprocess": {"run_ids": [str(new_id())]},
    "/api/v1/flow-runs/skip": {"run_ids": [str(new_id())]},
    "/api/v1/flow-runs/cancel": {"run_ids": [str(new_id())]},
    "/api/v1/flows/pause": {"names": ["demo"]},
    "/api/v1/flows/resume": {"names": ["demo"]},
}


@pytest.mark.parametrize("path", WRITES)
def test_an_operation_needs_its_permission(client: TestClient, path: str) -> None:
    client.app.state.permissions = frozenset({"orchestration.read"})  # type: ignore[attr-defined]
    response = client.post(path, json=WRITES[path])
    assert response.status_code == 403
    assert "orchestration.write" in response.json()["remedy"]
