"""The public routes of orders over the database of the tests."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.package_app import http_client, package_app

from openiom.fulfillment import FulfillmentOrderProgress, UnsentFulfillment
from openiom.orders import ChangePorts
from openiom.platform.database import Database
from openiom.platform.secrets import SigningKeys
from openiom.platform.signed_links import SignedLinks
from openiom.self_service import self_service_router

KEYS = "the key of these tests has more than thirty-two characters"


@pytest.fixture
def links() -> SignedLinks:
    return SignedLinks(SigningKeys([KEYS]))


@pytest.fixture
def client(database: Database, links: SignedLinks) -> Iterator[TestClient]:
    """Yield a client of a person who may change orders."""
    ports = ChangePorts(UnsentFulfillment(), FulfillmentOrderProgress())
    router = self_service_router(ports, public_url="https://shop.example", link_days=30)
    app = package_app(database, router, permissions={"orders.write"}, links=links)
    with http_client(app) as opened:
        yield opened
