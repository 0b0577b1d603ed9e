"""The columns by which messages can be sorted.

Processed messages are many and are listed newest first only; those that are parked, discarded or on
hold have an index of each sort.
"""

from decimal import Decimal

from openiom.platform.sort_keys import Sort, SortKey, SortKeys

from .schemas import MessageRow

STOPPED_STATES = ("parked", "discarded", "on_hold")
_RECEIVED = SortKey[MessageRow]("m.id", int, lambda row: int(row.id))

_ANY_SORTS = SortKeys({"received": _RECEIVED}, noun="messages of all states", ties=(_RECEIVED,))
STOPPED_SORTS = SortKeys(
    {
        "received": _RECEIVED,
        "key": SortKey("m.key", str, lambda row: row.key),
        "instance": SortKey("m.instance", str, lambda row: row.instance),
        "total": SortKey(
            "COALESCE(m.total_amount, 0::numeric)", Decimal, lambda row: Decimal(row.total or 0)
        ),
    },
    noun="messages",
    ties=(_RECEIVED,),
)


def message_sort(state: str, name: str) -> Sort[MessageRow]:
    """Return a sort of the messages in a state, newest first by default. Raise `Invalid`."""
    sorts = STOPPED_SORTS if state in STOPPED_STATES else _ANY_SORTS
    return sorts.parse(name or "-received")
