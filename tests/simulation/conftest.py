import pytest
from tests.fulfillment_optimization.house import House, house_over

from openiom.platform.database import Database


@pytest.fixture
def house(database: Database) -> House:
    return house_over(database)
