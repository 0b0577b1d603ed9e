"""Results of the invariant checks are replaced as a whole and listed by urgency."""

from datetime import UTC, datetime
from typing import Any

from openiom.administration import latest_invariant_results, store_invariant_results
from openiom.platform.database import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def result(name: str, violations: int) -> dict[str, Any]:
    return {
        "name": name,
        "promise": f"{name} holds.",
        "violations": violations,
        "rows": [{"id": number} for number in range(violations)],
        "seconds": 0.5,
    }


def test_violated_invariants_come_first_and_then_the_names(database: Database) -> None:
    with database.unit_of_work() as session:
        results = [result("b", 0), result("a", 0), result("d", 1), result("c", 3)]
        store_invariant_results(session, results, at=NOW)

        assert [row.name for row in latest_invariant_results(session)] == ["c", "d", "a", "b"]


def test_new_results_replace_the_old_ones(database: Database) -> None:
    with database.unit_of_work() as session:
        store_invariant_results(session, [result("a", 2), result("b", 0)], at=NOW)

    with database.unit_of_work() as session:
        store_invariant_results(session, [result("a", 0)], at=NOW)
        [row] = latest_invariant_results(session)
        assert (row.name, row.promise, row.violations, row.rows, row.seconds, row.checked_at) == (
            "a",
            "a holds.",
            0,
            [],
            0.5,
            NOW,
        )


def test_no_results_are_stored_when_nothing_was_checked(database: Database) -> None:
    with database.unit_of_work() as session:
        store_invariant_results(session, [result("a", 2)], at=NOW)
        store_invariant_results(session, [], at=NOW)
        assert latest_invariant_results(session) == []
