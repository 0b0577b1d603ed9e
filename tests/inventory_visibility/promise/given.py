"""Stock, kits, policies and allocations as these tests begin with them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openiom.inventory_visibility import KINDS, StockChange, change_on_hand, inventory_configuration
from openiom.inventory_visibility.allocation import AllocationAct, allocate_acts
from openiom.kernel import new_id
from openiom.master_data import KINDS as MASTER_DATA
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INVARIANTS = Path(__file__).parents[3] / "invariants"
PROMISES = (
    *("never_promise_twice", "ledger_makes_the_balance", "reserved_equals_open_reservations"),
    *("allocations_add_up", "allocation_uses_are_reserved", "schedule_entries_make_the_balance"),
    *("open_supply_is_scheduled", "open_transfers_are_demanded"),
)


def configured(database: Database, *documents: tuple[str, str, Mapping[str, Any]]) -> Configuration:
    configuration = Configuration()
    configuration.register(*MASTER_DATA, *KINDS)
    with database.unit_of_work() as session:
        wanted = [{"kind": kind, "name": name, "body": body} for kind, name, body in documents]
        configuration.apply(session, wanted, at=NOW, actor="test")
    return configuration


def product(name: str, **parts: int) -> tuple[str, str, Mapping[str, Any]]:
    components = [{"product": part, "quantity": quantity} for part, quantity in parts.items()]
    return "product", name, {"name": name, "components": components}


def stocked(database: Database, **units: int) -> None:
    """On hand by PRODUCT__SOURCE=units."""
    changes = [StockChange(*key.split("__"), Decimal(n)) for key, n in units.items()]
    with database.unit_of_work() as session:
        answers = change_on_hand(
            session, changes, mode="set", cause="count", document="c", now=NOW, actor="test"
        )
    assert not any(answers), answers


def allocated(database: Database, name: str, source: str, quantity: int, *groups: str) -> None:
    act = AllocationAct("allocate", str(new_id()), "", name, source, groups, Decimal(quantity))
    with database.unit_of_work() as session:
        configuration = inventory_configuration(session)
        (done,) = allocate_acts(session, [act], configuration=configuration, now=NOW, actor="test")
    assert done.ok, done.reason


def pools(database: Database) -> dict[tuple[str, ...], tuple[int, int]]:
    """{groups: (allocated, consumed)}."""
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT groups, allocated::int, consumed::int FROM inventory_visibility.allocation",
        )
    return {tuple(groups): (units, consumed) for groups, units, consumed in rows}


def balances(database: Database) -> dict[tuple[str, str], tuple[int, int]]:
    """{(product, source): (on hand, reserved)}."""
    with database.reading() as session:
        query = (
            "SELECT product, source, on_hand::int, reserved::int FROM inventory_visibility.stock"
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in fetch(session, query)}


def check(database: Database) -> None:
    with database.reading() as session:
        for name in PROMISES:
            assert fetch(session, (INVARIANTS / f"{name}.sql").read_text()) == [], name
