"""Search for any part of a text with an index, on every PostgreSQL server.

`platform.trigrams` returns the parts of three characters of a text. A GIN index on them finds the
few rows that have all parts of the words searched for, and LIKE decides among these. The extension
pg_trgm does the same, but the embedded PostgreSQL lacks it, and some managed servers refuse it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import DDL, event

from .bulk import escape_like
from .database import Base

SHORTEST = 3
"""Characters of the shortest word that the index finds."""

TRIGRAMS = """
CREATE OR REPLACE FUNCTION platform.trigrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT array_agg(substr(value, place, 3)) FROM generate_series(1, length(value) - 2) AS place
$$
"""

event.listen(Base.metadata, "before_create", DDL(TRIGRAMS))  # type: ignore[no-untyped-call]


class TrigramCondition(NamedTuple):
    """An SQL condition and its parameters."""

    sql: str
    parameters: list[str]


def contains(expression: str, words: Sequence[str]) -> TrigramCondition:
    """Return the condition that a lower-case text contains every word, by LIKE alone."""
    sql = " AND ".join([f"{expression} LIKE lower(%s)"] * len(words))
    return TrigramCondition(sql, [f"%{escape_like(word)}%" for word in words])


def contains_indexed(expression: str, words: Sequence[str]) -> TrigramCondition | None:
    """Return the same condition, served by the index on `platform.trigrams(expression)`.

    Return None when no word is long enough for the index.
    """
    long_words = [word for word in words if len(word) >= SHORTEST]
    if not long_words:
        return None

    found = f"platform.trigrams({expression}) @> platform.trigrams(lower(%s))"
    checked = contains(expression, words)
    sql = " AND ".join([*[found] * len(long_words), checked.sql])
    return TrigramCondition(sql, [*long_words, *checked.parameters])
