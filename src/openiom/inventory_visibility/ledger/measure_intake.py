"""Intake of quantities from other systems: many events at once, each applied once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import Level, StockFamily
from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.events import publish_inventory_changed
from openiom.inventory_visibility.locks import lock_families, lock_keys
from openiom.inventory_visibility.measures import (
    DEFAULT_FORMULA,
    LARGEST,
    Family,
    Formula,
    MeasureChange,
    PostingResult,
    ProductSource,
    StockKey,
    dimension_text,
    event_key,
    is_quantity,
)
from openiom.platform.bulk import fetch, fetch_as

from .posting import LedgerPosting, backing_entries, post

_DONE = PostingResult(True)
_DUPLICATE = PostingResult(True, duplicate=True)

# Everything a batch does except its locks. The statement's snapshot sees the locked stock rows.
#   fresh   items whose event is not in the ledger yet, with the delta of their measure
#   after   stock rows that move; a shortage that deeper rows do not back becomes overdraft, and a
#           smaller one repays overdraft
#   result  the items that did anything else than move their stock row: whether their event was
#           known, whether the row moves, and whether its family must be rebalanced
_POST = """
WITH item AS MATERIALIZED (
    SELECT * FROM unnest(%(number)s::int[], %(stock_id)s::bigint[], %(data_source)s::text[],
                         %(measure)s::text[], %(quantity)s::numeric[], %(sign)s::smallint[],
                         %(document)s::text[], %(event)s::text[], %(entry_event)s::text[])
        AS c(number, stock_id, data_source, measure, quantity, sign, document, event, entry_event)
), fresh AS MATERIALIZED (
    SELECT i.*, CASE WHEN %(set)s THEN i.quantity - coalesce(b.quantity, 0)
                     ELSE i.quantity END AS delta
    FROM item i
    LEFT JOIN LATERAL (
        SELECT m.quantity FROM inventory_visibility.measure_balance m
        WHERE %(set)s AND m.stock_id = i.stock_id AND m.data_source = i.data_source
        AND m.measure = i.measure OFFSET 0
    ) b ON TRUE
    LEFT JOIN LATERAL (
        SELECT TRUE AS known FROM inventory_visibility.ledger_entry l
        WHERE l.event_id = i.event OFFSET 0
    ) k ON TRUE
    WHERE k.known IS NULL
), after AS MATERIALIZED (
    SELECT s.id, s.organization, s.product, s.source, s.dimensions, d.on_hand, d.document,
           s.reserved > s.on_hand + d.on_hand AND NOT s.oversell AS short,
           CASE WHEN s.oversell THEN 0
                ELSE greatest(0, s.reserved - s.on_hand - d.on_hand - s.backed_by_variants) END
               - s.overdraft AS overdraft
    FROM (
        SELECT stock_id, sum(delta * sign) AS on_hand, max(document) AS document
        FROM fresh GROUP BY stock_id
    ) d
    JOIN LATERAL (
        SELECT * FROM inventory_visibility.stock x WHERE x.id = d.stock_id OFFSET 0
    ) s ON TRUE
    WHERE d.on_hand <> 0
), posted AS (
    INSERT INTO inventory_visibility.ledger_entry
        (stock_id, recorded_at, data_source, measure, delta, on_hand_sign, cause, document, actor,
         event_id)
    SELECT stock_id, %(now)s, data_source, measure, delta, sign, %(cause)s, document, %(actor)s,
           entry_event
    FROM fresh
    UNION ALL
    SELECT id, %(now)s, '', 'overdraft', overdraft, 0, %(cause)s, document, %(actor)s, NULL
    FROM after WHERE overdraft <> 0
), measured AS (
    INSERT INTO inventory_visibility.measure_balance AS b (stock_id, data_source, measure, quantity)
    SELECT stock_id, data_source, measure, sum(delta) FROM fresh GROUP BY 1, 2, 3
    ON CONFLICT (stock_id, data_source, measure)
    DO UPDATE SET quantity = b.quantity + excluded.quantity
), moved AS (
    UPDATE inventory_visibility.stock s
    SET on_hand = s.on_hand + a.on_hand, overdraft = s.overdraft + a.overdraft,
        updated_at = %(now)s
    FROM after a WHERE s.id = a.id
)
SELECT i.number, f.number IS NULL AS duplicate, coalesce(a.on_hand <> 0, FALSE) AS stock_moved,
       coalesce((a.short OR a.dimensions <> '') AND EXISTS (
           SELECT 1 FROM inventory_visibility.stock o WHERE o.organization = a.organization
           AND o.product = a.product AND o.source = a.source AND o.id <> a.id
           AND (a.short OR o.reserved > o.on_hand)
       ), FALSE) AS needs_rebalance
FROM item i LEFT JOIN fresh f USING (number) LEFT JOIN after a ON a.id = i.stock_id
WHERE f.number IS NULL OR a.id IS NULL OR a.short OR a.dimensions <> ''
"""


class _Item(NamedTuple):
    """One measure of one change.

    `event` is that of the change; `entry_event` is unique per measure and stored with the entry.
    `change` is the index of the change.
    """

    number: int
    key: StockKey
    data_source: str
    measure: str
    quantity: Decimal
    sign: int
    document: str
    event: str | None
    entry_event: str | None
    change: int


_ITEM_COLUMNS = (
    "number",
    "data_source",
    "measure",
    "quantity",
    "sign",
    "document",
    "event",
    "entry_event",
)


class _Outcome(NamedTuple):
    """What the statement did with one item, where it did not just move the stock row."""

    number: int
    duplicate: bool
    stock_moved: bool
    needs_rebalance: bool


@dataclass(slots=True)
class _Intake:
    """The items of one call, the results so far, and what the statements moved."""

    results: list[PostingResult] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)
    events: set[str] = field(default_factory=set)
    moved: set[ProductSource] = field(default_factory=set)
    rebalanced: dict[Family, str] = field(default_factory=dict)

    def record(self, items: Sequence[_Item], outcomes: Mapping[int, _Outcome]) -> None:
        """Record what the statement did with these items; one without an outcome moved its row."""
        for item in items:
            outcome = outcomes.get(item.number)
            if outcome is None:
                self.moved.add(item.key[1:3])
            else:
                self._record_outcome(item, outcome)

    def _record_outcome(self, item: _Item, outcome: _Outcome) -> None:
        if outcome.duplicate:
            self.results[item.change] = _DUPLICATE
        elif outcome.stock_moved:
            self.moved.add((item.key.product, item.key.source))
        if outcome.needs_rebalance:
            self.rebalanced[item.key.family] = item.document


def post_measures(
    session: Session,
    changes: Sequence[MeasureChange],
    *,
    mode: Literal["change", "set"] = "change",
    formula: Formula = DEFAULT_FORMULA,
    now: datetime,
    actor: str,
    cause: str,
) -> list[PostingResult]:
    """Add to measures or set them, and move on hand by the formula.

    A repeated event changes nothing. A change that lowers on hand below what is reserved is
    accepted as a fact: the shortage is posted as overdraft, which later supply repays. Measures of
    soft reservations are refused. Publishes `inventory.changed`.

    Returns:
        One result per change, in order.
    """
    intake = _Intake()
    for index, change in enumerate(changes):
        _add_change(intake, index, change, formula)

    values: dict[str, Level] = {}
    for item in intake.items:
        if item.key.dimensions not in values:
            values[item.key.dimensions] = frozenset(changes[item.change].dimensions.items())

    parts = _without_repetition(intake.items) if mode == "set" else [intake.items]
    parameters = {"set": mode == "set", "now": now, "actor": actor, "cause": cause}

    for part in parts:
        intake.record(part, _post(session, part, values, parameters))

    if intake.rebalanced:
        # Families whose coarse reservations rest on deeper rows are rebalanced as a whole. Their
        # roots are locked already.
        families = lock_families(session, list(intake.rebalanced))
        entries = rebalancing_entries(families, intake.rebalanced, cause)
        post(session, entries, now=now, actor=actor)

    document = intake.items[0].document if intake.items else ""
    publish_inventory_changed(
        session, intake.moved, cause=cause, document=document, now=now, actor=actor
    )
    return intake.results


def _add_change(intake: _Intake, index: int, change: MeasureChange, formula: Formula) -> None:
    """Add the items of one change, or its result when it is refused or repeated in the batch."""
    refusal = _refusal(change, formula)
    if refusal:
        intake.results.append(PostingResult(False, reason=refusal))
        return

    event = event_key(change.organization, change.event_id)
    if event in intake.events:
        intake.results.append(_DUPLICATE)
        return

    if event:
        intake.events.add(event)

    intake.results.append(_DONE)
    dimensions = dimension_text(change.dimensions)
    key = StockKey(change.organization, change.product, change.source, dimensions)

    for number, (measure, quantity) in enumerate(change.quantities.items()):
        item = _Item(
            len(intake.items),
            key,
            *measure,
            quantity,
            formula.supply.get(measure, 0),
            change.document,
            event,
            numbered_event(event, number),
            index,
        )
        intake.items.append(item)


def numbered_event(event: str | None, number: int) -> str | None:
    """Return the unique id under which the ledger stores entry `number` (from 0) of an event."""
    return f"{event}/{number + 1}" if event and number else event


def _without_repetition(items: Sequence[_Item]) -> list[list[_Item]]:
    """Split items into parts that set no measure twice, so that each part reads the one before."""
    parts: list[list[_Item]] = [[]]
    seen: set[tuple[StockKey, str, str]] = set()
    for item in items:
        target = (item.key, item.data_source, item.measure)
        if target in seen:
            parts.append([])
            seen.clear()

        seen.add(target)
        parts[-1].append(item)

    return parts


def _post(
    session: Session,
    items: Sequence[_Item],
    values: Mapping[str, Level],
    parameters: Mapping[str, Any],
) -> dict[int, _Outcome]:
    """Post items under lock; return the outcomes by item number."""
    if not items:
        return {}

    (keys,) = columns_of(items, "key")
    ids = lock_keys(session, keys, values, parameters["now"])
    columns = dict(zip(_ITEM_COLUMNS, columns_of(items, *_ITEM_COLUMNS), strict=True))
    columns["stock_id"] = [ids[key] for key in keys]
    outcomes = fetch_as(session, _Outcome, _POST, {**columns, **parameters})
    return {outcome.number: outcome for outcome in outcomes}


def _refusal(change: MeasureChange, formula: Formula) -> str:
    """Return why a change cannot be posted whatever the stock, or ''."""
    if not change.quantities:
        return "holds no quantity"
    for measure, quantity in change.quantities.items():
        if measure in formula.reservations:
            return f"{'.'.join(measure)} is a soft reservation: reserve or unreserve it instead"
        if not is_quantity(quantity):
            return (
                f"{'.'.join(measure)} must be a number below {LARGEST:.0e}"
                " with at most four decimals"
            )
    return ""


def known_events(session: Session, event_ids: Sequence[str | None]) -> set[str]:
    """Return those of these events that the ledger contains.

    Call it under lock, so that no other batch adds them meanwhile.
    """
    wanted = list(filter(None, event_ids))
    if not wanted:
        return set()

    rows = fetch(
        session,
        "SELECT event_id FROM inventory_visibility.ledger_entry WHERE event_id = ANY(%s)",
        (wanted,),
    )
    return {event_id for (event_id,) in rows}


def units_of_events(session: Session, event_ids: Sequence[str]) -> dict[str, Decimal]:
    """Return the sum of the entries of each event, as its measures moved."""
    if not event_ids:
        return {}

    rows = fetch(
        session,
        "WITH RECURSIVE entry AS ("
        " SELECT 1 AS number, event_id AS event, delta FROM inventory_visibility.ledger_entry"
        " WHERE event_id = ANY(%s)"
        " UNION ALL"
        " SELECT e.number + 1, e.event, l.delta FROM entry e"
        " JOIN inventory_visibility.ledger_entry l"
        " ON l.event_id = e.event || '/' || (e.number + 1))"
        " SELECT event, sum(delta) FROM entry GROUP BY event",
        (list(event_ids),),
    )
    return dict(rows)


def rebalancing_entries(
    families: Mapping[Family, StockFamily], documents: Mapping[Family, str], cause: str
) -> list[LedgerPosting]:
    """Return entries for the changed overdraft and variant-backed units of these families.

    Args:
        documents: For each family to rebalance, the document that moved it.
    """
    entries: list[LedgerPosting] = []
    for family, document in documents.items():
        for change in families[family].rebalance():
            entries += backing_entries(change, cause, document)

    return entries
