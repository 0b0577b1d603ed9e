"""Quantities as other systems tell them: many events at once, each counted once, physical facts always taken."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import Family
from openiom.inventory_visibility.events import tell_changed
from openiom.inventory_visibility.locks import ensure_stock, hold_roots, lock_families
from openiom.inventory_visibility.measures import (
    DEFAULT_FORMULA,
    Formula,
    MeasureChange,
    Posted,
    StockKey,
    dimension_text,
    event_key,
)
from openiom.platform.bulk import fetch

from .posting import Entry, post, settlement_entries

FINEST, LARGEST = -4, Decimal(10) ** 13
_DONE, _DUPLICATE = Posted(True), Posted(True, duplicate=True)

# Everything of a batch but its locks. Values of locked stock rows are those this statement's snapshot sees.
#   fresh   what is counted: known keys, unknown events
#   after   stock rows that move; a shortage beyond what deeper rows cover is overdraft, less of it pays overdraft back
#   answer  for each item whether its key and its event were known, and whether its family must be settled as a whole
_POST = """
WITH item AS MATERIALIZED (
    SELECT * FROM unnest(%(number)s::int[], %(stock_id)s::bigint[], %(data_source)s::text[], %(measure)s::text[],
                         %(quantity)s::numeric[], %(sign)s::smallint[], %(document)s::text[], %(event)s::text[],
                         %(entry_event)s::text[])
        AS c(number, stock_id, data_source, measure, quantity, sign, document, event, entry_event)
), fresh AS MATERIALIZED (
    SELECT i.*, CASE WHEN %(set)s THEN i.quantity - coalesce(b.quantity, 0) ELSE i.quantity END AS delta
    FROM item i
    LEFT JOIN LATERAL (
        SELECT m.quantity FROM inventory_visibility.measure_balance m WHERE %(set)s AND m.stock_id = i.stock_id
        AND m.data_source = i.data_source AND m.measure = i.measure OFFSET 0
    ) b ON TRUE
    LEFT JOIN LATERAL (
        SELECT TRUE AS known FROM inventory_visibility.ledger_entry l WHERE l.event_id = i.event OFFSET 0
    ) k ON TRUE
    WHERE k.known IS NULL
), after AS MATERIALIZED (
    SELECT s.id, s.organization, s.product, s.source, s.dimensions, d.on_hand, d.document,
           s.reserved > s.on_hand + d.on_hand AND NOT s.oversell AS short,
           CASE WHEN s.oversell THEN 0 ELSE greatest(0, s.reserved - s.on_hand - d.on_hand - s.covered) END
               - s.overdraft AS overdraft
    FROM (
        SELECT stock_id, sum(delta * sign) AS on_hand, max(document) AS document FROM fresh GROUP BY stock_id
    ) d
    JOIN LATERAL (SELECT * FROM inventory_visibility.stock x WHERE x.id = d.stock_id OFFSET 0) s ON TRUE
    WHERE d.on_hand <> 0
), booked AS (
    INSERT INTO inventory_visibility.ledger_entry
        (stock_id, at, data_source, measure, delta, on_hand_sign, cause, document, actor, event_id)
    SELECT stock_id, %(now)s, data_source, measure, delta, sign, %(cause)s, document, %(actor)s, entry_event
    FROM fresh
    UNION ALL
    SELECT id, %(now)s, '', 'overdraft', overdraft, 0, %(cause)s, document, %(actor)s, NULL
    FROM after WHERE overdraft <> 0
), measured AS (
    INSERT INTO inventory_visibility.measure_balance AS b (stock_id, data_source, measure, quantity)
    SELECT stock_id, data_source, measure, sum(delta) FROM fresh GROUP BY 1, 2, 3
    ON CONFLICT (stock_id, data_source, measure) DO UPDATE SET quantity = b.quantity + excluded.quantity
), moved AS (
    UPDATE inventory_visibility.stock s
    SET on_hand = s.on_hand + a.on_hand, overdraft = s.overdraft + a.overdraft, updated_at = %(now)s
    FROM after a WHERE s.id = a.id
)
SELECT i.number, f.number IS NULL, coalesce(a.on_hand <> 0, FALSE),
       coalesce((a.short OR a.dimensions <> '') AND EXISTS (
           SELECT 1 FROM inventory_visibility.stock o WHERE o.organization = a.organization AND o.product = a.product
           AND o.source = a.source AND o.id <> a.id AND (a.short OR o.reserved > o.on_hand)
       ), FALSE)
FROM item i LEFT JOIN fresh f USING (number) LEFT JOIN after a ON a.id = i.stock_id
"""


class Item(NamedTuple):
    """One measure of one change. `event` is the change's, `entry_event` the entry's own."""

    number: int
    key: StockKey
    data_source: str
    measure: str
    quantity: Decimal
    sign: int
    document: str
    event: str | None
    entry_event: str | None


def post_measures(
    session: Session,
    changes: Sequence[MeasureChange],
    *,
    mode: Literal["change", "set"] = "change",
    formula: Formula = DEFAULT_FORMULA,
    now: datetime,
    actor: str,
    cause: str,
) -> list[Posted]:
    """Add to measures, or set them, and move on hand by the formula. One answer a change, in order.

    An event known by its id changes nothing. A change that undercuts what is reserved is a fact and taken: the
    shortage is booked as overdraft, which later supply pays back. Soft reservations are not posted here but reserved.
    Announces `inventory.changed`.
    """
    answers, items = _items(changes, formula)
    settling: dict[tuple[str, str, str], str] = {}
    moved: set[tuple[str, str]] = set()
    for part in _parts(items) if mode == "set" else [items]:
        values = {
            i.key.dimensions: frozenset(changes[answer].dimensions.items()) for i, answer in part
        }
        told = _post(session, part, values, mode == "set", now, actor, cause)
        for item, answer in part:
            _, duplicate, stock_moved, settle = told[item.number]
            if duplicate:
                answers[answer] = _DUPLICATE
            if stock_moved and not duplicate:
                moved.add((item.key.product, item.key.source))
            if settle:
                settling[item.key.family] = item.document
    if settling:
        _settle(session, settling, now, actor, cause)
    document = items[0][0].document if items else ""
    tell_changed(session, moved, cause=cause, document=document, now=now, actor=actor)
    return answers


Numbered = list[tuple[Item, int]]
"""Items, each with the index of the change it belongs to."""


def _items(changes: Sequence[MeasureChange], formula: Formula) -> tuple[list[Posted], Numbered]:
    """What to post, and the answers as far as they are known without looking: refusals and repeated events."""
    answers: list[Posted] = []
    items: Numbered = []
    seen = set()
    for index, change in enumerate(changes):
        why = _refusal(change, formula)
        event = event_key(change.organization, change.event_id)
        if why or event in seen:
            answers.append(Posted(False, reason=why) if why else _DUPLICATE)
            continue
        if event:
            seen.add(event)
        answers.append(_DONE)
        key = StockKey(
            change.organization, change.product, change.source, dimension_text(change.dimensions)
        )
        for number, (measure, quantity) in enumerate(change.quantities.items()):
            own = f"{event}/{number + 1}" if event and number else event
            sign = formula.supply.get(measure, 0)
            items.append(
                (
                    Item(len(items), key, *measure, quantity, sign, change.document, event, own),
                    index,
                )
            )
    return answers, items


def _parts(items: Numbered) -> list[Numbered]:
    """Items in runs that set nothing twice, so that each run can read what stood before."""
    parts: list[Numbered] = [[]]
    seen: set[tuple[object, ...]] = set()
    for item, index in items:
        if item[1:4] in seen:
            parts.append([])
            seen.clear()
        seen.add(item[1:4])
        parts[-1].append((item, index))
    return parts


def _post(
    session: Session,
    items: Numbered,
    values: Mapping[str, frozenset[tuple[str, str]]],
    replace: bool,
    now: datetime,
    actor: str,
    cause: str,
) -> dict[int, tuple[Any, ...]]:
    """Post items under lock; the statement's answer by item number."""
    if not items:
        return {}
    columns: dict[str, Any] = dict(
        zip(Item._fields, map(list, zip(*(i for i, _ in items), strict=True)), strict=True)
    )
    keys: list[StockKey] = columns.pop("key")
    ids = ensure_stock(session, keys, values, now)
    columns |= {"stock_id": [ids[key] for key in keys]}
    columns |= {"set": replace, "now": now, "actor": actor, "cause": cause}
    hold_roots(session, ids, keys)
    return {row[0]: row for row in fetch(session, _POST, columns)}


def _refusal(change: MeasureChange, formula: Formula) -> str:
    if not change.quantities:
        return "holds no quantity"
    for measure, quantity in change.quantities.items():
        if measure in formula.reservations:
            return f"{'.'.join(measure)} is a soft reservation: reserve and unreserve it"
        if not is_quantity(quantity):
            return f"{'.'.join(measure)} must be a number below {LARGEST:.0e} with at most four decimals"
    return ""


def is_quantity(quantity: Decimal) -> bool:
    """Whether a balance can hold this exactly."""
    exponent = quantity.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= FINEST and abs(quantity) < LARGEST


def known_events(session: Session, event_ids: Sequence[str | None]) -> set[str]:
    """Which of these events the ledger holds already. Asked under lock, so that no other batch is adding them."""
    asked = [event_id for event_id in event_ids if event_id]
    if not asked:
        return set()
    query = "SELECT event_id FROM inventory_visibility.ledger_entry WHERE event_id = ANY(%s)"
    return {row[0] for row in fetch(session, query, (asked,))}


def settlements(
    families: Mapping[tuple[str, str, str], Family],
    touched: Mapping[tuple[str, str, str], str],
    cause: str,
) -> list[Entry]:
    """Overdraft and covered units of the families a batch touched, booked with the document that moved them."""
    entries: list[Entry] = []
    for key, document in touched.items():
        for row, overdraft, covered in families[key].settle():
            entries += settlement_entries(row.id, overdraft, covered, cause, document)
    return entries


def _settle(
    session: Session,
    touched: Mapping[tuple[str, str, str], str],
    now: datetime,
    actor: str,
    cause: str,
) -> None:
    """Families where coarse reservations stand on deeper rows are looked at whole. Their rows are locked already."""
    families = lock_families(session, list(touched))
    post(session, settlements(families, touched, cause), now=now, actor=actor)
