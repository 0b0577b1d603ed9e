"""Jobs of the contract: asked for by a call, done by a worker's turn, looked at by their id."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from openiom.inventory_visibility import EXPIRY_CAUSE, InventoryConfiguration, release_reservations
from openiom.kernel import Invalid, NotFound
from openiom.platform.batches import BatchWorker
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import to_json_text
from openiom.platform.events import notify

from .body_parser import StockName, base_dimensions, data_source_of, day, moment, text

WAKE = "inventory_jobs"
LOG, RESYNC = "LogTransactionDetails", "ReserveResync"
SHOWN = {"queued": "Queued", "completed": "Completed", "failed": "Failed"}
LINES_A_PART = 10_000
KEPT = timedelta(days=30)
LOG_COLUMNS = (
    *(
        "id",
        "at",
        "organizationId",
        "productId",
        "locationId",
        "dimensions",
        "dataSource",
        "measure",
        "delta",
    ),
    *("cause", "document", "actor"),
)


@dataclass(frozen=True, slots=True)
class Job:
    id: UUID
    kind: str
    request: Mapping[str, Any]
    actor: str


def job_name(kind: str, job_id: UUID) -> str:
    """How a job is named outside: `LogTransactionDetails:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`."""
    return f"{kind}:{job_id}"


def queue(
    session: Session, kind: str, request: Mapping[str, Any], *, now: datetime, actor: str
) -> str:
    """A new job, and its name."""
    job_id = uuid4()
    execute(
        session,
        "INSERT INTO inventory_visibility.contract_job (id, kind, state, request, at, actor)"
        " VALUES (%s, %s, 'queued', %s::jsonb, %s, %s)",
        (job_id, kind, to_json_text(request), now, actor),
    )
    notify(session, WAKE)
    return job_name(kind, job_id)


def read_log_request(
    record: Mapping[str, Any], configuration: InventoryConfiguration
) -> dict[str, Any]:
    """The log to export: an organization, whole UTC days or moments, and a product or dimensions when given."""
    first, last = record.get("utcfromdate"), record.get("utctodate")
    since = _moment(first, "UtcFromDate")
    until = _moment(last, "UtcToDate")
    if until.time() == datetime.min.time():
        until += timedelta(days=1)
    if until <= since:
        raise Invalid("ends before it begins", where="UtcToDate", remedy="put UtcFromDate first")
    source = text(record, "dimensionDataSource", default="")
    dimensions = base_dimensions(record.get("dimensions"), configuration, source)
    location = dimensions.pop("locationid", "")
    organization = configuration.organization(text(record, "organizationId"))
    if not organization and dimensions.get("siteid") == configuration.site_of(location):
        del dimensions["siteid"]
    name = StockName(organization, text(record, "productId", default=""), location, dimensions)
    return {
        "organization": name.organization,
        "product": name.product,
        "source": name.source,
        "dimensions": dict(name.dimensions),
        "since": since.isoformat(),
        "until": until.isoformat(),
    }


def _moment(value: Any, where: str) -> datetime:
    if isinstance(value, str) and ":" not in value:
        return moment(day(value, where).isoformat(), where)
    return moment(value, where)


def read_resync_request(body: Any, configuration: InventoryConfiguration) -> dict[str, Any]:
    """The data sources to clean; an empty list stands for all."""
    if not isinstance(body, list) or not all(isinstance(name, str) for name in body):
        raise Invalid(
            "is not a list of data sources", where="body", remedy='send ["iv"], or [] for all'
        )
    return {"data_sources": [data_source_of(configuration, name, "body").name for name in body]}


def progress(session: Session, name: str, *, path: str) -> dict[str, Any]:
    """How far a job is. Raises NotFound."""
    job = find(session, name)
    rows = fetch(
        session,
        "SELECT state, message, result, at, ended_at,"
        " EXISTS (SELECT 1 FROM inventory_visibility.contract_job_part p WHERE p.job_id = j.id)"
        " FROM inventory_visibility.contract_job j WHERE id = %s",
        (job,),
    )
    state, message, result, at, ended_at, has_file = rows[0]
    answer = {
        "jobId": name,
        "jobStatus": SHOWN[state],
        "progress": 0 if state == "queued" else 100,
        "message": message,
        "result": result,
        "createdAt": at.isoformat(),
        "endedAt": ended_at.isoformat() if ended_at else None,
    }
    return {**answer, "downloadUrl": f"{path}/jobs/{name}/file"} if has_file else answer


def find(session: Session, name: str) -> UUID:
    """The id behind a job's name. Raises NotFound."""
    kind, _, given = name.rpartition(":")
    try:
        job_id = UUID(given)
    except ValueError:
        job_id = None
    query = "SELECT 1 FROM inventory_visibility.contract_job WHERE id = %s AND kind = %s"
    if job_id is None or not fetch(session, query, (job_id, kind)):
        raise NotFound(f"no job {name}", where="jobId", remedy="use the job id a call answered")
    return job_id


def parts(session: Session, job_id: UUID) -> Iterator[str]:
    """The file a job wrote, piece by piece."""
    number = 0
    while True:
        rows = fetch(
            session,
            "SELECT content FROM inventory_visibility.contract_job_part WHERE job_id = %s AND number = %s",
            (job_id, number),
        )
        if not rows:
            return
        yield rows[0][0]
        number += 1


def _claim(session: Session, limit: int) -> Sequence[Job]:
    rows = fetch(
        session,
        "SELECT id, kind, request, actor FROM inventory_visibility.contract_job WHERE state = 'queued'"
        " ORDER BY at LIMIT 1 FOR UPDATE SKIP LOCKED",
    )
    return [Job(*row) for row in rows]


def _process(session: Session, jobs: Sequence[Job], now: datetime) -> None:
    for job in jobs:
        result = _export_log(session, job) if job.kind == LOG else _resync(session, job, now)
        execute(
            session,
            "UPDATE inventory_visibility.contract_job SET state = 'completed', result = %s::jsonb, ended_at = %s"
            " WHERE id = %s",
            (to_json_text(result), now, job.id),
        )
    execute(
        session, "DELETE FROM inventory_visibility.contract_job WHERE ended_at < %s", (now - KEPT,)
    )


def _park(session: Session, job: Job, error: Exception, now: datetime) -> None:
    execute(
        session,
        "UPDATE inventory_visibility.contract_job SET state = 'failed', message = %s, ended_at = %s WHERE id = %s",
        (str(error).splitlines()[0][:500], now, job.id),
    )


def export_job_worker() -> BatchWorker[Job]:
    """What a worker runs; one job a wave, because a job may be long."""
    return BatchWorker(WAKE, _claim, _process, _park)


def _export_log(session: Session, job: Job) -> dict[str, Any]:
    """Write the ledger entries asked for as CSV, in parts of whole lines; answers how many there are."""
    asked, last, count, number = job.request, 0, 0, 0
    while True:
        rows = fetch(
            session,
            "SELECT e.id, e.recorded_at, s.organization, s.product, s.source, s.dimensions, e.data_source, e.measure, e.delta,"
            " e.cause, e.document, e.actor FROM inventory_visibility.ledger_entry e"
            " JOIN inventory_visibility.stock s ON s.id = e.stock_id WHERE e.id > %(last)s"
            " AND e.recorded_at >= %(since)s::timestamptz AND e.recorded_at < %(until)s::timestamptz"
            " AND s.organization = %(organization)s AND (%(product)s = '' OR s.product = %(product)s)"
            " AND (%(source)s = '' OR s.source = %(source)s) AND s.dimension_values @> %(dimensions)s::jsonb"
            f" ORDER BY e.id LIMIT {LINES_A_PART}",
            {**asked, "dimensions": to_json_text(asked["dimensions"]), "last": last},
        )
        if not rows and number:
            return {"records": count}
        text_of_part = _csv([LOG_COLUMNS, *rows] if number == 0 else rows)
        part = (job.id, number, text_of_part)
        copy_rows(
            session,
            "inventory_visibility.contract_job_part",
            ("job_id", "number", "content"),
            [part],
        )
        if len(rows) < LINES_A_PART:
            return {"records": count + len(rows)}
        last, count, number = rows[-1][0], count + len(rows), number + 1


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _resync(session: Session, job: Job, now: datetime) -> dict[str, Any]:
    """Give back what expired outside reservations hold, and drop those that hold nothing any more."""
    sources: list[str] = job.request["data_sources"]
    expired = fetch(
        session,
        "SELECT id FROM inventory_visibility.reservation WHERE open > 0 AND line_id IS NULL AND expires_at <= %s"
        " AND (%s::text[] = '{}' OR data_source = ANY(%s::text[]))",
        (now, sources, sources),
    )
    ids = [row[0] for row in expired]
    released = release_reservations(session, ids, now=now, actor=job.actor, cause=EXPIRY_CAUSE)
    dropped = execute(
        session,
        "DELETE FROM inventory_visibility.reservation WHERE open = 0 AND line_id IS NULL"
        " AND (%s::text[] = '{}' OR data_source = ANY(%s::text[]))",
        (sources, sources),
    )
    return {"reservationsReleased": len(released), "reservationsDropped": dropped}
