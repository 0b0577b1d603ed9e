from collections.abc import Iterator

import pytest
from tests.providers.fake_provider import House, make_house

from openiom.platform.database import Database


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    made = make_house(database)
    yield made
    made.registry.close()
