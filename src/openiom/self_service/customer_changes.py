"""What customers change: the address, canceled quantities, returns and withdrawals."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Refused, amount_text
from openiom.orders import (
    ChangePorts,
    ChangeQuantity,
    ChangeRequest,
    LineDetail,
    Operation,
    RemoveLine,
    SetShipTo,
    apply_changes,
    cancel_orders,
    change_basis,
    get_order,
    lock_orders,
    money_change,
    preview_change,
    require_order_version,
)
from openiom.returns import NewReturn, NewReturnLine, create_returns, returns_of_order

from .order_view import cancelable, why_late
from .schemas import (
    AddressChange,
    AddressPreviewRequest,
    Cancellation,
    CancelPreviewRequest,
    ChangeEffect,
    ReturnConfirmation,
    ReturnStart,
)

CUSTOMER = "customer"
"""The actor of what customers do."""
REASON = "Changed by the customer"


def preview_address(
    session: Session,
    order_id: UUID,
    body: AddressPreviewRequest,
    now: datetime,
    ports: ChangePorts,
) -> ChangeEffect:
    """Return what another address does to the money. Raise `Refused` when it is too late."""
    _require_untouched(session, order_id, now, ports)
    with _customer_words():
        preview = preview_change(session, order_id, [SetShipTo(address=body.address)], now, ports)
    return ChangeEffect.of(preview.money, preview.version)


def change_address(
    session: Session, order_id: UUID, body: AddressChange, now: datetime, ports: ChangePorts
) -> ChangeEffect:
    """Send an order to another address. Raise `Refused` when it is too late."""
    lock_orders(session, [order_id])
    _require_untouched(session, order_id, now, ports)
    operations: list[Operation] = [SetShipTo(address=body.address)]
    return _apply(session, order_id, operations, body.version, now, ports)


def _require_untouched(session: Session, order_id: UUID, now: datetime, ports: ChangePorts) -> None:
    """Raise `Refused` once anything of an order is in preparation, as its page says."""
    order = get_order(session, order_id, now=now, fulfillment=ports.progress)
    if why_late(order, all_lines=True):
        raise _too_late()


def preview_cancellation(
    session: Session,
    order_id: UUID,
    body: CancelPreviewRequest,
    now: datetime,
    ports: ChangePorts,
) -> ChangeEffect:
    """Return what is paid back for canceled quantities. Raise `Refused` when it is too late."""
    operations = _operations(session, order_id, body, now)
    if operations:
        with _customer_words():
            preview = preview_change(session, order_id, operations, now, ports)
        return ChangeEffect.of(preview.money, preview.version)

    order = get_order(session, order_id, now=now, fulfillment=ports.progress)
    if not order.actions.cancel.allowed:
        raise _too_late()
    return _all_of_it(session, order_id, ports)


def cancel(
    session: Session, order_id: UUID, body: Cancellation, now: datetime, ports: ChangePorts
) -> ChangeEffect:
    """Cancel quantities, or the order. Raise `Refused` when it is too late."""
    lock_orders(session, [order_id])
    operations = _operations(session, order_id, body, now)
    if operations:
        return _apply(session, order_id, operations, body.version, now, ports)

    with _customer_words():
        require_order_version(session, order_id, body.version, ports)
    effect = _all_of_it(session, order_id, ports)
    [outcome] = cancel_orders(session, [order_id], now, CUSTOMER, reason="Canceled by the customer")
    if not outcome.ok:
        raise _too_late()
    return effect


def start_return(
    session: Session, order_id: UUID, body: ReturnStart, now: datetime
) -> ReturnConfirmation:
    """Create a return, or declare a withdrawal. Raise `Refused` for what the policy refuses."""
    lines: list[NewReturnLine] = []
    for one in body.lines:
        lines.append(
            NewReturnLine(
                order_line_id=one.line,
                quantity=one.quantity,
                reason=one.reason,
                comment=one.comment,
            )
        )
    request = NewReturn(
        order_id=order_id, origin="customer", withdrawal=body.withdrawal, lines=lines
    )
    [result] = create_returns(session, [request], now, CUSTOMER)
    if not result.ok:
        raise Refused(
            "these goods cannot be returned now", where=result.where, remedy="contact the shop"
        )

    session.flush()
    for one_return in returns_of_order(session, order_id):
        if one_return.id == result.id:
            return ReturnConfirmation(
                number=one_return.number,
                declared_at=one_return.declared_at,
                is_withdrawal=one_return.is_withdrawal,
                refund=one_return.refund_amount,
                currency=one_return.currency,
            )
    raise NotFound(f"no return {result.number}")


def _operations(
    session: Session, order_id: UUID, body: CancelPreviewRequest, now: datetime
) -> list[Operation]:
    """Return the operations that cancel quantities; none when nothing of the order would be left.

    Raise `Refused` for more of a line than can be canceled.
    """
    wanted = {one.line: Decimal(str(one.quantity)) for one in body.lines}
    if not wanted:
        return []

    operations: list[Operation] = []
    left = Decimal(0)
    for line in get_order(session, order_id, now=now).lines:
        canceled = wanted.pop(line.line_number, Decimal(0))
        left += Decimal(str(line.quantity)) - Decimal(str(line.canceled)) - canceled
        if canceled:
            operations.append(_operation(line, canceled))

    if wanted:
        raise NotFound("the order has no such line")
    return operations if left else []


def _operation(line: LineDetail, canceled: Decimal) -> Operation:
    """Return the operation that cancels units of a line. Raise `Refused` for too many."""
    free = cancelable(line)
    if canceled > free:
        raise _too_late()
    if canceled == free:
        return RemoveLine(line=line.line_number)
    left = Decimal(str(line.quantity)) - canceled
    return ChangeQuantity(line=line.line_number, quantity=left)


def _apply(
    session: Session,
    order_id: UUID,
    operations: Sequence[Operation],
    version: str,
    now: datetime,
    ports: ChangePorts,
) -> ChangeEffect:
    request = ChangeRequest(order_id, operations, REASON, version)
    [outcome] = apply_changes(session, [request], now, CUSTOMER, ports.fulfillment)
    if outcome.refusal is not None:
        with _customer_words():
            raise outcome.refusal
    assert outcome.patch is not None
    return ChangeEffect.of(money_change(outcome.patch), version)


def _all_of_it(session: Session, order_id: UUID, ports: ChangePorts) -> ChangeEffect:
    basis = change_basis(session, order_id, ports)
    kept = amount_text(basis.kept, basis.currency)
    nothing = amount_text(Decimal(0), basis.currency)
    return ChangeEffect(
        version=basis.version,
        currency=basis.currency,
        total_before=kept,
        total_after=nothing,
        difference=amount_text(-basis.kept, basis.currency),
    )


@contextmanager
def _customer_words() -> Iterator[None]:
    """Raise refusals without the words of the shop, such as names of fulfillers and events."""
    try:
        yield
    except Refused as error:
        if error.where == "version":
            raise Refused(
                "the order has changed since you looked at it",
                where="version",
                remedy="reload the page of the order",
            ) from error
        if error.where.startswith("address."):
            raise
        raise _too_late() from error


def _too_late() -> Refused:
    return Refused("this can no longer be changed", remedy="reload the page of the order")
