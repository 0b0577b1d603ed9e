"""What users add to the shipped state tables: one document per entity, by the entity's name."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem
from openiom.platform.configuration import DocumentKind, current_documents

from .machine import State, StateTable, Target, Transition

KIND = "states"


class StateBody(BaseModel):
    """A state of the user's own."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    timeline_position: int = Field(ge=0, description="Place on the progress bar")
    read_only: bool = Field(False, description="Nobody edits a record in this state")
    final: bool = Field(False, description="Nothing leads out of it")


class TransitionBody(BaseModel):
    """A transition of the user's own; `*` as source is every state, `(previous)` as target the state before."""

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


class StatesBody(BaseModel):
    """What an environment adds to one entity's state table, and whether its guard is on."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(True, description="Off: no event is refused for the state it meets")
    states: list[StateBody] = Field(default_factory=list)
    transitions: list[TransitionBody] = Field(default_factory=list)


def extended(shipped: StateTable, body: StatesBody) -> StateTable:
    """The shipped table with a user's rows and switch. Raises Invalid listing every fault."""
    return shipped.extended(
        states=[
            State(s.name, s.label, s.timeline_position, s.read_only, s.final) for s in body.states
        ],
        transitions=[
            Transition(t.event, t.source, Target(t.target, t.reason), tuple(t.reasons))
            for t in body.transitions
        ],
    ).with_guard(enabled=body.enabled)


def states_kind(shipped: Mapping[str, StateTable]) -> DocumentKind:
    """The document kind `states`; a document is named after one of the shipped tables' entities."""

    def check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
        if name not in shipped:
            return [
                Problem("name", f"{name} has no states", f"use one of {', '.join(sorted(shipped))}")
            ]
        try:
            extended(shipped[name], StatesBody.model_validate(body))
        except Invalid as error:
            return error.problems or [Problem("body", error.what, error.remedy)]
        return []

    return DocumentKind(KIND, StatesBody, order=10, check=check)


def load_tables(session: Session, shipped: Mapping[str, StateTable]) -> dict[str, StateTable]:
    """Every entity's table as it stands in this environment, by entity, in one query."""
    added = {d.name: StatesBody.model_validate(d.body) for d in current_documents(session, KIND)}
    return {
        entity: extended(table, added[entity]) if entity in added else table
        for entity, table in shipped.items()
    }
