"""Adjustments of a business application: stored for the ERP, and posted to on hand on request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    Measure,
    MeasureChange,
    post_measures,
)
from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.database import to_json_text

from .body_parser import StockName, day, measure_name, number, stock_name, text
from .changes import ALREADY_APPLIED
from .responses import RecordResult, succeeded

CREATED = "created"
POSTED = "iv_posted"
LABELS = {CREATED: "Created", POSTED: "IVPosted"}
_COLUMN_TYPES = {
    "external_id": "text",
    "organization": "text",
    "product": "text",
    "source": "text",
    "dimensions": "jsonb",
    "data_source": "text",
    "measure": "text",
    "quantity": "numeric",
    "reference_category": "text",
    "reference_id": "text",
    "journal_name": "text",
    "cost_price": "numeric",
    "transaction_date": "date",
}
_COLUMNS = ", ".join(_COLUMN_TYPES)
_RECORD = ", ".join(f"{name} {sql_type}" for name, sql_type in _COLUMN_TYPES.items())


class AdjustmentKey(NamedTuple):
    """The identity of an adjustment; an id counts once in an organization."""

    organization: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An adjustment of one measure. `reference` is the category and id of a document of the ERP."""

    record_id: str
    name: StockName
    measure: Measure
    quantity: Decimal
    reference: tuple[str, str]
    journal: str
    cost_price: Decimal | None
    transaction_date: date | None

    @property
    def key(self) -> AdjustmentKey:
        return AdjustmentKey(self.name.organization, self.record_id)


def read_adjustment(record: Mapping[str, Any], configuration: InventoryConfiguration) -> Adjustment:
    """Return the adjustment in a record with lower-case names. Raises Invalid."""
    source = text(record, "quantityDataSource")
    quantity = number(record.get("quantity"), "quantity")
    if not quantity:
        raise Invalid(
            "the quantity is zero", where="quantity", remedy="send a quantity other than zero"
        )

    measure = measure_name(
        configuration, source, text(record, "physicalMeasure"), where="physicalMeasure"
    )
    if measure in configuration.reservation:
        raise Invalid(
            "is a soft-reservation measure",
            where="physicalMeasure",
            remedy="use the calls reserve and unreserve",
        )

    price = record.get("costprice")
    given_day = record.get("transdate")
    return Adjustment(
        record_id=text(record, "id"),
        name=stock_name(record, configuration),
        measure=measure,
        quantity=quantity,
        reference=(
            text(record, "externalReferenceCategory", default=""),
            text(record, "externalReferenceId", default=""),
        ),
        journal=text(record, "fnoJournalNameId", default=""),
        cost_price=None if price is None else number(price, "costPrice"),
        transaction_date=day(given_day, "transDate") if given_day else None,
    )


def apply_adjustments(
    session: Session,
    adjustments: Sequence[Adjustment],
    *,
    post: bool,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[RecordResult | IomError]:
    """Store every adjustment once by its id and, with `post`, change on hand; one result each."""
    new = _insert_new(session, adjustments, now=now, actor=actor)
    label = LABELS[CREATED]
    refusals: dict[AdjustmentKey, str] = {}
    if post:
        label = LABELS[POSTED]
        refusals = _post(session, new, configuration, now=now, actor=actor)

    results: list[RecordResult | IomError] = []
    for adjustment in adjustments:
        # A later adjustment of the same request with the same id is a duplicate.
        if new.get(adjustment.key) is not adjustment:
            results.append(succeeded(adjustment.record_id, ALREADY_APPLIED))
        elif adjustment.key in refusals:
            results.append(_refused(refusals[adjustment.key]))
        else:
            results.append(succeeded(adjustment.record_id, detailLineStatus=label))

    return results


def _refused(reason: str) -> Refused:
    return Refused(
        reason,
        where="quantity",
        remedy="correct the quantity and send the record with the same id",
    )


def _post(
    session: Session,
    adjustments: Mapping[AdjustmentKey, Adjustment],
    configuration: InventoryConfiguration,
    *,
    now: datetime,
    actor: str,
) -> dict[AdjustmentKey, str]:
    """Change on hand by these adjustments; return the reasons of those that were refused.

    Refused adjustments are deleted, the others marked as posted.
    """
    if not adjustments:
        return {}

    posted = post_measures(
        session,
        list(map(_measure_change, adjustments.values())),
        mode="change",
        formula=configuration.formula,
        now=now,
        actor=actor,
        cause="adjustment",
    )
    refusals: dict[AdjustmentKey, str] = {}
    for key, result in zip(adjustments, posted, strict=True):
        if not result.ok:
            refusals[key] = result.reason

    _mark_posted(session, [key for key in adjustments if key not in refusals])
    _delete(session, list(refusals))
    return refusals


def _measure_change(adjustment: Adjustment) -> MeasureChange:
    name = adjustment.name
    return MeasureChange(
        organization=name.organization,
        product=name.product,
        source=name.source,
        quantities={adjustment.measure: adjustment.quantity},
        event_id=f"adjustment:{adjustment.record_id}",
        dimensions=name.dimensions,
        document=adjustment.reference[1] or adjustment.record_id,
    )


def _insert(
    session: Session, adjustments: Sequence[Adjustment], *, now: datetime, actor: str
) -> set[AdjustmentKey]:
    """Insert the adjustments whose ids are new, in the order of their ids; return their keys."""
    ordered = sorted(adjustments, key=lambda adjustment: adjustment.key)
    rows = [_row(adjustment, now.date()) for adjustment in ordered]
    found = fetch_as(
        session,
        AdjustmentKey,
        f"INSERT INTO inventory_contract.adjustment ({_COLUMNS}, status, recorded_at, actor)"
        f" SELECT {_COLUMNS}, %s, %s, %s FROM jsonb_to_recordset(%s::jsonb) AS r({_RECORD})"
        " ON CONFLICT (organization, external_id) DO NOTHING RETURNING organization, external_id",
        (CREATED, now, actor, to_json_text(rows)),
    )
    return set(found)


def _insert_new(
    session: Session, adjustments: Sequence[Adjustment], *, now: datetime, actor: str
) -> dict[AdjustmentKey, Adjustment]:
    """Insert the first adjustment with every id; return those whose ids are new, by key."""
    first_by_key: dict[AdjustmentKey, Adjustment] = {}
    for adjustment in adjustments:
        first_by_key.setdefault(adjustment.key, adjustment)
    inserted = _insert(session, list(first_by_key.values()), now=now, actor=actor)
    return {key: first for key, first in first_by_key.items() if key in inserted}


def _row(adjustment: Adjustment, today: date) -> dict[str, Any]:
    data_source, measure = adjustment.measure
    category, reference = adjustment.reference
    price = adjustment.cost_price
    return {
        "external_id": adjustment.record_id,
        "organization": adjustment.name.organization,
        "product": adjustment.name.product,
        "source": adjustment.name.source,
        "dimensions": dict(adjustment.name.dimensions),
        "data_source": data_source,
        "measure": measure,
        "quantity": str(adjustment.quantity),
        "reference_category": category,
        "reference_id": reference,
        "journal_name": adjustment.journal,
        "cost_price": None if price is None else str(price),
        "transaction_date": str(adjustment.transaction_date or today),
    }


def _mark_posted(session: Session, keys: Sequence[AdjustmentKey]) -> None:
    if keys:
        execute(
            session,
            "UPDATE inventory_contract.adjustment a SET status = %s"
            " FROM unnest(%s::text[], %s::text[]) AS k(organization, external_id)"
            " WHERE a.organization = k.organization AND a.external_id = k.external_id",
            (POSTED, *_key_columns(keys)),
        )


def _delete(session: Session, keys: Sequence[AdjustmentKey]) -> None:
    """Delete refused adjustments, so that a corrected record may have the same id."""
    if keys:
        execute(
            session,
            "DELETE FROM inventory_contract.adjustment a"
            " USING unnest(%s::text[], %s::text[]) AS k(organization, external_id)"
            " WHERE a.organization = k.organization AND a.external_id = k.external_id",
            _key_columns(keys),
        )


def _key_columns(keys: Sequence[AdjustmentKey]) -> tuple[list[str], list[str]]:
    """Return the organizations and the ids of the keys."""
    organizations = [key.organization for key in keys]
    return organizations, [key.external_id for key in keys]
