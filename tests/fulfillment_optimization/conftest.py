import pytest
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup, sourcing_setup

from openiom.platform.database import Database


@pytest.fixture
def sourcing(database: Database) -> SourcingSetup:
    return sourcing_setup(database)
