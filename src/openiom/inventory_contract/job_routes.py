"""Routes of jobs: ledger export, clean-up of reservations, progress, and the file of a job."""

from collections.abc import Iterator

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from openiom.inventory_visibility import inventory_configuration
from openiom.kernel import NotFound
from openiom.platform.http import Now, RawBody, ReadSession, Router, WriteSession, database

from .body_parser import read_json, read_object
from .dependencies import PREFIX, Caller
from .export_jobs import (
    LEDGER_EXPORT,
    RESERVATION_CLEANUP,
    file_parts,
    find_job,
    has_file,
    job_progress,
    queue_job,
    read_log_request,
    read_resync_request,
)
from .openapi_shapes import LOG, SOURCES, body_of
from .responses import json_response

router = Router(prefix=PREFIX, tags=["inventory visibility contract"])


@router.post("/logTransactionDetails", openapi_extra=body_of(LOG))
def log_transaction_details(
    principal: Caller, session: WriteSession, body: RawBody, now: Now
) -> Response:
    """Queue an export of the ledger; returns the id of its job."""
    principal.require("inventory.read")
    request = read_log_request(read_object(body), inventory_configuration(session))
    name = queue_job(session, LEDGER_EXPORT, request, now=now, actor=principal.name)
    return json_response({"jobId": name})


@router.post("/onhand/reserve/resyncjob", openapi_extra=body_of(SOURCES))
def reserve_resync_job(
    principal: Caller, session: WriteSession, body: RawBody, now: Now
) -> Response:
    """Queue a clean-up of reservations of these data sources ([] for all); returns its job id."""
    principal.require("inventory.write")
    request = read_resync_request(read_json(body), inventory_configuration(session))
    name = queue_job(session, RESERVATION_CLEANUP, request, now=now, actor=principal.name)
    return json_response({"jobId": name})


@router.get("/getJobProgress")
def get_job_progress(
    request: Request, principal: Caller, session: ReadSession, job_id: str = Query(alias="jobId")
) -> Response:
    """Return whether a job is Queued, Completed or Failed, its result, and the URL of its file."""
    principal.require("inventory.read")
    path = request.url.path.rpartition("/")[0]
    return json_response(job_progress(session, job_id, path=path))


@router.get("/jobs/{jobId}/file")
def job_file(
    jobId: str, request: Request, principal: Caller, session: ReadSession
) -> StreamingResponse:
    """Return the CSV file of a job."""
    principal.require("inventory.read")
    job_id = find_job(session, jobId)
    if not has_file(session, job_id):
        raise NotFound(
            f"the job {jobId} has no file", where="jobId", remedy="read its state: getJobProgress"
        )

    def content() -> Iterator[str]:
        with database(request).reading() as own_session:
            yield from file_parts(own_session, job_id)

    name = f"attachment; filename={job_id}.csv"
    return StreamingResponse(
        content(), media_type="text/csv", headers={"content-disposition": name}
    )
