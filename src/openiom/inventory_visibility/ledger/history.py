"""The past of a quantity: balances at a moment, and the entries behind a balance."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import orjson
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import ZERO, Measure
from openiom.kernel import Invalid
from openiom.platform.bulk import fetch, fetch_as


class LedgerRow(BaseModel):
    """One entry; `balance_after` is the balance of its measure after the entry."""

    id: int
    recorded_at: datetime
    data_source: str
    measure: str
    delta: float
    balance_after: float
    cause: str
    document: str
    actor: str
    event_id: str | None


@dataclass(slots=True)
class Balances:
    """The balances of a stock key at a moment: of its row and of each measure."""

    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    overdraft: Decimal = ZERO
    backed_by_variants: Decimal = ZERO
    measures: dict[Measure, Decimal] = field(default_factory=dict)


class _MeasureSum(NamedTuple):
    """The sum of the entries of one measure, and what they moved of the stock row."""

    stock_id: int
    data_source: str
    measure: str
    quantity: Decimal
    on_hand: Decimal
    reserved: Decimal


def as_of(session: Session, stock_ids: Collection[int], moment: datetime) -> dict[int, Balances]:
    """Return the balances of stock keys from all entries recorded up to and including `moment`."""
    sums = fetch_as(
        session,
        _MeasureSum,
        "SELECT stock_id, data_source, measure, sum(delta) AS quantity,"
        " sum(delta * on_hand_sign) AS on_hand, sum(delta * reserved_sign) AS reserved"
        " FROM inventory_visibility.ledger_entry WHERE stock_id = ANY(%s) AND recorded_at <= %s"
        " GROUP BY stock_id, data_source, measure",
        (list(stock_ids), moment),
    )
    found = {stock_id: Balances() for stock_id in stock_ids}

    for row in sums:
        balances = found[row.stock_id]
        balances.on_hand += row.on_hand
        balances.reserved += row.reserved
        if row.data_source:
            balances.measures[row.data_source, row.measure] = row.quantity
        elif row.measure == "overdraft":
            balances.overdraft = row.quantity
        elif row.measure == "backed_by_variants":
            balances.backed_by_variants = row.quantity

    return found


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Entries, the newest first, and the position of the next page.

    The position is the last id and the balances before that entry, by measure, as text.
    """

    rows: list[LedgerRow]
    after: tuple[int, str] | None


def parse_balances(text: str) -> dict[str, Decimal]:
    """Return the balances by measure that a page cursor contains.

    Raises:
        Invalid: The text is not such an object.
    """
    try:
        found = orjson.loads(text)
        return {str(measure): Decimal(units) for measure, units in found.items()}
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        raise Invalid(
            "is not a page cursor of this list",
            where="after",
            remedy="start from the first page",
        ) from None


def _balances_text(balances: Mapping[str, Decimal]) -> str:
    return orjson.dumps({name: str(units) for name, units in balances.items()}).decode()


class _Entry(NamedTuple):
    """A ledger entry with the present balance of its measure, if there is one."""

    id: int
    recorded_at: datetime
    data_source: str
    measure: str
    delta: Decimal
    cause: str
    document: str
    actor: str
    event_id: str | None
    balance_now: Decimal | None


def ledger_page(
    session: Session,
    stock_id: int,
    *,
    until: datetime | None,
    data_source: str,
    after: tuple[int, str] | None,
    limit: int,
) -> LedgerPage:
    """Return the entries behind the balances of a stock key, the newest first.

    Balances are counted back from the present ones, so a page costs the same however long the
    ledger is. Only a measure that first appears on a later page, or a moment in the past, is summed
    from the beginning.
    """
    last = after[0] if after else None
    # Entry and balance are read by one statement, so concurrent postings move both or neither.
    entries = fetch_as(
        session,
        _Entry,
        "SELECT e.id, e.recorded_at, e.data_source, e.measure, e.delta, e.cause, e.document,"
        " e.actor, e.event_id,"
        " CASE WHEN e.data_source = '' AND e.measure = 'overdraft' THEN s.overdraft"
        " WHEN e.data_source = '' AND e.measure = 'backed_by_variants' THEN s.backed_by_variants"
        " ELSE b.quantity END AS balance_now"
        " FROM inventory_visibility.ledger_entry e"
        " JOIN inventory_visibility.stock s ON s.id = e.stock_id"
        " LEFT JOIN inventory_visibility.measure_balance b"
        " ON (b.stock_id, b.data_source, b.measure) = (e.stock_id, e.data_source, e.measure)"
        " WHERE e.stock_id = %(stock_id)s"
        " AND (%(last)s::bigint IS NULL OR e.id < %(last)s)"
        " AND (%(until)s::timestamptz IS NULL OR e.recorded_at <= %(until)s)"
        " AND (%(data_source)s = '' OR e.data_source = %(data_source)s)"
        " ORDER BY e.id DESC LIMIT %(limit)s",
        {
            "stock_id": stock_id,
            "last": last,
            "until": until,
            "data_source": data_source,
            "limit": limit + 1,
        },
    )
    balances = parse_balances(after[1]) if after else {}
    is_newest_page = after is None and until is None

    rows = []
    for entry in entries[:limit]:
        name = f"{entry.data_source}.{entry.measure}"
        if name not in balances:
            if is_newest_page and entry.balance_now is not None:
                balances[name] = entry.balance_now
            else:
                balances[name] = _sum_through(session, stock_id, entry)

        rows.append(_ledger_row(entry, balances[name]))
        balances[name] -= entry.delta

    more = len(entries) > limit
    return LedgerPage(rows, (rows[-1].id, _balances_text(balances)) if more else None)


def _ledger_row(entry: _Entry, balance_after: Decimal) -> LedgerRow:
    return LedgerRow(
        id=entry.id,
        recorded_at=entry.recorded_at,
        data_source=entry.data_source,
        measure=entry.measure,
        delta=float(entry.delta),
        balance_after=float(balance_after),
        cause=entry.cause,
        document=entry.document,
        actor=entry.actor,
        event_id=entry.event_id,
    )


def _sum_through(session: Session, stock_id: int, entry: _Entry) -> Decimal:
    """Return the balance of the entry's measure after the entry, summed from the beginning."""
    ((total,),) = fetch(
        session,
        "SELECT sum(delta) FROM inventory_visibility.ledger_entry"
        " WHERE stock_id = %s AND data_source = %s AND measure = %s AND id <= %s",
        (stock_id, entry.data_source, entry.measure, entry.id),
    )
    return Decimal(total)
