"""Receive updates of fulfillment orders from fulfillers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from openiom.documents import FulfillmentUpdateDocument
from openiom.fulfillment.decisions import apply_update
from openiom.fulfillment.locks import ids_by_number
from openiom.kernel import Problem
from openiom.provider_contract import InboundDocument, IntakeResult

from .update_batch import FulfillmentBatch


def receive_updates(
    session: Session, documents: Sequence[InboundDocument], now: datetime, actor: str
) -> list[IntakeResult]:
    """Apply update documents (`FulfillmentUpdateDocument`); one result each, in order.

    A repetition, or an update about a state that was passed already, is a duplicate and changes
    nothing, so updates lead to the same result in whatever order they arrive. A refused document
    does not stop the others; its result says what is wrong, where, and what to do.
    """
    updates = [_read(document) for document in documents]
    numbers = [update.number for update in updates if not isinstance(update, Problem)]
    ids = ids_by_number(session, numbers)
    batch = FulfillmentBatch.load(session, list(ids.values()))

    results: list[IntakeResult] = []
    for document, update in zip(documents, updates, strict=True):
        if isinstance(update, Problem):
            results.append(_refusal(update))
        elif update.number not in ids:
            results.append(_unknown(update.number))
        else:
            results.append(_apply(batch, ids[update.number], update, document.instance))

    batch.write(session, now, actor)
    return results


def _apply(
    batch: FulfillmentBatch,
    fulfillment_order_id: UUID,
    update: FulfillmentUpdateDocument,
    instance: str,
) -> IntakeResult:
    order = batch.orders[fulfillment_order_id]
    effect = apply_update(order, update)
    if isinstance(effect, Problem):
        return _refusal(effect)

    if update.external_id and effect.is_change:
        batch.external_ids[order.id] = update.external_id

    batch.fulfillers[order.id] = instance
    happened_at = update.at if update.at.tzinfo else update.at.replace(tzinfo=UTC)
    batch.add(
        order,
        effect,
        reason=update.reason,
        data={"happened_at": happened_at.isoformat()},
        parcel=update.shipment,
    )
    return IntakeResult(ok=True, entity_id=str(order.id), duplicate=not effect.is_change)


def _read(message: InboundDocument) -> FulfillmentUpdateDocument | Problem:
    try:
        update = FulfillmentUpdateDocument.model_validate(message.document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        return Problem(
            ".".join(map(str, first["loc"])),
            first["msg"],
            "correct the transformation or the message at its sender, then replay",
        )

    if update.shipment and update.shipment.shipped_at.tzinfo is None:
        update.shipment.shipped_at = update.shipment.shipped_at.replace(tzinfo=UTC)

    return update


def _unknown(number: str) -> IntakeResult:
    return _refusal(
        Problem(
            "number",
            f"there is no fulfillment order {number}",
            "use the number that was sent, or wait until it is created",
        )
    )


def _refusal(problem: Problem) -> IntakeResult:
    return IntakeResult(ok=False, error=problem.what, where=problem.where, remedy=problem.remedy)
