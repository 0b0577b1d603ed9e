"""A model of what must become of the orders of a store, written apart from the product."""

from dataclasses import dataclass, field
from decimal import Decimal

from tests.order_stories.conftest import Fabrikam

from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.clock import utc_now
from openiom_simulators.seed import seed_company
from openiom_simulators.shop_data import Product
from openiom_simulators.store.order_mix import OrderMix
from openiom_simulators.store.state import Order, Shop

TAKE_IN, REVIEW, TAKEN_BACK = {11}, {0, 1, 7, 12, 13}, {4, 5, 6}
PARTLY_REFUNDED = 14
IN_STOCK = Product(77, "ABS", "Accu Scale", 3_999, 1_200)
SCARCE = Product(79, "SCARCE", "Rare Lamp", 5_000, 900)
GUIDE = Product(78, "ABS", "Guide", 900, 0, type="digital")
PLANNED_ROUND = 0
"""The round after which orders are sourced but not sent, so that changes come before release."""


@dataclass
class Expected:
    """What must have become of one order: units shipped from here by line of the store."""

    accepted: bool = False
    canceled: bool = False
    on_hold: bool = False
    complete: bool = False
    shipped: dict[int, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.canceled or self.complete or bool(self.shipped)


@dataclass
class StoreModel:
    """The expected orders of a shop by number."""

    shop: Shop
    expected: dict[int, Expected] = field(default_factory=dict)

    def poll(self, *, scarce_in_stock: bool, are_sent: bool) -> None:
        """Follow the orders of the shop as they are now; they ship once they are sent."""
        for order in self.shop.orders.values():
            expected = self.expected.setdefault(order.id, Expected())
            self._follow(order, expected)
            if are_sent:
                self._fulfill(order, expected, scarce_in_stock=scarce_in_stock)

    def _follow(self, order: Order, expected: Expected) -> None:
        status = order.status_id
        takes_in = status in TAKE_IN or (
            status == PARTLY_REFUNDED and not order.items_shipped and not order.shipped_at
        )
        if expected.is_over:
            return
        if order.is_deleted:
            expected.canceled = expected.accepted
            return
        if not expected.accepted and not takes_in:
            expected.canceled = status in TAKEN_BACK
            return

        expected.accepted = True
        if status in REVIEW:
            expected.on_hold = True
        elif takes_in:
            expected.on_hold = False

        nothing_left = not wanted(order) and not downloads(order)
        expected.canceled = status in TAKEN_BACK or nothing_left
        expected.complete = not expected.canceled and not wanted(order)

    def _fulfill(self, order: Order, expected: Expected, *, scarce_in_stock: bool) -> None:
        if not expected.accepted or expected.is_over or expected.on_hold:
            return
        is_scarce = any(line.sku == SCARCE.sku for line in order.lines if line.id in wanted(order))
        if not is_scarce or scarce_in_stock:
            expected.shipped = wanted(order)


def wanted(order: Order) -> dict[int, int]:
    """Return the units of goods that are neither refunded nor shipped, by line."""
    units = {}
    for line in order.lines:
        left = line.quantity - line.refunded - line.shipped
        if line.type == "physical" and left > 0:
            units[line.id] = left
    return units


def downloads(order: Order) -> int:
    """Return the units without goods that are not refunded."""
    left = [line.quantity - line.refunded for line in order.lines if line.type == "digital"]
    return sum(left)


def run_store(fabrikam: Fabrikam, *, orders: int, rounds: int, seed: int) -> list[str]:
    """Generate and change the orders of a store; return what differs from the model.

    The orders are changed once while they are sourced and not sent.
    """
    shop: Shop = fabrikam.store.app.state.shop
    _prepare(fabrikam, shop)
    model = StoreModel(shop)
    generated = OrderMix(seed, [IN_STOCK, SCARCE, SCARCE], [GUIDE])
    shop.place(generated.orders(orders, now=shop.now()), publish=False)
    for number in range(rounds):
        are_sent = number != PLANNED_ROUND
        shipped_before = {order.id: order.items_shipped for order in shop.orders.values()}
        last = number == rounds - 1
        if last:
            _add_stock(fabrikam, SCARCE.name)

        model.poll(scarce_in_stock=last, are_sent=are_sent)
        # A poll reads a bounded number of changed orders: all are read before anything is sent.
        fabrikam.settle(rounds=60, calls=False)
        if are_sent:
            fabrikam.settle(rounds=60)

        assert shipped_before.keys() == shop.orders.keys()
        if not last:
            open_orders = [o for o in shop.orders.values() if not model.expected[o.id].is_over]
            generated.change(shop, open_orders)
            # Polls do not list archived orders; the webhooks of the store tell of them.
            fabrikam.hear_of_archived_orders(o.id for o in open_orders if o.is_deleted)

    return _differences(fabrikam, model)


def _prepare(fabrikam: Fabrikam, shop: Shop) -> None:
    shop.stock(products=[IN_STOCK, SCARCE, GUIDE], customers=[])
    preferences = {"backorder": True, "backorder_sla_days": 60}
    mappings = (
        ("product", "sku", "SCARCE", SCARCE.name),
        ("warehouse", "pickup_location", "SHOP-1", "DAL"),
    )
    documents = [
        {"kind": "order_preferences", "name": "default", "body": preferences},
        {"kind": "product", "name": SCARCE.name, "body": {"name": SCARCE.name, "unit": "ea"}},
    ]
    for table, name, value, internal in mappings:
        body = {"table": table, "field": name, "value": value, "internal": internal}
        documents.append(
            {"kind": "mapping", "name": f"{table}/default/{name}={value}", "body": body}
        )

    seed_company(fabrikam.application, documents)
    _add_stock(fabrikam, IN_STOCK.name)


def _add_stock(fabrikam: Fabrikam, product: str) -> None:
    changes = [StockChange(product, source, Decimal(100_000)) for source in ("SEA", "DAL")]
    with fabrikam.application.database.unit_of_work() as session:
        change_on_hand(
            session, changes, mode="set", cause="count", document="t", now=utc_now(), actor="t"
        )


def _differences(fabrikam: Fabrikam, model: StoreModel) -> list[str]:
    rows = fabrikam.fetch(
        "SELECT o.external_id, split_part(l.external_id, '-', 2)::int, sum(l.shipped)::int, s.state"
        " FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id"
        " JOIN orders.order_line l ON l.order_id = o.id WHERE l.delivery <> 'digital'"
        " GROUP BY 1, 2, 4"
    )
    found: dict[int, dict[int, int]] = {}
    for number, line, units, _ in rows:
        if units:
            found.setdefault(int(number), {})[line] = units

    reported = fabrikam.fetch(
        "SELECT o.external_id, s.state FROM orders.order o"
        " JOIN orders.order_state s ON s.order_id = o.id"
    )
    states = {int(number): state for number, state in reported}
    differences = []
    for number, expected in model.expected.items():
        actual = found.get(number, {})
        if actual != expected.shipped:
            differences.append(f"{number}: shipped {actual}, expected {expected.shipped}")
        if (states.get(number) == "canceled") != expected.canceled:
            differences.append(f"{number}: {states.get(number)}, canceled {expected.canceled}")

        differences += _shipments_not_reported(model.shop.orders[number], expected)

    return differences


def _shipments_not_reported(order: Order, expected: Expected) -> list[str]:
    """Return the lines of which the store was not sent what was shipped, per address."""
    sent: dict[int, int] = {}
    for shipment in order.shipments:
        if not shipment.fields.get("comments"):
            continue
        for line_id, _, units in shipment.items:
            sent[line_id] = sent.get(line_id, 0) + units

    collected = {line.id for line in order.lines if line.pickup_id}
    told = {line: units for line, units in expected.shipped.items() if line not in collected}
    return [] if sent == told else [f"{order.id}: the store has {sent}, expected {told}"]
