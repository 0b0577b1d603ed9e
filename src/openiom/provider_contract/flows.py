"""
What a room offers to flows: the entities a flow run may be about, and the actions a step may run.

Orchestration knows only these shapes. It never imports orders; `app.build()` hands both over.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one subject: `ok` chooses the port; `reason` is shown; `details` is kept with the step.

    With `again_at` nothing has come of it yet: the subject stays at the step and the action is called again then.
    """

    ok: bool
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventRequest:
    """A business event to raise on one entity: its state moves as the state framework allows."""

    entity_id: UUID
    event: str
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


class FactsReader(Protocol):
    """Reads what policies and expressions see: {id: nested JSON values}, in one or a few set-based queries.

    `fields` names the top-level fields that will be looked at, None all of them; a reader may give more than
    asked for. Ids that do not exist are absent from the answer.
    """

    def __call__(
        self, session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None, /
    ) -> dict[UUID, Facts]: ...


@dataclass(frozen=True)
class Entity:
    """A kind of subject.

    facts       see FactsReader
    raise_many  (session, raises, now, actor) -> outcomes in the same order. Moves states, appends the events
                (and aggregated parent events) to the log. A refused transition is an Outcome with ok False.
    set_fields  (session, {id: {field: value}}, now, actor) -> None; what execution policies may set
    settable    names of the fields `set_fields` takes
    children    entity name -> (session, ids) -> {id: [child ids]}, for steps that run for each child
    root_of     (session, ids) -> {id: root id}; the document whose timeline shows this entity
    label_of    (session, ids) -> {id: text} for people, e.g. the order number
    """

    name: str
    title: str
    facts: FactsReader
    raise_many: Callable[[Session, Sequence[EventRequest], datetime, str], Sequence[Outcome]]
    root_of: Callable[[Session, Sequence[UUID]], dict[UUID, UUID]]
    label_of: Callable[[Session, Sequence[UUID]], dict[UUID, str]]
    set_fields: (
        Callable[[Session, Mapping[UUID, Mapping[str, Any]], datetime, str], None] | None
    ) = None
    settable: tuple[str, ...] = ()
    children: Mapping[str, Callable[[Session, Sequence[UUID]], dict[UUID, list[UUID]]]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class ActionCall:
    """A batch of subjects for one action of a room, inside the wave's transaction.

    `woken` are those that an earlier answer `again_at` has made wait at this very step.
    """

    session: Session
    subject_ids: Sequence[UUID]
    parameters: BaseModel
    now: datetime
    actor: str
    woken: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Action:
    """Something a step can have a room do for many subjects at once.

    run returns one Outcome a subject, in order, and has written and announced what it did. It may raise only
    when the whole batch is impossible; then the wave is bisected.
    """

    name: str
    title: str
    entity: str
    parameters: type[BaseModel]
    run: Callable[[ActionCall], Sequence[Outcome]]
    events: tuple[str, ...] = ()


class NoParameters(BaseModel, extra="forbid"):
    """The action takes none."""
