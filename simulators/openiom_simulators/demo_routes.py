"""The controls of the demo over HTTP: the 3PL and the store outside OpenIOM, and the tour.

`iom demo` names `demo_extension` in the setting `web_extensions`; without it there are no such
routes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from openiom.app.application import Application
from openiom.app.web_extensions import WebExtension
from openiom.platform.http import CurrentPrincipal, ReadSession, Router
from openiom.providers import probe

from .demo_state import STATE_FILE, STORE_HASH, stored_state
from .store_client import StoreClient, open_store_client
from .tour import tour_facts
from .warehouse_client import open_warehouse_client

EXTENSION = "openiom_simulators.demo_routes:demo_extension"
WAREHOUSE_INSTANCE = "fabrikam-3pl"
PERMISSION = "providers.write"
MAX_PER_MINUTE = 60
MAX_ORDERS = 100


class DemoView(BaseModel):
    """The state of the simulators, and the tour.

    orders_per_minute  new orders that arrive, 0 when none do
    placed             orders that have arrived since the store was started
    storefront_url     the page on which shoppers place orders
    storefront_order   the number of the newest order that was placed there
    done               steps of the tour that the server knows this user has done
    order_of_storefront  that order, once it was received
    order_in_process   an order that has not shipped yet
    completed_order    an order that has been shipped and reported
    """

    three_pl_is_down: bool
    orders_per_minute: float
    placed: int
    storefront_url: str
    storefront_order: int | None
    done: list[str]
    order_of_storefront: str | None
    order_in_process: str | None
    completed_order: str | None


class PaceBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    orders_per_minute: float = Field(ge=0, le=MAX_PER_MINUTE)


class OrdersBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int = Field(1, ge=1, le=MAX_ORDERS)
    unknown_product: bool = Field(False, description="One order for a product that is not mapped")


class PlacedOrders(BaseModel):
    """Numbers of orders in the store, and the SKU of an unknown product."""

    numbers: list[str]
    sku: str = ""


class CanceledOrder(BaseModel):
    """The number of the order that was canceled in the store, empty when it has no open one."""

    number: str


def demo_extension(application: Application) -> WebExtension:
    """Return the routes of the demo that keeps its state in the home of `application`."""
    router = Router(prefix="/api/v1/demo", tags=["demo"])
    home = application.settings.home

    @router.get("")
    def read_demo(principal: CurrentPrincipal, session: ReadSession) -> DemoView:
        """Return the state of the simulators, and the tour of this user."""
        with _store(home) as store:
            pace = store.pace()
            storefront = store.storefront()

        facts = tour_facts(session, actor=principal.name, storefront_order=storefront.newest_order)
        return DemoView(
            three_pl_is_down=_is_broken(home),
            orders_per_minute=pace.orders_per_minute,
            placed=pace.placed,
            storefront_url=storefront.url,
            storefront_order=storefront.newest_order,
            done=facts.done,
            order_of_storefront=facts.order_of_storefront,
            order_in_process=facts.order_in_process,
            completed_order=facts.completed_order,
        )

    _add_store_routes(router, home)
    _add_warehouse_routes(router, home, application)
    return WebExtension("demo", router)


def _add_store_routes(router: Router, home: Path) -> None:
    """Add what shoppers do: the pace of their orders, orders on request, a cancellation."""

    @router.put("/pace", status_code=204)
    def set_pace(body: PaceBody, principal: CurrentPrincipal) -> None:
        """Change how fast new orders arrive."""
        principal.require(PERMISSION)
        with _store(home) as store:
            store.set_pace(body.orders_per_minute)

    @router.post("/orders")
    def place_orders(body: OrdersBody, principal: CurrentPrincipal) -> PlacedOrders:
        """Have shoppers place orders now."""
        principal.require(PERMISSION)
        with _store(home) as store:
            if body.unknown_product:
                number, sku = store.place_unknown()
                return PlacedOrders(numbers=[str(number)], sku=sku)

            numbers = store.place_now(body.count)

        return PlacedOrders(numbers=[str(number) for number in numbers])

    @router.post("/orders/cancel")
    def cancel_order(principal: CurrentPrincipal) -> CanceledOrder:
        """Cancel the newest open order in the store."""
        principal.require(PERMISSION)
        with _store(home) as store:
            number = store.cancel_newest()

        return CanceledOrder(number="" if number is None else str(number))


def _add_warehouse_routes(router: Router, home: Path, application: Application) -> None:
    """Add the failure of the 3PL and its end."""

    @router.post("/3pl/break", status_code=204)
    def break_3pl(principal: CurrentPrincipal) -> None:
        """Let the 3PL stop responding, which the next probe finds."""
        principal.require(PERMISSION)
        with open_warehouse_client(_warehouse_url(home)) as warehouse:
            warehouse.break_down()

        probe(application.registry, application.database, WAREHOUSE_INSTANCE)

    @router.post("/3pl/repair", status_code=204)
    def repair_3pl(principal: CurrentPrincipal) -> None:
        """Let the 3PL respond again, which the next probe finds."""
        principal.require(PERMISSION)
        with open_warehouse_client(_warehouse_url(home)) as warehouse:
            warehouse.repair()

        probe(application.registry, application.database, WAREHOUSE_INSTANCE)


@contextmanager
def _store(home: Path) -> Iterator[StoreClient]:
    state = stored_state(home / STATE_FILE)
    with open_store_client(state.store_url, STORE_HASH, state.store_token) as store:
        yield store


def _warehouse_url(home: Path) -> str:
    return stored_state(home / STATE_FILE).warehouse_url


def _is_broken(home: Path) -> bool:
    with open_warehouse_client(_warehouse_url(home)) as warehouse:
        return warehouse.is_broken()
