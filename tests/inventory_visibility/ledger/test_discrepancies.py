"""Comparing a stock row with its ledger, and digests with those that were sealed."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from openiom.inventory_visibility.ledger.reconciliation import CheckedStock
from openiom.inventory_visibility.ledger.seal import Discrepancy, compare_digests
from openiom.inventory_visibility.measures import Formula


def checked(
    balances: Mapping[str, int] | None = None,
    sums: Mapping[str, int] | None = None,
    measures: Mapping[str, int] | None = None,
    open_units: int = 0,
) -> CheckedStock:
    names = ("on_hand", "reserved", "overdraft", "backed_by_variants")
    return CheckedStock(
        stock_id=7,
        balances={name: Decimal((balances or {}).get(name, 0)) for name in names},
        open_units=Decimal(open_units),
        through=0,
        sums={name: Decimal(units) for name, units in (sums or {}).items()},
        measures={name: Decimal(units) for name, units in (measures or {}).items()},
    )


def test_a_row_that_its_ledger_adds_up_to_has_no_discrepancy() -> None:
    row = checked(
        {"on_hand": 5, "reserved": 2, "overdraft": 1, "backed_by_variants": 1},
        {
            "on_hand": 5,
            "reserved": 2,
            "overdraft": 1,
            "backed_by_variants": 1,
            "iom.onhand": 5,
            "iv.softreservordered": 2,
        },
        {"iom.onhand": 5, "iv.softreservordered": 2},
        open_units=2,
    )
    assert row.discrepancies() == []
    assert checked().discrepancies() == []


@pytest.mark.parametrize("column", ["on_hand", "overdraft", "backed_by_variants"])
def test_each_balance_is_compared_with_its_entries(column: str) -> None:
    assert checked({column: 3}, {column: 2}).discrepancies() == [
        Discrepancy("stock", 7, column, "3", "2")
    ]
    assert checked({column: 3}).discrepancies() == [Discrepancy("stock", 7, column, "3", "0")]
    assert checked({}, {column: 2}).discrepancies() == [Discrepancy("stock", 7, column, "0", "2")]


def test_reserved_units_are_compared_with_entries_and_open_reservations() -> None:
    assert checked({"reserved": 3}, {"reserved": 2}, open_units=1).discrepancies() == [
        Discrepancy("stock", 7, "reserved", "3", "2"),
        Discrepancy("reservation", 7, "open", "1", "3"),
    ]


def test_measures_without_entries_and_entries_without_a_measure_are_found() -> None:
    row = checked({}, {"b.second": 4, "a.first": 2}, {"a.first": 3, "c.third": 1})
    assert row.discrepancies() == [
        Discrepancy("measure_balance", 7, "a.first", "3", "2"),
        Discrepancy("measure_balance", 7, "b.second", "0", "4"),
        Discrepancy("measure_balance", 7, "c.third", "1", "0"),
    ]


def test_quantities_are_shown_without_trailing_zeros() -> None:
    row = checked()
    row.balances["on_hand"] = Decimal("2.5000")
    assert row.discrepancies() == [Discrepancy("stock", 7, "on_hand", "2.5", "0")]


SEALED = {1: b"\x01", 2: b"\x02", 3: b"\x03"}


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (SEALED, []),
        ({1: b"\x01", 2: b"\xff", 3: b"\x03"}, [(2, "digest", "ff", "02")]),
        ({1: b"\x01", 3: b"\x03"}, [(2, "missing", "", "02")]),
        ({**SEALED, 9: b"\x09"}, [(9, "inserted", "09", "")]),
        (
            {1: b"\xaa", 3: b"\x03", 4: b"\x04"},
            [(1, "digest", "aa", "01"), (2, "missing", "", "02"), (4, "inserted", "04", "")],
        ),
        ({}, [(1, "missing", "", "01"), (2, "missing", "", "02"), (3, "missing", "", "03")]),
    ],
)
def test_changed_missing_and_inserted_entries_are_distinguished(
    actual: dict[int, bytes], expected: list[tuple[int, str, str, str]]
) -> None:
    found = compare_digests(actual, SEALED)
    assert [(one.row_id, one.column, one.actual, one.expected) for one in found] == expected
    assert all(one.what == "ledger_entry" for one in found)


def test_on_hand_and_reserved_are_compared_with_the_measures_of_the_formula() -> None:
    formula = Formula(
        supply={("iom", "onhand"): 1, ("pos", "outbound"): -1},
        reservations=frozenset({("iv", "softreservordered")}),
    )
    measures = {"iom.onhand": 9, "pos.outbound": 2, "iv.softreservordered": 3, "pos.inbound": 5}
    row = checked({"on_hand": 7, "reserved": 3}, measures=measures)
    assert row.formula_discrepancies(formula) == []

    wrong = checked({"on_hand": 9, "reserved": 1}, measures=measures)
    assert wrong.formula_discrepancies(formula) == [
        Discrepancy("stock", 7, "on_hand_by_formula", "9", "7"),
        Discrepancy("stock", 7, "reserved_by_formula", "1", "3"),
    ]
