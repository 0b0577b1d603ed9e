"""The embedded PostgreSQL: configured, and running as long as it has users."""

import json
import os
from pathlib import Path

import psutil
import pytest

from openiom.platform import embedded


def pids(folder: Path, *listed: int) -> Path:
    file = folder / ".handle_pids.json"
    file.write_text(json.dumps(listed))
    return file


def test_dead_users_are_removed_from_the_list(tmp_path: Path) -> None:
    dead = max(psutil.pids()) + 10_000
    file = pids(tmp_path, os.getpid(), dead)

    embedded._remove_dead_users(file)

    assert json.loads(file.read_text()) == [os.getpid()]


def test_a_newer_process_with_the_number_of_a_dead_user_is_removed(tmp_path: Path) -> None:
    file = pids(tmp_path, os.getpid())
    long_ago = psutil.Process().create_time() - 1_000
    os.utime(file, (long_ago, long_ago))

    embedded._remove_dead_users(file)

    assert json.loads(file.read_text()) == []


@pytest.mark.parametrize("content", ["", "not json"])
def test_an_unreadable_list_is_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / ".handle_pids.json"
    file.write_text(content)

    embedded._remove_dead_users(file)
    embedded._remove_dead_users(tmp_path / "missing.json")

    assert file.read_text() == content


def test_the_configuration_is_included_once(tmp_path: Path) -> None:
    (tmp_path / "postgresql.conf").write_text("port = 5432\n")

    embedded._configure(tmp_path)
    embedded._configure(tmp_path)

    main = (tmp_path / "postgresql.conf").read_text()
    assert main == "port = 5432\n\ninclude 'openiom.conf'\n"
    assert "timezone = 'UTC'" in (tmp_path / "openiom.conf").read_text()
    assert (tmp_path / "openiom.conf").stat().st_mode & 0o777 == 0o644


def test_postgresql_runs_while_the_block_does(tmp_path: Path) -> None:
    with embedded.embedded_postgres(tmp_path / "home", database="orders") as url:
        assert "/orders" in url
        postmaster = int((tmp_path / "home" / "pg" / "postmaster.pid").read_text().splitlines()[0])
        assert psutil.pid_exists(postmaster)
    assert not (tmp_path / "home" / "pg" / "postmaster.pid").exists()
