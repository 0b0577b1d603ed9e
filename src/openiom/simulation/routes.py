"""Simulations over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Request, status

from openiom.fulfillment_optimization import DemandPort
from openiom.platform.configuration import Configuration
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, PageRequest, page_request

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

PREFIX = "/api/v1/simulations"
router = Router(prefix=PREFIX, tags=["simulation"])

SimulationPage = Annotated[
    PageRequest[datetime, UUID], Depends(page_request(datetime, UUID, max_limit=200))
]


def configuration_of(request: Request) -> Configuration:
    """Return the document kinds of the application."""
    found: Configuration = request.app.state.configuration
    return found


CurrentConfiguration = Annotated[Configuration, Depends(configuration_of)]


@router.get("")
def simulations(
    paging: SimulationPage, principal: CurrentPrincipal, session: ReadSession
) -> Page[SimulationRow]:
    """Return simulations, newest first."""
    principal.require("sourcing.read")
    rows = list_simulations(session, after=paging.after, limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (row.created_at, row.id))


@router.post("/compare")
def compare(
    request: Annotated[CompareRequest, Body()], principal: CurrentPrincipal, session: ReadSession
) -> Comparison:
    """Return finished simulations side by side."""
    principal.require("sourcing.read")
    return compare_simulations(session, request.simulations)


@router.get("/{simulation_id}")
def one(simulation_id: UUID, principal: CurrentPrincipal, session: ReadSession) -> SimulationView:
    """Return a simulation with its request, its progress and its figures."""
    principal.require("sourcing.read")
    return view_simulation(session, simulation_id)


@router.delete("/{simulation_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove(simulation_id: UUID, principal: CurrentPrincipal, session: WriteSession) -> None:
    """Delete a simulation; what it committed stays."""
    principal.require("sourcing.write")
    remove_simulation(session, simulation_id)


@router.post("/{simulation_id}/clone", status_code=status.HTTP_201_CREATED)
def clone(
    simulation_id: UUID,
    request: Annotated[CloneRequest, Body()],
    configuration: CurrentConfiguration,
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
) -> SimulationView:
    """Queue a copy with the same demand and stock, and other changes."""
    principal.require("sourcing.write")
    made = clone_simulation(
        session, configuration, simulation_id, request, now=now, actor=principal.name
    )
    return view_simulation(session, made)


@router.post("/{simulation_id}/commit")
def commit(
    simulation_id: UUID,
    configuration: CurrentConfiguration,
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
) -> CommitResult:
    """Apply the documents that were simulated."""
    principal.require("sourcing.write")
    principal.require("configuration.write")
    changed = commit_simulation(
        session, configuration, simulation_id, now=now, actor=principal.name
    )
    return CommitResult(committed=True, changed=changed)


def simulation_router(order_port: DemandPort) -> Router:
    """Return the routes, over the past orders of `order_port`."""
    every = Router()

    @every.post(PREFIX, tags=["simulation"], status_code=status.HTTP_201_CREATED)
    def create(
        request: Annotated[SimulationRequest, Body()],
        configuration: CurrentConfiguration,
        principal: CurrentPrincipal,
        session: WriteSession,
        now: Now,
    ) -> SimulationView:
        """Store demand, stock and configuration of this moment, and queue the runs."""
        principal.require("sourcing.write")
        made = start_simulation(
            session, order_port, configuration, request, now=now, actor=principal.name
        )
        return view_simulation(session, made)

    every.include_router(router)
    return every
