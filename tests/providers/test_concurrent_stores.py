"""Concurrent writers of the same messages: each is stored once and counted, without deadlocks."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.provider_contract import RawMessage
from openiom.providers import store_messages

WRITERS, BATCHES, BATCH, KEYS = 4, 60, 40, 400


def test_overlapping_deliveries_never_deadlock_and_are_counted_exactly(
    database: Database,
) -> None:
    def write(number: int) -> tuple[int, int]:
        random, new, repeated = Random(number), 0, 0
        for _ in range(BATCHES):
            batch = [
                RawMessage("order", f"{random.randrange(KEYS)}", {"n": 1}, version="1")
                for _ in range(BATCH)
            ]
            with database.unit_of_work() as session:
                stored = store_messages(session, "shop", batch, now=utc_now(), limit_bytes=1000)

            new, repeated = new + stored.new, repeated + stored.duplicates

        return new, repeated

    with ThreadPoolExecutor(WRITERS) as pool:
        counts = list(pool.map(write, range(WRITERS)))

    with database.reading() as session:
        rows, deliveries = fetch(
            session, "SELECT count(*), sum(deliveries)::int FROM providers.message"
        )[0]

    assert sum(new for new, _ in counts) == rows == KEYS
    assert (
        sum(new + repeated for new, repeated in counts) == deliveries == WRITERS * BATCHES * BATCH
    )
