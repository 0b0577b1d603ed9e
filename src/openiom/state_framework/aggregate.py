"""From lines to header: an event is raised on the header once, when its last line qualifies."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class LineStatus(NamedTuple):
    """The state of a line."""

    state: str
    reason: str = ""


class Aggregate(NamedTuple):
    """Raise `event` on the header once all its lines are in one of `states`.

    With `reasons`, the reason of each line must be one of them, too. Lines in a state of `ignoring`
    do not count, so a canceled line does not keep the others from completing the header; when every
    line is ignored, nothing is raised.
    """

    event: str
    states: frozenset[str]
    reasons: frozenset[str] = frozenset()
    ignoring: frozenset[str] = frozenset({"canceled"})

    def holds(self, lines: Iterable[LineStatus]) -> bool:
        """Return whether at least one line counts and all lines that count qualify."""
        counting = [line for line in lines if line.state not in self.ignoring]
        if not counting:
            return False
        return all(self._qualifies(line) for line in counting)

    def is_completed(self, before: Iterable[LineStatus], after: Iterable[LineStatus]) -> bool:
        """Return whether a change of the lines makes the rule hold that did not hold before."""
        return self.holds(after) and not self.holds(before)

    def _qualifies(self, line: LineStatus) -> bool:
        if line.state not in self.states:
            return False
        return not self.reasons or line.reason in self.reasons


def header_events(
    rules: Sequence[Aggregate], *, before: Sequence[LineStatus], after: Sequence[LineStatus]
) -> list[str]:
    """Return the events to raise on a header whose lines changed, in the order of the rules.

    `before` and `after` are all lines of one header, read under its lock. Each event is then raised
    by exactly the one change that completes it, however many lines change together and in whatever
    order.
    """
    events = []
    for rule in rules:
        if rule.is_completed(before, after):
            events.append(rule.event)

    return events


def header_events_many(
    rules: Sequence[Aggregate],
    changes: Mapping[Key, tuple[Sequence[LineStatus], Sequence[LineStatus]]],
) -> dict[Key, list[str]]:
    """Return the events of many headers by key; `changes` maps a key to (before, after).

    Headers without an event are left out.
    """
    found: dict[Key, list[str]] = {}
    for key, (before, after) in changes.items():
        events = header_events(rules, before=before, after=after)
        if events:
            found[key] = events

    return found
