"""A running payment provider, and the instance `pay` that is connected to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
from tests.orders.builders import NOW
from tests.payments.builders import charge

from openiom.app.application import Application
from openiom.payments import PaymentCallWorker
from openiom.platform.database import Database
from openiom_simulators import PaymentsOptions, RunningServer, payments_application, running

TOKEN = "payments-token-1"


@contextmanager
def running_provider(application: Application) -> Iterator[RunningServer]:
    """Run a payment provider and install it as `pay`."""
    with running(payments_application(PaymentsOptions(token=TOKEN))) as (server,):
        body = {
            "provider": "demo_payments",
            "title": "Northwind Pay",
            "connection": {"url": server.url, "token": TOKEN},
        }
        document = {"kind": "provider_instance", "name": "pay", "body": body}
        with application.database.unit_of_work() as session:
            application.configuration.apply(session, [document], at=NOW, actor="test")
        yield server


def call(application: Application, *, now: datetime = NOW) -> int:
    """Make the calls that are due; return how many."""
    worker = PaymentCallWorker(application.registry)
    total = 0
    while True:
        rows = worker.run_once(application.database, limit=500, now=now).rows
        if not rows:
            return total
        total += rows


def collect(application: Application, *, now: datetime = NOW) -> None:
    """Charge what has shipped and make the calls that are due."""
    charge(application.database)
    call(application, now=now)


def fault(server: RunningServer, kind: str, **more: Any) -> None:
    """Have the provider fail."""
    body = {"kind": kind, "count": 1, "seconds": 0.05, **more}
    httpx.post(f"{server.url}/_sim/faults", json=body).raise_for_status()


def operations(server: RunningServer) -> list[tuple[str, int]]:
    """Return what the provider has executed, oldest first."""
    found: list[dict[str, Any]] = server.app.state.ledger.operations
    return [(one["kind"], one["amount"]) for one in found]


def methods(database: Database) -> list[dict[str, Any]]:
    """Return the balances of all methods."""
    with database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT * FROM payments.payment_method")
        return [dict(row._mapping) for row in rows]
