"""What the source of an order said when a person changed the order for the first time.

From then on people decide about the order. Later deliveries are compared with this content, so that
a source that repeats itself reports no difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders.line_changes import DeliveredLine, LineKey
from openiom.orders.order_batch import flush_lines
from openiom.platform.bulk import execute, fetch

FIELDS_OBJECT = (
    "jsonb_build_object("
    " 'amounts', jsonb_build_object('shipping', shipping_amount::text,"
    " 'fees', fees_amount::text, 'credit', credit_amount::text,"
    " 'discount', discount_amount::text, 'tax', tax_amount::text,"
    " 'total', total_amount::text),"
    " 'customer', customer, 'bill_to', bill_to, 'ship_to', ship_to,"
    " 'external_status', external_status, 'payment_status', payment_status, 'note', note,"
    " 'shipping_method', shipping_method, 'requested_delivery_date', requested_delivery_date)"
)
"""The fields and amounts of an order as a delivery is compared with them."""

_REMEMBER = f"""
UPDATE orders.order o SET source_content = jsonb_build_object('fields', {FIELDS_OBJECT},
    'lines', (SELECT jsonb_agg(jsonb_build_object('external_id', l.external_id,
            'product', l.product, 'unit', l.unit, 'variant', l.variant, 'ordered', l.ordered,
            'canceled', l.canceled))
        FROM (SELECT external_id, product, unit, coalesce(variant, '{{}}') AS variant,
                sum(quantity)::bigint AS ordered, sum(canceled)::bigint AS canceled
            FROM orders.order_line WHERE order_id = o.id AND NOT removed GROUP BY 1, 2, 3, 4) l))
WHERE o.id = ANY(%s) AND o.source_content IS NULL
"""


@dataclass(frozen=True, slots=True)
class SourceContent:
    """The fields and lines of an order as its source has stated them."""

    fields: dict[str, Any]
    lines: dict[LineKey, DeliveredLine]


def remember_source_content(session: Session, order_ids: Sequence[UUID]) -> None:
    """Store what the sources of orders have stated, unless it is stored already."""
    flush_lines(session)
    execute(session, _REMEMBER, (list(order_ids),))


def source_contents(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, SourceContent]:
    """Return what the sources of those orders had stated that people have changed."""
    rows = fetch(
        session,
        "SELECT id, source_content FROM orders.order"
        " WHERE id = ANY(%s) AND source_content IS NOT NULL",
        (list(order_ids),),
    )
    return {order_id: _content(stored) for order_id, stored in rows}


def _content(stored: dict[str, Any]) -> SourceContent:
    lines: dict[LineKey, DeliveredLine] = {}
    for line in stored["lines"]:
        variant = tuple(sorted(line["variant"].items()))
        key = LineKey(line["external_id"], line["product"], line["unit"], variant)
        lines[key] = DeliveredLine(line["ordered"], line["canceled"])
    return SourceContent(stored["fields"], lines)
