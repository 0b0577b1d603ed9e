"""The worker that runs simulations: one run at a time, committed together with its progress."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, new_id
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch, fetch_as
from openiom.platform.clock import utc_now
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import notify
from openiom.platform.leases import LEASE, heartbeat
from openiom.platform.retry import is_transient

from .inputs import inputs_of, prepared
from .kpis import RunFigures, bands_of, differences
from .request import SimulationRequest
from .simulator import simulate

log = structlog.get_logger("simulation")
WAKE = "simulation"
LONGEST_ERROR = 2000


class _ClaimedSimulation(NamedTuple):
    """A simulation that this worker has leased."""

    id: UUID
    request: dict[str, Any]
    input_id: UUID
    runs: int


class _Progress(NamedTuple):
    runs: int
    runs_done: int


class _ResultRow(NamedTuple):
    scenario: str
    figures: dict[str, Any]


@dataclass(frozen=True)
class SimulationWorker:
    """Leases a simulation for the length of one run.

    The lease is renewed while the run lasts. A worker that dies loses the run it was in; when the
    lease has expired, another worker continues with the next missing run.
    """

    kind: str = WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Run the next missing run of the oldest waiting simulation."""
        lease = new_id()
        with database.unit_of_work() as session:
            claimed = _claim(session, lease, now)
            if claimed is None:
                return BatchResult(0, False)

            run = _next_run(session, claimed)

        try:
            with heartbeat(lambda until: _renew(database, claimed.id, lease, until)):
                figures = _run(database, claimed, run)
        except Exception as error:
            if is_transient(error):
                raise

            log.error("simulation_failed", simulation=str(claimed.id), run=run, exc_info=error)
            with database.unit_of_work() as session:
                _fail(session, claimed.id, lease, error, now)

            return BatchResult(1, True)

        with database.unit_of_work() as session:
            if _count_run(session, claimed.id, lease, figures, run):
                _finish(session, claimed.id, utc_now())

        return BatchResult(1, True)


def _claim(session: Session, lease: UUID, now: datetime) -> _ClaimedSimulation | None:
    """Lease the oldest simulation without a valid lease."""
    rows = fetch_as(
        session,
        _ClaimedSimulation,
        "UPDATE simulation.simulation SET state = 'running',"
        " started_at = coalesce(started_at, %(now)s), lease = %(lease)s, lease_until = %(until)s"
        " WHERE id = (SELECT id FROM simulation.simulation"
        " WHERE state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until < %(now)s)"
        " ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING id, request, input_id, runs",
        {"lease": lease, "until": now + LEASE, "now": now},
    )
    return rows[0] if rows else None


def _next_run(session: Session, claimed: _ClaimedSimulation) -> int:
    """Return the first run without figures."""
    query = "SELECT DISTINCT run FROM simulation.simulation_result WHERE simulation_id = %s"
    done = {run for (run,) in fetch(session, query, (claimed.id,))}
    return min(set(range(claimed.runs)) - done)


def _renew(database: Database, simulation: UUID, lease: UUID, until: datetime) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE simulation.simulation SET lease_until = greatest(lease_until, %s)"
            " WHERE id = %s AND lease = %s",
            (until, simulation, lease),
        )


def _run(database: Database, claimed: _ClaimedSimulation, run: int) -> dict[str, RunFigures]:
    """Return the figures of both scenarios of one run."""
    request = SimulationRequest.model_validate(claimed.request)
    with database.reading() as session:
        inputs = inputs_of(session, claimed.input_id)

    before, after = prepared(inputs, request.model_dump_json(by_alias=True))
    return {
        "baseline": simulate(request, inputs.pool, before, run=run, shocked=False),
        "scenario": simulate(request, inputs.pool, after, run=run, shocked=True),
    }


def _count_run(
    session: Session,
    simulation: UUID,
    lease: UUID,
    figures: dict[str, RunFigures],
    run: int,
) -> bool:
    """Store the figures of a run, unless the lease was lost; return whether it was the last run."""
    rows = fetch_as(
        session,
        _Progress,
        "UPDATE simulation.simulation"
        " SET runs_done = runs_done + 1, lease = NULL, lease_until = NULL"
        " WHERE id = %s AND lease = %s RETURNING runs, runs_done",
        (simulation, lease),
    )
    if not rows:
        log.info("simulation_lease_lost", simulation=str(simulation), run=run)
        return False

    for scenario, found in figures.items():
        execute(
            session,
            "INSERT INTO simulation.simulation_result (simulation_id, run, scenario, figures)"
            " VALUES (%s, %s, %s, %s::jsonb)",
            (simulation, run, scenario, to_json_text(found.as_dict())),
        )

    if rows[0].runs_done == rows[0].runs:
        return True

    notify(session, WAKE)
    return False


def _finish(session: Session, simulation: UUID, now: datetime) -> None:
    """Store the summary of all runs."""
    execute(
        session,
        "UPDATE simulation.simulation"
        " SET state = 'finished', finished_at = %s, summary = %s::jsonb WHERE id = %s",
        (now, to_json_text(summary_of(session, simulation)), simulation),
    )


def summary_of(session: Session, simulation: UUID) -> dict[str, Any]:
    """Return the bounds of both scenarios and of their difference, run by run."""
    runs = run_figures(session, simulation)
    return {
        "baseline": bands_of(runs["baseline"]),
        "scenario": bands_of(runs["scenario"]),
        "difference": differences(runs["baseline"], runs["scenario"]),
    }


def run_figures(session: Session, simulation: UUID) -> dict[str, list[dict[str, Any]]]:
    """Return the figures of every finished run, in order, by scenario."""
    rows = fetch_as(
        session,
        _ResultRow,
        "SELECT scenario, figures FROM simulation.simulation_result WHERE simulation_id = %s"
        " ORDER BY scenario, run",
        (simulation,),
    )
    found: dict[str, list[dict[str, Any]]] = {"baseline": [], "scenario": []}
    for row in rows:
        found[row.scenario].append(row.figures)

    return found


def _fail(session: Session, simulation: UUID, lease: UUID, error: Exception, now: datetime) -> None:
    what = str(error) if isinstance(error, IomError) else f"{type(error).__name__}: {error}"
    execute(
        session,
        "UPDATE simulation.simulation SET state = 'failed', error = %s, finished_at = %s,"
        " lease = NULL, lease_until = NULL WHERE id = %s AND lease = %s",
        (what[:LONGEST_ERROR].replace("\x00", " "), now, simulation, lease),
    )
