import pytest
from tests.orchestration.toys import Toys, create_tables

from openiom.platform.database import Database


@pytest.fixture
def toys(database: Database) -> Toys:
    create_tables(database)
    return Toys(database)
