"""Liveness and readiness of a web process, and its metrics for Prometheus."""

from typing import Any

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from openiom.kernel import NotFound
from openiom.platform.database import Database

from .migrate import current, heads

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    status: str


class Ready(BaseModel):
    """Whether the process can serve; `remedy` says what to do when it cannot."""

    status: str
    database: str
    schema_version: str
    remedy: str = ""


@router.get("/health")
def health() -> Alive:
    """Return that this process responds."""
    return Alive(status="ok")


@router.get("/ready", responses={503: {"model": Ready}})
def ready(request: Request) -> Any:
    """Return 200 when the database is reachable and migrated, else 503."""
    database: Database = request.app.state.database
    known = heads()
    try:
        found = current(database)
    except (SQLAlchemyError, psycopg.Error):
        return _not_ready("unreachable", "unknown", "check that PostgreSQL is running")

    version = ", ".join(found) or "none"
    if set(found) != set(known):
        return _not_ready("reachable", version, "run: iom migrate")

    return Ready(status="ready", database="reachable", schema_version=version)


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
