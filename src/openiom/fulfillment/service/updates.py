"""Take in what fulfillers tell of fulfillment orders: the receiver of fulfillment updates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from openiom.documents import FulfillmentUpdateDocument
from openiom.fulfillment.decisions import Applied, Standing, take_update
from openiom.fulfillment.locks import ids_by_number
from openiom.kernel import Problem
from openiom.provider_contract import InboundDocument, IntakeResult

from .update_batch import FulfillmentWave


def receive_updates(
    session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
) -> list[IntakeResult]:
    """
    Apply updates of fulfillers (`FulfillmentUpdateDocument`); one answer each, in order.

    A repetition, or news of a place passed already, is a duplicate and changes nothing, so updates lead to the same
    end in whatever order they come. A refused one says what, where and what to do, and does not stop the others.
    """
    updates = [_read(message) for message in arrived]
    ids = ids_by_number(
        session, [u.number for u in updates if isinstance(u, FulfillmentUpdateDocument)]
    )
    wave = FulfillmentWave.load(session, list(ids.values()))
    answers = []
    for update in updates:
        if isinstance(update, Problem):
            answers.append(_refused(update))
        elif update.number not in ids:
            what = f"there is no fulfillment order {update.number}"
            answers.append(
                _refused(
                    Problem("number", what, "use the number we sent, or wait until it is created")
                )
            )
        else:
            answers.append(_take(wave, ids[update.number], update))
    wave.write(session, now, actor)
    return answers


def _take(
    wave: FulfillmentWave, fulfillment_order_id: UUID, update: FulfillmentUpdateDocument
) -> IntakeResult:
    standing = wave.standings[fulfillment_order_id]
    applied = take_update(standing, update)
    if isinstance(applied, Problem):
        return _refused(applied)
    return _taken(wave, standing, update, applied)


def _taken(
    wave: FulfillmentWave, standing: Standing, update: FulfillmentUpdateDocument, applied: Applied
) -> IntakeResult:
    if update.external_id and applied.changed:
        wave.external_ids[standing.id] = update.external_id
    at = update.at if update.at.tzinfo else update.at.replace(tzinfo=UTC)
    wave.note(
        standing,
        applied,
        reason=update.reason,
        data={"happened_at": at.isoformat()},
        parcel=update.shipment,
    )
    return IntakeResult(ok=True, entity_id=str(standing.id), duplicate=not applied.changed)


def _read(message: InboundDocument) -> FulfillmentUpdateDocument | Problem:
    try:
        update = FulfillmentUpdateDocument.model_validate(message.document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        return Problem(
            where,
            first["msg"],
            "correct the transformation or the message at its sender, then replay",
        )
    if update.shipment and update.shipment.shipped_at.tzinfo is None:
        update.shipment.shipped_at = update.shipment.shipped_at.replace(tzinfo=UTC)
    return update


def _refused(problem: Problem) -> IntakeResult:
    return IntakeResult(ok=False, error=problem.what, where=problem.where, remedy=problem.remedy)
