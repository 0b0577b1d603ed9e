"""Parameters of set-based statements: rows turned into the parallel arrays that `unnest` takes."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any


def columns_of(rows: Sequence[Any], *names: str) -> list[list[Any]]:
    """Return one list per attribute name, each with that attribute of every row."""
    return [list(map(attrgetter(name), rows)) for name in names]


def split_pairs(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Return the first and the second parts of pairs such as (product, source) or a measure."""
    firsts: list[str] = []
    seconds: list[str] = []
    for first, second in pairs:
        firsts.append(first)
        seconds.append(second)
    return firsts, seconds
