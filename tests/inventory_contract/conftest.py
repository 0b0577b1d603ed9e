"""Fixtures of the public inventory contract: a client program and the published samples."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient
from tests.external_data import external_path

from openiom.administration import upsert_client
from openiom.app.application import Application
from openiom.platform.clock import utc_now
from openiom.platform.settings import Settings

ENVIRONMENT = "dev"
Sample = dict[str, Any]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, ui_path=tmp_path / "ui", feed_dir=tmp_path / "feed")


@pytest.fixture
def program(application: Application) -> tuple[str, str]:
    """Return client id and secret of an integrator."""
    with application.database.unit_of_work() as session:
        return upsert_client(
            session, name="pos bridge", roles=["integrator"], now=utc_now(), actor="test"
        )


@pytest.fixture
def sample() -> Callable[[int], Sample]:
    """Return a function that reads a published sample by its number."""

    def read(number: int) -> Sample:
        folder = external_path("contracts/iv/samples")
        found: Sample = orjson.loads(next(folder.glob(f"{number:02d}_*.json")).read_bytes())
        return found

    return read


@pytest.fixture
def send(client: TestClient) -> Callable[..., Any]:
    """Return a function that sends a sample as published and returns the body of the response."""

    def sent(given: Sample, **path: str) -> Any:
        answer = client.request(
            given["method"],
            given["path"].format(environmentId=ENVIRONMENT, **path),
            params=given.get("query"),
            json=given.get("request"),
            headers={"Api-Version": given["headers"]["Api-Version"]},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    return sent
