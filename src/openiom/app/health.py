"""Is this process alive, is it ready, and how is the work going."""

from typing import Any

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from openiom.platform.bulk import fetch
from openiom.platform.database import Database

from .event_stream import LiveTail
from .migrate import current, heads

router = APIRouter(tags=["operations"])

# Every count is over a partial index of waiting rows, or an estimate: scraping costs the same with a billion orders.
DEPTHS = {
    "inbox": "SELECT count(*) FROM providers.message WHERE state = 'received'",
    "parked_messages": "SELECT count(*) FROM providers.message WHERE state = 'parked'",
    "tokens_ready": "SELECT count(*) FROM orchestration.token WHERE state = 'ready'",
    "provider_actions": "SELECT count(*) FROM orchestration.provider_action WHERE state IN ('ready', 'leased')",
    "jobs": "SELECT count(*) FROM public.procrastinate_jobs WHERE status = 'todo'",
}


class Alive(BaseModel):
    status: str


class Ready(BaseModel):
    """`status` is ready, or what is missing."""

    status: str
    database: str
    schema_version: str
    remedy: str = ""


@router.get("/health")
def health() -> Alive:
    """This process answers."""
    return Alive(status="ok")


@router.get("/ready", responses={503: {"model": Ready}})
def ready(request: Request) -> Any:
    """The database is reachable and stands at the newest migration; 503 otherwise."""
    database: Database = request.app.state.database
    known = heads()
    try:
        found = current(database)
    except (SQLAlchemyError, psycopg.Error):
        lost = Ready(
            status="not ready",
            database="unreachable",
            schema_version="unknown",
            remedy="see whether PostgreSQL runs",
        )
        return JSONResponse(lost.model_dump(), status_code=503)
    version = ", ".join(found) or "none"
    if set(found) != set(known):
        behind = Ready(
            status="not ready",
            database="reachable",
            schema_version=version,
            remedy="run: iom migrate",
        )
        return JSONResponse(behind.model_dump(), status_code=503)
    return Ready(status="ready", database="reachable", schema_version=version)


class ProductCollector(Collector):
    """What a scrape reads: queue depths from the database, listeners of this process."""

    def __init__(self, database: Database, tail: LiveTail) -> None:
        self._database, self._tail = database, tail

    def collect(self) -> list[Metric]:
        depth = GaugeMetricFamily("openiom_queue_depth", "Rows waiting, by queue", labels=["queue"])
        waves = GaugeMetricFamily("openiom_events", "Business events in the log, estimated")
        calls = CounterMetricFamily(
            "openiom_outside_calls", "Calls to the outside so far, by instance and outcome"
        )
        calls = CounterMetricFamily(
            "openiom_outside_calls", "Outside calls kept in the log", labels=["instance", "ok"]
        )
        with self._database.reading() as session:
            for queue, query in DEPTHS.items():
                depth.add_metric([queue], fetch(session, query)[0][0])
            waves.add_metric([], fetch(session, EVENTS)[0][0])
            for instance, ok, count in fetch(session, CALLS):
                calls.add_metric([instance, str(ok).lower()], count)
        listeners = GaugeMetricFamily(
            "openiom_live_listeners", "Browsers listening to this process"
        )
        listeners.add_metric([], self._tail.listeners)
        return [depth, waves, calls, listeners]


EVENTS = (
    "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'platform.business_event'::regclass"
)
CALLS = (
    "SELECT instance, coalesce(status < 400, false), count(*) FROM providers.outbound_request"
    " WHERE started_at > now() - interval '5 minutes' GROUP BY 1, 2"
)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """For Prometheus."""
    registry: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
