"""Calls to payment providers: once each, whatever fails in between."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from tests.fulfillment.builders import broken_invariants
from tests.orders.builders import NOW
from tests.payments.builders import (
    CARD,
    balance,
    charge,
    facts,
    paid_order,
    payment_events,
    ship,
)
from tests.payments.provider import call, collect, fault, methods, operations

from openiom.app.application import Application
from openiom.payments.service.retry import retry_facts
from openiom.platform.bulk import fetch_column
from openiom.platform.leases import LEASE
from openiom_simulators import RunningServer

REFERENCE = "checkout-5000-USD-1001"
DEMO_CARD = {**CARD, "reference": REFERENCE}
LATER = NOW + timedelta(minutes=30)


def test_a_parcel_is_captured_at_the_provider(
    application: Application, provider: RunningServer
) -> None:
    order = paid_order(application.database, [DEMO_CARD])
    ship(application.database, order, "P1", 2)
    collect(application)
    ship(application.database, order, "P2", 3)
    collect(application)

    assert operations(provider) == [("capture", 2000), ("capture", 3000)]
    found = balance(application.database, order)
    assert (found.captured, found.to_capture, found.uncovered) == (5000, 0, 0)
    assert payment_events(application.database, order)[1:] == ["payment.captured"] * 2
    assert broken_invariants(application.database) == []


def test_what_never_ships_is_released_after_the_last_capture(
    application: Application, provider: RunningServer
) -> None:
    order = paid_order(application.database, [{**CARD, "reference": "checkout-6000-USD-1",
                                               "amount": "60"}])  # fmt: skip
    ship(application.database, order, "P1", 5)
    collect(application)
    call(application, now=LATER)
    assert operations(provider) == [("capture", 5000), ("void", 1000)]
    assert facts(application.database, order, "void") == [("void", 1000, "succeeded")]


def test_an_answer_that_is_lost_is_an_unknown_outcome_and_found_under_the_same_key(
    application: Application, provider: RunningServer
) -> None:
    order = paid_order(application.database, [DEMO_CARD])
    ship(application.database, order, "P1", 5)
    fault(provider, "garbage")
    collect(application)
    assert facts(application.database, order, "capture") == [("capture", 5000, "unknown")]
    assert operations(provider) == [("capture", 5000)]

    call(application, now=LATER)
    assert facts(application.database, order, "capture") == [("capture", 5000, "succeeded")]
    assert operations(provider) == [("capture", 5000)]


def test_a_rate_limit_postpones_the_call(application: Application, provider: RunningServer) -> None:
    order = paid_order(application.database, [DEMO_CARD])
    ship(application.database, order, "P1", 5)
    fault(provider, "rate_limited")
    collect(application)
    assert facts(application.database, order, "capture") == [("capture", 5000, "requested")]
    call(application, now=LATER)
    assert operations(provider) == [("capture", 5000)]


def test_a_declined_capture_fails_and_is_retried_by_a_person_only(
    application: Application, provider: RunningServer
) -> None:
    database = application.database
    declined = {**CARD, "reference": "checkout-5000-USD-declined"}
    order = paid_order(database, [declined])
    ship(database, order, "P1", 2)
    collect(application)
    ship(database, order, "P2", 3)
    collect(application)
    assert facts(database, order, "capture") == [
        ("capture", 2000, "failed"),
        ("capture", 3000, "failed"),
    ]
    assert balance(database, order).uncovered == 5000
    assert facts(database, order, "void") == []

    with database.unit_of_work() as session:
        ids = fetch_column(session, "SELECT id FROM payments.payment_fact WHERE state = 'failed'")
        [first, second] = retry_facts(session, ids, NOW, "Ada")
        assert (first.ok, second.ok) == (True, True)
        repeated = retry_facts(session, ids, NOW, "Ada")
        assert [outcome.reason for outcome in repeated] == ["it was retried already"] * 2

    call(application)
    assert len(facts(database, order, "capture")) == 4
    assert balance(database, order).captured == 0
    assert broken_invariants(database) == []


def test_a_worker_killed_before_the_answer_captures_once(
    application: Application, provider: RunningServer, tmp_path: Path
) -> None:
    database = application.database
    order = paid_order(database, [DEMO_CARD])
    ship(database, order, "P1", 5)
    fault(provider, "timeout_after", seconds=60)
    from_here = Path(__file__).parents[2]
    charge(database)
    environment = {
        **os.environ,
        "PYTHONPATH": f"{from_here}/src:{from_here}/simulators:{from_here}",
    }
    command = [sys.executable, "-m", "tests.payments.lost_worker", database.url, str(tmp_path)]
    with subprocess.Popen(command, env=environment, cwd=from_here) as process:
        deadline = time.monotonic() + 120
        while not operations(provider) and time.monotonic() < deadline:
            assert process.poll() is None, "the worker ended before it was killed"
            time.sleep(0.05)
        process.kill()

    assert operations(provider) == [("capture", 5000)]
    assert facts(database, order, "capture") == [("capture", 5000, "requested")]
    assert call(application) == 0, "the lease of the lost worker has not expired"

    call(application, now=NOW + 2 * LEASE)
    assert operations(provider) == [("capture", 5000)]
    assert facts(database, order, "capture") == [("capture", 5000, "succeeded")]
    assert methods(database)[0]["captured"] == 5000


def test_a_provider_instance_that_is_missing_is_called_once_it_exists(
    application: Application, provider: RunningServer
) -> None:
    database = application.database
    order = paid_order(database, [{**DEMO_CARD, "provider": "other"}])
    ship(database, order, "P1", 5)
    collect(application)
    assert facts(database, order, "capture") == [("capture", 5000, "requested")]
    with database.reading() as session:
        [error] = fetch_column(
            session, "SELECT error FROM payments.payment_fact WHERE kind = 'capture'"
        )
    assert "not installed" in error
