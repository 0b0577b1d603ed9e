"""Routes of dated changes: /onhand/changeschedule with one record and with up to 512."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    ScheduleChange,
    inventory_configuration,
    post_schedule,
)
from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.http import Now, Principal, RawBody, Router, WriteSession

from .body_parser import day, folded, quantities_of, stock_name, text
from .changes import ALREADY_APPLIED
from .dependencies import PREFIX, Apply, Caller, Read, process_record, process_records
from .responses import RecordResult, succeeded

router = Router(prefix=PREFIX, tags=["inventory visibility contract"])
DatedMeasure = tuple[date, str, str]


class DatedRecord(NamedTuple):
    """A dated change and the id of its record."""

    record_id: str
    change: ScheduleChange


@router.post("/onhand/changeschedule")
def change_schedule(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Schedule one dated change; an id counts once."""
    read, apply = _record_functions(session, caller, now)
    return process_record(request, body, read=read, apply=apply)


@router.post("/onhand/changeschedule/bulk")
def change_schedule_bulk(
    caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Schedule up to 512 dated changes; every record has a result with its index."""
    read, apply = _record_functions(session, caller, now)
    return process_records(body, read=read, apply=apply)


def _record_functions(
    session: Session, principal: Principal, now: datetime
) -> tuple[Read[DatedRecord], Apply[DatedRecord]]:
    """Return the functions that read and apply records. Raises Forbidden."""
    principal.require("inventory.write")
    configuration = inventory_configuration(session)
    apply = partial(_apply, session, configuration=configuration, now=now, actor=principal.name)
    return partial(_read, configuration), apply


def _read(configuration: InventoryConfiguration, record: dict[str, Any]) -> DatedRecord:
    record_id = text(record, "id")
    name = stock_name(record, configuration)
    return DatedRecord(
        record_id,
        ScheduleChange(
            f"{name.organization}/{record_id}",
            name.organization,
            name.product,
            name.source,
            _dated_quantities(record.get("quantitiesbydate"), configuration),
            name.dimensions,
            document=record_id,
        ),
    )


def _dated_quantities(
    value: Any, configuration: InventoryConfiguration
) -> dict[DatedMeasure, Decimal]:
    """Return quantities by date and measure; two spellings of one date are added."""
    quantities: dict[DatedMeasure, Decimal] = {}
    for given_day, by_source in folded(value, "quantitiesByDate").items():
        path = f"quantitiesByDate.{given_day}"
        on_day = day(given_day, path)

        for (source, measure), quantity in quantities_of(by_source, configuration, path).items():
            key = (on_day, source, measure)
            quantities[key] = quantities.get(key, Decimal(0)) + quantity

    if not quantities:
        raise Invalid(
            "contains no date",
            where="quantitiesByDate",
            remedy='send {"2026-01-31": {"iom": {"onhand": 5}}}',
        )

    return quantities


def _apply(
    session: Session,
    records: Sequence[DatedRecord],
    *,
    configuration: InventoryConfiguration,
    now: datetime,
    actor: str,
) -> list[RecordResult | IomError]:
    today = now.date()
    window = (today, today + timedelta(days=configuration.atp_days - 1))
    changes = [record.change for record in records]
    posted = post_schedule(
        session, changes, now=now, actor=actor, cause="changeschedule", window=window
    )

    results: list[RecordResult | IomError] = []
    for record, result in zip(records, posted, strict=True):
        if result.ok:
            message = ALREADY_APPLIED if result.duplicate else ""
            results.append(succeeded(record.record_id, message))
        else:
            results.append(
                Refused(
                    result.reason,
                    where="quantitiesByDate",
                    remedy="schedule within the configured days",
                )
            )

    return results
