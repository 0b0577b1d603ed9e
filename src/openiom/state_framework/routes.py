"""The state tables as a page reads them: progress bar, locks and transitions."""

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel

from openiom.kernel import NotFound
from openiom.platform.http import CurrentPrincipal, ReadSession

from .configuration import load_tables
from .machine import StateTable


class StateView(BaseModel):
    name: str
    label: str
    timeline_position: int
    read_only: bool
    final: bool


class TransitionView(BaseModel):
    """`shipped` rows come with the product; the others were added in this environment."""

    event: str
    source: str | None
    target: str
    reason: str
    reasons: list[str]
    shipped: bool


class StateTableView(BaseModel):
    """`states` stand in the order of the progress bar."""

    entity: str
    enabled: bool
    states: list[StateView]
    transitions: list[TransitionView]


def states_router(shipped: Mapping[str, StateTable]) -> APIRouter:
    """GET /api/v1/states/{entity} over these shipped tables."""
    router = APIRouter(prefix="/api/v1", tags=["state framework"])

    @router.get("/states/{entity}")
    def read_states(
        entity: str, session: ReadSession, principal: CurrentPrincipal
    ) -> StateTableView:
        """An entity's states and transitions, shipped and added."""
        principal.require("orchestration.read")
        if entity not in shipped:
            raise NotFound(
                f"{entity} has no states", remedy=f"use one of {', '.join(sorted(shipped))}"
            )
        return _view(load_tables(session, {entity: shipped[entity]})[entity], shipped[entity])

    return router


def _view(table: StateTable, shipped: StateTable) -> StateTableView:
    own = set(shipped.transitions)
    return StateTableView(
        entity=table.entity,
        enabled=table.enabled,
        states=[
            StateView(
                name=state.name,
                label=state.label,
                timeline_position=state.timeline_position,
                read_only=state.read_only,
                final=state.final,
            )
            for state in table.timeline()
        ],
        transitions=[
            TransitionView(
                event=row.event,
                source=row.source,
                target=row.to.state,
                reason=row.to.reason,
                reasons=list(row.reasons),
                shipped=row in own,
            )
            for row in table.transitions
        ],
    )
