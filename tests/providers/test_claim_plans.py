"""A queue that was empty may have a million rows a minute later: its claim is planned each time."""

import pytest

from openiom.orchestration.runtime.token_store import claim_due_tokens
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.providers.inbox_worker import CLAIM_ROUNDS, claim_messages

PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"
WAITING = 20_000
INSERT = """
INSERT INTO providers.message (instance, received_at, kind, key, version, sequence, payload, state,
                               deliveries)
SELECT 'shop', now(), 'note', (n / %s)::text, n::text, n, repeat('x', 200), 'received', 1
FROM generate_series(0, %s) n
"""
SCANNED = """
SELECT seq_scan FROM pg_stat_xact_user_tables
WHERE schemaname = 'providers' AND relname = 'message'
"""


def test_no_plan_of_an_empty_queue_is_kept(database: Database) -> None:
    with database.unit_of_work() as session:
        for _ in range(8):
            assert claim_messages(session, 500) == []
            assert claim_due_tokens(session, now=utc_now(), limit=500) == []

        for table in ("%FROM providers.message%", "%FROM orchestration.token t WHERE t.due_at%"):
            assert fetch_column(session, PREPARED, (table,)) == [0]


@pytest.mark.parametrize("limit", [1, 500])
def test_the_oldest_message_of_each_key_is_found_by_index_without_statistics(
    database: Database, limit: int
) -> None:
    with database.unit_of_work() as session:
        execute(session, INSERT, (2, WAITING))
        scans_before = fetch_column(session, SCANNED)
        claimed = claim_messages(session, limit)
        scans_after = fetch_column(session, SCANNED)

    # Every second message of the eight pages follows another one of its key.
    assert len(claimed) == limit - limit // 2**CLAIM_ROUNDS - (limit > 1)
    assert [message.key for message in claimed] == [str(number) for number in range(len(claimed))]
    assert scans_after == scans_before


def test_a_key_with_many_messages_does_not_keep_the_others_from_being_claimed(
    database: Database,
) -> None:
    with database.unit_of_work() as session:
        execute(session, INSERT, (50, 199))
        claimed = claim_messages(session, 30)

    assert [message.key for message in claimed] == ["0", "1", "2", "3"]
    assert CLAIM_ROUNDS * 26 >= 200
