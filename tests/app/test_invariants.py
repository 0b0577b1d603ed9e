"""A broken promise is found, shown and kept; and `iom check-invariants` says so with its exit code."""

from pathlib import Path

from openiom.app.jobs import invariants
from sqlalchemy import text

from openiom.administration import latest_invariant_results
from openiom.app.application import Application
from openiom.app.invariants import check_invariants, invariant_names
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.clock import utc_now


def stock(application: Application) -> None:
    with application.database.unit_of_work() as session:
        change_on_hand(
            session,
            [StockChange("Accu Scale", "SEA", 10)],
            mode="set",
            cause="count",
            document="t",
            now=utc_now(),
            actor="t",
        )


def test_every_query_runs_and_an_honest_database_keeps_every_promise(
    application: Application,
) -> None:
    stock(application)

    checked = check_invariants(application.database)

    assert [c.name for c in checked] == invariant_names()
    assert {c.name: c.violations for c in checked if c.violations} == {}
    assert all(c.promise for c in checked)


def test_a_balance_its_ledger_does_not_make_is_found_with_the_offending_row(
    application: Application,
) -> None:
    stock(application)
    with application.database.unit_of_work() as session:
        session.execute(text("UPDATE inventory_visibility.stock SET on_hand = 11"))

    found = check_invariants(application.database, ["ledger_adds_up_to_stock"])[0]

    assert found.violations == 1
    assert dict(zip(found.columns, found.rows[0], strict=True))["product"] == "Accu Scale"


def test_the_scheduled_job_keeps_the_newest_answer_of_each_promise(
    application: Application,
) -> None:
    stock(application)
    with application.database.unit_of_work() as session:
        session.execute(text("UPDATE inventory_visibility.stock SET on_hand = 11"))
    invariants(application.database, utc_now())
    with application.database.unit_of_work() as session:
        session.execute(text("UPDATE inventory_visibility.stock SET on_hand = 10"))
    with application.database.reading() as session:
        first = {c.name: c.violations for c in latest_invariant_results(session)}

    invariants(application.database, utc_now())

    with application.database.reading() as session:
        second = {c.name: c.violations for c in latest_invariant_results(session)}
    assert first["ledger_adds_up_to_stock"] == 1
    assert set(second) == set(invariant_names())
    assert not any(second.values())


def test_every_invariant_opens_with_its_promise_in_words() -> None:
    folder = Path(__file__).resolve().parents[2] / "invariants"
    for file in folder.glob("*.sql"):
        assert file.read_text().startswith("-- "), file.name
