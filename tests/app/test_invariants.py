"""Violated invariants are found, shown with their rows, and stored by the scheduled job."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.orders.builders import NOW, master_data, placed

from openiom.administration import latest_invariant_results
from openiom.app.application import Application
from openiom.app.invariants import (
    CheckedInvariant,
    as_json,
    check_invariants,
    invariant_names,
)
from openiom.app.scheduled_jobs import check_all_invariants
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.bulk import execute, fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database

INVARIANTS = Path(__file__).resolve().parents[2] / "invariants"
LEDGER = "ledger_adds_up_to_stock"


@pytest.fixture
def stocked(application: Application) -> Database:
    """A database with ten units of one product."""
    with application.database.unit_of_work() as session:
        change_on_hand(
            session,
            [StockChange("Accu Scale", "SEA", 10)],
            mode="set",
            cause="count",
            document="count 1",
            now=utc_now(),
            actor="test",
        )

    return application.database


def set_on_hand(database: Database, units: int) -> None:
    """Change a balance behind the ledger's back."""
    with database.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET on_hand = %s", (units,))


def violations(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {row.name: row.violations for row in latest_invariant_results(session)}


def test_every_invariant_holds_in_a_consistent_database(stocked: Database) -> None:
    checked = check_invariants(stocked)

    assert [invariant.name for invariant in checked] == invariant_names()
    for invariant in checked:
        assert (invariant.name, invariant.rows) == (invariant.name, ())
        assert invariant.violations == 0
        assert invariant.promise


def test_a_balance_that_its_ledger_does_not_make_is_found_with_its_row(stocked: Database) -> None:
    set_on_hand(stocked, 11)

    [found] = check_invariants(stocked, [LEDGER])

    assert found.violations == 1
    row = dict(zip(found.columns, found.rows[0], strict=True))
    assert row["product"] == "Accu Scale"
    assert found.seconds >= 0


def test_the_scheduled_job_replaces_the_stored_results(stocked: Database) -> None:
    set_on_hand(stocked, 11)
    check_all_invariants(stocked, utc_now())
    assert violations(stocked)[LEDGER] == 1

    set_on_hand(stocked, 10)
    check_all_invariants(stocked, utc_now())
    assert violations(stocked) == dict.fromkeys(invariant_names(), 0)


def test_results_are_json_with_their_rows_as_objects() -> None:
    checked = CheckedInvariant(
        name="a",
        promise="A holds.",
        violations=1,
        columns=("id", "note", "path"),
        rows=((7, None, Path("/tmp")),),
        seconds=0.25,
    )

    assert as_json([checked]) == [
        {
            "name": "a",
            "promise": "A holds.",
            "violations": 1,
            "rows": [{"id": 7, "note": None, "path": "/tmp"}],
            "seconds": 0.25,
        }
    ]


@pytest.mark.parametrize("name", sorted(file.stem for file in INVARIANTS.glob("*.sql")))
def test_every_invariant_begins_with_its_promise(name: str) -> None:
    assert (INVARIANTS / f"{name}.sql").read_text("utf-8").startswith("-- ")


FLOW_VERSION = """
INSERT INTO orchestration.flow_version (name, version, document, plan, awaits, published_at)
VALUES ('out', 1, '{"trigger": {"event": "order.created"}}', '{}', '{}', %s) RETURNING id
"""
FLOW = """
INSERT INTO orchestration.flow (name, title, subject, version_id, active, changed_at)
VALUES ('out', 'Out', 'order', %s, %s, %s)
"""
FLOW_RUN = """
INSERT INTO orchestration.flow_run (id, flow_version_id, flow, parallel_key, subject_type,
    subject_id, root_id, trigger_event_id, state, started_at)
VALUES (gen_random_uuid(), 1, 'out', '', 'order', %s, %s, 1, 'completed', now())
"""


@pytest.mark.parametrize(
    ("published", "active", "violated"), [(-60, True, 1), (60, True, 0), (-60, False, 0)]
)
def test_an_order_that_no_flow_has_seen_violates_an_invariant(
    application: Application, published: int, active: bool, violated: int
) -> None:
    """The order is new for days; a flow that was published later does not have to start."""
    database = application.database
    name = "new_orders_have_a_flow_run"
    master_data(database)
    order = placed(database)
    with database.unit_of_work() as session:
        moment = NOW + timedelta(minutes=published)
        [(version,)] = fetch(session, FLOW_VERSION, (moment,))
        execute(session, FLOW, (version, active, moment))

    [before] = check_invariants(database, [name])
    with database.unit_of_work() as session:
        execute(session, FLOW_RUN, (order, order))

    [after] = check_invariants(database, [name])

    assert (before.violations, after.violations) == (violated, 0)
