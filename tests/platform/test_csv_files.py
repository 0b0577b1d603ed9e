"""A spreadsheet shows exported text and does not run it."""

from decimal import Decimal

import pytest

from openiom.platform.csv_files import csv_text


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\tx", "-inf", "+ 1"]
)
def test_text_that_is_a_formula_has_an_apostrophe(text: str) -> None:
    assert csv_text([[text]]) == f"'{text}\n"


@pytest.mark.parametrize(
    ("text", "cell"),
    [("a\r=1+1", '"a\n=1+1"'), ("a\r\n=1+1", '"a\n=1+1"'), ("\r=1+1", '"\'\n=1+1"')],
)
def test_a_carriage_return_does_not_begin_a_row(text: str, cell: str) -> None:
    assert csv_text([[text, 1]]) == f"{cell},1\n"


def test_numbers_and_ordinary_text_are_kept() -> None:
    row = ["-12.5", "+1e-3", -7, Decimal("-0.50"), "a=b", "", None, "12,5", 'say "hi"']

    assert csv_text([row]) == '-12.5,+1e-3,-7,-0.50,a=b,,,"12,5","say ""hi"""\n'


def test_no_rows_are_no_text() -> None:
    assert csv_text([]) == ""
