"""An order of five units that has stock, and the API that changes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from fastapi.testclient import TestClient
from tests.orders.builders import line, master_data, placed, stock
from tests.package_app import http_client, package_app

from openiom.fulfillment import FulfillmentOrderProgress, UnsentFulfillment
from openiom.orders import EVENT_TITLES, change_router, order_router
from openiom.platform.database import Database


@contextmanager
def change_client(database: Database) -> Iterator[TestClient]:
    """Open a client of the routes of orders and their changes."""
    progress = FulfillmentOrderProgress()
    app = package_app(
        database,
        change_router(UnsentFulfillment(), progress),
        order_router(EVENT_TITLES, progress),
        permissions={"orders.read", "orders.write"},
    )
    with http_client(app) as opened:
        yield opened


def five_scales(database: Database) -> UUID:
    """Place an order of five scales at 10.00, of which Seattle has plenty."""
    master_data(database)
    stock(database, Accu_Scale__SEA=20, Lamp__SEA=20)
    return placed(database, line(quantity=5))
