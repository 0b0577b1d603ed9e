"""The form of a constraint is generated from what the API lists."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from openiom.fulfillment_optimization.constraints.routes import router
from openiom.platform.database import Database
from openiom.platform.http import Principal, install_problem_handlers


@pytest.fixture
def permissions() -> set[str]:
    return {"sourcing.read"}


@pytest.fixture
def client(database: Database, permissions: set[str]) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.database = database
    app.state.authenticate = lambda request, session: Principal("ann", frozenset(permissions))
    install_problem_handlers(app)
    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def test_kinds_are_listed_with_their_properties(client: TestClient) -> None:
    kinds = {kind["kind"]: kind for kind in client.get("/api/v1/sourcing/constraint-kinds").json()}
    assert len(kinds) == 9
    distance = kinds["maximum_distance"]
    assert distance["title"] == "Maximum distance"
    assert distance["description"].startswith("Sources serve only destinations within a distance")
    entry = distance["property_schema"]["$defs"]["DistanceEntry"]
    assert entry["properties"]["source"]["references"] == "source"
    assert entry["properties"]["distance"]["title"] == "Distance"


def test_listing_needs_the_permission_to_read_sourcing(
    client: TestClient, permissions: set[str]
) -> None:
    permissions.clear()
    assert client.get("/api/v1/sourcing/constraint-kinds").status_code == 403
