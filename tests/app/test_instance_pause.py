"""Pausing and resuming a provider instance over HTTP."""

import pytest
from starlette.testclient import TestClient
from tests.app.test_attention import add_instance
from tests.orchestration.test_waiting_calls import queue_call

from openiom.kernel import new_id
from openiom.platform.bulk import fetch_column
from openiom.platform.database import Database

URL = "/api/v1/provider-instances/fabrikam-3pl"


def test_an_instance_is_paused_and_resumed(client: TestClient, database: Database) -> None:
    add_instance(database, "fabrikam-3pl", "Fabrikam 3PL", red=False)
    queue_call(database, root=new_id(), instance="fabrikam-3pl", state="held")
    paused = client.post(f"{URL}/pause").json()
    assert paused["paused_by"] == "token test"
    assert paused["paused_at"] is not None

    resumed = client.post(f"{URL}/resume").json()
    assert resumed["instance"]["paused_at"] is None
    assert (resumed["messages"], resumed["calls"]) == (0, 1)
    with database.reading() as session:
        states = fetch_column(session, "SELECT state FROM orchestration.provider_call")
    assert states == ["ready"]


@pytest.mark.parametrize("operation", ["pause", "resume"])
def test_an_unknown_instance_is_not_found(client: TestClient, operation: str) -> None:
    refused = client.post(f"/api/v1/provider-instances/nowhere/{operation}")
    assert refused.status_code == 404
    assert refused.json()["detail"] == "no provider instance nowhere"
