"""On hand as another formula says it: what a new configuration means for the stock there is."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from openiom.inventory_visibility.events import tell_changed
from openiom.inventory_visibility.locks import lock_families
from openiom.inventory_visibility.measures import Formula
from openiom.platform.bulk import execute, fetch

from .measure_intake import settlements
from .posting import formula_entry, post

CAUSE, DOCUMENT = "configuration", "inventory_configuration"
CHUNK = 2_000
Family = tuple[str, str, str]


def reformulate(session: Session, formula: Formula, *, now: datetime, actor: str) -> int:
    """Book at every stock row what its measures make by `formula` and on hand does not say yet; how many rows moved.

    Nobody else moves stock until this transaction ends: a formula holds for all rows or for none. Shortages that come
    of it are booked as overdraft, as they are when units turn out to be missing. Announces `inventory.changed`.
    """
    execute(session, "LOCK TABLE inventory_visibility.stock IN EXCLUSIVE MODE")
    rows = fetch(
        session,
        "SELECT s.organization, s.product, s.source, s.id, made.units - s.on_hand FROM inventory_visibility.stock s"
        " JOIN LATERAL (SELECT coalesce(sum(b.quantity * f.sign), 0) AS units FROM"
        " inventory_visibility.measure_balance b JOIN unnest(%s::text[], %s::text[], %s::int[])"
        " AS f(data_source, measure, sign) USING (data_source, measure) WHERE b.stock_id = s.id) made"
        " ON made.units <> s.on_hand ORDER BY 1, 2, 3, 4",
        (
            [source for source, _ in formula.supply],
            [measure for _, measure in formula.supply],
            list(formula.supply.values()),
        ),
    )
    for start in range(0, len(rows), CHUNK):
        _book(
            session,
            [((r[0], r[1], r[2]), r[3], r[4]) for r in rows[start : start + CHUNK]],
            now=now,
            actor=actor,
        )
    own = {(r[1], r[2]) for r in rows if not r[0]}
    tell_changed(session, own, cause=CAUSE, document=DOCUMENT, now=now, actor=actor)
    return len(rows)


def _book(
    session: Session, moved: Sequence[tuple[Family, int, Decimal]], *, now: datetime, actor: str
) -> None:
    touched = dict.fromkeys((family for family, _, _ in moved), DOCUMENT)
    families = lock_families(session, list(touched))
    levels = {row.id: level for family in families.values() for level, row in family.rows.items()}
    for name, stock_id, delta in moved:
        families[name].supply(levels[stock_id], delta)
    entries = [formula_entry(stock_id, delta, CAUSE, DOCUMENT) for _, stock_id, delta in moved]
    post(session, entries + settlements(families, touched, CAUSE), now=now, actor=actor)
