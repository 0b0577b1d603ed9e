"""Receive units at a place, and inspect them. Each takes many."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import source_places
from openiom.inventory_visibility import (
    MeasureChange,
    inventory_configuration,
    post_measures,
)
from openiom.kernel import Invalid, Problem, new_id, new_ids, to_steps
from openiom.master_data import kit_parts
from openiom.platform.bulk import copy_rows, fetch_as
from openiom.provider_contract import Outcome
from openiom.returns.decisions import (
    Disposition,
    ReturnLineState,
    ReturnState,
    inspect_units,
    receive_units,
)
from openiom.returns.locks import returns_of_lines
from openiom.returns.payment_refunds import PAYMENT_REFUNDS
from openiom.returns.refund_port import RefundPort
from openiom.returns.return_batch import ReturnBatch
from openiom.returns.schemas import InspectedUnits, ReceivedUnits

from .amounts import credit_returns

MEASURES: dict[Disposition, tuple[str, str]] = {
    "restock": ("iom", "onhand"),
    "refurbish": ("iom", "refurbishment"),
    "scrap": ("iom", "scrapped"),
    "vendor": ("iom", "vendorreturn"),
}
"""The measure that counts units by what becomes of them; only restocked units are on hand."""


class Inspection(NamedTuple):
    """Inspected steps of a line, to insert and to post."""

    id: UUID
    line: ReturnLineState
    steps: int
    condition: str
    disposition: Disposition
    place: str
    note: str
    number: str


def receive_returns(
    session: Session,
    items: Sequence[ReceivedUnits],
    now: datetime,
    actor: str,
    *,
    place: str = "",
    refunds: RefundPort = PAYMENT_REFUNDS,
) -> list[Outcome]:
    """Receive units of lines of return orders at a place; one outcome per item.

    Units with a disposition are inspected as well. More than is expected is refused. Every unit is
    posted to stock once, by its inspection.
    """
    batch, owners = _load(session, [item.id for item in items])
    places = _places(session, [place, *_return_places(batch)])
    receipts: list[tuple[UUID, int, str]] = []
    inspections: list[Inspection] = []
    outcomes: list[Outcome] = []
    for item in items:
        found = _find(batch, owners, item.id, item.quantity)
        if isinstance(found, Outcome):
            outcomes.append(found)
            continue

        order, line, steps = found
        where = place or line.return_to
        problem = _place_problem(where, places) or receive_units(order, line, steps)
        if problem is not None:
            outcomes.append(Outcome(False, problem.what, {"remedy": problem.remedy}))
            continue

        receipts.append((line.id, steps, where))
        batch.receive(order, line, steps)
        if item.disposition:
            inspect_units(order, line, steps, item.disposition)
            inspections.append(_inspection(order, line, steps, item, where))
        outcomes.append(Outcome(True, f"received {line.number(steps)} {line.unit}"))

    insert_receipts(session, receipts, now, actor)
    _finish(session, batch, inspections, now, actor, refunds)
    return outcomes


def inspect_returns(
    session: Session,
    items: Sequence[InspectedUnits],
    now: datetime,
    actor: str,
    *,
    refunds: RefundPort = PAYMENT_REFUNDS,
) -> list[Outcome]:
    """Inspect received units; one outcome per item. Posts them to stock and credits them."""
    batch, owners = _load(session, [item.id for item in items])
    received_at = _last_places(session, [item.id for item in items])
    places = _places(session, [*(item.place for item in items), *received_at.values()])
    inspections: list[Inspection] = []
    outcomes: list[Outcome] = []
    for item in items:
        found = _find(batch, owners, item.id, item.quantity)
        if isinstance(found, Outcome):
            outcomes.append(found)
            continue

        order, line, steps = found
        where = item.place or received_at.get(line.id) or line.return_to
        problem = _place_problem(where, places)
        problem = problem or inspect_units(order, line, steps, item.disposition)
        if problem is not None:
            outcomes.append(Outcome(False, problem.what, {"remedy": problem.remedy}))
            continue

        inspections.append(_inspection(order, line, steps, item, where))
        outcomes.append(Outcome(True, f"inspected {line.number(steps)} {line.unit}"))

    _finish(session, batch, inspections, now, actor, refunds)
    return outcomes


def _load(session: Session, line_ids: Sequence[UUID]) -> tuple[ReturnBatch, dict[UUID, UUID]]:
    owners = returns_of_lines(session, line_ids)
    return ReturnBatch.load(session, set(owners.values())), owners


def _find(
    batch: ReturnBatch, owners: Mapping[UUID, UUID], line_id: UUID, quantity: Decimal
) -> tuple[ReturnState, ReturnLineState, int] | Outcome:
    """Return a line with its return order and the steps of a quantity, or a refusal."""
    if line_id not in owners:
        return Outcome(False, f"there is no line {line_id} of a return order")

    order = batch.returns[owners[line_id]]
    line = order.lines[line_id]
    try:
        return order, line, to_steps(quantity, line.unit_decimals, unit=line.unit)
    except Invalid as error:
        return Outcome(False, error.what, {"remedy": error.remedy})


def _inspection(
    order: ReturnState,
    line: ReturnLineState,
    steps: int,
    item: ReceivedUnits | InspectedUnits,
    place: str,
) -> Inspection:
    assert item.disposition
    return Inspection(
        new_id(),
        line,
        steps,
        item.condition,
        item.disposition,
        place,
        item.note,
        order.number,
    )


def _finish(
    session: Session,
    batch: ReturnBatch,
    inspections: Sequence[Inspection],
    now: datetime,
    actor: str,
    refunds: RefundPort,
) -> None:
    """Publish and insert inspections, post their units to stock, and credit them."""
    for one in inspections:
        data = {"condition": one.condition, "disposition": one.disposition, "place": one.place}
        batch.inspect(batch.returns[one.line.return_order_id], one.line, one.steps, data)

    _insert_inspections(session, inspections, now, actor)
    batch.raise_line_events(now)
    credit_returns(session, batch, now, actor, refunds)
    batch.write(session, now, actor)
    _post_stock(session, inspections, now, actor)


def _post_stock(
    session: Session, inspections: Sequence[Inspection], now: datetime, actor: str
) -> None:
    """Post inspected units to the measures of their dispositions, kits by their parts."""
    posted = [one for one in inspections if one.disposition in MEASURES]
    if not posted:
        return

    kits = kit_parts(session, {one.line.product for one in posted})
    changes: list[MeasureChange] = []
    for one in posted:
        units = one.line.in_stock(one.steps)
        for product, per_unit in (kits.get(one.line.product) or {one.line.product: 1}).items():
            quantities = {MEASURES[one.disposition]: units * per_unit}
            event = f"return-inspection/{one.id}/{product}"
            changes.append(
                MeasureChange(
                    "", product, one.place, quantities, event_id=event, document=one.number
                )
            )

    changes.sort(key=lambda change: (change.product, change.source))
    formula = inventory_configuration(session).formula
    post_measures(session, changes, formula=formula, now=now, actor=actor, cause="return")


def _places(session: Session, names: Sequence[str]) -> set[str]:
    """Return those of these names that are sources."""
    return set(source_places(session, {name for name in names if name}))


def _return_places(batch: ReturnBatch) -> list[str]:
    places: list[str] = []
    for order in batch.returns.values():
        places += [line.return_to for line in order.lines.values()]
    return places


def _place_problem(place: str, known: set[str]) -> Problem | None:
    if not place:
        return Problem("place", "it is not said where the units are", "choose a source")
    if place not in known:
        return Problem("place", f"there is no source {place}", "choose an existing source")
    return None


class _Receipt(NamedTuple):
    return_line_id: UUID
    place: str


def _last_places(session: Session, line_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return where units of these lines were received last."""
    rows = fetch_as(
        session,
        _Receipt,
        "SELECT DISTINCT ON (return_line_id) return_line_id, place FROM returns.return_receipt"
        " WHERE return_line_id = ANY(%s) ORDER BY return_line_id, received_at DESC, id DESC",
        (list(line_ids),),
    )
    return {row.return_line_id: row.place for row in rows}


def insert_receipts(
    session: Session, receipts: Sequence[tuple[UUID, int, str]], now: datetime, actor: str
) -> None:
    """Insert receipts: (line id, steps, place)."""
    if not receipts:
        return
    columns = ("id", "return_line_id", "quantity", "place", "received_at", "received_by")
    ids = new_ids(len(receipts))
    rows = []
    for receipt_id, (line_id, steps, place) in zip(ids, receipts, strict=True):
        rows.append((receipt_id, line_id, steps, place, now, actor))
    copy_rows(session, "returns.return_receipt", columns, rows)


def _insert_inspections(
    session: Session, inspections: Sequence[Inspection], now: datetime, actor: str
) -> None:
    if not inspections:
        return
    columns = (
        "id",
        "return_line_id",
        "quantity",
        "condition",
        "disposition",
        "place",
        "note",
        "inspected_at",
        "inspected_by",
    )
    rows = []
    for one in inspections:
        rows.append(
            (
                one.id,
                one.line.id,
                one.steps,
                one.condition,
                one.disposition,
                one.place,
                one.note,
                now,
                actor,
            )
        )
    copy_rows(session, "returns.return_inspection", columns, rows)
