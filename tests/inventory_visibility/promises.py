"""The promises of this room, asked of a database."""

from pathlib import Path

from openiom.platform.bulk import fetch
from openiom.platform.database import Database

INVARIANTS = Path(__file__).parents[2] / "invariants"
INVENTORY_PROMISES = (
    *("never_promise_twice", "ledger_makes_the_balance", "ledger_makes_every_measure"),
    *(
        "reserved_equals_open_reservations",
        "covered_units_stand_on_deeper_rows",
        "on_hand_is_its_formula",
    ),
)


def check(database: Database) -> None:
    """Every promise about stock holds."""
    with database.reading() as session:
        for name in INVENTORY_PROMISES:
            assert fetch(session, (INVARIANTS / f"{name}.sql").read_text()) == [], name
