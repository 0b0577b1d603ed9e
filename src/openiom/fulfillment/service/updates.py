"""What fulfillers tell: accepted, declined, picked, packed, shipped in parts or whole, delivered, canceled."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from openiom.documents import FulfillmentUpdateDocument
from openiom.fulfillment.locks import LockedFulfillmentOrder, ids_of_numbers, lock_siblings
from openiom.fulfillment.states import event_of, is_late
from openiom.provider_contract import Arrived, Outcome, Raise, Taken

from .raise_events import raise_fulfillment_order_events
from .ship import record_shipments


@dataclass(frozen=True, slots=True)
class Update:
    """One update that could be read, by the index it is answered under."""

    index: int
    document: FulfillmentUpdateDocument


def receive_updates(session: Session, arrived: Sequence[Arrived], now: datetime, actor: str) -> list[Taken]:
    """Take updates in, in order; one answer each. Late news and second deliveries change nothing.

    Several updates of one fulfillment order are taken one after the other, those of different ones together.
    """
    answers: dict[int, Taken] = {}
    rounds: dict[int, list[Update]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for index, message in enumerate(arrived):
        try:
            document = FulfillmentUpdateDocument.model_validate(message.document)
        except ValidationError as error:
            answers[index] = _unreadable(error)
            continue
        rounds[seen[document.number]].append(Update(index, document))
        seen[document.number] += 1
    for number in sorted(rounds):
        answers |= _take(session, rounds[number], now, actor)
    return [answers[i] for i in range(len(arrived))]


def _take(session: Session, updates: Sequence[Update], now: datetime, actor: str) -> dict[int, Taken]:
    ids = ids_of_numbers(session, [u.document.number for u in updates])
    locked = lock_siblings(session, ids.values())
    answers: dict[int, Taken] = {}
    shipped: list[tuple[Update, LockedFulfillmentOrder]] = []
    plain: list[tuple[Update, LockedFulfillmentOrder]] = []
    for update in updates:
        found = locked.get(ids[update.document.number]) if update.document.number in ids else None
        if found is None:
            answers[update.index] = _unknown(update.document.number)
        elif update.document.kind == "shipped":
            shipped.append((update, found))
        elif is_late(found.state, update.document.kind):
            answers[update.index] = Taken(ok=True, entity_id=str(found.id), duplicate=True)
        else:
            plain.append((update, found))
    outcomes = raise_fulfillment_order_events(session, [_raise(u, f.id) for u, f in plain], now, actor)
    for (update, found), outcome in zip(plain, outcomes, strict=True):
        answers[update.index] = _answer(found.id, outcome)
    taken = record_shipments(session, [(u.document, f) for u, f in shipped], now, actor)
    return answers | {u.index: t for (u, _), t in zip(shipped, taken, strict=True)}


def _raise(update: Update, fulfillment_order: UUID) -> Raise:
    document = update.document
    data = {"at": document.at.isoformat()}
    if document.external_id:
        data["external_id"] = document.external_id
    return Raise(fulfillment_order, event_of(document.kind), data=data, reason=document.reason)


def _answer(fulfillment_order: UUID, outcome: Outcome) -> Taken:
    if outcome.ok:
        return Taken(ok=True, entity_id=str(fulfillment_order))
    return Taken(ok=False, error=outcome.reason, where="kind", remedy="settle it with the fulfiller, then replay")


def _unknown(number: str) -> Taken:
    remedy = "check the reference with the fulfiller; replay once the fulfillment order exists"
    return Taken(ok=False, error=f"there is no fulfillment order {number}", where="number", remedy=remedy)


def _unreadable(error: ValidationError) -> Taken:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return Taken(ok=False, error=first["msg"], where=where, remedy="correct the transformation, then replay")
