"""The columns by which fulfillment orders can be sorted, each with an index that serves it."""

from datetime import date
from uuid import UUID

from openiom.platform.sort_keys import LAST_DAY, TEXT_PATTERN, SortKey, SortKeys, day_or_last

from .schemas import FulfillmentOrderRow

_CREATED = SortKey[FulfillmentOrderRow]("f.id", UUID, lambda row: row.id)

SORT_KEYS = SortKeys(
    {
        "created": _CREATED,
        "number": SortKey("f.number", str, lambda row: row.number, operators=TEXT_PATTERN),
        "source": SortKey("f.source", str, lambda row: row.source),
        "planned": SortKey(
            day_or_last("f.planned_ship_date"),
            date,
            lambda row: row.planned_ship_date or LAST_DAY,
        ),
    },
    noun="fulfillment orders",
    ties=(_CREATED,),
)
