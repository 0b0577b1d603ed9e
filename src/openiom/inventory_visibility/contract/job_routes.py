"""Jobs over HTTP: a log export, cleaning old reservation data, progress, and the file a job wrote."""

from collections.abc import Iterator

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.kernel import NotFound
from openiom.platform.bulk import fetch
from openiom.platform.http import Now, RawBody, Reading, Writing, database

from .answers import json
from .edge import PREFIX, Caller
from .jobs import LOG, RESYNC, find, parts, progress, queue, read_log_request, read_resync_request
from .names import read_json, read_object
from .shapes import LOG as LOG_SHAPE
from .shapes import SOURCES, body_of

router = APIRouter(prefix=PREFIX, tags=["inventory visibility contract"])


@router.post("/logTransactionDetails", openapi_extra=body_of(LOG_SHAPE))
def log_transaction_details(asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Ask for an export of the ledger; answers the id of the job that writes it."""
    asker.require("inventory.read")
    request = read_log_request(read_object(body), inventory_configuration(session))
    return json({"jobId": queue(session, LOG, request, now=now, actor=asker.name)})


@router.post("/onhand/reserve/resyncjob", openapi_extra=body_of(SOURCES))
def reserve_resync_job(asker: Caller, session: Writing, body: RawBody, now: Now) -> Response:
    """Clean old reservation data of these data sources ([] is all); answers the id of the job that does it."""
    asker.require("inventory.write")
    request = read_resync_request(read_json(body), inventory_configuration(session))
    return json({"jobId": queue(session, RESYNC, request, now=now, actor=asker.name)})


@router.get("/getJobProgress")
def get_job_progress(request: Request, asker: Caller, session: Reading, job_id: str = Query(alias="jobId")) -> Response:
    """How far a job is: Queued, Completed or Failed, what came of it, and where its file is."""
    asker.require("inventory.read")
    return json(progress(session, job_id, path=request.url.path.rpartition("/")[0]))


@router.get("/jobs/{jobId}/file")
def job_file(jobId: str, request: Request, asker: Caller, session: Reading) -> StreamingResponse:
    """The CSV file a job wrote."""
    asker.require("inventory.read")
    job_id = find(session, jobId)
    query = "SELECT 1 FROM inventory_visibility.contract_job_part WHERE job_id = %s LIMIT 1"
    if not fetch(session, query, (job_id,)):
        raise NotFound(f"{jobId} has written no file", where="jobId", remedy="ask getJobProgress how far it is")

    def pieces() -> Iterator[str]:
        with database(request).reading() as own:
            yield from parts(own, job_id)

    name = f"attachment; filename={job_id}.csv"
    return StreamingResponse(pieces(), media_type="text/csv", headers={"content-disposition": name})
