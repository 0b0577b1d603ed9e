"""The server is exchanged under running processes, as when an address moves to another machine."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient
from tests.drills.lab_orders import assert_accounted, moved, place, posts, states, work
from tests.drills.test_restored_database import dump_and_restore
from tests.order_stories.conftest import LAB_KEY, Fabrikam
from tests.server_switch import Switch

from openiom.app.web import create_app
from openiom.platform.batches import drain
from openiom.platform.clock import utc_now
from openiom.platform.embedded import ensure_database
from openiom.platform.installation import (
    declare_restored,
    find_installation,
    recognize_server,
    watch_server,
)
from openiom.providers import inbox_worker

BEFORE = ["B1", "B2", "B3", "B4"]
LATER = ["L1", "L2"]


@pytest.fixture
def switch(fabrikam: Fabrikam) -> Iterator[Switch]:
    with closing(Switch(fabrikam.application.database.url)) as switch:
        yield switch


@pytest.fixture
def running(fabrikam: Fabrikam, switch: Switch, tmp_path: Path) -> Iterator[Fabrikam]:
    """Yield the company as its processes run it, behind the switch."""
    with moved(fabrikam, switch.url(), tmp_path) as running:
        watch_server(running.application.database, clock=utc_now)
        assert recognize_server(running.application.database, now=utc_now()).live
        yield running


def exchange(running: Fabrikam, switch: Switch, other: str, folder: Path) -> None:
    """Dump the database, restore it into another server, and move the address there."""
    source = switch.target
    name = str(conninfo_to_dict(source)["dbname"])
    with psycopg.connect(other, autocommit=True) as connection:
        # A process of an earlier test may still be connected.
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    target = ensure_database(other, name)
    dump_and_restore(source, target, folder / "dump")
    shutil.rmtree(folder / "dump", ignore_errors=True)
    switch.to(target)


def work_until_connected(running: Fabrikam) -> int:
    """Run the workers as their loops do, which repeat what a lost connection ended."""
    for lost in range(20):
        try:
            work(running)
        except (DBAPIError, psycopg.Error):
            continue
        return lost

    raise AssertionError("the workers do not connect to the other server")


def test_running_workers_recognize_the_server_before_they_work_on_it(
    running: Fabrikam, switch: Switch, other_server: str, tmp_path: Path
) -> None:
    application = running.application
    place(running, BEFORE[:2])
    work(running)
    sent = posts(running)
    place(running, BEFORE[2:])
    drain(application.database, [inbox_worker(application.registry)])

    exchange(running, switch, other_server, tmp_path)
    assert work_until_connected(running) > 0

    with application.database.reading() as session:
        installation = find_installation(session)

    assert installation is not None
    assert not installation.live
    assert installation.database_oid != 0
    assert set(states(running)) == set(BEFORE)
    assert running.fetch("SELECT count(*) FROM orchestration.flow_run") == [(len(BEFORE),)]
    assert posts(running) == sent

    assert declare_restored(application.database, live=True, now=utc_now()).live
    place(running, LATER)
    work(running)
    assert_accounted(running, BEFORE + LATER)


def test_a_web_process_stays_and_refuses_what_only_the_live_installation_accepts(
    running: Fabrikam, switch: Switch, other_server: str, tmp_path: Path
) -> None:
    headers = {"x-api-key": LAB_KEY}
    with TestClient(create_app(running.application), raise_server_exceptions=False) as client:
        assert client.post("/hooks/lab-intake", json={}, headers=headers).status_code == 422
        exchange(running, switch, other_server, tmp_path)

        answers = []
        for _ in range(20):
            answers.append(client.post("/hooks/lab-intake", json={}, headers=headers))
            assert client.get("/health").status_code == 200

    # The connections that are lost answer 503 first.
    assert {answer.status_code for answer in answers} <= {502, 503}
    assert answers[-1].status_code == 502
    assert "is a restored copy" in answers[-1].json()["detail"]
