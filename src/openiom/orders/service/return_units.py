"""Count units of lines that are expected back, and those that came back."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Refused
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import lock_lines
from openiom.orders.order_batch import order_batch


class UnitsOfReturn(NamedTuple):
    """Changes of the counters of a line, in steps; a change may be negative.

    expected  steps that a return order expects back
    returned  steps that came back
    """

    expected: int = 0
    returned: int = 0


def change_returns(session: Session, changes: Mapping[UUID, UnitsOfReturn]) -> None:
    """Change how much of lines is in return orders and came back. Locks their orders.

    Raise `Refused` when more would be returned or expected than was shipped.
    """
    if not changes:
        return

    batch = order_batch(session)
    _, lines = lock_lines(session, changes)
    for line in lines.values():
        change = changes[line.id]
        _change(line, change)
        batch.line_changed(line)


def _change(line: LockedLine, change: UnitsOfReturn) -> None:
    before = line.returnable
    line.in_return += change.expected
    line.returned += change.returned
    if line.returnable < 0:
        raise Refused(
            f"line {line.line_number} has {line.number(before)} units that can be returned,"
            f" {line.number(change.expected + change.returned)} were to be returned"
        )
