"""The invariants of inventory, checked on a database."""

from pathlib import Path
from typing import Any

from openiom.platform.bulk import fetch
from openiom.platform.database import Database

INVARIANTS = Path(__file__).parents[2] / "invariants"
STOCK_INVARIANTS = (
    "backed_reservations_fit_deeper_stock",
    "ledger_adds_up_to_measures",
    "ledger_adds_up_to_stock",
    "never_promise_twice",
    "on_hand_matches_formula",
    "reserved_equals_open_reservations",
)
ALL_INVARIANTS = (
    *STOCK_INVARIANTS,
    "allocation_consumption_is_reserved",
    "allocations_add_up",
    "open_supply_is_scheduled",
    "open_transfers_are_scheduled_demand",
    "schedule_entries_add_up",
)


def violations(database: Database, name: str) -> list[tuple[Any, ...]]:
    """Return the rows that an invariant finds."""
    with database.reading() as session:
        return fetch(session, (INVARIANTS / f"{name}.sql").read_text())


def check(database: Database, names: tuple[str, ...] = ALL_INVARIANTS) -> None:
    """Assert that every invariant holds."""
    for name in names:
        assert violations(database, name) == [], name
