"""The wired product over the test database, and a planner who asks it for simulations."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from openiom.administration import issue_token
from openiom.app.web import create_app
from openiom.app.wiring import Product, build
from openiom.platform.database import Database
from openiom.platform.events import utc_now
from openiom.platform.settings import Settings


@pytest.fixture
def product(database: Database, tmp_path: Path) -> Iterator[Product]:
    built = build(Settings(home=tmp_path, ui_path=tmp_path / "ui"), database.url)
    yield built
    built.close()


@pytest.fixture
def client(product: Product) -> Iterator[TestClient]:
    with product.database.unit_of_work() as session:
        token = issue_token(session, name="test", roles=["administrator"], now=utc_now(), actor="test")
    with TestClient(create_app(product), headers={"authorization": f"Bearer {token}"}) as asking:
        yield asking
