"""Liveness, readiness and metrics of a web process."""

from typing import Any

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from openiom import orchestration, providers
from openiom.platform.database import Database
from openiom.platform.events import estimated_events
from openiom.platform.scheduled_jobs import job_statuses

from .event_stream import EventTail
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
        return _not_ready("unreachable", "unknown", "check whether PostgreSQL runs")
    version = ", ".join(found) or "none"
    if set(found) != set(known):
        return _not_ready("reachable", version, "run: iom migrate")
    return Ready(status="ready", database="reachable", schema_version=version)


def _not_ready(database: str, version: str, remedy: str) -> JSONResponse:
    body = Ready(status="not ready", database=database, schema_version=version, remedy=remedy)
    return JSONResponse(body.model_dump(), status_code=503)


class ApplicationCollector(Collector):
    """Figures of the application for a scrape.

    Every count is over a partial index of waiting rows, or an estimate: a scrape costs the same
    however many orders there are.
    """

    def __init__(self, database: Database, tail: EventTail) -> None:
        self._database = database
        self._tail = tail

    def collect(self) -> list[Metric]:
        """Return the figures as they are now."""
        with self._database.reading() as session:
            return [
                _queue_depths(session),
                _events(session),
                _calls(session),
                _job_failures(session),
                self._listeners(),
            ]

    def _listeners(self) -> Metric:
        gauge = GaugeMetricFamily("openiom_event_listeners", "Browsers connected to this process")
        gauge.add_metric([], self._tail.listeners)
        return gauge


def _queue_depths(session: Session) -> Metric:
    gauge = GaugeMetricFamily("openiom_queue_depth", "Rows waiting, by queue", labels=["queue"])
    depths = providers.queue_depths(session) | orchestration.queue_depths(session)
    for queue, rows in depths.items():
        gauge.add_metric([queue], rows)
    return gauge


def _events(session: Session) -> Metric:
    gauge = GaugeMetricFamily("openiom_events", "Business events in the log, estimated")
    gauge.add_metric([], estimated_events(session))
    return gauge


def _calls(session: Session) -> Metric:
    gauge = GaugeMetricFamily(
        "openiom_outbound_requests",
        "Requests to providers in the last five minutes, by instance and outcome",
        labels=["instance", "ok"],
    )
    for count in providers.recent_calls(session):
        gauge.add_metric([count.instance, str(count.ok).lower()], count.calls)
    return gauge


def _job_failures(session: Session) -> Metric:
    gauge = GaugeMetricFamily(
        "openiom_scheduled_job_failures", "Failures in a row of each scheduled job", labels=["job"]
    )
    for status in job_statuses(session):
        gauge.add_metric([status.name], status.failures)
    return gauge


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Return the figures for Prometheus."""
    registry: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
