"""From lines to header: the header's event happens once, at the moment its last line gets there."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class LineStatus(NamedTuple):
    """Where a line stands."""

    state: str
    reason: str = ""


class Aggregate(NamedTuple):
    """
    Raise `event` on the header once all its lines stand at one of `states` (and `reasons`, if given).

    Lines in `ignoring` do not count, so one canceled line does not keep the rest from completing; when every
    line is ignored nothing is raised.
    """

    event: str
    states: frozenset[str]
    reasons: frozenset[str] = frozenset()
    ignoring: frozenset[str] = frozenset({"canceled"})

    def holds(self, lines: Iterable[LineStatus]) -> bool:
        """Whether all lines that count, and at least one, are there."""
        counting = [line for line in lines if line.state not in self.ignoring]
        return bool(counting) and all(self._there(line) for line in counting)

    def _there(self, line: LineStatus) -> bool:
        return line.state in self.states and (not self.reasons or line.reason in self.reasons)


def header_events(
    rules: Sequence[Aggregate], *, before: Sequence[LineStatus], after: Sequence[LineStatus]
) -> list[str]:
    """
    Events the header owes now that its lines went from `before` to `after`, in the order of the rules.

    `before` and `after` are all lines of one header, read under its lock; then each event is raised by
    exactly the one change that completes it, however many lines move together and in whatever order.
    """
    return [rule.event for rule in rules if rule.holds(after) and not rule.holds(before)]


def header_events_many(
    rules: Sequence[Aggregate],
    changes: Mapping[Key, tuple[Sequence[LineStatus], Sequence[LineStatus]]],
) -> dict[Key, list[str]]:
    """The same for many headers: key to (before, after); headers that owe nothing are left out."""
    owed = {
        key: header_events(rules, before=before, after=after)
        for key, (before, after) in changes.items()
    }
    return {key: events for key, events in owed.items() if events}
