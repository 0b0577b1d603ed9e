"""Reads of the sealed days of the ledger."""

from datetime import date, datetime

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as


class DayRow(BaseModel):
    """A day of the chain: entries `first_id` to `last_id`; `hash` is empty until it is sealed."""

    day: date
    first_id: int
    last_id: int
    entries: int
    hash: str
    previous_hash: str
    sealed_at: datetime | None


def sealed_days(session: Session, *, before: date | None, limit: int) -> list[DayRow]:
    """Return the days of the chain, the newest first, including the one being sealed."""
    return fetch_as(
        session,
        DayRow,
        "SELECT day, first_id, last_id, entries, encode(hash, 'hex') AS hash,"
        " encode(previous_hash, 'hex') AS previous_hash, sealed_at"
        " FROM inventory_visibility.ledger_day WHERE %s::date IS NULL OR day < %s"
        " ORDER BY day DESC LIMIT %s",
        (before, before, limit),
    )
