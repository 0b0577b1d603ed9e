"""Changes of the company's own on-hand quantity, by feeds, counts and users."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import LockedStockRow, shrunk_backing
from openiom.inventory_visibility.events import publish_inventory_changed
from openiom.inventory_visibility.locks import ensure_own_stock, lock_stock
from openiom.inventory_visibility.measures import ZERO, format_quantity
from openiom.platform.bulk import fetch

from .posting import LedgerPosting, backing_entries, on_hand_entry, post


@dataclass(frozen=True, slots=True)
class StockChange:
    """A new on-hand quantity (mode `set`) or a difference (mode `change`)."""

    product: str
    source: str
    quantity: Decimal


def change_on_hand(
    session: Session,
    changes: Sequence[StockChange],
    *,
    mode: Literal["set", "change"],
    cause: str,
    document: str,
    now: datetime,
    actor: str,
) -> list[str]:
    """Move on-hand quantities and publish `inventory.changed`.

    `set` replaces the measure `iom.onhand`; quantities of other systems stay as they are. A change
    that would leave reserved units without stock is refused and changes nothing.

    Returns:
        For each change '' or the reason why it was refused.
    """
    ensure_own_stock(session, {(c.product, c.source) for c in changes}, now)
    stock = lock_stock(session, [(c.product, c.source) for c in changes])
    own_measure = _own_measure(session, stock.values()) if mode == "set" else {}

    entries: list[LedgerPosting] = []
    reasons = []
    moved = {}
    for change in changes:
        key = change.product, change.source
        row = stock[key]
        delta = change.quantity
        if mode == "set":
            delta -= own_measure.get(row.id, ZERO)

        reason = _refusal(row, delta)
        reasons.append(reason)
        if reason or not delta:
            continue

        row.on_hand += delta
        if mode == "set":
            own_measure[row.id] = change.quantity

        moved[key] = row
        entries.append(on_hand_entry(row.id, delta, cause, document))

    entries += overdraft_repayments(moved.values(), cause)
    post(session, entries, now=now, actor=actor)
    publish_inventory_changed(session, moved, cause=cause, document=document, now=now, actor=actor)
    return reasons


def _refusal(row: LockedStockRow, delta: Decimal) -> str:
    """Return why on hand may not move by `delta`, or ''."""
    if delta >= 0 or row.oversell:
        return ""

    after = row.on_hand + delta
    promised = row.reserved - row.overdraft - row.backed_by_variants
    if after >= promised:
        return ""

    return (
        f"{format_quantity(after)} on hand would not cover the"
        f" {format_quantity(row.reserved)} units already reserved"
    )


def overdraft_repayments(rows: Iterable[LockedStockRow], cause: str) -> list[LedgerPosting]:
    """Return entries that repay overdraft from units that became free at these rows."""
    entries: list[LedgerPosting] = []
    for row in rows:
        if row.overdraft or row.backed_by_variants:
            entries += backing_entries(shrunk_backing(row), cause, "overdraft repaid")
    return entries


def _own_measure(session: Session, rows: Iterable[LockedStockRow]) -> dict[int, Decimal]:
    """Return the measure `iom.onhand` by stock id."""
    found = fetch(
        session,
        "SELECT stock_id, quantity FROM inventory_visibility.measure_balance"
        " WHERE stock_id = ANY(%s) AND data_source = 'iom' AND measure = 'onhand'",
        ([row.id for row in rows],),
    )
    return {stock_id: quantity for stock_id, quantity in found}
