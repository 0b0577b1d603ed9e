"""Where the time of an order goes: CPU by worker and package, time by statement, WAL by table.

The product's own workers carry the orders, one after the other in one thread of this process, so
that nothing overlaps. Equally many orders pass three times: once with nothing measured but CPU and
WAL, once with every statement timed, and once under Python's profiler.
"""

import cProfile
import pstats
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import Any, cast

import psycopg

from benchmarks.fabrikam import BenchmarkSite, Store, run_fabrikam
from benchmarks.figures import print_progress
from openiom.app.worker import tune_gc
from openiom.platform.batches import BatchResult, Worker, drain
from openiom.platform.database import Database

MOST_STATEMENTS = 40
_STATEMENT_LENGTH = 90
_RECORD = re.compile(
    r"^rmgr: (?P<manager>\S+)\s+len \(rec/tot\):\s*(?P<bytes>\d+)/.*? desc: (?P<kind>\w+)"
)
_RELATION = re.compile(r"blkref #0: rel \d+/(?P<database>\d+)/(?P<node>\d+)")
_ROWS = re.compile(r"ntuples: (\d+)")
_UPDATES = frozenset({"UPDATE", "HOT_UPDATE"})


@dataclass
class CountingWorker:
    """A worker with the CPU seconds that its batches took."""

    worker: Worker
    cpu_seconds: float = 0.0

    @property
    def kind(self) -> str:
        """The kind of the worker."""
        return self.worker.kind

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Run the worker and count the CPU of this thread."""
        started = thread_time()
        try:
            return self.worker.run_once(database, limit=limit, now=now)
        finally:
            self.cpu_seconds += thread_time() - started


@dataclass
class Statements:
    """Milliseconds and calls by statement, from sending it to the end of its answer."""

    milliseconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def timed(self, statement: object) -> Iterator[None]:
        """Add the time of the block to a statement."""
        started = perf_counter()
        try:
            yield
        finally:
            name = _one_line(statement)
            self.milliseconds[name] += 1000 * (perf_counter() - started)
            self.calls[name] += 1


@dataclass
class TableWrites:
    """What orders wrote into one table and its indexes."""

    inserted: int = 0
    updated: int = 0
    bytes: int = 0
    index_bytes: int = 0


Ledger = dict[str, dict[str, Any]]


def ledger_of(orders: int) -> Ledger:
    """Return figures per order by "worker", "package", "statement" and "table"."""
    with run_fabrikam(workers=0) as (site, store):
        site.load(store.messages())
        _carry(site)
        tune_gc()

        print_progress(f"CPU and WAL of {orders} orders")
        ledger = _cpu_and_wal(site, store, orders)
        print_progress("statements")
        ledger["statement"] = _statements(site, store, orders)
        print_progress("profile")
        ledger["package"] = _packages(site, store, orders)
        return ledger


def print_ledger(ledger: Ledger) -> None:
    """Print the ledger as tables, the largest rows first."""
    for name, rows in ledger.items():
        columns = list(next(iter(rows.values())))
        heads = "".join(f"{column:>14}" for column in columns)
        print(f"\n{heads}  {name}")
        for title, row in rows.items():
            figures = "".join(f"{row[column]:>14}" for column in columns)
            print(f"{figures}  {title}")


def _cpu_and_wal(site: BenchmarkSite, store: Store, orders: int) -> Ledger:
    """Return "worker", the CPU of workers and server, and "table", what was written."""
    site.load(store.new_messages(orders))
    start = _wal_position(site)
    server_before = site.cpu()["postgres"]
    process_before = process_time()
    workers = _carry(site)
    process = process_time() - process_before
    server = site.cpu()["postgres"] - server_before
    end = _wal_position(site)

    spent = {worker.kind: worker.cpu_seconds for worker in workers}
    spent["(threads that call providers)"] = process - sum(spent.values())
    spent["(PostgreSQL)"] = server
    by_worker = {}
    for kind, seconds in _largest_first(spent):
        by_worker[kind] = {"cpu_ms": round(1000 * seconds / orders, 4)}

    return {"worker": by_worker, "table": _tables(site, start, end, orders)}


def _carry(site: BenchmarkSite) -> list[CountingWorker]:
    """Carry every order in the inbox to the 3PL; return the workers with their CPU."""
    workers = [CountingWorker(worker) for worker in site.application.workers()]
    drain(site.application.database, workers)
    stuck = [row for row in site.stuck() if int(row[1])]
    if stuck:
        raise SystemExit(f"orders are stuck: {stuck}")

    return workers


def _statements(site: BenchmarkSite, store: Store, orders: int) -> dict[str, dict[str, Any]]:
    """Return the time of each statement, as this process sees it, and its calls."""
    site.load(store.new_messages(orders))
    statements = Statements()
    with _every_statement_timed(statements):
        _carry(site)

    rows = {}
    for name, milliseconds in _largest_first(statements.milliseconds)[:MOST_STATEMENTS]:
        rows[name] = {
            "ms": round(milliseconds / orders, 4),
            "calls": statements.calls[name],
        }

    return rows


@contextmanager
def _every_statement_timed(statements: Statements) -> Iterator[None]:
    """Time what any connection of this process executes, copies and commits."""
    cursor: Any = psycopg.Cursor
    connection: Any = psycopg.Connection
    execute, copy, commit = cursor.execute, cursor.copy, connection.commit

    def timed_execute(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        with statements.timed(query):
            return execute(self, query, *arguments, **options)

    @contextmanager
    def timed_copy(self: Any, query: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        with statements.timed(query), copy(self, query, *arguments, **options) as opened:
            yield opened

    def timed_commit(self: Any) -> None:
        with statements.timed("COMMIT"):
            commit(self)

    cursor.execute, cursor.copy, connection.commit = timed_execute, timed_copy, timed_commit
    try:
        yield
    finally:
        cursor.execute, cursor.copy, connection.commit = execute, copy, commit


def _one_line(statement: object) -> str:
    if isinstance(statement, bytes):
        text = statement.decode()
    else:
        text = statement if isinstance(statement, str) else cast(Any, statement).as_string()

    return " ".join(text.split())[:_STATEMENT_LENGTH]


def _packages(site: BenchmarkSite, store: Store, orders: int) -> dict[str, dict[str, Any]]:
    """Return the share of each package in the time of the thread that runs the workers."""
    site.load(store.new_messages(orders))
    profiler = cProfile.Profile()
    profiler.enable()
    _carry(site)
    profiler.disable()

    shares = seconds_by_package(pstats.Stats(profiler))
    total = sum(shares.values())
    rows = {}
    for package, seconds in _largest_first(shares):
        rows[package] = {"percent": round(100 * seconds / total, 1)}

    return rows


def seconds_by_package(stats: pstats.Stats) -> dict[str, float]:
    """Return the seconds in the functions of each package; C functions count for their callers.

    Waiting for the database is left out.
    """
    seconds: dict[str, float] = defaultdict(float)
    for (file, _, name), figures in cast(Any, stats).stats.items():
        _, _, own, _, callers = figures
        if name in _WAITING:
            continue

        if file != "~":
            seconds[package_of(file)] += own
            continue

        for (caller, _, _), (_, _, within, _) in callers.items():
            seconds[package_of(caller)] += within

    return seconds


_WAITING = frozenset({"wait", "<built-in method time.sleep>"})


@cache
def package_of(file: str) -> str:
    """Return `openiom.orders` for a file of ours, else the library, or `python`."""
    parts = Path(file).parts
    for home, depth in (("openiom", 2), ("site-packages", 1)):
        if home in parts:
            start = parts.index(home) + (home == "site-packages")
            return ".".join(part.removesuffix(".py") for part in parts[start : start + depth])

    return "python"


def _tables(site: BenchmarkSite, start: str, end: str, orders: int) -> dict[str, dict[str, Any]]:
    """Return rows and bytes of WAL per order by table, without the images of whole pages."""
    tables = _tables_by_node(site)
    writes: dict[str, TableWrites] = defaultdict(TableWrites)
    for line in _wal_records(site, start, end):
        relation = _RELATION.search(line)
        table, is_index = "(other)", False
        if relation:
            table, is_index = tables.get(int(relation["node"]), (table, False))

        add_record(writes[table], line, is_index=is_index)

    by_bytes = {name: one.bytes + one.index_bytes for name, one in writes.items()}
    rows = {}
    for name, _ in _largest_first(by_bytes):
        rows[name] = per_order(writes[name], orders)

    return rows


def add_record(writes: TableWrites, line: str, *, is_index: bool) -> None:
    """Add a line of `pg_waldump` to what a table or its indexes were written."""
    record = _RECORD.match(line)
    if not record:
        return

    size = int(record["bytes"])
    if is_index:
        writes.index_bytes += size
        return

    writes.bytes += size
    if record["kind"] in _UPDATES:
        writes.updated += 1
    elif record["kind"].startswith("INSERT"):
        writes.inserted += 1
    elif record["kind"].startswith("MULTI_INSERT"):
        writes.inserted += sum(map(int, _ROWS.findall(line)))


def per_order(writes: TableWrites, orders: int) -> dict[str, Any]:
    """Return rows and bytes per order."""
    return {
        "inserted": round(writes.inserted / orders, 2),
        "updated": round(writes.updated / orders, 2),
        "wal_bytes": round(writes.bytes / orders),
        "index_bytes": round(writes.index_bytes / orders),
    }


def _wal_position(site: BenchmarkSite) -> str:
    [(position,)] = _query(site, "SELECT pg_current_wal_flush_lsn()::text")
    return str(position)


def _wal_records(site: BenchmarkSite, start: str, end: str) -> Iterator[str]:
    """Yield the records between two positions as `pg_waldump` describes them."""
    assert site.postgres is not None
    program = Path(site.postgres.exe()).with_name("pg_waldump")
    [(data,)] = _query(site, "SELECT setting FROM pg_settings WHERE name = 'data_directory'")
    command = [str(program), "--path", f"{data}/pg_wal", "--start", start, "--end", end]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from process.stdout


def _tables_by_node(site: BenchmarkSite) -> Mapping[int, tuple[str, bool]]:
    """Return the table of every file of the database, and whether it is one of its indexes."""
    rows = _query(
        site,
        "SELECT pg_relation_filenode(c.oid), n.nspname || '.' || t.relname,"
        " i.indexrelid IS NOT NULL"
        " FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid"
        " JOIN pg_class t ON t.oid = coalesce(i.indrelid, c.oid)"
        " JOIN pg_namespace n ON n.oid = t.relnamespace"
        " WHERE pg_relation_filenode(c.oid) IS NOT NULL",
    )
    return {node: (table, is_index) for node, table, is_index in rows}


def _query(site: BenchmarkSite, query: str) -> Sequence[tuple[Any, ...]]:
    with psycopg.connect(site.url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def _largest_first(figures: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the figures above zero, the largest first."""
    found = [(name, figure) for name, figure in figures.items() if figure > 0]
    return sorted(found, key=lambda one: -one[1])
