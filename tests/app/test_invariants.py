"""A broken promise is found, shown and kept; and `iom check` says so with its exit code."""

from pathlib import Path

from sqlalchemy import text

from openiom.administration import stored_checks
from openiom.app.application import Application
from openiom.app.invariants import check_invariants, invariant_names
from openiom.app.jobs import invariants
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.events import utc_now


def stock(product: Application) -> None:
    with product.database.unit_of_work() as session:
        change_on_hand(
            session,
            [StockChange("Accu Scale", "SEA", 10)],
            mode="set",
            cause="count",
            document="t",
            now=utc_now(),
            actor="t",
        )


def test_every_query_runs_and_an_honest_database_keeps_every_promise(product: Application) -> None:
    stock(product)

    checked = check_invariants(product.database)

    assert [c.name for c in checked] == invariant_names()
    assert {c.name: c.broken for c in checked if c.broken} == {}
    assert all(c.promise for c in checked)


def test_a_balance_its_ledger_does_not_make_is_found_with_the_offending_row(
    product: Application,
) -> None:
    stock(product)
    with product.database.unit_of_work() as session:
        session.execute(text("UPDATE inventory_visibility.stock SET on_hand = 11"))

    found = check_invariants(product.database, ["ledger_adds_up_to_stock"])[0]

    assert found.broken == 1
    assert dict(zip(found.columns, found.rows[0], strict=True))["product"] == "Accu Scale"


def test_the_scheduled_job_keeps_the_newest_answer_of_each_promise(product: Application) -> None:
    stock(product)
    with product.database.unit_of_work() as session:
        session.execute(text("UPDATE inventory_visibility.stock SET on_hand = 11"))
    invariants(product.database, utc_now())
    with product.database.unit_of_work() as session:
        session.execute(text("UPDATE inventory_visibility.stock SET on_hand = 10"))
    with product.database.reading() as session:
        first = {c.name: c.broken for c in stored_checks(session)}

    invariants(product.database, utc_now())

    with product.database.reading() as session:
        second = {c.name: c.broken for c in stored_checks(session)}
    assert first["ledger_adds_up_to_stock"] == 1
    assert set(second) == set(invariant_names())
    assert not any(second.values())


def test_every_invariant_opens_with_its_promise_in_words() -> None:
    folder = Path(__file__).resolve().parents[2] / "invariants"
    for file in folder.glob("*.sql"):
        assert file.read_text().startswith("-- "), file.name
