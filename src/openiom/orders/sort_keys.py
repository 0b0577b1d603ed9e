"""The columns by which the order list can be sorted, each with an index that serves it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from openiom.platform.sort_keys import TEXT_PATTERN, SortKey, SortKeys

from .schemas import OrderRow

_RECEIVED = SortKey[OrderRow]("o.id", UUID, lambda row: row.id)

SORT_KEYS = SortKeys(
    {
        "received": _RECEIVED,
        "placed": SortKey("o.placed_at", datetime, lambda row: row.placed_at),
        "total": SortKey("o.total_amount", Decimal, lambda row: Decimal(row.total_amount)),
        "number": SortKey(
            "lower(o.number)", str, lambda row: row.number, "lower(%s)", TEXT_PATTERN
        ),
        "customer": SortKey(
            "lower(o.customer_name)",
            str,
            lambda row: row.customer_name,
            "lower(%s)",
            TEXT_PATTERN,
        ),
    },
    noun="orders",
    ties=(_RECEIVED,),
)
