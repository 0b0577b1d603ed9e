"""Read orders as the values that changes work on, many at once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import available
from openiom.kernel import Refused
from openiom.master_data import accepts_write_in_products, product_names
from openiom.orders.fulfillment_port import UnsentLine
from openiom.orders.line_quantities import QuantityReader
from openiom.orders.new_lines import PICKUP_LOCATION
from openiom.orders.order_batch import flush_lines, flush_orders
from openiom.platform.bulk import fetch_as
from openiom.platform.events import timeline

from .facts import ChangeFacts
from .money import computed_total, stated_reading
from .values import LineUnitSteps, LineValue, OrderValue

_SHOWN_EVENTS = 5


class _OrderRow(NamedTuple):
    id: UUID
    number: str
    currency: str
    state: str
    shipping: Decimal
    fees: Decimal
    credit: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    goodwill: Decimal
    ship_to: dict[str, Any]
    bill_to: dict[str, Any] | None
    requested_date: date | None
    shipping_method: str
    last_number: int


class _LineRow(NamedTuple):
    order_id: UUID
    id: UUID
    line_number: int
    external_id: str
    product: str
    name: str
    variant: dict[str, str] | None
    unit: str
    unit_decimals: int
    stock_per_step: int
    stock_decimals: int
    quantity: int
    unit_price: Decimal
    discount: Decimal
    tax: Decimal
    requested_date: date | None
    delivery: str
    source: str | None
    source_reason: str
    ship_to: dict[str, Any] | None
    in_fulfillment: int
    shipped: int
    canceled: int


_ORDERS = """
SELECT o.id, o.number, o.currency, s.state, o.shipping_amount AS shipping,
    o.fees_amount AS fees, o.credit_amount AS credit, o.discount_amount AS discount,
    o.tax_amount AS tax, o.total_amount AS total, o.goodwill_amount AS goodwill, o.ship_to,
    o.bill_to, o.requested_delivery_date AS requested_date, o.shipping_method,
    (SELECT max(l.line_number) FROM orders.order_line l WHERE l.order_id = o.id) AS last_number
FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id WHERE o.id = ANY(%s)
"""
_LINES = """
SELECT order_id, id, line_number, external_id, product, name, variant, unit, unit_decimals,
    stock_per_step, stock_decimals, quantity, unit_price, discount, tax,
    requested_delivery_date AS requested_date, delivery, source, source_reason, ship_to,
    in_fulfillment, shipped, canceled
FROM orders.order_line WHERE order_id = ANY(%s) AND NOT removed ORDER BY order_id, line_number
"""


def read_values(
    session: Session, order_ids: Collection[UUID], unsent: Iterable[UnsentLine]
) -> dict[UUID, OrderValue]:
    """Return orders by id. Unknown ids are absent.

    `unsent` are the lines of their fulfillment orders that no fulfiller has.
    """
    flush_orders(session)
    flush_lines(session)
    ids = list(order_ids)
    not_sent: Counter[UUID] = Counter()
    for one in unsent:
        not_sent[one.order_line_id] += one.steps

    lines: dict[UUID, list[LineValue]] = defaultdict(list)
    for line in fetch_as(session, _LineRow, _LINES, (ids,)):
        lines[line.order_id].append(_line_value(line, not_sent[line.id]))

    values: dict[UUID, OrderValue] = {}
    for row in fetch_as(session, _OrderRow, _ORDERS, (ids,)):
        values[row.id] = _order_value(row, lines[row.id])
    return values


def _line_value(row: _LineRow, unsent: int) -> LineValue:
    is_pickup = row.delivery == "pickup" and row.source_reason == PICKUP_LOCATION
    return LineValue(
        id=row.id,
        line_number=row.line_number,
        external_id=row.external_id,
        product=row.product,
        name=row.name,
        variant=tuple(sorted((row.variant or {}).items())),
        unit=row.unit,
        steps=LineUnitSteps(row.unit_decimals, row.stock_per_step, row.stock_decimals),
        quantity=row.quantity,
        unit_price=row.unit_price,
        discount=row.discount,
        tax=row.tax,
        requested_date=row.requested_date,
        delivery=row.delivery,
        pickup_source=(row.source or "") if is_pickup else "",
        ship_to=row.ship_to,
        in_fulfillment=row.in_fulfillment,
        at_fulfiller=max(0, row.in_fulfillment - unsent),
        shipped=row.shipped,
        canceled=row.canceled,
    )


def _order_value(row: _OrderRow, lines: list[LineValue]) -> OrderValue:
    line_tax = sum((line.tax for line in lines), Decimal(0))
    value = OrderValue(
        id=row.id,
        number=row.number,
        currency=row.currency,
        state=row.state,
        lines=tuple(lines),
        shipping=row.shipping,
        fees=row.fees,
        credit=row.credit,
        discount=row.discount,
        order_tax=None if line_tax == row.tax else row.tax,
        goodwill=row.goodwill,
        ship_to=row.ship_to,
        bill_to=row.bill_to,
        requested_date=row.requested_date,
        shipping_method=row.shipping_method,
        last_number=row.last_number,
    )
    read = replace(value, reading=stated_reading(value, row.total))
    return replace(read, difference=row.total - computed_total(read))


def read_facts(
    session: Session, products: Collection[str], *, with_stock: bool = False
) -> ChangeFacts:
    """Return what operations need of these products; their stock only when it is wanted."""
    numbers = sorted(products)
    most: dict[str, Decimal] = {}
    if with_stock and numbers:
        for (product, _), units in available(session, numbers).items():
            most[product] = max(units, most.get(product, Decimal(0)))

    reader = QuantityReader.load(session, numbers)
    return ChangeFacts(
        reader=reader,
        names=product_names(session, numbers),
        available=most,
        any_product=bool(numbers) and accepts_write_in_products(session),
    )


def version_of(session: Session, value: OrderValue) -> str:
    """Return the version of an order: its last event, and a digest of all a change depends on."""
    events = timeline(session, [value.id], limit=1)
    last = events[0].id if events else 0
    return f"{last}-{_digest(value)}"


def require_version(
    session: Session, value: OrderValue, version: str, titles: Mapping[str, str]
) -> None:
    """Raise `Refused` when an order is not as it was at a version, with what happened since."""
    last, _, digest = version.partition("-")
    if digest == _digest(value):
        return

    since = _events_after(session, value.id, int(last), titles) if last.isdigit() else []
    what = "the order has changed since the preview"
    if since:
        what += ": " + ", ".join(dict.fromkeys(reversed(since[:_SHOWN_EVENTS])))
    raise Refused(what, where="version", remedy="preview the change again, and apply that")


def _events_after(
    session: Session, order_id: UUID, last: int, titles: Mapping[str, str]
) -> list[str]:
    """Return the titles and actors of the events of an order after one, newest first."""
    found: list[str] = []
    for event in timeline(session, [order_id], limit=100):
        if event.id > last:
            found.append(f"{titles.get(event.name, event.name)} by {event.actor or 'the system'}")
    return found


def _digest(value: OrderValue) -> str:
    lines = []
    for line in value.lines:
        counters = (line.line_number, line.in_fulfillment, line.at_fulfiller, line.content())
        lines.append(repr(counters))
    text = repr((value.state, lines, sorted(value.content().items())))
    return sha256(text.encode()).hexdigest()[:20]
