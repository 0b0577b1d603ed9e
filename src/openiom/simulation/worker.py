"""A worker's turn: one run of the oldest simulation that waits, figures and progress committed together."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, new_id
from openiom.platform.batches import BatchResult, is_transient
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import notify, utc_now
from openiom.platform.leases import LEASE, heartbeat

from .inputs import inputs_of, prepared
from .kpis import RunFigures, bands_of, differences
from .request import SimulationRequest
from .simulator import simulate

log = structlog.get_logger("simulation")
WAKE = "simulation"


@dataclass(frozen=True)
class SimulationWorker:
    """
    Takes a simulation for the length of one run. A lease keeps others away and is renewed while the run lasts; a
    worker that dies loses the run it was in, and whoever finds the lease expired goes on with the next missing one.
    """

    kind: str = WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        lease = new_id()
        with database.unit_of_work() as session:
            taken = _claim(session, lease, now)
        if taken is None:
            return BatchResult(0, False)
        simulation, ask, input_id, run = taken
        try:
            with heartbeat(lambda until: _renew(database, simulation, lease, until)):
                figures = _run(database, ask, input_id, run)
        except Exception as error:
            if is_transient(error):
                raise
            log.error("simulation_failed", simulation=str(simulation), run=run, exc_info=error)
            with database.unit_of_work() as session:
                _fail(session, simulation, lease, error, now)
            return BatchResult(1, True)
        with database.unit_of_work() as session:
            _record(session, simulation, lease, run, figures, utc_now())
        return BatchResult(1, True)


def _claim(
    session: Session, lease: UUID, now: datetime
) -> tuple[UUID, SimulationRequest, UUID, int] | None:
    """The oldest simulation nobody works on, and its first run without figures."""
    rows = fetch(
        session,
        "UPDATE simulation.simulation SET state = 'running', started_at = coalesce(started_at, %(now)s),"
        " lease = %(lease)s, lease_until = %(until)s WHERE id = (SELECT id FROM simulation.simulation"
        " WHERE state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until < %(now)s)"
        " ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, ask, input_id, runs",
        {"lease": lease, "until": now + LEASE, "now": now},
    )
    if not rows:
        return None
    simulation, ask, input_id, runs = rows[0]
    done = {
        run
        for (run,) in fetch(
            session,
            "SELECT run FROM simulation.simulation_result WHERE simulation_id = %s",
            (simulation,),
        )
    }
    missing = next(run for run in range(runs) if run not in done)
    return simulation, SimulationRequest.model_validate(ask), input_id, missing


def _renew(database: Database, simulation: UUID, lease: UUID, until: datetime) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE simulation.simulation SET lease_until = greatest(lease_until, %s)"
            " WHERE id = %s AND lease = %s",
            (until, simulation, lease),
        )


def _run(
    database: Database, ask: SimulationRequest, input_id: UUID, run: int
) -> dict[str, RunFigures]:
    with database.reading() as session:
        inputs = inputs_of(session, input_id)
    before, after = prepared(inputs, ask.model_dump_json(by_alias=True))
    return {
        "baseline": simulate(ask, inputs.pool, before, run=run, shocked=False),
        "scenario": simulate(ask, inputs.pool, after, run=run, shocked=True),
    }


def _record(
    session: Session,
    simulation: UUID,
    lease: UUID,
    run: int,
    figures: dict[str, RunFigures],
    now: datetime,
) -> None:
    """Keep the figures of a run, unless another worker took over in the meantime; sum up after the last one."""
    rows = fetch(
        session,
        "UPDATE simulation.simulation SET runs_done = runs_done + 1, lease = NULL, lease_until = NULL"
        " WHERE id = %s AND lease = %s RETURNING runs, runs_done",
        (simulation, lease),
    )
    if not rows:
        log.info("simulation_taken_over", simulation=str(simulation), run=run)
        return
    for scenario, found in figures.items():
        execute(
            session,
            "INSERT INTO simulation.simulation_result (simulation_id, run, scenario, figures)"
            " VALUES (%s, %s, %s, %s::jsonb)",
            (simulation, run, scenario, to_json_text(found.as_dict())),
        )
    runs, done = rows[0]
    if done == runs:
        execute(
            session,
            "UPDATE simulation.simulation SET state = 'finished', finished_at = %s, summary = %s::jsonb"
            " WHERE id = %s",
            (now, to_json_text(summary_of(session, simulation)), simulation),
        )
    else:
        notify(session, WAKE)


def summary_of(session: Session, simulation: UUID) -> dict[str, Any]:
    """Bands of both scenarios, and of their difference run by run."""
    runs = run_figures(session, simulation)
    return {
        "baseline": bands_of(runs["baseline"]),
        "scenario": bands_of(runs["scenario"]),
        "difference": differences(runs["baseline"], runs["scenario"]),
    }


def run_figures(session: Session, simulation: UUID) -> dict[str, list[dict[str, Any]]]:
    """Scenario -> figures of every finished run, in order."""
    rows = fetch(
        session,
        "SELECT scenario, figures FROM simulation.simulation_result WHERE simulation_id = %s"
        " ORDER BY scenario, run",
        (simulation,),
    )
    found: dict[str, list[dict[str, Any]]] = {"baseline": [], "scenario": []}
    for scenario, figures in rows:
        found[scenario].append(figures)
    return found


def _fail(session: Session, simulation: UUID, lease: UUID, error: Exception, now: datetime) -> None:
    what = str(error) if isinstance(error, IomError) else f"{type(error).__name__}: {error}"
    execute(
        session,
        "UPDATE simulation.simulation SET state = 'failed', error = %s, finished_at = %s, lease = NULL,"
        " lease_until = NULL WHERE id = %s AND lease = %s",
        (what[:2000].replace("\x00", " "), now, simulation, lease),
    )
