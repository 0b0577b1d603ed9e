"""Order counts by state, kept as append-only deltas: no COUNT(*) and no hot row."""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import TypeVar

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch_column

Key = TypeVar("Key", bound=Hashable)
Bucket = tuple[str, str]
"""An order's state, and why a person should look at it: `manual_hold`, `failed` or ''."""

COMPACT_EVERY = 256
_COMPACTED_AT_ONCE = 1_000

_INSERT = """
INSERT INTO orders.order_count_delta (state, attention, orders)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) RETURNING id
"""

_COMPACT = f"""
WITH old AS (
    DELETE FROM orders.order_count_delta WHERE id IN (
        SELECT id FROM orders.order_count_delta
        ORDER BY id LIMIT {_COMPACTED_AT_ONCE} FOR UPDATE SKIP LOCKED)
    RETURNING state, attention, orders)
INSERT INTO orders.order_count_delta (state, attention, orders)
SELECT state, attention, sum(orders) FROM old GROUP BY 1, 2 HAVING sum(orders) <> 0
"""


def add_counts(session: Session, changes: Mapping[Bucket, int]) -> None:
    """Append the changes of a batch. Every 256th row compacts the oldest ones."""
    states: list[str] = []
    attentions: list[str] = []
    deltas: list[int] = []
    for (state, attention), delta in changes.items():
        if delta:
            states.append(state)
            attentions.append(attention)
            deltas.append(delta)

    if deltas:
        _insert_deltas(session, states, attentions, deltas)


def _insert_deltas(
    session: Session, states: list[str], attentions: list[str], deltas: list[int]
) -> None:
    inserted = fetch_column(session, _INSERT, (states, attentions, deltas))
    if any(delta_id % COMPACT_EVERY == 0 for delta_id in inserted):
        compact_counts(session)


def compact_counts(session: Session) -> None:
    """Replace old deltas by their sums; skip rows that another transaction is compacting."""
    execute(session, _COMPACT)


def count_changes(before: Mapping[Key, Bucket], after: Mapping[Key, Bucket]) -> Counter[Bucket]:
    """Return by how much each bucket changes when orders move from `before` to `after`."""
    changes: Counter[Bucket] = Counter(after.values())
    changes.subtract(before.values())
    return changes
