"""Orders with exchanges and replacements, received like any other order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import variant_fact
from openiom.kernel import from_steps, round_money
from openiom.orders import SoldOrder, receive_orders
from openiom.provider_contract import InboundDocument
from openiom.returns.decisions import ReturnLineState, ReturnState

INSTANCE = "returns"
"""The instance of orders that returns place."""
ZERO = Decimal(0)


@dataclass(slots=True)
class ReplacementOrder:
    """An order to place for a return: its document and total."""

    document: dict[str, Any]
    total: Decimal


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """Steps of a line and what was paid for them."""

    line: ReturnLineState
    steps: int
    goods: Decimal
    unit_price: Decimal


def replacement_order(
    order: ReturnState, sold: SoldOrder, credited: Sequence[CreditedLine], now: datetime
) -> ReplacementOrder:
    """Return the order with what the customer receives for these units."""
    lines: list[dict[str, Any]] = []
    total = ZERO
    credit = sum((one.goods for one in credited), ZERO)
    for one in credited:
        line, amount = _line(one, order.currency)
        lines.append(line)
        total += amount

    document = {
        "external_id": order.number,
        "number": f"{order.number}-{order.outcome[0].upper()}",
        "placed_at": now.isoformat(),
        "origin": order.outcome,
        "order_type": order.outcome,
        "currency": order.currency,
        "account": sold.account,
        "price_list": sold.price_list,
        "customer": sold.customer,
        "ship_to": sold.ship_to,
        "shipping_method": sold.shipping_method,
        "payment_status": "paid" if credit >= total else "",
        "credit_amount": str(min(credit, total)),
        "total_amount": str(total),
        "note": f"{order.outcome.capitalize()} for {sold.number}, {order.number}",
        "lines": lines,
    }
    return ReplacementOrder(document, total)


def _line(credited: CreditedLine, currency: str) -> tuple[dict[str, Any], Decimal]:
    """Return the document of a line, and its amount.

    Without a price of its own it costs what was paid for the units that come back.
    """
    line = credited.line
    quantity = from_steps(credited.steps, line.unit_decimals)
    chosen: Mapping[str, Any] = line.exchange_for or {}
    document: dict[str, Any] = {
        "external_id": str(line.id),
        "product": chosen.get("product") or line.product,
        "unit": line.unit,
        "quantity": str(quantity),
    }
    variant = chosen.get("variant") or ({} if chosen else line.variant)
    if variant:
        document["variant"] = variant_fact(variant)

    if chosen.get("unit_price") is not None:
        price = Decimal(chosen["unit_price"])
        return {**document, "unit_price": str(price)}, round_money(price * quantity, currency)

    gross = round_money(credited.unit_price * quantity, currency)
    document["unit_price"] = str(credited.unit_price)
    if credited.goods >= gross:
        document["tax"] = str(credited.goods - gross)
    else:
        document["discount"] = str(gross - credited.goods)
    return document, credited.goods


def place_orders(
    session: Session, orders: Mapping[UUID, ReplacementOrder], now: datetime, actor: str
) -> dict[UUID, UUID | str]:
    """Place the orders of returns; return the id of each, or why it was refused, by return."""
    if not orders:
        return {}

    documents: list[InboundDocument] = []
    for index, order in enumerate(orders.values()):
        documents.append(InboundDocument(index, INSTANCE, order.document))

    placed: dict[UUID, UUID | str] = {}
    results = receive_orders(session, documents, now, actor)
    for return_id, result in zip(orders, results, strict=True):
        if result.ok and result.entity_id:
            placed[return_id] = UUID(result.entity_id)
        else:
            placed[return_id] = result.error or "it was ignored"
    return placed
