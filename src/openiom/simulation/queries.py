"""Reads: the list, one simulation, and several side by side."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from openiom.kernel import Refused
from openiom.platform.bulk import fetch

from .inputs import inputs_of, scenarios
from .kpis import differences
from .models import Simulation
from .request import SimulationAsk
from .schemas import (
    Band,
    ComparedColumn,
    Comparison,
    Difference,
    SimulationRow,
    SimulationView,
    Summary,
)
from .service import deltas, simulation
from .worker import run_figures

_COLUMNS = (
    *(
        "id",
        "name",
        "description",
        "template",
        "state",
        "runs",
        "runs_done",
        "created_at",
        "created_by",
    ),
    *("finished_at", "committed_at", "cloned_from", "error", "cost_currency"),
)


def list_simulations(
    session: Session, *, after: list[str] | None, limit: int
) -> list[SimulationRow]:
    """Newest first."""
    query = (
        select(Simulation).order_by(Simulation.created_at.desc(), Simulation.id.desc()).limit(limit)
    )
    if after:
        last = datetime.fromisoformat(after[0]), UUID(after[1])
        query = query.where(
            tuple_(Simulation.created_at, Simulation.id) < tuple_(*map(literal, last))
        )
    return [SimulationRow(**_row(found)) for found in session.scalars(query)]


def _row(found: Simulation) -> dict[str, Any]:
    summary = found.summary
    return {name: getattr(found, name) for name in _COLUMNS} | {
        "progress": round(found.runs_done / found.runs, 4),
        "cost": summary["scenario"]["kpis"]["cost"] if summary else None,
        "cost_difference": summary["difference"]["cost"] if summary else None,
    }


def view_simulation(session: Session, simulation_id: UUID) -> SimulationView:
    """Raises NotFound."""
    found = simulation(session, simulation_id)
    orders, lines, currency = fetch(
        session,
        "SELECT orders, lines, currency FROM fulfillment_optimization.simulation_input WHERE id = %s",
        (found.input_id,),
    )[0]
    return SimulationView(
        **_row(found),
        ask=SimulationAsk.model_validate(found.ask),
        currency=currency,
        basis_orders=orders,
        basis_lines=lines,
        started_at=found.started_at,
        committed_by=found.committed_by,
        changed=deltas(session, found.documents),
        summary=Summary.model_validate(found.summary) if found.summary else None,
    )


def compare_simulations(session: Session, ids: list[UUID]) -> Comparison:
    """Side by side, in the order asked for. Raises NotFound, or Refused while one has not finished."""
    found = [simulation(session, wanted) for wanted in ids]
    for one in found:
        if one.state != "finished":
            raise Refused(
                f"{one.name} is {one.state}",
                where="simulations",
                remedy="compare it when it has finished",
            )
    runs = [run_figures(session, one.id)["scenario"] for one in found]
    inputs = _digests(session, [one.input_id for one in found])
    return Comparison(
        columns=[_column(session, one) for one in found],
        difference=[
            _difference(runs[0], mine) if same_demand(found[0], one, inputs) else None
            for one, mine in zip(found, runs, strict=True)
        ],
    )


def same_demand(first: Simulation, second: Simulation, inputs: Mapping[UUID, str]) -> bool:
    """Whether run n of one met the customers of run n of the other, on the same stock and configuration of today.

    Costs in two currencies are not compared.
    """
    same = all(first.ask[name] == second.ask[name] for name in ("demand", "seed", "runs"))
    return (
        same
        and inputs[first.input_id] == inputs[second.input_id]
        and first.cost_currency == second.cost_currency
    )


def _digests(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Equal for inputs that hold the same, also where they were read twice."""
    return dict(
        fetch(
            session,
            "SELECT id, md5(body) FROM fulfillment_optimization.simulation_input WHERE id = ANY(%s)",
            (list(ids),),
        )
    )


def _difference(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> dict[str, Difference]:
    return {name: Difference(**gap) for name, gap in differences(first, second).items()}


def _column(session: Session, found: Simulation) -> ComparedColumn:
    ask = SimulationAsk.model_validate(found.ask)
    inputs = inputs_of(session, found.input_id)
    _, scenario = scenarios(inputs, ask)
    setting = scenario.network.strategy_config(scenario.strategy, ask.demand.from_)
    assert found.summary is not None
    return ComparedColumn(
        id=found.id,
        name=found.name,
        description=found.description,
        template=ask.template,
        from_=ask.demand.from_.isoformat(),
        to=ask.demand.to.isoformat(),
        sources=len(setting.names),
        constraints=len(setting.constraints),
        currency=inputs.pool.currency,
        cost_currency=found.cost_currency,
        kpis={name: Band(**band) for name, band in found.summary["scenario"]["kpis"].items()},
    )
