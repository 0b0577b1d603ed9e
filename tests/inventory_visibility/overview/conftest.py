"""A running application, and somebody who may do everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from openiom.administration import issue_token
from openiom.app.web import create_app
from openiom.app.wiring import build
from openiom.platform.database import Database
from openiom.platform.events import utc_now
from openiom.platform.settings import Settings


@pytest.fixture
def client(database: Database, tmp_path: Path) -> Iterator[TestClient]:
    product = build(Settings(home=tmp_path, ui_path=tmp_path / "ui"), database.url)
    with product.database.unit_of_work() as session:
        token = issue_token(session, name="test", roles=["administrator"], now=utc_now(), actor="test")
    with TestClient(create_app(product), headers={"authorization": f"Bearer {token}"}) as asking:
        yield asking
    product.close()
