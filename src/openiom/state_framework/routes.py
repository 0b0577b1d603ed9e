"""The state tables over HTTP: progress bar, locks and transitions."""

from collections.abc import Mapping

from pydantic import BaseModel

from openiom.kernel import NotFound
from openiom.platform.http import CurrentPrincipal, ReadSession, Router

from .configuration import load_tables
from .machine import State, StateTable, Transition


class StateView(BaseModel):
    """A state as pages show it."""

    name: str
    label: str
    timeline_position: int
    read_only: bool
    final: bool


class TransitionView(BaseModel):
    """A transition; `shipped` ones come with the product, the others were added here."""

    event: str
    source: str | None
    target: str
    reason: str
    reasons: list[str]
    shipped: bool


class StateTableView(BaseModel):
    """The table of an entity; `states` are in the order of the progress bar."""

    entity: str
    enabled: bool
    states: list[StateView]
    transitions: list[TransitionView]


def states_router(shipped: Mapping[str, StateTable]) -> Router:
    """Return the router of GET /api/v1/states/{entity} over these shipped tables."""
    router = Router(prefix="/api/v1", tags=["state framework"])

    @router.get("/states/{entity}")
    def read_states(
        entity: str, session: ReadSession, principal: CurrentPrincipal
    ) -> StateTableView:
        """Return an entity's states and transitions, shipped and added."""
        principal.require("orchestration.read")
        if entity not in shipped:
            raise NotFound(
                f"{entity} has no states", remedy=f"use one of {', '.join(sorted(shipped))}"
            )

        table = load_tables(session, {entity: shipped[entity]})[entity]
        return table_view(table, shipped[entity])

    return router


def table_view(table: StateTable, shipped: StateTable) -> StateTableView:
    """Return a table as pages show it, with the shipped rows marked."""
    return StateTableView(
        entity=table.entity,
        enabled=table.enabled,
        states=[_state_view(state) for state in table.timeline()],
        transitions=_transition_views(table, shipped),
    )


def _transition_views(table: StateTable, shipped: StateTable) -> list[TransitionView]:
    shipped_rows = set(shipped.transitions)
    views = []
    for row in table.transitions:
        views.append(_transition_view(row, shipped=row in shipped_rows))
    return views


def _state_view(state: State) -> StateView:
    return StateView(
        name=state.name,
        label=state.label,
        timeline_position=state.timeline_position,
        read_only=state.read_only,
        final=state.final,
    )


def _transition_view(row: Transition, *, shipped: bool) -> TransitionView:
    return TransitionView(
        event=row.event,
        source=row.source,
        target=row.to.state,
        reason=row.to.reason,
        reasons=list(row.reasons),
        shipped=shipped,
    )
