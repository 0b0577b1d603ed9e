"""States as a table: an event it never names moves nothing, a named event from the wrong state is refused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from openiom.kernel import Invalid, Problem, TransitionRefused

ANY = "*"
"""As a transition's source: every state that is not final and has no row of its own."""

PREVIOUS = "(previous)"
"""As a transition's target state: back to where the entity stood before, reason included."""


class Target(NamedTuple):
    """Where a transition leads."""

    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """One state: its label, its place on the progress bar, whether it locks the record, whether it ends."""

    name: str
    label: str
    timeline_position: int
    read_only: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """`event` moves from `source` (None: not created yet) to `to`; `reasons` may stand in for `to.reason`."""

    event: str
    source: str | None
    to: Target
    reasons: tuple[str, ...] = ()


class TransitionRequest(NamedTuple):
    """One event for one entity; `previous` is where it stood before its present state, for a release."""

    event: str
    state: str | None
    previous: Target | None = None
    reason: str | None = None


def moves(
    event: str,
    sources: Iterable[str | None],
    state: str,
    reason: str,
    *,
    reasons: Sequence[str] = (),
) -> list[Transition]:
    """One row per source, all leading to the same state."""
    return [Transition(event, source, Target(state, reason), tuple(reasons)) for source in sources]


@dataclass(frozen=True)
class StateTable:
    """
    Everything one entity may do. Creating one raises Invalid that lists every fault.

    Switched off (`enabled=False`) it refuses nothing: an event moves by its row for the state, else by the
    first row that names it whatever the state, and a release without a previous state moves nothing.
    """

    entity: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    enabled: bool = True
    _rows: dict[tuple[str, str | None], Transition] = field(init=False, repr=False, compare=False)
    _first: dict[str, Transition] = field(init=False, repr=False, compare=False)
    _states: dict[str, State] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = list(_faults(self.states, self.transitions))
        if faults:
            raise Invalid(
                "the state table is faulty",
                where=self.entity,
                remedy="correct the states and transitions named",
                problems=faults,
            )
        object.__setattr__(
            self, "_rows", {(row.event, row.source): row for row in self.transitions}
        )
        object.__setattr__(self, "_states", {state.name: state for state in self.states})
        first: dict[str, Transition] = {}
        for row in self.transitions:
            first.setdefault(row.event, row)
        object.__setattr__(self, "_first", first)

    def state(self, name: str) -> State:
        """The state of this name; Invalid when the table has none."""
        if name not in self._states:
            raise Invalid(
                f"there is no state {name}",
                where=self.entity,
                remedy=f"use one of {', '.join(sorted(self._states))}",
            )
        return self._states[name]

    def timeline(self) -> list[State]:
        """The states in the order of the progress bar."""
        return sorted(self.states, key=lambda state: (state.timeline_position, state.name))

    def events(self) -> list[str]:
        """The events the table names, in the order of its rows."""
        return list(self._first)

    def row(self, event: str, state: str | None) -> Transition | None:
        """The row for an event in a state: its own, else the wildcard's; None when there is neither."""
        own = self._rows.get((event, state))
        if own is not None or state is None or self.state(state).final:
            return own
        return self._rows.get((event, ANY))

    def extended(
        self, *, states: Iterable[State] = (), transitions: Iterable[Transition] = ()
    ) -> "StateTable":
        """This table with a user's rows added; Invalid when one of them would alter a shipped one."""
        added_states, added = tuple(states), tuple(transitions)
        altered = [state.name for state in added_states if state.name in self._states]
        altered += [
            f"{row.event} from {row.source}"
            for row in added
            if (row.event, row.source) in self._rows
        ]
        if altered:
            raise Invalid(
                f"shipped rows may be added to, never altered: {', '.join(altered)}",
                where=self.entity,
                remedy="add a state or a transition of another name or source",
            )
        return replace(
            self, states=self.states + added_states, transitions=self.transitions + added
        )

    def with_guard(self, *, enabled: bool) -> "StateTable":
        """The same table with its guard on or off."""
        return replace(self, enabled=enabled)


def advance(
    table: StateTable,
    *,
    event: str,
    state: str | None,
    previous: Target | None = None,
    reason: str | None = None,
) -> Target | None:
    """
    Where `event` moves an entity now in `state` (None: it does not exist yet); None when it moves nothing.

    `previous` is where a release leads back to; `reason` replaces the row's own if the row lists it.
    Raises TransitionRefused naming entity, event and state when the table names the event but not from here.
    """
    first = table._first.get(event)
    if first is None:
        return None
    row = table.row(event, state)
    if row is None:
        if table.enabled:
            raise _wrong_state(table, event, state)
        row = first
    if row.to.state == PREVIOUS:
        if previous is None and table.enabled:
            raise _refused(
                table,
                event,
                state,
                why="no earlier state is recorded to return to",
                remedy="use another event",
            )
        return previous
    if reason is None or reason == row.to.reason or (reason in row.reasons or not table.enabled):
        return row.to if reason is None else Target(row.to.state, reason)
    known = ", ".join((row.to.reason, *row.reasons))
    raise _refused(
        table, event, state, why=f"{reason!r} is not one of its reasons", remedy=f"use {known}"
    )


def advance_many(
    table: StateTable, moves: Sequence[TransitionRequest]
) -> list[Target | TransitionRefused | None]:
    """One answer a move, in order: where it leads, None when it moves nothing, or the refusal, not raised."""
    known: dict[TransitionRequest, Target | TransitionRefused | None] = {}
    for move in moves:
        if move not in known:
            known[move] = _answer(table, move)
    return [known[move] for move in moves]


def _answer(table: StateTable, move: TransitionRequest) -> Target | TransitionRefused | None:
    try:
        return advance(
            table, event=move.event, state=move.state, previous=move.previous, reason=move.reason
        )
    except TransitionRefused as refusal:
        return refusal


def _wrong_state(table: StateTable, event: str, state: str | None) -> TransitionRefused:
    sources = [row.source for row in table.transitions if row.event == event]
    allowed = ", ".join(
        sorted("any state" if s == ANY else s or "(not created yet)" for s in sources)
    )
    return _refused(
        table,
        event,
        state,
        why=f"it is allowed from {allowed}",
        remedy="send the event that fits its state",
    )


def _refused(
    table: StateTable, event: str, state: str | None, *, why: str, remedy: str
) -> TransitionRefused:
    at = f"while {state}" if state is not None else "before it exists"
    return TransitionRefused(
        f"{event} cannot happen {at}: {why}", where=table.entity, remedy=remedy
    )


def _faults(states: Sequence[State], transitions: Sequence[Transition]) -> Iterator[Problem]:
    names = [state.name for state in states]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(f"state {name}", "it stands twice")
    seen: set[tuple[str, str | None]] = set()
    final = {state.name for state in states if state.final}
    for row in transitions:
        key = (row.event, row.source)
        told = f"{row.event} from {row.source}"
        if key in seen:
            yield Problem(told, "it stands twice")
        seen.add(key)
        if row.source not in (None, ANY) and row.source not in names:
            yield Problem(told, "the source state is unknown")
        if row.source in final:
            yield Problem(told, "the source state is final")
        if row.to.state != PREVIOUS and row.to.state not in names:
            yield Problem(told, f"the target state {row.to.state} is unknown")
