"""Adjustments of the business layer: kept for the ERP with their reference, and posted to on-hand when asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    Measure,
    MeasureChange,
    post_measures,
)
from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text

from .body_parser import StockName, day, measure_name, number, stock_name, text
from .changes import ALREADY
from .responses import Answer, succeeded

CREATED, POSTED = "created", "iv_posted"
SHOWN = {CREATED: "Created", POSTED: "IVPosted"}


@dataclass(frozen=True, slots=True)
class Adjustment:
    record_id: str
    name: StockName
    measure: Measure
    quantity: Decimal
    reference: tuple[str, str]
    journal: str
    cost_price: Decimal | None
    on: date | None


def read_adjustment(record: Mapping[str, Any], configuration: InventoryConfiguration) -> Adjustment:
    source = text(record, "quantityDataSource")
    quantity = number(record.get("quantity"), "quantity")
    if not quantity:
        raise Invalid("adjusts nothing", where="quantity", remedy="send a quantity other than zero")
    measure = measure_name(
        configuration, source, text(record, "physicalMeasure"), where="physicalMeasure"
    )
    if measure in configuration.reservation:
        raise Invalid(
            "is a soft reservation", where="physicalMeasure", remedy="reserve and unreserve it"
        )
    price = record.get("costprice")
    on = record.get("transdate")
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
        on=day(on, "transDate") if on else None,
    )


def take_adjustments(
    session: Session,
    adjustments: Sequence[Adjustment],
    *,
    post: bool,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> Sequence[Answer | IomError]:
    """Keep each adjustment once by its id, and move on-hand with it when `post`; one answer an adjustment."""
    first = {
        (a.name.organization, a.record_id): i for i, a in reversed(list(enumerate(adjustments)))
    }
    kept = _keep(session, [adjustments[i] for i in sorted(first.values())], now=now, actor=actor)
    fresh = [i for key, i in sorted(first.items(), key=lambda item: item[1]) if key in kept]
    refused: dict[int, str] = {}
    if post and fresh:
        posted = post_measures(
            session,
            [_change(adjustments[i]) for i in fresh],
            mode="change",
            formula=configuration.formula,
            now=now,
            actor=actor,
            cause="adjustment",
        )
        refused = {i: p.reason for i, p in zip(fresh, posted, strict=True) if not p.ok}
        _settle(
            session,
            adjustments,
            posted=[i for i in fresh if i not in refused],
            refused=list(refused),
        )
    answers: list[Answer | IomError] = []
    for i, adjustment in enumerate(adjustments):
        if i in refused:
            answers.append(
                Refused(refused[i], where="quantity", remedy="correct it and send it again")
            )
        elif i in fresh:
            answers.append(
                succeeded(adjustment.record_id, detailLineStatus=SHOWN[POSTED if post else CREATED])
            )
        else:
            answers.append(succeeded(adjustment.record_id, ALREADY))
    return answers


def _change(adjustment: Adjustment) -> MeasureChange:
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


def _keep(
    session: Session, adjustments: Sequence[Adjustment], *, now: datetime, actor: str
) -> set[tuple[str, str]]:
    """Write down those whose id is new, in the order of their ids; answers which those were."""
    rows = [
        {
            "external_id": a.record_id,
            "organization": a.name.organization,
            "product": a.name.product,
            "source": a.name.source,
            "dimensions": dict(a.name.dimensions),
            "data_source": a.measure[0],
            "measure": a.measure[1],
            "quantity": str(a.quantity),
            "reference_category": a.reference[0],
            "reference_id": a.reference[1],
            "journal_name": a.journal,
            "cost_price": None if a.cost_price is None else str(a.cost_price),
            "transaction_date": str(a.on or now.date()),
        }
        for a in sorted(adjustments, key=lambda a: (a.name.organization, a.record_id))
    ]
    columns = (
        "external_id text, organization text, product text, source text, dimensions jsonb, data_source text,"
        " measure text, quantity numeric, reference_category text, reference_id text, journal_name text,"
        " cost_price numeric, transaction_date date"
    )
    names = ", ".join(part.split()[0] for part in columns.split(","))
    found = fetch(
        session,
        f"INSERT INTO inventory_visibility.adjustment ({names}, status, at, actor)"
        f" SELECT {names}, %s, %s, %s FROM jsonb_to_recordset(%s::jsonb) AS r({columns})"
        " ON CONFLICT (organization, external_id) DO NOTHING RETURNING organization, external_id",
        (CREATED, now, actor, to_json_text(rows)),
    )
    return {(organization, external_id) for organization, external_id in found}


def _settle(
    session: Session,
    adjustments: Sequence[Adjustment],
    *,
    posted: Sequence[int],
    refused: Sequence[int],
) -> None:
    """Mark what on-hand took; forget what it refused, so that a corrected record may come under the same id."""
    for statement, places in (
        (f"UPDATE inventory_visibility.adjustment a SET status = '{POSTED}' FROM", posted),
        ("DELETE FROM inventory_visibility.adjustment a USING", refused),
    ):
        if places:
            chosen = [adjustments[i] for i in places]
            execute(
                session,
                f"{statement} unnest(%s::text[], %s::text[]) AS g(organization, external_id)"
                " WHERE a.organization = g.organization AND a.external_id = g.external_id",
                ([a.name.organization for a in chosen], [a.record_id for a in chosen]),
            )
