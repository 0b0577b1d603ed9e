"""Orders to look at on the first day: shipped, waiting, parked, declined, late, on hold, failed.

The examples come about as in reality: shoppers order in the store, the 3PL declines, and a
colleague enters orders and places holds over the API of the product.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic, sleep, time
from typing import Any, TypeVar

import httpx

from openiom.kernel import Refused
from openiom_simulators.store_client import StoreClient
from openiom_simulators.warehouse_client import WarehouseClient

from .company import CatalogItem
from .example_documents import (
    ANNOUNCED,
    AWAITED,
    CONTESTED,
    SOLE,
    batch_strategy,
    example_allocations,
    example_configuration,
    example_simulation,
    example_stock,
    example_supply,
    measures_of_the_stores,
)

FLOW, STORE, WAREHOUSE = "fabrikam-order-flow", "fabrikam-store", "fabrikam-3pl"
WAIT_SECONDS = 90.0
POLL_SECONDS = 0.1
HASTE = {
    "accept_after": 0.1,
    "pick_after": 0.1,
    "ship_after": 0.2,
    "partial_ratio": 0.0,
    "decline_ratio": 0.0,
}
BATCHED = 8
Found = TypeVar("Found")
Buyer = tuple[str, str, str, str, str]
BUYERS: tuple[Buyer, ...] = (
    ("Ana Souza", "410 Pine Street", "Portland", "Oregon", "97205"),
    ("Jim Glynn", "18 Lake Street", "Chicago", "Illinois", "60601"),
    ("Rosa Lindt", "12 Beacon Street", "Boston", "Massachusetts", "02108"),
    ("Omar Haddad", "77 River Road", "Austin", "Texas", "78701"),
    ("Hanna Berg", "5 Hill Road", "Denver", "Colorado", "80202"),
    ("Mei Ramos", "230 Sunset Boulevard", "San Diego", "California", "92101"),
    ("Paul Adeyemi", "9 Second Avenue", "Miami", "Florida", "33101"),
    ("Greta Novak", "61 Elm Street", "Minneapolis", "Minnesota", "55401"),
)
CANADIAN: Buyer = ("Noah Tremblay", "88 Station Road", "Toronto", "Ontario", "M5H 2N2")
ORDERED = (
    ("LAMP-OAK-01", 2),
    ("MUG-CER-01", 4),
    ("TRAY-BAM-01", 1),
    ("PAN-STE-01", 1),
    ("RUG-WOO-01", 1),
    ("BOTL-GLA-01", 3),
    ("SHLF-OAK-01", 1),
    ("NOTE-LIN-01", 6),
)

RETURN_REASONS = ("wrong_size", "defective", "no_longer_needed")
"""Why units of shipped orders come back."""


@dataclass(frozen=True)
class ExampleSite:
    """A running demo: the API of OpenIOM with a colleague's token, the store and the 3PL."""

    api: httpx.Client
    store: StoreClient
    warehouse: WarehouseClient
    catalog: Mapping[str, CatalogItem]

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Return a document of the API."""
        return _document(self.api.get(f"/api/v1{path}", params=query))

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Post to the API and return its response."""
        return _document(self.api.post(f"/api/v1{path}", json=body))

    def place(self, orders: Sequence[dict[str, Any]]) -> list[str]:
        """Have shoppers place orders in the store; return their numbers once they were received."""
        complete = [self._with_catalog(order) for order in orders]
        loaded = self.store.load({"orders": complete, "webhooks": True})
        numbers = range(loaded["first_id"], loaded["last_id"] + 1)
        self.post(f"/provider-instances/{STORE}/poll", {})
        return [str(number) for number in numbers]

    def _with_catalog(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return an order with the names and prices of the catalog, placed now."""
        lines: list[dict[str, Any]] = []
        for line in order["lines"]:
            item = self.catalog.get(line["sku"])
            if item is not None:
                line = {**line, "name": item.name, "price": round(float(item.price) * 100)}
            lines.append(line)

        return {**order, "lines": lines, "created": int(time())}

    def order(self, number: str) -> dict[str, Any]:
        """Return an order once it was received."""

        def received() -> dict[str, Any] | None:
            rows = self.get("/orders", search=number)["items"]
            return next((row for row in rows if row["number"] == number), None)

        return until(received, f"order {number} was received")


def make_examples(site: ExampleSite, *, today: date) -> None:
    """Make all examples. Raise `Refused` when one does not come about."""
    configuration = {"documents": example_configuration(), "dry_run": False}
    site.post("/configuration/apply", configuration)
    stock = {"mode": "set", "reason": "count", "items": example_stock()}
    site.post("/inventory/changes", stock)
    site.post("/inventory/supply-orders", {"orders": example_supply(today)})
    site.post("/inventory/allocations/operations", {"operations": example_allocations()})
    _report_measures(site)

    with changed_behavior(site.warehouse, **HASTE):
        _ship_orders(site)
        _return_units(site)
        _plan_a_batch(site)
        _decline(site)

    _park_and_fail(site)
    _wait_for_stock(site)
    _enter_a_late_order(site, today)
    _hold(site)
    site.post("/simulations", example_simulation(today))


def _report_measures(site: ExampleSite) -> None:
    """Stock as another system reports it, over the public inventory contract."""
    environment = site.get("/session")["environment"]
    _document(
        site.api.post(f"/api/environment/{environment}/onhand/bulk", json=measures_of_the_stores())
    )


def _ship_orders(site: ExampleSite) -> None:
    """Orders that are fulfilled when the user arrives."""
    site.place([_order(n, [ORDERED[n]]) for n in range(len(BUYERS))])
    _wait_for_completed(site, len(BUYERS))


def _return_units(site: ExampleSite) -> None:
    """Returns of shipped orders: one inspected, one received, one that is expected."""
    shipped = site.get("/orders", state="completed", limit=len(RETURN_REASONS))["items"]
    drafts: list[dict[str, Any]] = []
    for order, reason in zip(shipped, RETURN_REASONS, strict=False):
        lines = site.get(f"/orders/{order['id']}/returnable", reason=reason)["lines"]
        line = next((one for one in lines if one["allowed"]), None)
        if line is not None:
            item = {"order_line_id": line["order_line_id"], "quantity": 1, "reason": reason}
            drafts.append({"order_id": order["id"], "origin": "customer", "lines": [item]})

    created = site.post("/returns", {"returns": drafts})["results"]
    arrived: list[dict[str, Any]] = []
    for result in created[:2]:
        line = site.get(f"/returns/{result['id']}")["lines"][0]
        arrived.append({"id": line["id"], "quantity": 1})

    for item in arrived[:1]:
        item |= {"condition": "new", "disposition": "restock"}
    if arrived:
        site.post("/returns/receive", {"items": arrived})


def _plan_a_batch(site: ExampleSite) -> None:
    """Orders that wait at the flow and are then planned together."""
    _apply(site, batch_strategy(is_default=True))
    site.post("/flows/pause", {"names": [FLOW]})
    numbers = site.place(
        [_order(n, [(CONTESTED, 1), ORDERED[(n + 3) % len(ORDERED)]]) for n in range(BATCHED)]
    )
    for number in numbers:
        site.order(number)

    site.post("/flows/resume", {"names": [FLOW]})
    until(lambda: site.get("/sourcing/plans", mode="batch")["items"], "a batch was planned")
    _apply(site, batch_strategy(is_default=False))
    _wait_for_completed(site, len(BUYERS) + BATCHED)


def _decline(site: ExampleSite) -> None:
    """An order that the 3PL declines, of a product that no other source has."""
    with changed_behavior(site.warehouse, decline_ratio=1.0):
        site.place([_order(3, [(SOLE, 1)])])
        until(
            lambda: site.get("/fulfillment-orders", state="declined")["items"],
            "a fulfillment order was declined",
        )


def _wait_for_completed(site: ExampleSite, count: int) -> None:
    until(
        lambda: site.get("/orders/counts")["states"].get("completed", 0) >= count,
        f"{count} orders were completed",
    )


def _park_and_fail(site: ExampleSite) -> None:
    """Orders with unknown products, of which one is misspelled, and one to another country."""
    site.place(
        [
            _order(2, [("HALL-MIRROR-XL", 1)]),
            _order(4, [("HALL-MIRROR-XL", 2), ("LAMP-OAK-01", 1)]),
            _order(5, [("LAMP-OAK-1", 1)]),
            _order(0, [("TRAY-BAM-01", 2)], buyer=CANADIAN, country="CA"),
        ]
    )
    until(lambda: len(_parked(site)) >= 3, "three messages were parked")


def _wait_for_stock(site: ExampleSite) -> None:
    """Orders for products that are out of stock and on order."""
    site.place(
        [
            _order(6, [(AWAITED, 2)]),
            _order(7, [(AWAITED, 1), ("MUG-CER-01", 2)]),
            _order(1, [(ANNOUNCED, 3)]),
        ]
    )
    until(lambda: len(site.get("/waiting-lines")["items"]) >= 3, "three lines wait for stock")


def _enter_a_late_order(site: ExampleSite, today: date) -> None:
    """An order by telephone that was promised for a day that is over."""
    due = str(today - timedelta(days=3))
    line = {
        "external_id": "1",
        "product": AWAITED,
        "unit": "ea",
        "name": "Copper Teapot",
        "quantity": "1",
        "unit_price": "64.00",
    }
    name, street, city, state, postal_code = BUYERS[3]
    order = {
        "external_id": "phone-1",
        "number": "",
        "placed_at": f"{today - timedelta(days=9)}T15:10:00Z",
        "origin": "phone",
        "currency": "USD",
        "customer": {"name": name, "email": _email(name)},
        "ship_to": {
            "name": name,
            "line1": street,
            "city": city,
            "state": state,
            "postal_code": postal_code,
            "country": "US",
        },
        "requested_delivery_date": due,
        "lines": [line],
    }
    checked = site.post("/orders/check", {"order": order})
    complete = {**order, "number": checked["number"], "total_amount": checked["total"]}
    site.post("/orders", {"instance": "manual", "orders": [complete]})


def _hold(site: ExampleSite) -> None:
    """An order that a colleague holds before it reaches the 3PL, whose connection is paused."""
    site.post(f"/provider-instances/{WAREHOUSE}/pause", {})
    [number] = site.place([_order(5, [("RUG-WOO-01", 1)])])
    order = site.order(number)
    body = {"ids": [order["id"]], "reason": "The customer asked to change the address"}
    site.post("/orders/hold", body)
    site.post(f"/provider-instances/{WAREHOUSE}/resume", {})


def _parked(site: ExampleSite) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = site.get("/messages", state="parked")["items"]
    return items


def _apply(site: ExampleSite, document: dict[str, Any]) -> None:
    site.post("/configuration/apply", {"documents": [document], "dry_run": False})


@contextmanager
def changed_behavior(warehouse: WarehouseClient, **changes: float) -> Iterator[None]:
    """Change the behavior of the 3PL while the block runs."""
    before = warehouse.behavior()
    warehouse.change_behavior(**changes)
    try:
        yield
    finally:
        warehouse.change_behavior(**{name: before[name] for name in changes})


def until(read: Callable[[], Found | None], what: str, *, seconds: float = WAIT_SECONDS) -> Found:
    """Return the first result of `read` that is true. Raise `Refused` after `seconds`."""
    deadline = monotonic() + seconds
    while not (found := read()):
        if monotonic() > deadline:
            raise Refused(
                f"the examples are incomplete; not within {seconds:g} seconds: {what}",
                remedy="look at the orders that exist, or start with an empty OPENIOM_HOME",
            )

        sleep(POLL_SECONDS)

    return found


def _order(
    buyer_number: int,
    lines: Sequence[tuple[str, int]],
    *,
    buyer: Buyer | None = None,
    country: str = "US",
) -> dict[str, Any]:
    """Return an order as the store loads it."""
    name, street, city, state, postal_code = buyer or BUYERS[buyer_number]
    first, last = name.split(" ", 1)
    return {
        "customer_id": 0,
        "currency": "USD",
        "shipping": {
            "first_name": first,
            "last_name": last,
            "street_1": street,
            "city": city,
            "state": state,
            "zip": postal_code,
            "country": "United States" if country == "US" else "Canada",
            "country_iso2": country,
            "email": _email(name),
            "phone": "503-555-0144",
        },
        "lines": [_line(sku, units) for sku, units in lines],
        "shipping_cost": 499,
    }


def _line(sku: str, units: int) -> dict[str, Any]:
    return {"sku": sku, "name": sku, "quantity": units, "price": 3999}


def _email(name: str) -> str:
    return f"{name.replace(' ', '.').lower()}@example.com"


def _document(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        request = response.request
        raise Refused(
            f"{request.method} {request.url.path}: {response.status_code} {response.text[:300]}",
            remedy="correct what it names, and start the demo again",
        )

    content: dict[str, Any] = response.json() if response.content else {}
    return content
