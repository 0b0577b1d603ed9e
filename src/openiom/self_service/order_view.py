"""An order as its customer sees it: states, promise, parcels, money and what is possible now."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment import details_of_order
from openiom.kernel import amount_text
from openiom.orders import (
    ChangeBasis,
    ChangePorts,
    LineDetail,
    OrderDetail,
    change_basis,
    get_order,
)
from openiom.returns import (
    ReturnableOrder,
    ReturnDetail,
    return_policy,
    returnable_order,
    returns_of_order,
)

from .schemas import (
    CustomerActions,
    CustomerAmounts,
    CustomerEvent,
    CustomerLine,
    CustomerOrder,
    CustomerParcel,
    CustomerReturn,
    Late,
    Permission,
    ReasonChoice,
    Status,
)

_STATUSES: dict[str, Status] = {
    "canceled": "canceled",
    "delivered": "delivered",
    "completed": "delivered",
    "shipped": "shipped",
    "on_hold": "on_hold",
    "waiting_for_stock": "waiting",
    "waiting_for_launch": "waiting",
    "sending": "in_fulfillment",
    "awaiting_fulfiller": "in_fulfillment",
}
"""Statuses for customers by those of verdicts; every other one is `preparing`."""
_ENDED = ("canceled", "completed")


def customer_order(
    session: Session, order_id: UUID, now: datetime, ports: ChangePorts
) -> CustomerOrder:
    """Return an order as its customer sees it. Raise `NotFound`."""
    order = get_order(session, order_id, now=now, fulfillment=ports.progress)
    basis = change_basis(session, order_id, ports)
    returnable = returnable_order(session, order_id, now)
    returns = returns_of_order(session, order_id)
    parcels = _parcels(session, order_id)
    policy = return_policy(session)
    return CustomerOrder(
        number=order.number,
        placed_at=order.placed_at,
        status=_STATUSES.get(order.verdict.status, "preparing"),
        promised_on=order.verdict.promised_on,
        expected_on=order.verdict.expected_on,
        is_late=order.verdict.timeliness == "late",
        currency=order.currency,
        amounts=_amounts(order, basis),
        ship_to=order.ship_to,
        lines=_lines(order, returnable),
        parcels=parcels,
        timeline=_timeline(order, parcels, returns),
        returns=[_return(one) for one in returns],
        reasons=[ReasonChoice(code=one.code, title=one.title) for one in policy.reasons],
        actions=_actions(order, returnable),
    )


def cancelable(line: LineDetail) -> Decimal:
    """Return the quantity of a line that is not shipped, canceled or in fulfillment."""
    busy = Decimal(str(line.shipped)) + Decimal(str(line.canceled))
    if line.in_fulfillment:
        return Decimal(0)
    return Decimal(str(line.quantity)) - busy


def _amounts(order: OrderDetail, basis: ChangeBasis) -> CustomerAmounts:
    amounts = order.amounts
    return CustomerAmounts(
        subtotal=_money(amounts.subtotal, order),
        shipping=_money(amounts.shipping, order),
        fees=_money(amounts.fees, order),
        discount=_money(amounts.discount, order),
        tax=_money(amounts.tax, order),
        total=_money(amounts.total, order),
        kept=amount_text(basis.kept, basis.currency),
    )


def _money(amount: str, order: OrderDetail) -> str:
    """Return an amount with the decimals of the currency of an order."""
    return amount_text(Decimal(amount), order.currency)


def _lines(order: OrderDetail, returnable: ReturnableOrder) -> list[CustomerLine]:
    terms = {line.order_line_id: line for line in returnable.lines}
    lines: list[CustomerLine] = []
    for line in order.lines:
        term = terms.get(line.id)
        is_open = order.state not in _ENDED
        lines.append(
            CustomerLine(
                id=line.id,
                line_number=line.line_number,
                name=line.name,
                variant=line.variant,
                unit=line.unit,
                quantity=line.quantity,
                shipped=line.shipped,
                canceled=line.canceled,
                returned=line.returned,
                cancelable=_number(cancelable(line)) if is_open else 0,
                returnable=term.returnable if term and term.allowed else 0,
                return_until=term.until if term else None,
                refund=_money(term.amount if term else "0", order),
                total=_money(line.total, order),
            )
        )
    return lines


def _number(quantity: Decimal) -> int | float:
    return int(quantity) if quantity == int(quantity) else float(quantity)


def _parcels(session: Session, order_id: UUID) -> list[CustomerParcel]:
    parcels: list[CustomerParcel] = []
    for fulfillment_order in details_of_order(session, order_id):
        for shipment in fulfillment_order.shipments:
            parcels.append(
                CustomerParcel(
                    carrier=shipment.carrier,
                    tracking_number=shipment.tracking_number,
                    tracking_url=_web_address(shipment.tracking_url),
                    shipped_at=shipment.shipped_at,
                    from_town=fulfillment_order.source_place.address.city,
                    delivered=fulfillment_order.state == "delivered",
                )
            )
    return parcels


def _web_address(url: str) -> str:
    """Return an address that a browser may open; a carrier sends no script."""
    return url if url.startswith(("https://", "http://")) else ""


def _timeline(
    order: OrderDetail, parcels: Sequence[CustomerParcel], returns: Sequence[ReturnDetail]
) -> list[CustomerEvent]:
    events = [CustomerEvent(at=order.placed_at, kind="placed")]
    for parcel in parcels:
        detail = parcel.tracking_number
        events.append(CustomerEvent(at=parcel.shipped_at, kind="shipped", detail=detail))
    for one in returns:
        event = CustomerEvent(at=one.declared_at, kind="return_requested", detail=one.number)
        events.append(event)
    return sorted(events, key=lambda event: event.at, reverse=True)


def _return(one: ReturnDetail) -> CustomerReturn:
    return CustomerReturn(
        number=one.number,
        state=one.state,
        is_withdrawal=one.is_withdrawal,
        declared_at=one.declared_at,
        refund=one.refund_amount,
    )


def _actions(order: OrderDetail, returnable: ReturnableOrder) -> CustomerActions:
    untouched = why_late(order, all_lines=True)
    cancel_order: Late = untouched
    if not untouched and not order.actions.cancel.allowed:
        cancel_order = "in_preparation"

    no_return = _why_no_return(order)
    no_withdrawal: Late = "" if returnable.can_withdraw else no_return
    return CustomerActions(
        change_address=_permission(untouched),
        cancel_order=_permission(cancel_order),
        cancel_lines=_permission(_why_not_canceled(order)),
        start_return=_return_permission(returnable, no_return),
        withdraw=_permission(no_withdrawal, returnable.withdrawal_until),
    )


def _return_permission(returnable: ReturnableOrder, refusal: Late) -> Permission:
    """Return until when something can be returned, or `refusal` when nothing can."""
    lines = [line for line in returnable.lines if line.allowed]
    days = [line.until for line in lines if line.until]
    return _permission("" if lines else refusal, max(days, default=None))


def _why_not_canceled(order: OrderDetail) -> Late:
    """Return why no unit of an order can be canceled, or ''."""
    if order.state in _ENDED:
        return "ended"
    if any(cancelable(line) > 0 for line in order.lines):
        return ""
    return why_late(order, all_lines=False) or "shipped"


def why_late(order: OrderDetail, *, all_lines: bool) -> Late:
    """Return why an order can no longer be changed, or ''."""
    if order.state in _ENDED:
        return "ended"
    if all_lines and any(line.shipped for line in order.lines):
        return "shipped"
    if any(line.in_fulfillment for line in order.lines):
        return "in_preparation"
    return ""


def _why_no_return(order: OrderDetail) -> Late:
    return "period_over" if any(line.shipped for line in order.lines) else "nothing_shipped"


def _permission(reason: Late, until: date | None = None) -> Permission:
    return Permission(allowed=not reason, reason=reason, until=until)
