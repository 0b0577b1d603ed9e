"""Simulations over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, status

from openiom.fulfillment_optimization.past_demand import DemandDesk
from openiom.platform.configuration import Configuration
from openiom.platform.http import Asker, Now, Page, Reading, Writing, page_of, read_cursor

from .asking import SimulationAsk
from .queries import compare_simulations, list_simulations, view_simulation
from .schemas import CloneAsk, CommitAnswer, CompareAsk, Comparison, SimulationRow, SimulationView
from .service import clone_simulation, commit_simulation, remove_simulation, start_simulation


def _configuration(request: Request) -> Configuration:
    found: Configuration = request.app.state.configuration
    return found


router = APIRouter(prefix="/api/v1/simulations", tags=["simulation"])


@router.get("")
def simulations(
    asker: Asker,
    session: Reading,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SimulationRow]:
    """Simulations, newest first."""
    asker.require("sourcing.read")
    rows = list_simulations(session, after=read_cursor(after, 2, datetime.fromisoformat, UUID), limit=limit + 1)
    items, following = page_of(rows, limit=limit, key=lambda row: (row.created_at.isoformat(), row.id))
    return Page(items=items, next=following)


@router.post("/compare")
def compare(asked: Annotated[CompareAsk, Body()], asker: Asker, session: Reading) -> Comparison:
    """Finished simulations side by side."""
    asker.require("sourcing.read")
    return compare_simulations(session, asked.simulations)


@router.get("/{simulation_id}")
def one(simulation_id: UUID, asker: Asker, session: Reading) -> SimulationView:
    """What was asked, how far it is, and what came of it."""
    asker.require("sourcing.read")
    return view_simulation(session, simulation_id)


@router.delete("/{simulation_id}", status_code=status.HTTP_204_NO_CONTENT)
def remove(simulation_id: UUID, asker: Asker, session: Writing) -> None:
    """Forget a simulation; what it committed stays."""
    asker.require("sourcing.write")
    remove_simulation(session, simulation_id)


@router.post("/{simulation_id}/clone", status_code=status.HTTP_201_CREATED)
def clone(
    request: Request,
    simulation_id: UUID,
    asked: Annotated[CloneAsk, Body()],
    asker: Asker,
    session: Writing,
    now: Now,
) -> SimulationView:
    """The same demand and stock, with other changes."""
    asker.require("sourcing.write")
    configuration = _configuration(request)
    made = clone_simulation(session, configuration, simulation_id, asked, now=now, actor=asker.name)
    return view_simulation(session, made)


@router.post("/{simulation_id}/commit")
def commit(request: Request, simulation_id: UUID, asker: Asker, session: Writing, now: Now) -> CommitAnswer:
    """Make the changed documents those in use."""
    asker.require("sourcing.write")
    asker.require("configuration.write")
    configuration = _configuration(request)
    changed = commit_simulation(session, configuration, simulation_id, now=now, actor=asker.name)
    return CommitAnswer(committed=True, changed=changed)


def simulation_router(desk: DemandDesk) -> APIRouter:
    """The routes, over the orders behind `desk`."""
    whole = APIRouter()

    @whole.post(router.prefix, tags=["simulation"], status_code=status.HTTP_201_CREATED)
    def create(
        request: Request, asked: Annotated[SimulationAsk, Body()], asker: Asker, session: Writing, now: Now
    ) -> SimulationView:
        """Keep demand, stock and configuration of this moment, and queue the runs."""
        asker.require("sourcing.write")
        made = start_simulation(session, desk, _configuration(request), asked, now=now, actor=asker.name)
        return view_simulation(session, made)

    whole.include_router(router)
    return whole
