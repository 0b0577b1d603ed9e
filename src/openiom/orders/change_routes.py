"""HTTP routes of changes of orders: preview, apply, undo, and the history."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import amount_text
from openiom.platform.database import to_json
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession

from .change_preview import ChangePorts, money_change, order_changes, preview_change
from .change_schemas import (
    AppliedOrderChange,
    BulkChangeRequest,
    BulkChangeResponse,
    BulkChangeResult,
    ChangeBody,
    ChangePreview,
    ChangePreviewRequest,
    OrderChanges,
)
from .fulfillment_port import (
    NO_FULFILLMENT_ORDERS,
    FulfillmentPort,
    FulfillmentProgressPort,
)
from .routes import require_bulk
from .service.apply_changes import ChangeOutcome, ChangeRequest, apply_changes
from .service.idempotency import store_response, stored_response
from .service.undo_changes import undo_change

IdempotencyHeader = Annotated[str | None, Header(max_length=200)]


def change_router(
    fulfillment: FulfillmentPort = NO_FULFILLMENT_ORDERS,
    progress: FulfillmentProgressPort = NO_FULFILLMENT_ORDERS,
) -> Router:
    """Return the routes of changes below `/api/v1/orders`."""
    ports = ChangePorts(fulfillment, progress)
    router = Router(prefix="/api/v1/orders", tags=["orders"])
    router.add_api_route("/changes", _change_many(ports), methods=["POST"])
    router.add_api_route("/{order_id}/changes", _read_changes(ports), methods=["GET"])
    router.add_api_route("/{order_id}/changes", _change(ports), methods=["POST"])
    router.add_api_route("/{order_id}/changes/preview", _preview(ports), methods=["POST"])
    router.add_api_route("/{order_id}/changes/{change_id}/undo", _undo(ports), methods=["POST"])
    return router


def _preview(ports: ChangePorts) -> Callable[..., ChangePreview]:
    def preview(
        order_id: UUID,
        body: ChangePreviewRequest,
        principal: CurrentPrincipal,
        session: ReadSession,
        now: Now,
    ) -> ChangePreview:
        """What a change would do to the money, stock, tasks and promise of an order."""
        principal.require("orders.write")
        return preview_change(session, order_id, body.operations, now, ports)

    return preview


def _read_changes(ports: ChangePorts) -> Callable[..., OrderChanges]:
    def read_order_changes(
        order_id: UUID, principal: CurrentPrincipal, session: ReadSession
    ) -> OrderChanges:
        """The changes of an order, newest first, and whether each can be undone now."""
        principal.require("orders.read")
        return order_changes(session, order_id, ports)

    return read_order_changes


def _change(ports: ChangePorts) -> Callable[..., AppliedOrderChange]:
    def change_order(
        order_id: UUID,
        body: ChangeBody,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
        idempotency_key: IdempotencyHeader = None,
    ) -> AppliedOrderChange:
        """Apply a change to the version of the order that was previewed.

        It is refused with 409, and says what happened since, when the order has changed. With an
        `Idempotency-Key`, the repeated request gets the same response and changes nothing.
        """
        principal.require("orders.write")
        digest = _digest(str(order_id), body)
        known = _stored(session, principal.name, idempotency_key, digest)
        if known is not None:
            return AppliedOrderChange.model_validate(known)

        request = ChangeRequest(order_id, body.operations, body.reason, body.version)
        [outcome] = apply_changes(session, [request], now, principal.name, ports.fulfillment)
        if outcome.refusal is not None:
            raise outcome.refusal

        result = _result(outcome)
        if idempotency_key:
            store_response(
                session,
                principal=principal.name,
                key=idempotency_key,
                digest=digest,
                response=result.model_dump(mode="json"),
                now=now,
            )
        return result

    return change_order


def _undo(ports: ChangePorts) -> Callable[..., AppliedOrderChange]:
    def undo(
        order_id: UUID,
        change_id: UUID,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
    ) -> AppliedOrderChange:
        """Undo a change while nothing of what it touched was sent, shipped or changed since."""
        principal.require("orders.write")
        outcome = undo_change(session, order_id, change_id, now, principal.name, ports.fulfillment)
        return _result(outcome)

    return undo


def _change_many(ports: ChangePorts) -> Callable[..., BulkChangeResponse]:
    def change_orders(
        body: BulkChangeRequest,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
    ) -> BulkChangeResponse:
        """Apply the same operations to up to 1,000 orders; one result each, a refused one stops
        no other.
        """
        ids = list(dict.fromkeys(require_bulk(principal, body.ids)))
        requests = [ChangeRequest(order_id, body.operations, body.reason) for order_id in ids]
        outcomes = apply_changes(session, requests, now, principal.name, ports.fulfillment)
        return BulkChangeResponse(results=[_bulk_result(outcome) for outcome in outcomes])

    return change_orders


def _bulk_result(outcome: ChangeOutcome) -> BulkChangeResult:
    order_id = outcome.request.order_id
    refusal, patch = outcome.refusal, outcome.patch
    if refusal is not None or patch is None:
        reason = str(refusal.what) if refusal else ""
        if refusal and refusal.remedy:
            reason += f"; {refusal.remedy}"
        return BulkChangeResult(
            id=order_id, ok=False, reason=reason, number="", difference="", currency=""
        )

    currency = patch.before.currency
    difference = patch.money_after.kept - patch.money_before.kept
    return BulkChangeResult(
        id=order_id,
        ok=True,
        reason="",
        number=patch.before.number,
        difference=amount_text(difference, currency),
        currency=currency,
    )


def _result(outcome: ChangeOutcome) -> AppliedOrderChange:
    assert outcome.patch is not None
    assert outcome.change_id is not None
    return AppliedOrderChange(
        id=outcome.change_id,
        order_id=outcome.request.order_id,
        words=list(outcome.patch.words),
        money=money_change(outcome.patch),
    )


def _digest(order_id: str, body: BaseModel) -> str:
    return sha256(to_json([order_id, body.model_dump(mode="json")])).hexdigest()


def _stored(
    session: Session, principal: str, key: str | None, digest: str
) -> dict[str, object] | None:
    if not key:
        return None
    return stored_response(session, principal=principal, key=key, digest=digest)
