"""The contract's dated changes: /onhand/changeschedule, one and up to 512."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    InventoryConfiguration,
    ScheduleChange,
    inventory_configuration,
    post_schedule,
)
from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.http import Now, RawBody, WriteSession

from .body_parser import day, folded, quantities_of, stock_name, text
from .dependencies import PREFIX, Caller, Take, answer_record, answer_records
from .responses import Answer, succeeded

router = APIRouter(prefix=PREFIX, tags=["inventory visibility contract"])
Dated = tuple[date, str, str]


@router.post("/onhand/changeschedule")
def change_schedule(
    request: Request, caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Schedule one dated change; its id is counted once."""
    caller.require("inventory.write")
    configuration = inventory_configuration(session)
    return answer_record(
        request,
        body,
        read=_reader(configuration),
        take=_taker(session, configuration, now, caller.name),
    )


@router.post("/onhand/changeschedule/bulk")
def change_schedule_bulk(
    caller: Caller, body: RawBody, session: WriteSession, now: Now
) -> Response:
    """Schedule up to 512 dated changes; each is answered by its index."""
    caller.require("inventory.write")
    configuration = inventory_configuration(session)
    return answer_records(
        body, read=_reader(configuration), take=_taker(session, configuration, now, caller.name)
    )


Read = tuple[str, ScheduleChange]


def _reader(configuration: InventoryConfiguration) -> Callable[[dict[str, Any]], Read]:
    def read(record: dict[str, Any]) -> Read:
        given = text(record, "id")
        where = stock_name(record, configuration)
        quantities: dict[Dated, Decimal] = {}
        for key, value in folded(record.get("quantitiesbydate"), "quantitiesByDate").items():
            at = f"quantitiesByDate.{key}"
            when = day(key, at)
            for measure, quantity in quantities_of(value, configuration, at).items():
                quantities[when, *measure] = quantities.get((when, *measure), Decimal(0)) + quantity
        if not quantities:
            raise Invalid(
                "holds no date",
                where="quantitiesByDate",
                remedy='send {"2026-01-31": {"iom": {"onhand": 5}}}',
            )
        return given, ScheduleChange(
            f"{where.organization}/{given}",
            where.organization,
            where.product,
            where.source,
            quantities,
            where.dimensions,
            document=given,
        )

    return read


def _taker(
    session: Session, configuration: InventoryConfiguration, now: datetime, actor: str
) -> Take[Read]:
    def take(records: Sequence[Read]) -> list[Answer | IomError]:
        today = now.date()
        window = (today, today + timedelta(days=configuration.atp_days - 1))
        changes = [change for _, change in records]
        answers = post_schedule(
            session, changes, now=now, actor=actor, cause="changeschedule", window=window
        )
        return [
            succeeded(given, "counted before" if answer.duplicate else "")
            if answer.ok
            else Refused(
                answer.reason,
                where="quantitiesByDate",
                remedy="schedule within the configured days",
            )
            for (given, _), answer in zip(records, answers, strict=True)
        ]

    return take
