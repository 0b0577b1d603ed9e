"""Lines that still need fulfillment, as sourcing reads them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import OPTIMIZED, lines_of_orders, lock_orders
from openiom.orders.new_orders import NewOrder
from openiom.orders.order_batch import flush_lines, missing_keys, order_batch
from openiom.platform.bulk import fetch_as
from openiom.platform.database import from_json, to_json_text
from openiom.platform.geocoding import Point, geocode


@dataclass(slots=True)
class UnfulfilledLine:
    """A line of which `quantity` is neither canceled, shipped nor in a fulfillment order.

    `quantity` are steps of its unit; `OrderLine` says what they are in stock. `address` numbers the
    addresses of an order; 0 is the order's own. `order_number` is the number of its order; `waited`
    says that the order waited for stock and was released from that hold. Reads without a lock leave
    both empty.
    """

    line_id: UUID
    order_id: UUID
    line_number: int
    product: str
    unit: str
    quantity: int
    state: str
    source: str
    country: str
    place: Point | None
    ship_to: Mapping[str, Any]
    strategy: str
    requested_delivery_date: date | None
    channel: str
    customer_group: str
    address: int = 0
    order_number: str = ""
    waited: bool = False
    unit_decimals: int = 0
    stock_per_step: int = 1
    stock_decimals: int = 0
    variant: dict[str, str] | None = None


class _OrderRow(NamedTuple):
    id: UUID
    number: str
    ship_to: dict[str, Any]
    strategy: str
    requested_delivery_date: date | None
    channel: str
    customer_group: str
    waited: bool
    line_addresses: dict[str, dict[str, Any]] | None


_ORDERS = """
SELECT id, number, ship_to, strategy, requested_delivery_date, origin AS channel,
    coalesce(customer->>'group', '') AS customer_group,
    EXISTS (SELECT FROM orders.waiting_line w
        WHERE w.order_id = o.id AND w.state = 'released') AS waited,
    (SELECT jsonb_object_agg(l.id, l.ship_to) FROM orders.order_line l
        WHERE l.order_id = o.id AND l.ship_to IS NOT NULL) AS line_addresses
FROM orders.order o WHERE id = ANY(%s)
"""


def open_lines(session: Session, order_ids: Sequence[UUID]) -> list[UnfulfilledLine]:
    """Return the lines of these orders that need fulfillment, by order, address and line number.

    Locks the orders: sourcing locks stock afterwards, and orders are locked before stock.
    """
    lock_orders(session, order_ids)
    lines: list[UnfulfilledLine] = []
    locked = lines_of_orders(session, order_ids)
    orders = _read_orders(session, locked)
    numbers = _AddressNumbers()

    for line in locked:
        if line.open > 0:
            order, place = orders[line.order_id]
            lines.append(_open_line(line, order, place, numbers))

    return numbers.sorted_lines(lines)


class _AddressNumbers:
    """Numbers the addresses of orders whose lines have their own; 0 is that of the order."""

    def __init__(self) -> None:
        self._of_order: dict[UUID, dict[str, int]] = {}

    def number(
        self, order_id: UUID, own_address: Mapping[str, Any], order_address: Mapping[str, Any]
    ) -> int:
        """Return the number of a line's own address; equal addresses have one number."""
        numbers = self._of_order.get(order_id)
        if numbers is None:
            numbers = self._of_order[order_id] = {to_json_text(order_address): 0}

        return numbers.setdefault(to_json_text(own_address), len(numbers))

    def sorted_lines(self, lines: list[UnfulfilledLine]) -> list[UnfulfilledLine]:
        """Return the lines of each order by address; within an address the sequence is kept."""
        if not self._of_order:
            return lines

        position: dict[UUID, int] = {}
        for line in lines:
            position.setdefault(line.order_id, len(position))

        return sorted(lines, key=lambda line: (position[line.order_id], line.address))


def _read_orders(
    session: Session, lines: Iterable[LockedLine]
) -> dict[UUID, tuple[_OrderRow, Point | None]]:
    """Return the orders of open lines, and where they go; geocoded once per order."""
    order_ids = {line.order_id for line in lines if line.open > 0}
    rows = _order_rows(session, order_ids)
    return {row.id: (row, geocode(row.ship_to)) for row in rows}


def _order_rows(session: Session, order_ids: set[UUID]) -> list[_OrderRow]:
    """Return orders of the batch that have no row yet, then those that are stored."""
    new = order_batch(session).new
    rows = [_new_order_row(new[order_id]) for order_id in order_ids if order_id in new]
    if len(rows) < len(order_ids):
        rows += fetch_as(session, _OrderRow, _ORDERS, (missing_keys(new, order_ids),))
    return rows


def _new_order_row(order: NewOrder) -> _OrderRow:
    """Return an order that has no row yet as the query would; it has not waited for stock."""
    addresses: dict[str, dict[str, Any]] = {}
    for line in order.lines:
        if line.document.ship_to:
            addresses[str(line.id)] = line.document.ship_to.model_dump(mode="json")

    columns = order.columns
    return _OrderRow(
        id=order.id,
        number=columns["number"],
        ship_to=from_json(columns["ship_to"]),
        strategy=columns["strategy"],
        requested_delivery_date=columns["requested_delivery_date"],
        channel=columns["origin"],
        customer_group=order.document.customer.group or "",
        waited=False,
        line_addresses=addresses or None,
    )


def _open_line(
    line: LockedLine, order: _OrderRow, place: Point | None, numbers: _AddressNumbers
) -> UnfulfilledLine:
    address, ship_to = 0, order.ship_to
    own_address = None
    if order.line_addresses:
        own_address = order.line_addresses.get(str(line.id))
    if own_address:
        ship_to, place = own_address, geocode(own_address)
        address = numbers.number(order.id, own_address, order.ship_to)

    return UnfulfilledLine(
        line_id=line.id,
        order_id=line.order_id,
        line_number=line.line_number,
        product=line.product,
        unit=line.unit,
        quantity=line.open,
        state=line.state,
        source=line.source or "",
        country=str(ship_to.get("country", "")),
        place=place,
        ship_to=ship_to,
        strategy=order.strategy,
        requested_delivery_date=line.requested_delivery_date or order.requested_delivery_date,
        channel=order.channel,
        customer_group=order.customer_group,
        address=address,
        order_number=order.number,
        waited=order.waited,
        unit_decimals=line.unit_decimals,
        stock_per_step=line.stock_per_step,
        stock_decimals=line.stock_decimals,
        variant=line.variant,
    )


class _UnshippedRow(NamedTuple):
    line_id: UUID
    order_id: UUID
    line_number: int
    product: str
    unit: str
    quantity: int
    state: str
    source: str
    optimized: bool
    own_address: dict[str, Any] | None
    ship_to: dict[str, Any]
    strategy: str
    requested_delivery_date: date | None
    channel: str
    customer_group: str
    unit_decimals: int
    stock_per_step: int
    stock_decimals: int
    variant: dict[str, str] | None


_UNSHIPPED = """
SELECT l.id AS line_id, l.order_id, l.line_number, l.product, l.unit,
    l.quantity - l.canceled - l.shipped AS quantity, l.state, coalesce(l.source, '') AS source,
    coalesce(l.source_reason = %s, false) AS optimized,
    l.ship_to AS own_address, o.ship_to, o.strategy,
    coalesce(l.requested_delivery_date, o.requested_delivery_date) AS requested_delivery_date,
    o.origin AS channel, coalesce(o.customer->>'group', '') AS customer_group, l.unit_decimals,
    l.stock_per_step, l.stock_decimals, l.variant
FROM orders.order_line l JOIN orders.order o ON o.id = l.order_id
WHERE l.order_id = ANY(%s) AND l.quantity > l.canceled + l.shipped
ORDER BY l.order_id, l.line_number
"""


def unshipped_lines(
    session: Session, order_ids: Sequence[UUID]
) -> list[tuple[UnfulfilledLine, bool]]:
    """Return lines of which something is neither canceled nor shipped.

    They come by order, address and line number; quantities in a fulfillment order are included. The
    second value says whether the optimizer chose the line's source. Nothing is locked: do not base
    writes on the result.
    """
    flush_lines(session)
    rows = fetch_as(session, _UnshippedRow, _UNSHIPPED, (OPTIMIZED, list(order_ids)))
    optimized = {row.line_id: row.optimized for row in rows}
    numbers = _AddressNumbers()
    lines = [_unshipped_line(row, numbers) for row in rows]
    return [(line, optimized[line.line_id]) for line in numbers.sorted_lines(lines)]


def _unshipped_line(row: _UnshippedRow, numbers: _AddressNumbers) -> UnfulfilledLine:
    address, ship_to = 0, row.ship_to
    if row.own_address:
        ship_to = row.own_address
        address = numbers.number(row.order_id, ship_to, row.ship_to)

    return UnfulfilledLine(
        line_id=row.line_id,
        order_id=row.order_id,
        line_number=row.line_number,
        product=row.product,
        unit=row.unit,
        quantity=row.quantity,
        state=row.state,
        source=row.source,
        country=str(ship_to.get("country", "")),
        place=geocode(ship_to),
        ship_to=ship_to,
        strategy=row.strategy,
        requested_delivery_date=row.requested_delivery_date,
        channel=row.channel,
        customer_group=row.customer_group,
        address=address,
        unit_decimals=row.unit_decimals,
        stock_per_step=row.stock_per_step,
        stock_decimals=row.stock_decimals,
        variant=row.variant,
    )
