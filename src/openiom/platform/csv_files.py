"""CSV files that spreadsheet programs open without running what is in them."""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV (RFC 4180) with lines that end in a line feed.

    Text that a spreadsheet would run as a formula has an apostrophe before it; numbers are kept.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow(map(_cell, row))
    return out.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value

    # The csv module quotes a line feed only, but a reader also ends a row at a carriage return.
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if not text.startswith(FORMULA_STARTS) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"
