"""A message that ends the processes that work on it is found and set aside."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest
from tests.providers.fake_provider import ProviderHarness, note

from openiom.kernel import ProviderDown
from openiom.platform.clock import utc_now
from openiom.providers import inbox_worker
from openiom.providers.processing_attempts import begin_attempt, end_attempt


def claimed(harness: ProviderHarness, *numbers: int) -> list:
    """Return the waiting messages with these keys, as a worker claims them."""
    worker = inbox_worker(harness.registry)
    with harness.database.unit_of_work() as session:
        rows = worker.claim(session, 100)
    return [row for row in rows if int(row.key) in numbers]


def lose(harness: ProviderHarness, *numbers: int) -> None:
    """Begin an attempt whose process ends before it does."""
    begin_attempt(harness.database, claimed(harness, *numbers), utc_now())


def run_once(harness: ProviderHarness, *, limit: int = 100) -> int:
    worker = inbox_worker(harness.registry)
    return worker.run_once(harness.database, limit=limit, now=utc_now()).rows


def attempts(harness: ProviderHarness) -> list[Sequence[int]]:
    rows = harness.rows("SELECT message_ids FROM providers.processing_attempt ORDER BY id")
    return [ids for (ids,) in rows]


def error_of(harness: ProviderHarness, key: str) -> tuple[str, str]:
    [(what, remedy)] = harness.rows(
        "SELECT error->>'what', error->>'remedy' FROM providers.message WHERE key = %s", key
    )
    return what, remedy


@pytest.fixture
def waiting(harness: ProviderHarness) -> ProviderHarness:
    """Return a harness in whose inbox three messages wait."""
    harness.install()
    harness.store(note(1), note(2), note(3))
    return harness


def test_an_attempt_is_deleted_with_its_work(waiting):
    assert run_once(waiting) == 3
    assert waiting.states() == {"processed": 3}
    assert attempts(waiting) == []


def test_the_messages_of_a_lost_attempt_are_processed_one_at_a_time(waiting):
    lose(waiting, 1, 2, 3)

    assert [run_once(waiting) for _ in range(4)] == [1, 1, 1, 0]
    assert waiting.states() == {"processed": 3}
    assert attempts(waiting) == []


def test_a_message_that_was_lost_alone_three_times_is_parked(waiting):
    lose(waiting, 1, 2, 3)
    for _ in range(3):
        lose(waiting, 1)

    assert [run_once(waiting) for _ in range(3)] == [1, 1, 1]

    assert waiting.states() == {"parked": 1, "processed": 2}
    what, remedy = error_of(waiting, "1")
    assert what == "its processing ended a worker process 3 times"
    assert remedy.startswith("look for an expression of its transformation")
    assert attempts(waiting) == []


def test_a_single_message_is_tried_again_after_the_first_loss(waiting):
    lose(waiting, 2)

    assert run_once(waiting) == 1
    assert waiting.states() == {"processed": 1, "received": 2}
    assert attempts(waiting) == []


def test_a_message_that_was_lost_alone_twice_is_not_parked(waiting):
    lose(waiting, 1, 2)
    lose(waiting, 1, 2)
    lose(waiting, 1)
    lose(waiting, 1)

    while run_once(waiting):
        continue

    assert waiting.states() == {"processed": 3}


def test_a_replayed_message_is_processed_as_if_it_were_new(waiting):
    for _ in range(3):
        lose(waiting, 1)

    run_once(waiting)
    assert waiting.states() == {"parked": 1, "received": 2}

    waiting.rows("SELECT 1")
    with waiting.database.unit_of_work() as session:
        session.connection().exec_driver_sql(
            "UPDATE providers.message SET state = 'received' WHERE state = 'parked'"
        )

    assert run_once(waiting) == 3
    assert waiting.states() == {"processed": 3}


def test_an_error_that_ends_a_batch_leaves_no_attempt(waiting):
    def fail(session, now):
        raise ProviderDown("the database is restarting")

    worker = inbox_worker(waiting.registry, fail)
    with pytest.raises(ProviderDown):
        worker.run_once(waiting.database, limit=10, now=utc_now())

    assert attempts(waiting) == []
    assert waiting.states() == {"received": 3}


def test_an_attempt_that_ended_is_forgotten(waiting):
    attempt = begin_attempt(waiting.database, claimed(waiting, 1), utc_now())
    assert attempts(waiting) == [[1]]

    end_attempt(waiting.database, attempt)

    assert attempts(waiting) == []


LOST_PROCESS = """
import os, sys
from openiom.platform.batches import BatchWorker
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.providers.inbox_worker import claim_messages
from openiom.providers.processing_attempts import CountedBatchWorker

def process(session, rows, now):
    os.kill(os.getpid(), 9)

worker = CountedBatchWorker("inbox", claim_messages, process, lambda *parts: None)
worker.run_once(Database(sys.argv[1]), limit=10, now=utc_now())
"""


def test_a_killed_process_leaves_its_attempt_and_no_lock(waiting):
    killed = subprocess.run(
        [sys.executable, "-c", LOST_PROCESS, waiting.database.url], env=dict(os.environ), timeout=60
    )

    assert killed.returncode == -9
    assert attempts(waiting) == [[1, 2, 3]]
    assert run_once(waiting) == 1


KILLED_BY_ONE = """
import os, sys
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.bulk import execute
from openiom.providers.inbox_worker import claim_messages
from openiom.providers.processing_attempts import CountedBatchWorker

STORE = "UPDATE providers.message SET state = %s WHERE id = ANY(%s)"

def process(session, rows, now):
    if any(row.key == "2" for row in rows):
        os.kill(os.getpid(), 9)
    execute(session, STORE, ("processed", [row.id for row in rows]))

def park(session, row, error, now):
    execute(session, STORE, ("parked", [row.id]))

def work():
    worker = CountedBatchWorker("inbox", claim_messages, process, park)
    database = Database(sys.argv[1])
    while worker.run_once(database, limit=10, now=utc_now()).rows:
        pass

while True:
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(code, file=sys.stderr)
    if code != -9:
        break
"""


@pytest.mark.parametrize(
    ("numbers", "exits"),
    [((2,), [-9, -9, -9, 0]), ((1, 2, 3), [-9, -9, -9, -9, 0])],
    ids=["alone", "with others"],
)
def test_a_message_that_kills_its_worker_is_parked_the_third_time(harness, numbers, exits):
    """One more process ends when it is in a batch with others, which are processed all the same."""
    harness.install()
    harness.store(*map(note, numbers))

    run = subprocess.run(
        [sys.executable, "-c", KILLED_BY_ONE, harness.database.url],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert [int(line) for line in run.stderr.split()] == exits
    states = dict(harness.rows("SELECT key, state FROM providers.message"))
    others = {str(number): "processed" for number in numbers}
    assert states == {**others, "2": "parked"}
    assert attempts(harness) == []
