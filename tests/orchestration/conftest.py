import pytest

from openiom.platform.database import Database

from tests.orchestration.toys import Toys, create_tables


@pytest.fixture
def toys(database: Database) -> Toys:
    create_tables(database)
    return Toys(database)
