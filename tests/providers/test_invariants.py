"""The room's invariants find nothing after honest work, and find what is planted."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.fake_provider import House

from openiom.platform.batches import drain
from openiom.platform.bulk import execute
from openiom.platform.configuration import current_documents
from openiom.platform.events import utc_now
from openiom.provider_contract import RawMessage
from openiom.providers import ProbeWorker, inbox_worker, store_messages

INVARIANTS = Path(__file__).resolve().parents[2] / "invariants"
PLANTED: Sequence[tuple[str, str]] = [
    ("parked_messages_say_why", "UPDATE providers.message SET error = NULL WHERE state = 'parked'"),
    (
        "parked_messages_say_why",
        "UPDATE providers.message SET state = 'processed' WHERE state = 'parked'",
    ),
    ("green_means_probed", "UPDATE providers.provider_instance SET probed_at = NULL"),
    ("green_means_probed", "UPDATE providers.provider_instance SET missing_scopes = '{write}'"),
    ("processed_messages_have_their_order", "UPDATE providers.message SET kind = 'order'"),
]


@pytest.fixture
def worked(house: House) -> House:
    """A green instance that took one note in and parked another."""
    house.install()
    drain(house.database, [ProbeWorker(house.registry)])
    items = [{"sku": "UNKNOWN", "quantity": 1}]
    messages = [
        RawMessage("note", "1", {"id": 1}),
        RawMessage("note", "2", {"id": 2, "items": items}),
    ]
    with house.database.unit_of_work() as session:
        store_messages(session, "shop", messages, now=utc_now(), limit_bytes=10_000)
    drain(house.database, [inbox_worker(house.registry)])
    return house


@pytest.mark.parametrize("name", sorted({name for name, _ in PLANTED}))
def test_an_invariant_finds_nothing_after_honest_work(worked, name):
    assert worked.states() == {"processed": 1, "parked": 1}
    assert worked.rows((INVARIANTS / f"{name}.sql").read_text()) == []


@pytest.mark.parametrize(("name", "wrong"), PLANTED)
def test_an_invariant_finds_what_is_planted(worked, name, wrong):
    with worked.database.unit_of_work() as session:
        execute(session, wrong)
    assert len(worked.rows((INVARIANTS / f"{name}.sql").read_text())) == 1


def test_more_documents_than_a_statement_takes_values_can_be_asked_for(worked):
    with worked.database.reading() as session:
        names = [f"no-{n}" for n in range(70_000)]
        assert [
            d.name for d in current_documents(session, "provider_instance", names=[*names, "shop"])
        ] == ["shop"]
