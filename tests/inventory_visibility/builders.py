"""Builders of products, stock, policies and allocations, and the state tests look at."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from openiom.inventory_visibility import (
    KINDS,
    AllocationOperation,
    StockChange,
    apply_allocations,
    change_on_hand,
    inventory_configuration,
)
from openiom.kernel import new_id
from openiom.master_data import KINDS as MASTER_DATA
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


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
    operation = AllocationOperation(
        "allocate", str(new_id()), "", name, source, groups, Decimal(quantity)
    )
    with database.unit_of_work() as session:
        configuration = inventory_configuration(session)
        (result,) = apply_allocations(
            session, [operation], configuration=configuration, now=NOW, actor="test"
        )

    assert result.ok, result.reason


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
