"""Invariants of the package find nothing after normal work, and every planted violation."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.providers.fake_provider import ProviderHarness

from openiom.platform.batches import drain
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.platform.configuration import current_documents
from openiom.provider_contract import RawMessage
from openiom.providers import ProbeWorker, inbox_worker, store_messages

INVARIANTS = Path(__file__).resolve().parents[2] / "invariants"
VIOLATIONS: Sequence[tuple[str, str]] = [
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
def processed(harness: ProviderHarness) -> ProviderHarness:
    """Return a harness with a green instance, a processed and a parked note."""
    harness.install()
    drain(harness.database, [ProbeWorker(harness.registry)])
    items = [{"sku": "UNKNOWN", "quantity": 1}]
    messages = [
        RawMessage("note", "1", {"id": 1}),
        RawMessage("note", "2", {"id": 2, "items": items}),
    ]

    with harness.database.unit_of_work() as session:
        store_messages(session, "shop", messages, now=utc_now(), limit_bytes=10_000)

    drain(harness.database, [inbox_worker(harness.registry)])
    return harness


@pytest.mark.parametrize("name", sorted({name for name, _ in VIOLATIONS}))
def test_an_invariant_finds_nothing_after_normal_work(processed, name):
    assert processed.states() == {"processed": 1, "parked": 1}
    assert processed.rows((INVARIANTS / f"{name}.sql").read_text()) == []


@pytest.mark.parametrize(("name", "wrong"), VIOLATIONS)
def test_an_invariant_finds_a_violation(processed, name, wrong):
    with processed.database.unit_of_work() as session:
        execute(session, wrong)
    assert len(processed.rows((INVARIANTS / f"{name}.sql").read_text())) == 1


def test_more_names_than_a_statement_has_parameters_can_be_looked_up(processed):
    with processed.database.reading() as session:
        names = [f"no-{n}" for n in range(70_000)]
        assert [
            d.name for d in current_documents(session, "provider_instance", names=[*names, "shop"])
        ] == ["shop"]
