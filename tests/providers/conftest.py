from collections.abc import Iterator

import pytest
from tests.providers.fake_provider import ProviderHarness, make_harness

from openiom.platform.database import Database


@pytest.fixture
def harness(database: Database) -> Iterator[ProviderHarness]:
    made = make_harness(database)
    yield made
    made.registry.close()
