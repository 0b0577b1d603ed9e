"""Reads of the ledger: its sealed days and its entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as
from openiom.platform.database import to_json_text


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


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Entries of one organization recorded from `since` until before `until`.

    An empty product or source matches all of them; `dimensions` must be among those of the stock.
    """

    organization: str
    product: str
    source: str
    dimensions: Mapping[str, str]
    since: datetime
    until: datetime


class LedgerLine(NamedTuple):
    """An entry of the ledger with the stock it changed."""

    id: int
    recorded_at: datetime
    organization: str
    product: str
    source: str
    dimensions: str
    data_source: str
    measure: str
    delta: Decimal
    cause: str
    document: str
    actor: str


def ledger_lines(
    session: Session, selected: LedgerFilter, *, after_id: int, limit: int
) -> list[LedgerLine]:
    """Return the next `limit` entries with an id above `after_id`, ordered by id."""
    return fetch_as(
        session,
        LedgerLine,
        "SELECT e.id, e.recorded_at, s.organization, s.product, s.source, s.dimensions,"
        " e.data_source, e.measure, e.delta, e.cause, e.document, e.actor"
        " FROM inventory_visibility.ledger_entry e"
        " JOIN inventory_visibility.stock s ON s.id = e.stock_id"
        " WHERE e.id > %(after_id)s AND e.recorded_at >= %(since)s AND e.recorded_at < %(until)s"
        " AND s.organization = %(organization)s"
        " AND (%(product)s = '' OR s.product = %(product)s)"
        " AND (%(source)s = '' OR s.source = %(source)s)"
        " AND s.dimension_values @> %(dimensions)s::jsonb ORDER BY e.id LIMIT %(limit)s",
        {
            "after_id": after_id,
            "since": selected.since,
            "until": selected.until,
            "organization": selected.organization,
            "product": selected.product,
            "source": selected.source,
            "dimensions": to_json_text(dict(selected.dimensions)),
            "limit": limit,
        },
    )
