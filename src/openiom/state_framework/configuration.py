"""What users add to the shipped state tables: one document per entity, under the entity's name."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem
from openiom.platform.configuration import DocumentKind, current_documents

from .machine import State, StateTable, Target, Transition

KIND = "states"


class StateBody(BaseModel):
    """A state that a user adds."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    timeline_position: int = Field(ge=0, description="Place on the progress bar")
    read_only: bool = Field(False, description="A record in this state cannot be edited")
    final: bool = Field(False, description="No transition leads out of it")

    def state(self) -> State:
        """Return the state of the table."""
        return State(
            name=self.name,
            label=self.label,
            timeline_position=self.timeline_position,
            read_only=self.read_only,
            final=self.final,
        )


class TransitionBody(BaseModel):
    """A transition that a user adds.

    `*` as source is every state; `(previous)` as target is the state before the current one.
    """

    model_config = ConfigDict(extra="forbid")

    event: str = Field(min_length=1, description="Business event: fraud.suspected")
    source: str | None = Field(
        None, description="State it starts from; null before the record exists"
    )
    target: str = Field(min_length=1)
    reason: str = ""
    reasons: list[str] = Field(
        default_factory=list, description="Other reasons a caller may choose"
    )

    def transition(self) -> Transition:
        """Return the transition of the table."""
        return Transition(
            event=self.event,
            source=self.source,
            to=Target(self.target, self.reason),
            reasons=tuple(self.reasons),
        )


class StatesBody(BaseModel):
    """What an environment adds to one entity's state table, and whether its guard is on."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(True, description="Off: no event is refused because of the state")
    states: list[StateBody] = Field(default_factory=list)
    transitions: list[TransitionBody] = Field(default_factory=list)


def extended(shipped: StateTable, body: StatesBody) -> StateTable:
    """Return the shipped table with a user's additions. Raise `Invalid` with every problem."""
    states = [state.state() for state in body.states]
    transitions = [transition.transition() for transition in body.transitions]
    table = shipped.extended(states=states, transitions=transitions)
    return table.with_guard(enabled=body.enabled)


def states_kind(shipped: Mapping[str, StateTable]) -> DocumentKind:
    """Return the document kind `states`; a document is named after the entity it extends."""

    def check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
        return problems_of(shipped, name, body)

    return DocumentKind(KIND, StatesBody, order=10, check=check)


def problems_of(
    shipped: Mapping[str, StateTable], name: str, body: Mapping[str, Any]
) -> list[Problem]:
    """Return why a document does not fit the shipped table of its entity."""
    if name not in shipped:
        remedy = f"use one of {', '.join(sorted(shipped))}"
        return [Problem("name", f"{name} has no states", remedy)]
    try:
        extended(shipped[name], StatesBody.model_validate(body))
    except Invalid as error:
        return list(error.problems) or [Problem("body", error.what, error.remedy)]
    return []


def load_tables(session: Session, shipped: Mapping[str, StateTable]) -> dict[str, StateTable]:
    """Return every entity's table with the additions of this environment, in one query."""
    tables = dict(shipped)
    for document in current_documents(session, KIND):
        if document.name in tables:
            body = StatesBody.model_validate(document.body)
            tables[document.name] = extended(tables[document.name], body)
    return tables
