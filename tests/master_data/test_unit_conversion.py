"""Conversion between units of one group, exactly and in whole steps."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import Invalid
from openiom.master_data import UnitConversion, convert, steps_per_step

UNITS = {
    "ea": UnitConversion("piece", Decimal(1)),
    "box": UnitConversion("piece", Decimal(12)),
    "pallet": UnitConversion("piece", Decimal(480)),
    "half": UnitConversion("piece", Decimal("0.5")),
    "kg": UnitConversion("weight", Decimal(1), 3),
    "g": UnitConversion("weight", Decimal("0.001")),
    "lb": UnitConversion("weight", Decimal("0.45359237"), 2),
    "t": UnitConversion("weight", Decimal(1000), 4),
}


@pytest.mark.parametrize(
    ("quantity", "unit", "into", "expected"),
    [
        ("3", "box", "ea", "36"),
        ("6", "ea", "box", "0.5"),
        ("2", "pallet", "box", "80"),
        ("1.25", "kg", "g", "1250"),
        ("500", "g", "kg", "0.5"),
        ("2", "lb", "kg", "0.90718474"),
        ("0", "box", "ea", "0"),
        ("-2", "box", "ea", "-24"),
        ("1.005", "kg", "kg", "1.005"),
    ],
)
def test_a_quantity_converts_within_its_group(
    quantity: str, unit: str, into: str, expected: str
) -> None:
    assert convert(Decimal(quantity), unit=unit, into=into, units=UNITS) == Decimal(expected)


@pytest.mark.parametrize(
    ("unit", "into", "steps"),
    [
        ("ea", "ea", 1),
        ("box", "ea", 12),
        ("pallet", "ea", 480),
        ("pallet", "box", 40),
        # One gram is one thousandth of a kilogram, which has three decimals.
        ("g", "kg", 1),
        # A ton has four decimals: its step is 100 g, which is 100 steps of a kilogram.
        ("t", "kg", 100),
        ("t", "g", 100),
        ("ea", "half", 2),
    ],
)
def test_a_step_of_a_unit_is_a_whole_number_of_steps_of_the_other(
    unit: str, into: str, steps: int
) -> None:
    assert steps_per_step(unit, into, UNITS) == steps


@pytest.mark.parametrize(
    ("unit", "into", "ratio"),
    [
        ("half", "ea", "0.5"),
        ("kg", "t", "0.01"),
        ("lb", "kg", "4.5359237"),
    ],
)
def test_a_step_that_is_no_whole_number_of_steps_is_refused(
    unit: str, into: str, ratio: str
) -> None:
    with pytest.raises(Invalid) as refused:
        steps_per_step(unit, into, UNITS)

    assert refused.value.what == (
        f"one step of {unit} is {ratio} steps of {into}, not a whole number"
    )
    assert refused.value.where == "unit"
    assert refused.value.remedy == f"give {into} more decimals, or order in {into}"


@pytest.mark.parametrize("unknown", [("ton", "kg"), ("kg", "ton")])
def test_an_unknown_unit_is_refused(unknown: tuple[str, str]) -> None:
    unit, into = unknown
    with pytest.raises(Invalid, match="there is no unit ton"):
        convert(Decimal(1), unit=unit, into=into, units=UNITS)
    with pytest.raises(Invalid, match="there is no unit ton"):
        steps_per_step(unit, into, UNITS)


def test_units_of_different_groups_do_not_convert() -> None:
    with pytest.raises(Invalid) as refused:
        steps_per_step("kg", "ea", UNITS)

    assert refused.value.what == "kg (weight) does not convert into ea (piece)"
    assert refused.value.remedy == "put both units into one group"


@given(
    st.integers(min_value=1, max_value=10_000),
    st.integers(min_value=0, max_value=4),
    st.integers(min_value=0, max_value=4),
)
def test_steps_are_whole_exactly_when_the_exact_ratio_is(
    factor: int, decimals: int, base_decimals: int
) -> None:
    units = {
        "pack": UnitConversion("piece", Decimal(factor), decimals),
        "base": UnitConversion("piece", Decimal(1), base_decimals),
    }
    ratio = Fraction(factor) * Fraction(10) ** (base_decimals - decimals)

    if ratio.denominator == 1:
        assert steps_per_step("pack", "base", units) == ratio
    else:
        with pytest.raises(Invalid, match="not a whole number"):
            steps_per_step("pack", "base", units)
