"""States as a table: an event it does not name changes nothing, a wrong state refuses it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from openiom.kernel import Invalid, Problem, TransitionRefused

ANY = "*"
"""As a transition's source: every state that is not final and has no row of its own."""

PREVIOUS = "(previous)"
"""As a transition's target state: the state and reason before the current ones."""


class Target(NamedTuple):
    """The state and reason to which a transition leads."""

    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """One state of an entity.

    timeline_position  its place on the progress bar
    read_only          whether it locks the record
    final              whether no transition leads out of it
    """

    name: str
    label: str
    timeline_position: int
    read_only: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """`event` leads from `source` (None: not created yet) to `to`.

    `reasons` are those a caller may choose instead of `to.reason`.
    """

    event: str
    source: str | None
    to: Target
    reasons: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The event and the source, as problems name the row."""
        return f"{self.event} from {self.source}"

    def allows(self, reason: str) -> bool:
        """Return whether a caller may choose this reason."""
        return reason == self.to.reason or reason in self.reasons


class TransitionRequest(NamedTuple):
    """One event for one entity; `previous` is its state before the current one."""

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
    """Return one transition per source, all leading to the same state."""
    target = Target(state, reason)
    return [Transition(event, source, target, tuple(reasons)) for source in sources]


@dataclass(frozen=True)
class StateTable:
    """The states and transitions of one entity.

    Creating one raises `Invalid` with every problem. With `enabled=False` it refuses nothing: an
    event uses its row for the state, else the first row that names it; a release without a previous
    state changes nothing.
    """

    entity: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    enabled: bool = True
    _rows: dict[tuple[str, str | None], Transition] = field(init=False, repr=False, compare=False)
    _first: dict[str, Transition] = field(init=False, repr=False, compare=False)
    _states: dict[str, State] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = [
            *_state_problems(self.states),
            *_transition_problems(self.states, self.transitions),
        ]
        if problems:
            raise Invalid(
                "the state table is not valid",
                where=self.entity,
                remedy="correct the states and transitions that are listed",
                problems=problems,
            )

        rows: dict[tuple[str, str | None], Transition] = {}
        first: dict[str, Transition] = {}
        for row in self.transitions:
            rows[row.event, row.source] = row
            first.setdefault(row.event, row)

        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_first", first)
        object.__setattr__(self, "_states", {state.name: state for state in self.states})

    def state(self, name: str) -> State:
        """Return the state of this name. Raise `Invalid` when the table has none."""
        if name not in self._states:
            raise Invalid(
                f"there is no state {name}",
                where=self.entity,
                remedy=f"use one of {', '.join(sorted(self._states))}",
            )
        return self._states[name]

    def timeline(self) -> list[State]:
        """Return the states in the order of the progress bar."""
        return sorted(self.states, key=lambda state: (state.timeline_position, state.name))

    def events(self) -> list[str]:
        """Return the events the table names, in the order of its rows."""
        return list(self._first)

    def first_row(self, event: str) -> Transition | None:
        """Return the first row that names the event, whatever its source."""
        return self._first.get(event)

    def row(self, event: str, state: str | None) -> Transition | None:
        """Return the row for an event in a state, else the wildcard's row, else None."""
        own = self._rows.get((event, state))
        if own is not None or state is None:
            return own
        if self.state(state).final:
            return None
        return self._rows.get((event, ANY))

    def extended(
        self, *, states: Iterable[State] = (), transitions: Iterable[Transition] = ()
    ) -> "StateTable":
        """Return this table with added rows. Raise `Invalid` when one alters a shipped row."""
        added_states = tuple(states)
        added_rows = tuple(transitions)
        altered = self._altered(added_states, added_rows)
        if altered:
            raise Invalid(
                f"shipped rows cannot be altered: {', '.join(altered)}",
                where=self.entity,
                remedy="add a state or a transition of another name or source",
            )

        return replace(
            self,
            states=self.states + added_states,
            transitions=self.transitions + added_rows,
        )

    def _altered(self, states: Iterable[State], transitions: Iterable[Transition]) -> list[str]:
        """Return the names of the states and rows that this table has already."""
        altered = [state.name for state in states if state.name in self._states]
        for row in transitions:
            if (row.event, row.source) in self._rows:
                altered.append(row.label)
        return altered

    def with_guard(self, *, enabled: bool) -> "StateTable":
        """Return the same table with its guard on or off."""
        return replace(self, enabled=enabled)


def advance(
    table: StateTable,
    *,
    event: str,
    state: str | None,
    previous: Target | None = None,
    reason: str | None = None,
) -> Target | None:
    """Return where `event` leads an entity in `state`; None when it changes nothing.

    `state` None means that the entity does not exist yet. `previous` is where a release leads back
    to. `reason` replaces the row's own if the row lists it. Raise `TransitionRefused`, naming
    entity, event and state, when the table names the event but not from this state.
    """
    row = _applicable_row(table, event, state)
    if row is None:
        return None
    if row.to.state == PREVIOUS:
        if previous is None and table.enabled:
            raise _no_previous_state(table, event, state)

        return previous
    if reason is None:
        return row.to

    _check_reason(table, row, state, reason)
    return Target(row.to.state, reason)


def _check_reason(table: StateTable, row: Transition, state: str | None, reason: str) -> None:
    if table.enabled and not row.allows(reason):
        raise _unknown_reason(table, row, state, reason)


def _applicable_row(table: StateTable, event: str, state: str | None) -> Transition | None:
    """Return the row an event uses; None when no row names it. Raise `TransitionRefused`."""
    first = table.first_row(event)
    if first is None:
        return None
    row = table.row(event, state)
    if row is None and table.enabled:
        raise _wrong_state(table, event, state)
    return row or first


def advance_many(
    table: StateTable, requests: Sequence[TransitionRequest]
) -> list[Target | TransitionRefused | None]:
    """Return one result per request, in order; a refusal is returned, not raised.

    Equal requests are decided once.
    """
    known: dict[TransitionRequest, Target | TransitionRefused | None] = {}
    results = []
    for request in requests:
        if request not in known:
            known[request] = _result(table, request)

        results.append(known[request])

    return results


def _result(table: StateTable, request: TransitionRequest) -> Target | TransitionRefused | None:
    try:
        return advance(
            table,
            event=request.event,
            state=request.state,
            previous=request.previous,
            reason=request.reason,
        )
    except TransitionRefused as refusal:
        return refusal


def _wrong_state(table: StateTable, event: str, state: str | None) -> TransitionRefused:
    sources = []
    for row in table.transitions:
        if row.event == event:
            sources.append(_source_text(row.source))
    why = f"it is allowed from {', '.join(sorted(sources))}"
    return _refusal(table, event, state, why, "send the event that fits its state")


def _source_text(source: str | None) -> str:
    if source is None:
        return "(not created yet)"
    return "any state" if source == ANY else source


def _no_previous_state(table: StateTable, event: str, state: str | None) -> TransitionRefused:
    why = "no earlier state is recorded to return to"
    return _refusal(table, event, state, why, "use another event")


def _unknown_reason(
    table: StateTable, row: Transition, state: str | None, reason: str
) -> TransitionRefused:
    known = ", ".join((row.to.reason, *row.reasons))
    why = f"{reason!r} is not one of its reasons"
    return _refusal(table, row.event, state, why, f"use {known}")


def _refusal(
    table: StateTable, event: str, state: str | None, why: str, remedy: str
) -> TransitionRefused:
    condition = "before it exists" if state is None else f"while {state}"
    what = f"{event} cannot happen {condition}: {why}"
    return TransitionRefused(what, where=table.entity, remedy=remedy)


def _state_problems(states: Sequence[State]) -> Iterator[Problem]:
    seen: set[str] = set()
    for state in states:
        if state.name in seen:
            yield Problem(f"state {state.name}", "it is defined twice", "remove one of them")
        seen.add(state.name)


def _transition_problems(
    states: Sequence[State], transitions: Sequence[Transition]
) -> Iterator[Problem]:
    """Check that rows differ in event or source, and that both their states exist."""
    finality = {state.name: state.final for state in states}
    seen: set[tuple[str, str | None]] = set()
    for row in transitions:
        if (row.event, row.source) in seen:
            yield Problem(row.label, "it is defined twice", "remove one of them")

        seen.add((row.event, row.source))
        yield from _source_problems(row, finality)
        yield from _target_problems(row, finality)


def _source_problems(row: Transition, finality: Mapping[str, bool]) -> Iterator[Problem]:
    """Check the source of a transition; `finality` says by state whether it is final."""
    if row.source is None or row.source == ANY:
        return
    if row.source not in finality:
        yield Problem(row.label, "the source state is unknown")
    elif finality[row.source]:
        yield Problem(row.label, "the source state is final")


def _target_problems(row: Transition, finality: Mapping[str, bool]) -> Iterator[Problem]:
    if row.to.state != PREVIOUS and row.to.state not in finality:
        yield Problem(row.label, f"the target state {row.to.state} is unknown")
