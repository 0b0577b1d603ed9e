"""Many writers deliver the same messages at the same moment: each is stored once, counted exactly, nobody fails."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import utc_now
from openiom.provider_contract import RawMessage
from openiom.providers import store_messages

WRITERS, BATCHES, BATCH, KEYS = 4, 60, 40, 400


def test_overlapping_deliveries_never_wait_in_a_circle_and_are_counted_exactly(
    database: Database,
) -> None:
    def write(number: int) -> tuple[int, int]:
        dice, new, again = Random(number), 0, 0
        for _ in range(BATCHES):
            batch = [
                RawMessage("order", f"{dice.randrange(KEYS)}", {"n": 1}, version="1")
                for _ in range(BATCH)
            ]
            with database.unit_of_work() as session:
                stored = store_messages(session, "shop", batch, now=utc_now(), limit_bytes=1000)
            new, again = new + stored.new, again + stored.duplicates
        return new, again

    with ThreadPoolExecutor(WRITERS) as pool:
        counts = list(pool.map(write, range(WRITERS)))

    with database.reading() as session:
        rows, deliveries = fetch(
            session, "SELECT count(*), sum(deliveries)::int FROM providers.message"
        )[0]
    assert sum(new for new, _ in counts) == rows == KEYS
    assert sum(new + again for new, again in counts) == deliveries == WRITERS * BATCHES * BATCH
