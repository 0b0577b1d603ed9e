"""The disk of the database fills up: requests get a time to return, and every order is shipped.

Without room for its data, PostgreSQL refuses statements. Without room for its log, it ends, and
has to be started when there is room.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient
from tests.drills.lab_orders import assert_accounted, moved, states, work
from tests.drills.small_disk import SmallDisks, running_on_small_disks
from tests.drills.test_restored_database import dump_and_restore
from tests.order_stories.conftest import LAB_KEY, Fabrikam

from openiom.app.migrate import reset_statistics
from openiom.app.web import create_app
from openiom.platform.clock import utc_now
from openiom.platform.embedded import ensure_database
from openiom.platform.installation import declare_restored, recognize_server

MOST_ORDERS = 400
WAITING = [f"W{number}" for number in range(40)]


@pytest.fixture(scope="module")
def disks() -> Iterator[SmallDisks]:
    with running_on_small_disks() as disks:
        yield disks


@pytest.fixture
def small(fabrikam: Fabrikam, disks: SmallDisks, tmp_path: Path) -> Iterator[Fabrikam]:
    """Yield the company over a database of its own on the small disks."""
    url = ensure_database(disks.url, tmp_path.name)
    recognize_server(fabrikam.application.database, now=utc_now())
    dump_and_restore(fabrikam.application.database.url, url, tmp_path / "dump")
    with moved(fabrikam, url, tmp_path) as small:
        reset_statistics(small.application.database)
        recognize_server(small.application.database, now=utc_now())
        declare_restored(small.application.database, live=True, now=utc_now())
        yield small


class Sender:
    """Sends the lab's orders to a web process, and keeps those that it did not accept."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.accepted: list[str] = []
        self.refused: list[str] = []

    def send(self, numbers: Sequence[str]) -> None:
        """Send orders; a refusal says when to come back."""
        for number in numbers:
            response = self.client.post("/hooks/lab-intake", json=body(number), headers=HEADERS)
            if response.status_code == 503:
                assert int(response.headers["retry-after"]) > 0
                assert response.headers["content-type"] == "application/problem+json"
                self.refused.append(number)
            else:
                assert response.status_code == 200, response.text
                self.accepted.append(number)

    def send_until_refused(self) -> None:
        """Send orders until one of them is refused."""
        for number in range(MOST_ORDERS):
            self.send([f"S{number}"])
            if self.refused:
                return

        raise AssertionError("the disk never filled up")

    def resend(self) -> None:
        """Send what was refused."""
        numbers, self.refused = self.refused, []
        self.send(numbers)


HEADERS = {"x-api-key": LAB_KEY}


def body(number: str) -> dict[str, Any]:
    return {
        "ordernumber": number,
        "shiptocity": "Redmond",
        "shiptostateorprovince": "WA",
        "shiptocountry": "US",
        "shiptozip": "98052",
        "orderdetails": [{"sku": "883988211855", "unit": "each", "quantity": 10}],
    }


def assert_nothing_is_blamed(small: Fabrikam) -> None:
    """Check that no message is parked and no order was given up."""
    assert small.fetch("SELECT key FROM providers.message WHERE state = 'parked'") == []
    assert small.fetch("SELECT id FROM orchestration.flow_run WHERE state = 'failed'") == []


@pytest.fixture
def sender(small: Fabrikam) -> Iterator[Sender]:
    with TestClient(create_app(small.application), raise_server_exceptions=False) as client:
        yield Sender(client)


def test_no_room_for_data(small: Fabrikam, disks: SmallDisks, sender: Sender) -> None:
    sender.send(["B1", "B2"])
    work(small)
    sender.send(WAITING)

    disks.fill("data")
    try:
        for _ in range(2):
            with pytest.raises((DBAPIError, psycopg.Error)) as failed:
                work(small)

            assert getattr(failed.value, "orig", failed.value).sqlstate == errors.DiskFull.sqlstate

        sender.send_until_refused()
        assert sender.client.get("/health").status_code == 200
        assert_nothing_is_blamed(small)
    finally:
        disks.free("data")

    sender.resend()
    work(small)

    assert sender.refused == []
    assert_accounted(small, sender.accepted)


def test_no_room_for_the_log(small: Fabrikam, disks: SmallDisks, sender: Sender) -> None:
    sender.send(["B1", "B2"])
    work(small)
    sender.send(WAITING)

    disks.fill("log")
    try:
        end_server(disks)
        with pytest.raises((DBAPIError, psycopg.Error)):
            work(small)

        sender.send_until_refused()
        assert sender.accepted == ["B1", "B2", *WAITING]
        assert sender.client.get("/health").status_code == 200
    finally:
        disks.free("log")

    disks.recover()
    assert_nothing_is_blamed(small)
    sender.resend()
    work(small)

    assert sender.refused == []
    assert len(states(small)) == len(sender.accepted) == 43
    assert_accounted(small, sender.accepted)


def end_server(disks: SmallDisks) -> None:
    """Write to the log until the server ends for want of room."""
    with pytest.raises(psycopg.OperationalError):
        fill_log_files(disks.url)

    assert "PANIC" in disks.output()
    assert "No space left on device" in disks.output()


def fill_log_files(url: str) -> None:
    """Write to one log file after the other, many more than there is room for."""
    with psycopg.connect(url, autocommit=True) as administrator:
        for _ in range(100):
            administrator.execute("SELECT pg_logical_emit_message(false, 'drill', 'full')")
            administrator.execute("SELECT pg_switch_wal()")
