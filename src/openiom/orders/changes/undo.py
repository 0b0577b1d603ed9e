"""Decide whether a change of an order can be undone."""

from collections.abc import Sequence

from openiom.kernel import Refused

from .facts import ChangeFacts
from .patches import decide_patch, read_operations
from .records import RecordedChange
from .values import OrderValue

EDIT = "edit the order instead"


def check_undo(
    change: RecordedChange, changes: Sequence[RecordedChange], value: OrderValue
) -> None:
    """Raise `Refused` when a change is not to be undone, whatever the state of its goods.

    `changes` are all changes of the order. Whether units have shipped or are at a fulfiller since
    is found when the inverse is decided.
    """
    if change.origin == "source":
        raise Refused(
            f"{change.author} made this change",
            where="change",
            remedy=f"change the order in {change.author}, or edit it here",
        )
    if change.undoes is not None:
        raise Refused("this change undid another one", where="change", remedy=EDIT)
    if change.undone_by is not None:
        raise Refused("the change was undone already", where="change", remedy=EDIT)

    for later in changes:
        common = set(change.touched) & set(later.touched)
        if common and _counts(later, change, changes):
            raise Refused(
                f"change {later.number} changed {_parts(common)} later",
                where="change",
                remedy=f"undo change {later.number} first, or {EDIT}",
            )
    _check_quantities(change, value)


def undo_refusal(
    change: RecordedChange,
    changes: Sequence[RecordedChange],
    value: OrderValue,
    facts: ChangeFacts,
) -> str:
    """Return why a change cannot be undone now, with the way out; empty when it can."""
    try:
        check_undo(change, changes, value)
        decide_patch(value, read_operations(change.inverse), facts)
    except Refused as error:
        return f"{error.what}; {error.remedy}" if error.remedy else error.what
    return ""


def _counts(
    later: RecordedChange, change: RecordedChange, changes: Sequence[RecordedChange]
) -> bool:
    """Return whether a later change is in effect; one that was undone is not, nor its undoing."""
    if later.number <= change.number or later.undone_by is not None:
        return False
    undone = [one.number for one in changes if one.id == later.undoes]
    return not undone or undone[0] < change.number


def _check_quantities(change: RecordedChange, value: OrderValue) -> None:
    for line in value.lines:
        part = f"line {line.line_number}"
        if change.quantities.get(part, line.quantity) not in (0, line.quantity):
            what = f"{part} was divided across sources since"
            raise Refused(what, where=part, remedy=EDIT)


def _parts(parts: set[str]) -> str:
    return " and ".join(sorted(part.replace("_", " ") for part in parts))
