"""What a package offers to flows: entities that a run may be about, and actions of steps.

Orchestration depends on these types only. It does not import the packages that define entities and
actions; the composition root passes them to it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

Facts = dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """The result of an action for one subject.

    ok        chooses the port by which the token leaves the step
    reason    shown to users
    details   stored with the history of the step
    retry_at  the subject remains at the step, and the action is called again at this time
    """

    ok: bool
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    retry_at: datetime | None = None


@dataclass(slots=True)
class EventRequest:
    """A request to raise a business event on one entity.

    The state of the entity changes as its state table defines.
    """

    entity_id: UUID
    event: str
    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


class FactsReader(Protocol):
    """Reads the facts that policies and expressions use, in one or a few set-based queries."""

    def __call__(
        self, session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None, /
    ) -> dict[UUID, Facts]:
        """Return the facts, nested JSON values, of each entity that exists.

        `fields` names the top-level facts that are used, None all of them; more may be returned.
        """
        ...


ActionGuard = Callable[[Session, Sequence[UUID], str], Mapping[UUID, str]]
"""Why provider actions of entities are not made; see `Entity`."""


@dataclass(frozen=True)
class Entity:
    """A kind of subject.

    facts         see FactsReader
    raise_events  (session, requests, now, actor) -> outcomes in the same order. Changes states and
                  appends the events, and those of the parent that follow from them, to the log. A
                  refused transition is an Outcome with ok False.
    set_fields    (session, {id: {field: value}}, now, actor) -> None; used by execution policies
    settable      names of the fields that `set_fields` accepts
    children      entity name -> (session, ids) -> {id: [child ids]}, for steps that run per child
    root_of       (session, ids) -> {id: root id}; the document whose timeline shows this entity
    label_of      (session, ids) -> {id: text}, for example the order number
    impossible    (session, ids, event) -> {id: reason}; the entities of which no action can be
                  requested any more that succeeds with the event
    postponed     (session, ids, event) -> {id: reason}; the entities of which no such action is
                  made for now. Until the transaction ends, the reason remains. What lifts it calls
                  `release_calls`
    """

    name: str
    title: str
    facts: FactsReader
    raise_events: Callable[[Session, Sequence[EventRequest], datetime, str], Sequence[Outcome]]
    root_of: Callable[[Session, Sequence[UUID]], dict[UUID, UUID]]
    label_of: Callable[[Session, Sequence[UUID]], dict[UUID, str]]
    set_fields: (
        Callable[[Session, Mapping[UUID, Mapping[str, Any]], datetime, str], None] | None
    ) = None
    settable: tuple[str, ...] = ()
    impossible: ActionGuard | None = None
    postponed: ActionGuard | None = None
    children: Mapping[str, Callable[[Session, Sequence[UUID]], dict[UUID, list[UUID]]]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class ActionCall:
    """A batch of subjects for one action, inside the transaction of the batch.

    `resumed` are the subjects that a previous outcome with `retry_at` kept at this step.
    """

    session: Session
    subject_ids: Sequence[UUID]
    parameters: BaseModel
    now: datetime
    actor: str
    resumed: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Action:
    """What a package can do for many subjects at once in a step.

    `run` returns one Outcome per subject, in order, after it has written its changes and appended
    its events. It raises only if the whole batch fails; the batch is then bisected.
    """

    name: str
    title: str
    entity: str
    parameters: type[BaseModel]
    run: Callable[[ActionCall], Sequence[Outcome]]
    events: tuple[str, ...] = ()


class NoParameters(BaseModel, extra="forbid"):
    """Parameters of an action that has none."""
