"""Jobs over HTTP: a log export, cleaning old reservation data, progress, and the file a job wrote."""

from collections.abc import Iterator

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from openiom.inventory_visibility import inventory_configuration
from openiom.kernel import NotFound
from openiom.platform.bulk import fetch
from openiom.platform.http import Now, RawBody, ReadSession, WriteSession, database

from .body_parser import read_json, read_object
from .dependencies import PREFIX, Caller
from .export_jobs import (
    LOG,
    RESYNC,
    find,
    parts,
    progress,
    queue,
    read_log_request,
    read_resync_request,
)
from .openapi_shapes import LOG as LOG_SHAPE
from .openapi_shapes import SOURCES, body_of
from .responses import json

router = APIRouter(prefix=PREFIX, tags=["inventory visibility contract"])


@router.post("/logTransactionDetails", openapi_extra=body_of(LOG_SHAPE))
def log_transaction_details(
    principal: Caller, session: WriteSession, body: RawBody, now: Now
) -> Response:
    """Ask for an export of the ledger; answers the id of the job that writes it."""
    principal.require("inventory.read")
    request = read_log_request(read_object(body), inventory_configuration(session))
    return json({"jobId": queue(session, LOG, request, now=now, actor=principal.name)})


@router.post("/onhand/reserve/resyncjob", openapi_extra=body_of(SOURCES))
def reserve_resync_job(
    principal: Caller, session: WriteSession, body: RawBody, now: Now
) -> Response:
    """Clean old reservation data of these data sources ([] is all); answers the id of the job that does it."""
    principal.require("inventory.write")
    request = read_resync_request(read_json(body), inventory_configuration(session))
    return json({"jobId": queue(session, RESYNC, request, now=now, actor=principal.name)})


@router.get("/getJobProgress")
def get_job_progress(
    request: Request, principal: Caller, session: ReadSession, job_id: str = Query(alias="jobId")
) -> Response:
    """How far a job is: Queued, Completed or Failed, what came of it, and where its file is."""
    principal.require("inventory.read")
    return json(progress(session, job_id, path=request.url.path.rpartition("/")[0]))


@router.get("/jobs/{jobId}/file")
def job_file(
    jobId: str, request: Request, principal: Caller, session: ReadSession
) -> StreamingResponse:
    """The CSV file a job wrote."""
    principal.require("inventory.read")
    job_id = find(session, jobId)
    query = "SELECT 1 FROM inventory_visibility.contract_job_part WHERE job_id = %s LIMIT 1"
    if not fetch(session, query, (job_id,)):
        raise NotFound(
            f"{jobId} has written no file", where="jobId", remedy="ask getJobProgress how far it is"
        )

    def pieces() -> Iterator[str]:
        with database(request).reading() as own:
            yield from parts(own, job_id)

    name = f"attachment; filename={job_id}.csv"
    return StreamingResponse(pieces(), media_type="text/csv", headers={"content-disposition": name})
