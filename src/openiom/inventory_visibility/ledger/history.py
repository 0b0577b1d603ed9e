"""The past of a quantity: balances as of a moment, and the entries behind a balance."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import ZERO, Measure
from openiom.platform.bulk import fetch


class LedgerRow(BaseModel):
    """One entry; `balance_after` is what its measure stood at once it was booked."""

    id: int
    at: datetime
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
    """A stock key at a moment: what its measures stood at, and what they made of its row."""

    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    overdraft: Decimal = ZERO
    covered: Decimal = ZERO
    measures: dict[Measure, Decimal] = field(default_factory=dict)


def as_of(session: Session, stock_ids: Collection[int], at: datetime) -> dict[int, Balances]:
    """What the ledger says each stock key stood at, with every entry up to and with `at`."""
    rows = fetch(
        session,
        "SELECT stock_id, data_source, measure, sum(delta), sum(delta * on_hand_sign), sum(delta * reserved_sign)"
        " FROM inventory_visibility.ledger_entry WHERE stock_id = ANY(%s) AND at <= %s GROUP BY 1, 2, 3",
        (list(stock_ids), at),
    )
    found = {stock_id: Balances() for stock_id in stock_ids}
    for stock_id, source, measure, quantity, on_hand, reserved in rows:
        balances = found[stock_id]
        balances.on_hand += on_hand
        balances.reserved += reserved
        if source:
            balances.measures[source, measure] = quantity
        elif measure == "overdraft":
            balances.overdraft = quantity
        elif measure == "covered":
            balances.covered = quantity
    return found


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Entries, newest first, and where the next page goes on: the last id and the balances before it."""

    rows: list[LedgerRow]
    after: tuple[int, str] | None


def balances_in(text: str) -> dict[str, Decimal]:
    """Balances by measure as a cursor carries them. Raises ValueError."""
    found = orjson.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no balances")
    try:
        return {str(measure): Decimal(units) for measure, units in found.items()}
    except (ArithmeticError, TypeError):
        raise ValueError("a balance is no number") from None


def ledger_page(
    session: Session,
    stock_id: int,
    *,
    at: datetime | None,
    data_source: str,
    after: tuple[int, str] | None,
    limit: int,
) -> LedgerPage:
    """The entries that make up one balance, newest first, up to and with `at`.

    Balances are counted back from today's, so that a page costs the same however long the ledger is; only a measure
    met for the first time on a later page, or a moment in the past, is summed from its beginning.
    """
    # Entry and balance come from one statement: what is booked meanwhile moves both or neither.
    rows = fetch(
        session,
        "SELECT e.id, e.at, e.data_source, e.measure, e.delta, e.cause, e.document, e.actor, e.event_id,"
        " CASE WHEN e.measure = 'overdraft' AND e.data_source = '' THEN s.overdraft"
        " WHEN e.measure = 'covered' AND e.data_source = '' THEN s.covered ELSE b.quantity END"
        " FROM inventory_visibility.ledger_entry e JOIN inventory_visibility.stock s ON s.id = e.stock_id"
        " LEFT JOIN inventory_visibility.measure_balance b"
        " ON (b.stock_id, b.data_source, b.measure) = (e.stock_id, e.data_source, e.measure)"
        " WHERE e.stock_id = %s AND (%s::bigint IS NULL OR e.id < %s) AND (%s::timestamptz IS NULL OR e.at <= %s)"
        " AND (%s = '' OR e.data_source = %s) ORDER BY e.id DESC LIMIT %s",
        (
            stock_id,
            last := after[0] if after else None,
            last,
            at,
            at,
            data_source,
            data_source,
            limit + 1,
        ),
    )
    balances = balances_in(after[1]) if after else {}
    newest = after is None and at is None
    shown = [_shown(session, stock_id, row, balances, newest) for row in rows[:limit]]
    more = len(rows) > limit
    return LedgerPage(shown, (shown[-1].id, _kept(balances)) if more else None)


def _shown(
    session: Session,
    stock_id: int,
    row: tuple[Any, ...],
    balances: dict[str, Decimal],
    newest: bool,
) -> LedgerRow:
    """One entry with the balance after it; moves `balances` to what stood before it."""
    entry, at, source, measure, delta, cause, document, actor, event_id, today = row
    name = f"{source}.{measure}"
    if name not in balances:
        known = newest and today is not None
        balances[name] = today if known else _sum_through(session, stock_id, source, measure, entry)
    after = balances[name]
    balances[name] = after - delta
    return LedgerRow(
        id=entry,
        at=at,
        data_source=source,
        measure=measure,
        delta=float(delta),
        balance_after=float(after),
        cause=cause,
        document=document,
        actor=actor,
        event_id=event_id,
    )


def _sum_through(session: Session, stock_id: int, source: str, measure: str, entry: int) -> Decimal:
    ((total,),) = fetch(
        session,
        "SELECT sum(delta) FROM inventory_visibility.ledger_entry"
        " WHERE stock_id = %s AND data_source = %s AND measure = %s AND id <= %s",
        (stock_id, source, measure, entry),
    )
    return Decimal(total)


def _kept(balances: Mapping[str, Decimal]) -> str:
    return orjson.dumps({name: str(quantity) for name, quantity in balances.items()}).decode()
