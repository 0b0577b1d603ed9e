"""A shop of 1,000 orders, and the right actions of its tasks; wrong ones are refused."""

import os
import sys
from collections.abc import Iterator

import pytest
from tests.external_data import external_path
from tests.fulfillment.builders import broken_invariants
from tests.package_app import http_client, package_app
from tests.returns.retail_actions import ACTIONS, RetailReplay, copy_number
from tests.returns.retail_shop import Json, RetailData, RetailShop

from openiom.app.application import RECEIVE_ORDERS
from openiom.fulfillment import FulfillmentOrderProgress, UnsentFulfillment
from openiom.orders import EVENT_TITLES, OrderIntake, change_router, order_router
from openiom.payments import router as payments_router
from openiom.platform.database import Database
from openiom.returns import returns_router

REFUSED_ORDERS = int(os.environ.get("RETAIL_REFUSED_ORDERS", "12"))
PERMISSIONS = {
    "orders.read",
    "orders.write",
    "payments.read",
    "payments.write",
    "returns.read",
    "returns.write",
}


@pytest.fixture
def shop(database: Database) -> Iterator[RetailShop]:
    data = RetailData.read(external_path("contracts/tau2-retail"))
    progress = FulfillmentOrderProgress()
    app = package_app(
        database,
        change_router(UnsentFulfillment(), progress),
        order_router(EVENT_TITLES, progress),
        returns_router(EVENT_TITLES),
        payments_router,
        permissions=PERMISSIONS,
        order_intake=OrderIntake(database, RECEIVE_ORDERS),
    )
    with http_client(app) as client:
        yield RetailShop(database, client, data)


def test_the_actions_of_every_task_end_as_the_rules_of_the_shop_say(shop: RetailShop) -> None:
    data = shop.data
    shop.configure()
    shop.load(data.orders)
    actions: list[tuple[str, Json]] = []
    copies: dict[str, Json] = {}
    for task in data.tasks:
        for action in task["actions"]:
            if action["name"] not in ACTIONS:
                continue
            actions.append((task["id"], action))
            order_id = action["arguments"].get("order_id")
            if order_id:
                copies[copy_number(task["id"], order_id)] = data.orders[order_id]

    shop.load(copies)
    replay = RetailReplay(shop)
    for task_id, action in actions:
        replay.run(task_id, action)
    for number in list(data.orders)[:REFUSED_ORDERS]:
        replay.refuse_all(number, data.orders[number]["status"])

    figures = f"{len(data.orders)} orders loaded, {replay.done.total()} actions done"
    refused = f"{replay.refused.total()} wrong ones refused"
    other = f"{replay.to_other_method} refunds wanted on another method"
    done = f"{figures}: {dict(replay.done)}"
    sys.stdout.write("\n".join([done, f"{refused}: {dict(replay.refused)}", other, ""]))
    assert replay.done.total() == len(actions)
    assert set(replay.done) == set(ACTIONS)
    assert set(replay.refused) == {"cancel", "change", "return"}
    assert broken_invariants(shop.database) == []
