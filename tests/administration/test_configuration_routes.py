"""Configuration documents over HTTP."""

from typing import Any

from starlette.testclient import TestClient

APPLY = "/api/v1/configuration/apply"


def role(name: str, *permissions: str) -> dict[str, Any]:
    body = {"title": name.title(), "permissions": list(permissions)}
    return {"kind": "role", "name": name, "body": body}


def apply(client: TestClient, *documents: dict[str, Any], **options: bool) -> list[dict[str, Any]]:
    response = client.post(APPLY, json={"documents": list(documents), **options})
    assert response.status_code == 200, response.text
    changes: list[dict[str, Any]] = response.json()["changes"]
    return changes


def names(client: TestClient) -> list[str]:
    documents = client.get("/api/v1/configuration", params={"kind": "role"}).json()["documents"]
    return [document["name"] for document in documents]


def test_documents_are_applied_and_exported(client: TestClient) -> None:
    first = apply(client, role("picker", "orders.read"))
    second = apply(client, role("picker", "orders.read"), role("packer"))
    third = apply(client, role("picker", "orders.write"))

    assert first == [
        {"kind": "role", "name": "picker", "change": "added", "version": 1, "paths": []}
    ]
    assert [(change["name"], change["change"]) for change in second] == [
        ("picker", "unchanged"),
        ("packer", "added"),
    ]
    assert third == [
        {
            "kind": "role",
            "name": "picker",
            "change": "changed",
            "version": 2,
            "paths": ["permissions[0]"],
        }
    ]
    exported = client.get("/api/v1/configuration", params={"kind": "role"}).json()
    assert exported == {"documents": [role("packer"), role("picker", "orders.write")]}


def test_a_dry_run_returns_the_changes_without_making_them(client: TestClient) -> None:
    [change] = apply(client, role("picker"), dry_run=True)

    assert change["change"] == "added"
    assert names(client) == []


def test_pruning_deletes_other_documents_of_the_kinds(client: TestClient) -> None:
    apply(client, role("picker"), role("packer"))

    changes = apply(client, role("picker"), prune=True, dry_run=True)
    assert [(change["name"], change["change"]) for change in changes] == [
        ("picker", "unchanged"),
        ("packer", "removed"),
    ]
    assert names(client) == ["packer", "picker"]

    apply(client, role("picker"), prune=True)
    assert names(client) == ["picker"]


def test_faults_of_all_documents_are_reported_at_once(client: TestClient) -> None:
    bad = {"kind": "role", "name": "bad", "body": {"title": ""}}
    worse = {"kind": "role", "name": "worse", "body": {"permissions": 7}}

    response = client.post(APPLY, json={"documents": [role("good"), bad, worse]})

    assert response.status_code == 422
    assert [problem["where"] for problem in response.json()["problems"]] == [
        "role bad, title",
        "role bad, permissions",
        "role worse, title",
        "role worse, permissions",
    ]
    assert names(client) == []


def test_an_unknown_kind_is_not_found(client: TestClient) -> None:
    response = client.post(
        APPLY, json={"documents": [{"kind": "spaceship", "name": "x", "body": {}}]}
    )

    assert response.status_code == 404
    assert response.json()["detail"] == "no document kind 'spaceship'"
    assert "role" in response.json()["remedy"]


def test_a_document_is_deleted_and_brought_back(client: TestClient) -> None:
    apply(client, role("night/shift"))
    path = "/api/v1/configuration/role/night/shift"

    dry_run = client.delete(path, params={"dry_run": True})
    assert dry_run.json()["changes"][0]["change"] == "removed"
    assert names(client) == ["night/shift"]

    deleted = client.delete(path)
    assert deleted.json()["changes"] == [
        {"kind": "role", "name": "night/shift", "change": "removed", "version": 2, "paths": []}
    ]
    assert names(client) == []
    assert client.delete(path).status_code == 404

    [change] = apply(client, role("night/shift"))
    assert (change["change"], change["version"]) == ("added", 3)


def test_unknown_options_are_refused(client: TestClient) -> None:
    response = client.post(APPLY, json={"documents": [], "dry_runs": True})

    assert response.status_code == 422
