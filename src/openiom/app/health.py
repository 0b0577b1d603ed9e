"""Liveness and readiness of a web process, and its metrics for Prometheus."""

from typing import Any

import psycopg
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from openiom.kernel import NotFound
from openiom.platform.database import Database
from openiom.platform.events import consumer_lags
from openiom.platform.http import Router
from openiom.platform.installation import is_live
from openiom.platform.schema_versions import SchemaState, schema_state

from .migrate import applied, own_head

router = Router(tags=["operations"])


LAG_SECONDS = 60.0
"""A consumer that is further behind the log makes the process degraded."""


REMEDIES = {
    SchemaState.OLDER: "run: iom migrate",
    SchemaState.INCOMPATIBLE: "install the version of the program that migrated the database",
}


class Alive(BaseModel):
    status: str


class Ready(BaseModel):
    """Whether the process can serve; `remedy` says what to do when it cannot.

    A process whose `status` is `degraded` serves requests, but something does not progress: a
    consumer of events is more than a minute behind the log, or this is a restored copy.
    """

    status: str
    database: str
    schema_version: str
    remedy: str = ""
    lag_seconds: float = 0.0


# A coroutine: it responds although every thread is busy.
@router.get("/health")
async def health() -> Alive:
    """Return that this process responds."""
    return Alive(status="ok")


@router.get("/ready", responses={503: {"model": Ready}})
def ready(request: Request) -> Any:
    """Return 200 when the database is reachable and migrated, else 503.

    The status is `degraded` while events wait to be processed, or in a restored copy.
    """
    database: Database = request.app.state.database
    try:
        migrations = applied(database)
    except (SQLAlchemyError, psycopg.Error):
        return _not_ready("unreachable", "unknown", "check that PostgreSQL is running")

    version = migrations[-1].revision if migrations else "none"
    state = schema_state(migrations, head=own_head())
    if not state.is_usable:
        return _not_ready("reachable", version, REMEDIES[state])

    with database.reading() as session:
        lag = max([lag.seconds for lag in consumer_lags(session)], default=0.0)
        live = is_live(session)

    remedy = ""
    if lag > LAG_SECONDS:
        remedy = "check that workers run, and read their log"
    elif not live:
        remedy = "this is a copy; if it is the live installation now, run: iom restored --live"

    return Ready(
        status="degraded" if remedy else "ready",
        database="reachable",
        schema_version=version,
        remedy=remedy,
        lag_seconds=round(lag, 1),
    )


def _not_ready(database: str, version: str, remedy: str) -> JSONResponse:
    body = Ready(status="not ready", database=database, schema_version=version, remedy=remedy)
    return JSONResponse(body.model_dump(), status_code=503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Return the metrics for Prometheus; docs/metrics.md describes them."""
    if not request.app.state.serves_metrics:
        raise NotFound("the metrics are closed", remedy="an operator opens them: OPENIOM_METRICS")
    registry: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
