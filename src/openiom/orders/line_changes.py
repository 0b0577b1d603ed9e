"""Pure decisions: what a later delivery of an order changes on its lines.

A line of the document is the stored lines of the same external id, product, unit and variant:
sourcing may have split it. Quantities are steps of the unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from .locked_rows import LockedLine


class LineKey(NamedTuple):
    """What identifies an ordered line."""

    external_id: str
    product: str
    unit: str
    variant: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DeliveredLine:
    """What the source says of a line: ordered, canceled, and shipped by whomever."""

    ordered: int
    canceled: int = 0
    shipped: int = 0


REMOVED = DeliveredLine(0)
"""A line that the source has removed."""


@dataclass(frozen=True, slots=True)
class LineDifference:
    """A change of a line that can no longer be applied; quantities are those to be fulfilled."""

    key: LineKey
    here: int
    source: int


@dataclass(slots=True)
class LineChanges:
    """Steps to cancel and to add by line, steps to add as new lines by key, and what is left."""

    cancel: dict[UUID, int] = field(default_factory=dict)
    grow: dict[UUID, int] = field(default_factory=dict)
    added: dict[LineKey, int] = field(default_factory=dict)
    differences: list[LineDifference] = field(default_factory=list)
    wanted: int = 0

    def __bool__(self) -> bool:
        return bool(self.cancel or self.needs_stock)

    @property
    def needs_stock(self) -> bool:
        """Whether units are added."""
        return bool(self.grow or self.added)


def line_changes(
    stored: Mapping[LineKey, Sequence[LockedLine]],
    delivered: Mapping[LineKey, DeliveredLine],
    *,
    changeable: bool,
) -> LineChanges:
    """Return how the lines of an order become what its source says.

    Open units are canceled at any time. Lines are added, and quantities increased, only while the
    order is `changeable`, which is before anything of it is released to fulfillment.
    """
    changes = LineChanges()
    for key, lines in stored.items():
        wanted = wanted_steps(lines, delivered.get(key, REMOVED))
        changes.wanted += wanted
        _change_line(changes, key, lines, wanted, changeable=changeable)

    for key, line in delivered.items():
        if key not in stored:
            _add_line(changes, key, line, changeable=changeable)

    return changes


def changes_for_review(
    stored: Mapping[LineKey, Sequence[LockedLine]],
    known: Mapping[LineKey, DeliveredLine],
    delivered: Mapping[LineKey, DeliveredLine],
) -> LineChanges:
    """Return what a source changes on an order that a person has changed: differences only.

    `known` is what the source said before the person changed the order.
    """
    changes = LineChanges(wanted=sum(_to_fulfill(lines) for lines in stored.values()))
    for key in dict.fromkeys([*known, *delivered]):
        lines = stored.get(key, ())
        shipped_here = sum(line.shipped for line in lines)
        before, after = known.get(key, REMOVED), delivered.get(key, REMOVED)
        wanted = after.ordered - after.canceled - max(0, after.shipped - shipped_here)
        here = _to_fulfill(lines)
        if wanted not in (before.ordered - before.canceled, here):
            changes.differences.append(LineDifference(key, here, max(0, wanted)))
    return changes


def wanted_steps(lines: Sequence[LockedLine], delivered: DeliveredLine) -> int:
    """Return the steps that are to be fulfilled here, with those that have been.

    An increase of the ordered quantity adds to what is wanted here, where users may have canceled a
    part. What the source has shipped beyond the shipments from here was shipped by others.
    """
    ordered = sum(line.quantity for line in lines)
    current = _to_fulfill(lines)
    shipped_here = sum(line.shipped for line in lines)
    elsewhere = max(0, delivered.shipped - shipped_here)
    limit = max(0, delivered.ordered - delivered.canceled - elsewhere)
    return min(limit, current + max(0, delivered.ordered - ordered))


def _to_fulfill(lines: Sequence[LockedLine]) -> int:
    """Return the steps of lines that are not canceled."""
    return sum(line.quantity - line.canceled for line in lines)


def surplus_steps(lines: Sequence[LockedLine], ordered: int) -> dict[UUID, int]:
    """Return the canceled steps of lines beyond what the source counts as ordered.

    Every line keeps at least one step.
    """
    surplus = sum(line.quantity for line in lines) - ordered
    found: dict[UUID, int] = {}
    for line in lines:
        steps = min(surplus, line.canceled, line.quantity - 1)
        if steps > 0:
            found[line.id] = steps
            surplus -= steps

    return found


def _change_line(
    changes: LineChanges,
    key: LineKey,
    lines: Sequence[LockedLine],
    wanted: int,
    *,
    changeable: bool,
) -> None:
    current = _to_fulfill(lines)
    if wanted < current:
        _reduce(changes, key, lines, current - wanted)
    elif wanted > current:
        _increase(changes, key, lines, wanted - current, changeable=changeable)


def _reduce(changes: LineChanges, key: LineKey, lines: Sequence[LockedLine], steps: int) -> None:
    """Cancel open units, the last part first. Units in fulfillment are a difference.

    Units that are shipped already are neither: they come back, or not, as a return.
    """
    canceled = _cancel_open(changes, lines, steps)
    late = min(steps - canceled, sum(line.in_fulfillment for line in lines))
    if late:
        here = _to_fulfill(lines) - canceled
        changes.differences.append(LineDifference(key, here, here - late))


def _cancel_open(changes: LineChanges, lines: Sequence[LockedLine], steps: int) -> int:
    """Cancel up to `steps` open steps of lines, the last first; return how many are canceled."""
    left = steps
    for line in reversed(lines):
        canceled = min(left, line.open)
        if canceled:
            changes.cancel[line.id] = canceled
            left -= canceled
    return steps - left


def _increase(
    changes: LineChanges,
    key: LineKey,
    lines: Sequence[LockedLine],
    steps: int,
    *,
    changeable: bool,
) -> None:
    growing = [line for line in lines if line.open]
    if not changeable:
        here = _to_fulfill(lines)
        changes.differences.append(LineDifference(key, here, here + steps))
    elif growing:
        changes.grow[growing[0].id] = steps
    else:
        changes.added[key] = steps


def _add_line(changes: LineChanges, key: LineKey, line: DeliveredLine, *, changeable: bool) -> None:
    wanted = max(0, line.ordered - line.canceled - line.shipped)
    if not wanted:
        return

    changes.wanted += wanted
    if changeable:
        changes.added[key] = wanted
    else:
        changes.differences.append(LineDifference(key, 0, wanted))
