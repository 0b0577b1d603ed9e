"""Reads of simulations: the list, one simulation, and several side by side."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from openiom.kernel import Refused
from openiom.platform.bulk import fetch_as

from .inputs import input_row, inputs_of, scenarios
from .kpis import differences
from .models import Simulation
from .request import SimulationRequest
from .schemas import (
    ComparedColumn,
    Comparison,
    Difference,
    KpiBand,
    SimulationRow,
    SimulationView,
    Summary,
)
from .service import deltas, get_simulation
from .worker import run_figures

_COLUMNS = (
    "id",
    "name",
    "description",
    "template",
    "state",
    "runs",
    "runs_done",
    "created_at",
    "created_by",
    "finished_at",
    "committed_at",
    "cloned_from",
    "error",
    "cost_currency",
)


def list_simulations(
    session: Session, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[SimulationRow]:
    """Return simulations, newest first."""
    query = (
        select(Simulation).order_by(Simulation.created_at.desc(), Simulation.id.desc()).limit(limit)
    )
    if after:
        created_at, simulation_id = after
        key = tuple_(Simulation.created_at, Simulation.id)
        query = query.where(key < tuple_(literal(created_at), literal(simulation_id)))

    return [SimulationRow(**_row(found)) for found in session.scalars(query)]


def _row(found: Simulation) -> dict[str, Any]:
    summary = found.summary
    row: dict[str, Any] = {}
    for name in _COLUMNS:
        row[name] = getattr(found, name)
    row["progress"] = round(found.runs_done / found.runs, 4)
    row["cost"] = summary["scenario"]["kpis"]["cost"] if summary else None
    row["cost_difference"] = summary["difference"]["cost"] if summary else None
    return row


def view_simulation(session: Session, simulation_id: UUID) -> SimulationView:
    """Return one simulation. Raises NotFound."""
    found = get_simulation(session, simulation_id)
    basis = input_row(session, found.input_id)
    return SimulationView(
        **_row(found),
        request=SimulationRequest.model_validate(found.request),
        currency=basis.currency,
        basis_orders=basis.orders,
        basis_lines=basis.lines,
        started_at=found.started_at,
        committed_by=found.committed_by,
        changed=deltas(session, found.documents),
        summary=Summary.model_validate(found.summary) if found.summary else None,
    )


def compare_simulations(session: Session, ids: list[UUID]) -> Comparison:
    """Return simulations side by side, in the order of `ids`.

    Raises NotFound, or Refused while one has not finished.
    """
    found = [_finished_simulation(session, simulation_id) for simulation_id in ids]
    digests = _input_digests(session, [simulation.input_id for simulation in found])
    first = found[0]
    first_runs = run_figures(session, first.id)["scenario"]

    compared: list[dict[str, Difference] | None] = []
    for simulation in found:
        difference = None
        if same_demand(first, simulation, digests):
            runs = run_figures(session, simulation.id)["scenario"]
            difference = _difference(first_runs, runs)

        compared.append(difference)

    columns = [_column(session, simulation) for simulation in found]
    return Comparison(columns=columns, difference=compared)


def _finished_simulation(session: Session, simulation_id: UUID) -> Simulation:
    simulation = get_simulation(session, simulation_id)
    if simulation.state != "finished":
        raise Refused(
            f"{simulation.name} is {simulation.state}",
            where="simulations",
            remedy="compare it when it has finished",
        )
    return simulation


def same_demand(first: Simulation, second: Simulation, digests: Mapping[UUID, str]) -> bool:
    """Return whether run n of both met the same customers, stock and configuration.

    Costs in two currencies are not compared.
    """
    for name in ("demand", "seed", "runs"):
        if first.request[name] != second.request[name]:
            return False

    same_inputs = digests[first.input_id] == digests[second.input_id]
    return same_inputs and first.cost_currency == second.cost_currency


class _Digest(NamedTuple):
    id: UUID
    digest: str


def _input_digests(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return a digest of each input; equal for inputs with equal content."""
    query = "SELECT id, md5(body) AS digest FROM simulation.simulation_input WHERE id = ANY(%s)"
    rows = fetch_as(session, _Digest, query, (list(ids),))
    return {row.id: row.digest for row in rows}


def _difference(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> dict[str, Difference]:
    return {name: Difference(**gap) for name, gap in differences(first, second).items()}


def _column(session: Session, found: Simulation) -> ComparedColumn:
    request = SimulationRequest.model_validate(found.request)
    inputs = inputs_of(session, found.input_id)
    _, scenario = scenarios(inputs, request)
    strategy = scenario.network.strategy(scenario.strategy, request.demand.from_)
    assert found.summary is not None
    kpis = found.summary["scenario"]["kpis"]
    return ComparedColumn(
        id=found.id,
        name=found.name,
        description=found.description,
        template=request.template,
        from_=request.demand.from_.isoformat(),
        to=request.demand.to.isoformat(),
        sources=len(strategy.source_names),
        constraints=strategy.constraint_count,
        currency=inputs.pool.currency,
        cost_currency=found.cost_currency,
        kpis={name: KpiBand(**band) for name, band in kpis.items()},
    )
