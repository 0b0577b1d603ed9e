"""Metrics of `GET /metrics`: one entry of `METRICS` each.

Every figure is a count over a partial index of waiting rows, or an estimate: the cost of a scrape
does not depend on the number of orders.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from openiom import orchestration, providers
from openiom.platform.database import Database
from openiom.platform.events import consumer_lags, estimated_events
from openiom.platform.scheduled_jobs import job_statuses

from .event_stream import EventTail

PREFIX = "openiom_"


@dataclass(frozen=True, slots=True)
class Scrape:
    """What the figures of one scrape are read from."""

    session: Session
    tail: EventTail


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure, and the values of the labels in their order."""

    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A gauge.

    name    without the prefix `openiom_`
    title   the help text of Prometheus, and the line of docs/metrics.md
    read    returns the figures of one scrape
    labels  names of the labels; empty for a metric with a single figure
    """

    name: str
    title: str
    read: Callable[[Scrape], Iterable[Sample]]
    labels: tuple[str, ...] = ()


def _queue_depths(scrape: Scrape) -> list[Sample]:
    depths = providers.queue_depths(scrape.session) | orchestration.queue_depths(scrape.session)
    return [Sample(rows, (queue,)) for queue, rows in depths.items()]


def _events(scrape: Scrape) -> list[Sample]:
    return [Sample(estimated_events(scrape.session))]


def _event_lag(scrape: Scrape) -> list[Sample]:
    return [Sample(lag.seconds, (lag.name,)) for lag in consumer_lags(scrape.session)]


def _outbound_requests(scrape: Scrape) -> list[Sample]:
    samples = []
    for count in providers.recent_calls(scrape.session):
        outcome = "true" if count.ok else "false"
        samples.append(Sample(count.calls, (count.instance, outcome)))
    return samples


def _job_failures(scrape: Scrape) -> list[Sample]:
    return [Sample(status.failures, (status.name,)) for status in job_statuses(scrape.session)]


def _event_listeners(scrape: Scrape) -> list[Sample]:
    return [Sample(scrape.tail.listeners)]


METRICS = (
    MetricDefinition(
        "queue_depth",
        "Rows waiting, by queue",
        _queue_depths,
        labels=("queue",),
    ),
    MetricDefinition(
        "events",
        "Business events in the log, estimated",
        _events,
    ),
    MetricDefinition(
        "event_lag_seconds",
        "Age of the oldest event that a consumer has not read, 0 without one",
        _event_lag,
        labels=("consumer",),
    ),
    MetricDefinition(
        "outbound_requests",
        "Requests to providers in the last five minutes, by instance and outcome",
        _outbound_requests,
        labels=("instance", "ok"),
    ),
    MetricDefinition(
        "scheduled_job_failures",
        "Failures in a row of each scheduled job",
        _job_failures,
        labels=("job",),
    ),
    MetricDefinition(
        "event_listeners",
        "Browsers connected to this process",
        _event_listeners,
    ),
)


class ApplicationCollector(Collector):
    """Reads the metrics of the application for a scrape, in one transaction."""

    def __init__(
        self,
        database: Database,
        tail: EventTail,
        metrics: Sequence[MetricDefinition] = METRICS,
    ) -> None:
        self._database = database
        self._tail = tail
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        """Return the figures as they are now."""
        with self._database.reading() as session:
            scrape = Scrape(session, self._tail)
            return [_gauge(metric, metric.read(scrape)) for metric in self._metrics]


def _gauge(metric: MetricDefinition, samples: Iterable[Sample]) -> Metric:
    gauge = GaugeMetricFamily(f"{PREFIX}{metric.name}", metric.title, labels=metric.labels)
    for sample in samples:
        gauge.add_metric(sample.labels, sample.value)
    return gauge
