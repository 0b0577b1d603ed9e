"""Metrics: one entry of a table each, exported for Prometheus and documented."""

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from openiom.app.event_stream import EventTail
from openiom.app.metrics import METRICS, ApplicationCollector, MetricDefinition, Sample
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.provider_contract import OutboundRequest
from openiom.providers import CallLog

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")
LISTENING = cast(EventTail, SimpleNamespace(listeners=2))


def scrape(database: Database, *metrics: MetricDefinition) -> str:
    registry = CollectorRegistry()
    registry.register(ApplicationCollector(database, LISTENING, metrics or METRICS))
    return generate_latest(registry).decode()


def test_every_metric_is_documented_with_its_labels_and_its_title() -> None:
    rows = re.findall(r"^\| `openiom_(\w+)` \| (.*?) ?\| (.+) \|$", PAGE, re.MULTILINE)
    written = {name: (re.findall(r"`(\w+)`", labels), title) for name, labels, title in rows}
    assert written == {metric.name: (list(metric.labels), metric.title) for metric in METRICS}


def test_names_are_unique_and_in_the_style_of_prometheus() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)


def test_a_metric_is_exported_with_its_title_labels_and_figures(database: Database) -> None:
    metric = MetricDefinition(
        "boxes",
        "Boxes, by color",
        lambda scrape: [Sample(3, ("red",)), Sample(0.5, ("blue",))],
        labels=("color",),
    )
    assert scrape(database, metric).splitlines() == [
        "# HELP openiom_boxes Boxes, by color",
        "# TYPE openiom_boxes gauge",
        'openiom_boxes{color="red"} 3.0',
        'openiom_boxes{color="blue"} 0.5',
    ]


def test_a_metric_without_rows_is_exported_without_figures(database: Database) -> None:
    metric = MetricDefinition("boxes", "Boxes", lambda scrape: [], labels=("color",))
    assert "openiom_boxes{" not in scrape(database, metric)


def test_a_figure_is_read_in_the_transaction_of_the_scrape(database: Database) -> None:
    seen: list[Any] = []

    def read(scrape: Any) -> list[Sample]:
        seen.append((scrape.session, scrape.tail.listeners))
        return [Sample(1)]

    first = MetricDefinition("first", "First", read)
    second = MetricDefinition("second", "Second", read)
    scrape(database, first, second)
    [(session, listeners), (other_session, _)] = seen
    assert session is other_session
    assert listeners == 2


def test_the_browsers_of_the_process_are_counted(database: Database) -> None:
    assert "openiom_event_listeners 2.0" in scrape(database)


@pytest.mark.parametrize(
    ("status", "minutes", "line"),
    [
        (200, 4, 'openiom_outbound_requests{instance="shop",ok="true"} 1.0'),
        (399, 4, 'openiom_outbound_requests{instance="shop",ok="true"} 1.0'),
        (400, 4, 'openiom_outbound_requests{instance="shop",ok="false"} 1.0'),
        (None, 4, 'openiom_outbound_requests{instance="shop",ok="false"} 1.0'),
        (200, 6, ""),
    ],
)
def test_requests_of_the_last_five_minutes_are_counted_by_outcome(
    database: Database, status: int | None, minutes: int, line: str
) -> None:
    log = CallLog()
    started_at = utc_now() - timedelta(minutes=minutes)
    log.add("shop", OutboundRequest("GET", "http://shop", status, 5, started_at))
    log.flush(database)
    lines = [row for row in scrape(database).splitlines() if 'instance="shop"' in row]
    assert lines == ([line] if line else [])


def test_waiting_messages_are_counted_by_queue(database: Database) -> None:
    with database.unit_of_work() as session:
        for key, state in (("1", "received"), ("2", "received"), ("3", "parked"), ("4", "stale")):
            execute(
                session,
                "INSERT INTO providers.message (instance, received_at, kind, key, version,"
                " sequence, payload, state, deliveries)"
                " VALUES ('shop', now(), 'note', %s, '1', 0, '', %s, 1)",
                (key, state),
            )

    text = scrape(database)
    assert 'openiom_queue_depth{queue="inbox"} 2.0' in text
    assert 'openiom_queue_depth{queue="parked_messages"} 1.0' in text
    assert 'openiom_queue_depth{queue="tokens_ready"} 0.0' in text
