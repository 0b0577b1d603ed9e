import pytest
from tests.orchestration.entities import create_tables
from tests.orchestration.harness import Harness

from openiom.platform.database import Database


@pytest.fixture
def harness(database: Database) -> Harness:
    create_tables(database)
    return Harness(database)
