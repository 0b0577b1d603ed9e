"""The ledger of an order counts what PostgreSQL logged and which packages the time went to."""

import cProfile
import pstats
from pathlib import Path
from time import thread_time

import orjson
from benchmarks.order_ledger import (
    CountingWorker,
    Statements,
    TableWrites,
    add_record,
    package_of,
    per_order,
    seconds_by_package,
)

from openiom.kernel import new_ids
from openiom.platform.batches import BatchResult

INSERTED = (
    "rmgr: Heap        len (rec/tot):    171/   171, tx:   7, lsn: 0/1, prev 0/0, desc: INSERT off:"
    " 4, flags: 0x00, blkref #0: rel 1663/5/16401 blk 0"
)
COPIED = (
    "rmgr: Heap2       len (rec/tot):    900/  1100, tx:   7, lsn: 0/1, prev 0/0, desc:"
    " MULTI_INSERT+INIT ntuples: 25, flags: 0x02, blkref #0: rel 1663/5/16401 blk 0 FPW"
)
UPDATED = (
    "rmgr: Heap        len (rec/tot):     80/    80, tx:   7, lsn: 0/1, prev 0/0, desc: HOT_UPDATE"
    " old_xmax: 7, blkref #0: rel 1663/5/16401 blk 0"
)
INDEXED = (
    "rmgr: Btree       len (rec/tot):     64/    64, tx:   7, lsn: 0/1, prev 0/0, desc: INSERT_LEAF"
    " off: 4, blkref #0: rel 1663/5/16402 blk 1"
)


def test_rows_and_bytes_of_a_table_are_counted_without_page_images() -> None:
    writes = TableWrites()
    for line in (INSERTED, COPIED, UPDATED):
        add_record(writes, line, is_index=False)
    add_record(writes, INDEXED, is_index=True)

    assert writes == TableWrites(inserted=26, updated=1, bytes=1151, index_bytes=64)
    assert per_order(writes, 10) == {
        "inserted": 2.6,
        "updated": 0.1,
        "wal_bytes": 115,
        "index_bytes": 6,
    }


def test_files_belong_to_packages_and_libraries() -> None:
    assert package_of("/x/src/openiom/orders/service/create.py") == "openiom.orders"
    assert package_of("/x/site-packages/psycopg/cursor.py") == "psycopg"
    assert package_of("/x/site-packages/six.py") == "six"
    assert package_of("/x/lib/python3.12/json/decoder.py") == "python"


def test_c_functions_count_for_the_package_that_calls_them() -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    new_ids(2_000)
    profiler.disable()

    seconds = seconds_by_package(pstats.Stats(profiler))
    assert seconds["openiom.kernel"] > 0
    assert "~" not in seconds


def test_statements_are_counted_by_their_text_on_one_line() -> None:
    statements = Statements()
    for text in (b"SELECT 1\n  FROM a", "SELECT 1 FROM a"):
        with statements.timed(text):
            orjson.dumps({})

    assert statements.calls == {"SELECT 1 FROM a": 2}
    assert statements.milliseconds["SELECT 1 FROM a"] > 0


class _Busy:
    kind = "busy"

    def run_once(self, database: object, *, limit: int, now: object) -> BatchResult:
        started = thread_time()
        while thread_time() - started < 0.002:
            Path("a").joinpath("b")
        return BatchResult(limit, False)


def test_the_cpu_of_a_worker_is_counted() -> None:
    worker = CountingWorker(_Busy())
    assert worker.run_once(None, limit=3, now=None) == BatchResult(3, False)  # type: ignore[arg-type]
    assert worker.kind == "busy"
    assert worker.cpu_seconds >= 0.002
