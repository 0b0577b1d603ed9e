"""Jobs of the contract: requested by a call, run by a worker, and found by their id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    EXPIRY_CAUSE,
    InventoryConfiguration,
    LedgerFilter,
    delete_closed_external_reservations,
    expired_external_reservations,
    ledger_lines,
    release_reservations,
)
from openiom.kernel import Invalid, NotFound
from openiom.platform.batches import BatchWorker
from openiom.platform.bulk import copy_rows, execute, fetch, fetch_as
from openiom.platform.csv_files import csv_text
from openiom.platform.database import to_json_text
from openiom.platform.events import notify

from .body_parser import base_dimensions, data_source_of, day, moment, text

CHANNEL = "inventory_jobs"
LEDGER_EXPORT = "LogTransactionDetails"
RESERVATION_CLEANUP = "ReserveResync"
STATE_LABELS = {"queued": "Queued", "completed": "Completed", "failed": "Failed"}
LINES_PER_PART = 10_000
RETENTION = timedelta(days=30)
EXPORT_HEADER = (
    "id",
    "at",
    "organizationId",
    "productId",
    "locationId",
    "dimensions",
    "dataSource",
    "measure",
    "delta",
    "cause",
    "document",
    "actor",
)


@dataclass(frozen=True, slots=True)
class Job:
    """A queued job."""

    id: UUID
    kind: str
    request: Mapping[str, Any]
    actor: str


class JobState(NamedTuple):
    """The progress of a job; `has_file` is whether it wrote a file."""

    state: str
    message: str
    result: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None
    has_file: bool


def job_name(kind: str, job_id: UUID) -> str:
    """Return the public id of a job, such as `LogTransactionDetails:` and a UUID."""
    return f"{kind}:{job_id}"


def queue_job(
    session: Session, kind: str, request: Mapping[str, Any], *, now: datetime, actor: str
) -> str:
    """Queue a job and return its public id."""
    job_id = uuid4()
    execute(
        session,
        "INSERT INTO inventory_contract.export_job (id, kind, state, request, created_at, actor)"
        " VALUES (%s, %s, 'queued', %s::jsonb, %s, %s)",
        (job_id, kind, to_json_text(request), now, actor),
    )
    notify(session, CHANNEL)
    return job_name(kind, job_id)


def read_log_request(
    record: Mapping[str, Any], configuration: InventoryConfiguration
) -> dict[str, Any]:
    """Return the request of a ledger export as JSON.

    It names an organization and whole UTC days or moments; product and dimensions are optional.
    Raises Invalid.
    """
    since = _export_moment(record.get("utcfromdate"), "UtcFromDate")
    until = _export_moment(record.get("utctodate"), "UtcToDate")
    if until.time() == datetime.min.time():
        until += timedelta(days=1)

    if until <= since:
        raise Invalid(
            "the end is not after the start",
            where="UtcToDate",
            remedy="send a UtcFromDate before UtcToDate",
        )

    source = text(record, "dimensionDataSource", default="")
    dimensions = base_dimensions(record.get("dimensions"), configuration, source)
    location = dimensions.pop("locationid", "")
    organization = configuration.organization(text(record, "organizationId"))
    if not organization and dimensions.get("siteid") == configuration.site_of(location):
        del dimensions["siteid"]

    return {
        "organization": organization,
        "product": text(record, "productId", default=""),
        "source": location,
        "dimensions": dimensions,
        "since": since.isoformat(),
        "until": until.isoformat(),
    }


def _export_moment(value: Any, where: str) -> datetime:
    if isinstance(value, str) and ":" not in value:
        return moment(day(value, where).isoformat(), where)
    return moment(value, where)


def read_resync_request(body: Any, configuration: InventoryConfiguration) -> dict[str, Any]:
    """Return the data sources to clean up as JSON; an empty list means all. Raises Invalid."""
    error = Invalid(
        "is not a list of data sources",
        where="body",
        remedy='send ["iv"], or [] for all',
    )
    if not isinstance(body, list):
        raise error

    names: list[str] = []
    for name in body:
        if not isinstance(name, str):
            raise error

        names.append(data_source_of(configuration, name, "body").name)

    return {"data_sources": names}


def job_progress(session: Session, name: str, *, path: str) -> dict[str, Any]:
    """Return the state of a job with the URL of its file below `path`. Raises NotFound."""
    (job,) = fetch_as(
        session,
        JobState,
        "SELECT state, message, result, created_at, ended_at,"
        " EXISTS (SELECT 1 FROM inventory_contract.export_job_part p"
        " WHERE p.job_id = j.id) AS has_file FROM inventory_contract.export_job j WHERE id = %s",
        (find_job(session, name),),
    )
    progress = {
        "jobId": name,
        "jobStatus": STATE_LABELS[job.state],
        "progress": 0 if job.state == "queued" else 100,
        "message": job.message,
        "result": job.result,
        "createdAt": job.created_at.isoformat(),
        "endedAt": job.ended_at.isoformat() if job.ended_at else None,
    }
    if job.has_file:
        progress["downloadUrl"] = f"{path}/jobs/{name}/file"

    return progress


def find_job(session: Session, name: str) -> UUID:
    """Return the internal id of a job. Raises NotFound."""
    missing = NotFound(
        f"there is no job {name}",
        where="jobId",
        remedy="use the jobId in the response of the call that created the job",
    )
    kind, _, given = name.rpartition(":")

    try:
        job_id = UUID(given)
    except ValueError:
        raise missing from None

    query = "SELECT 1 FROM inventory_contract.export_job WHERE id = %s AND kind = %s"
    if not fetch(session, query, (job_id, kind)):
        raise missing

    return job_id


def has_file(session: Session, job_id: UUID) -> bool:
    """Return whether a job wrote a file."""
    query = "SELECT 1 FROM inventory_contract.export_job_part WHERE job_id = %s LIMIT 1"
    return bool(fetch(session, query, (job_id,)))


def file_parts(session: Session, job_id: UUID) -> Iterator[str]:
    """Yield the parts of the file that a job wrote."""
    query = (
        "SELECT content FROM inventory_contract.export_job_part WHERE job_id = %s AND number = %s"
    )
    number = 0
    while rows := fetch(session, query, (job_id, number)):
        ((content,),) = rows
        yield content
        number += 1


def export_job_worker() -> BatchWorker[Job]:
    """Return the worker that runs jobs, one per batch, because a job may be long."""
    return BatchWorker(CHANNEL, _claim, _process, _park)


def _claim(session: Session, limit: int) -> Sequence[Job]:
    return fetch_as(
        session,
        Job,
        "SELECT id, kind, request, actor FROM inventory_contract.export_job WHERE state = 'queued'"
        " ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED",
    )


def _process(session: Session, jobs: Sequence[Job], now: datetime) -> None:
    for job in jobs:
        if job.kind == LEDGER_EXPORT:
            result = _export_ledger(session, job)
        else:
            result = _clean_up_reservations(session, job, now)

        execute(
            session,
            "UPDATE inventory_contract.export_job"
            " SET state = 'completed', result = %s::jsonb, ended_at = %s WHERE id = %s",
            (to_json_text(result), now, job.id),
        )

    execute(
        session,
        "DELETE FROM inventory_contract.export_job WHERE ended_at < %s",
        (now - RETENTION,),
    )


def _park(session: Session, job: Job, error: Exception, now: datetime) -> None:
    execute(
        session,
        "UPDATE inventory_contract.export_job"
        " SET state = 'failed', message = %s, ended_at = %s WHERE id = %s",
        (str(error).splitlines()[0][:500], now, job.id),
    )


def _export_ledger(session: Session, job: Job) -> dict[str, Any]:
    """Write the requested ledger entries as CSV, in parts of whole lines; return their number."""
    request = job.request
    selected = LedgerFilter(
        organization=request["organization"],
        product=request["product"],
        source=request["source"],
        dimensions=request["dimensions"],
        since=datetime.fromisoformat(request["since"]),
        until=datetime.fromisoformat(request["until"]),
    )
    last_id = count = number = 0
    while True:
        lines = ledger_lines(session, selected, after_id=last_id, limit=LINES_PER_PART)
        if not lines and number:
            return {"records": count}

        rows: list[Sequence[Any]] = [EXPORT_HEADER] if number == 0 else []
        rows.extend(lines)
        copy_rows(
            session,
            "inventory_contract.export_job_part",
            ("job_id", "number", "content"),
            [(job.id, number, csv_text(rows))],
        )
        count += len(lines)
        if len(lines) < LINES_PER_PART:
            return {"records": count}

        last_id = lines[-1].id
        number += 1


def _clean_up_reservations(session: Session, job: Job, now: datetime) -> dict[str, Any]:
    """Release expired external reservations and delete those that hold no units."""
    data_sources: list[str] = job.request["data_sources"]
    expired = expired_external_reservations(session, data_sources, now=now)
    released = release_reservations(session, expired, now=now, actor=job.actor, cause=EXPIRY_CAUSE)
    deleted = delete_closed_external_reservations(session, data_sources)
    return {"reservationsReleased": len(released), "reservationsDropped": deleted}
