"""How many orders stand in each state, without counting them and without a row everybody waits for."""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import TypeVar

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch

Key = TypeVar("Key", bound=Hashable)
Bucket = tuple[str, str]
"""State, and why a person should look at it (`held`, `failed` or '')."""

FOLD_EVERY = 256
_FOLDED_AT_ONCE = 1_000


def add_counts(session: Session, changes: Mapping[Bucket, int]) -> None:
    """Append a wave's differences. Every so often the oldest rows nobody else is folding become one a bucket."""
    rows = [(state, why, n) for (state, why), n in changes.items() if n]
    if not rows:
        return
    written = fetch(
        session,
        "INSERT INTO orders.order_count_delta (state, attention, orders)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) RETURNING id",
        ([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]),
    )
    if any(row[0] % FOLD_EVERY == 0 for row in written):
        fold_counts(session)


def fold_counts(session: Session) -> None:
    """Replace many differences by their sums; rows another transaction is folding are left to it."""
    execute(
        session,
        "WITH old AS (DELETE FROM orders.order_count_delta WHERE id IN (SELECT id FROM orders.order_count_delta ORDER BY id"
        f" LIMIT {_FOLDED_AT_ONCE} FOR UPDATE SKIP LOCKED) RETURNING state, attention, orders)"
        " INSERT INTO orders.order_count_delta (state, attention, orders)"
        " SELECT state, attention, sum(orders) FROM old GROUP BY 1, 2 HAVING sum(orders) <> 0",
    )


def moved(before: Mapping[Key, Bucket], after: Mapping[Key, Bucket]) -> Counter[Bucket]:
    """The differences of orders that went from one bucket to another."""
    changes: Counter[Bucket] = Counter(after.values())
    changes.subtract(before.values())
    return changes
