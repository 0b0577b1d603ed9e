"""Simulations over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, status

from openiom.fulfillment_optimization.past_demand import DemandPort
from openiom.platform.configuration import Configuration
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    paginate,
)

from .queries import compare_simulations, list_simulations, view_simulation
from .request import SimulationRequest
from .schemas import (
    CloneRequest,
    CommitResult,
    CompareRequest,
    Comparison,
    SimulationRow,
    SimulationView,
)
from .service import clone_simulation, commit_simulation, remove_simulation, start_simulation


def _configuration(request: Request) -> Configuration:
    found: Configuration = request.app.state.configuration
    return found


router = APIRouter(prefix="/api/v1/simulations", tags=["simulation"])


@router.get("")
def simulations(
    principal: CurrentPrincipal,
    session: ReadSession,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SimulationRow]:
    """Simulations, newest first."""
    principal.require("sourcing.read")
    rows = list_simulations(
        session, after=decode_cursor(after, 2, datetime.fromisoformat, UUID), limit=limit + 1
    )
    items, following = paginate(
        rows, limit=limit, key=lambda row: (row.created_at.isoformat(), row.id)
    )
    return Page(items=items, next=following)


@router.post("/compare")
def compare(
    asked: Annotated[CompareRequest, Body()], principal: CurrentPrincipal, session: ReadSession
) -> Comparison:
    """Finished simulations side by side."""
    principal.require("sourcing.read")
    return compare_simulations(session, asked.simulations)


@router.get("/{simulation_id}")
def one(simulation_id: UUID, principal: CurrentPrincipal, session: ReadSession) -> SimulationView:
    """What was asked, how far it is, and what came of it."""
    principal.require("sourcing.read")
    return view_simulation(session, simulation_id)


@router.delete("/{simulation_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove(simulation_id: UUID, principal: CurrentPrincipal, session: WriteSession) -> None:
    """Forget a simulation; what it committed stays."""
    principal.require("sourcing.write")
    remove_simulation(session, simulation_id)


@router.post("/{simulation_id}/clone", status_code=status.HTTP_201_CREATED)
def clone(
    request: Request,
    simulation_id: UUID,
    asked: Annotated[CloneRequest, Body()],
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
) -> SimulationView:
    """The same demand and stock, with other changes."""
    principal.require("sourcing.write")
    configuration = _configuration(request)
    made = clone_simulation(
        session, configuration, simulation_id, asked, now=now, actor=principal.name
    )
    return view_simulation(session, made)


@router.post("/{simulation_id}/commit")
def commit(
    request: Request,
    simulation_id: UUID,
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
) -> CommitResult:
    """Make the changed documents those in use."""
    principal.require("sourcing.write")
    principal.require("configuration.write")
    configuration = _configuration(request)
    changed = commit_simulation(
        session, configuration, simulation_id, now=now, actor=principal.name
    )
    return CommitResult(committed=True, changed=changed)


def simulation_router(order_port: DemandPort) -> APIRouter:
    """The routes, over the orders behind `desk`."""
    parse_id = APIRouter()

    @parse_id.post(router.prefix, tags=["simulation"], status_code=status.HTTP_201_CREATED)
    def create(
        request: Request,
        asked: Annotated[SimulationRequest, Body()],
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
    ) -> SimulationView:
        """Keep demand, stock and configuration of this moment, and queue the runs."""
        principal.require("sourcing.write")
        made = start_simulation(
            session, order_port, _configuration(request), asked, now=now, actor=principal.name
        )
        return view_simulation(session, made)

    parse_id.include_router(router)
    return parse_id
