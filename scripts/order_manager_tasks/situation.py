"""The orders of a running demo that the tasks are about."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from scripts.fabrikam import Fabrikam, until

FIFTY = 50
SCARCE, TOO_MANY = "CHAIR-OAK-01", 8_000
AWAITED = "BOWL-OAK-01"
SHIPPED = "LAMP-OAK-01"
DAYS_LATE = 3


@dataclass
class Case:
    """What one run of the tasks is about; `name` is in everything that it creates.

    `orders` are the numbers of its orders, by what they are for.
    """

    name: str
    town: str
    sku: str
    orders: dict[str, str] = field(default_factory=dict)
    tracking_number: str = ""

    @property
    def buyer(self) -> str:
        return f"Paula {self.name}son"

    @property
    def email(self) -> str:
        return f"paula.{self.name}son@example.com".lower()

    @property
    def bulk_buyer(self) -> str:
        return f"Ruth {self.name}field"

    @property
    def unknown_sku(self) -> str:
        return f"{self.name}-mirror".upper()


def mouse_case(fabrikam: Fabrikam) -> Case:
    """Return the case of the tasks that are carried out with the mouse."""
    return Case("Maus", "Astoria", sorted(fabrikam.catalog)[20])


def keyboard_case(fabrikam: Fabrikam) -> Case:
    """Return the case of the tasks that are carried out by keyboard alone."""
    return Case("Tast", "Corvallis", sorted(fabrikam.catalog)[40])


def prepare(fabrikam: Fabrikam, cases: Iterable[Case]) -> None:
    """Place the orders of the cases, and wait until they are as the tasks need them."""
    cases = list(cases)
    fabrikam.hasten()
    set_backorders(fabrikam, accepted=False)
    for case in cases:
        _place_orders(fabrikam, case)

    fabrikam.poll()
    for case in cases:
        until(partial(_have_failed, fabrikam, case), "the orders without stock have failed")
        found = fabrikam.order_in_state(case.orders["shipped"], "completed")
        (sent,) = fabrikam.get(f"/orders/{found['id']}/fulfillment-orders")["items"]
        case.tracking_number = sent["shipments"][0]["tracking_number"]

    set_backorders(fabrikam, accepted=True)
    for case in cases:
        _place_waiting_orders(fabrikam, case)

    fabrikam.poll()
    for case in cases:
        numbers = [case.orders[name] for name in ("waiting", "late", "to cancel")]
        until(partial(_wait, fabrikam, numbers), "the orders wait for stock")
        until(partial(_is_parked, fabrikam, case), "the order with an unknown SKU is parked")


def set_backorders(fabrikam: Fabrikam, *, accepted: bool) -> None:
    """Let orders wait for stock that no source has, or fail."""
    body = {"backorder": accepted, "backorder_sla_days": 30}
    document = {"kind": "order_preferences", "name": "default", "body": body}
    fabrikam.post("/configuration/apply", {"documents": [document]})


def _place_orders(fabrikam: Fabrikam, case: Case) -> None:
    town = (case.town, "Oregon", "97205")
    case.orders["shipped"] = fabrikam.place(
        [(SHIPPED, 1), (case.sku, 1)], buyer=case.buyer, town=town
    )
    case.orders["parked"] = fabrikam.place([(case.unknown_sku, 1)], buyer=f"Otto {case.name}ich")
    case.orders["failed"] = fabrikam.place([(SCARCE, TOO_MANY)], buyer=f"Uwe {case.name}er")

    for _ in range(FIFTY):
        fabrikam.place([(SCARCE, TOO_MANY)], buyer=case.bulk_buyer)


def _place_waiting_orders(fabrikam: Fabrikam, case: Case) -> None:
    for name in ("waiting", "to cancel"):
        case.orders[name] = fabrikam.place([(AWAITED, TOO_MANY)], buyer=f"Wim {case.name}kamp")

    case.orders["late"] = f"LATE-{case.name}".upper()
    fabrikam.post("/orders", {"orders": [_late_order(case)]})


def _late_order(case: Case) -> dict[str, Any]:
    now = datetime.now(UTC)
    # A day is over, and an order late, once it is over in every time zone.
    promised = (now - timedelta(hours=12, days=DAYS_LATE)).date()
    address = {
        "name": f"Lea {case.name}inen",
        "line1": "410 Pine Street",
        "city": "Portland",
        "state": "OR",
        "postal_code": "97205",
        "country": "US",
    }
    line = {"external_id": "1", "product": AWAITED, "unit": "ea", "unit_price": "10"}
    return {
        "external_id": case.orders["late"],
        "number": case.orders["late"],
        "placed_at": (now - timedelta(days=9)).isoformat(),
        "origin": "manual",
        "currency": "USD",
        "customer": {"name": address["name"], "email": "lea@example.com", "phone": ""},
        "ship_to": address,
        "bill_to": address,
        "requested_delivery_date": str(promised),
        "total_amount": str(10 * TOO_MANY),
        "lines": [{**line, "quantity": str(TOO_MANY)}],
    }


def _have_failed(fabrikam: Fabrikam, case: Case) -> bool:
    """Return whether the orders that no source can serve have stopped at their failed step."""
    found = fabrikam.get("/orders", search=f"{case.name}field", limit=FIFTY)["items"]
    if len(found) < FIFTY:
        return False
    flow = next(
        flow for flow in fabrikam.get("/flows")["items"] if flow["name"] == "fabrikam-order-flow"
    )
    failed: int = flow["failed"]
    return failed > FIFTY


def _wait(fabrikam: Fabrikam, numbers: list[str]) -> bool:
    queued = fabrikam.get("/waiting-lines", product=AWAITED)["items"]
    return set(numbers) <= {line["order_number"] for line in queued}


def _is_parked(fabrikam: Fabrikam, case: Case) -> bool:
    parked = fabrikam.get("/messages", state="parked", search=case.orders["parked"])["items"]
    return bool(parked)
