"""Decision tables of any shape, judged like a plain reading of their rows."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.policies import (
    Column,
    CompiledPolicy,
    Expression,
    MatchedRow,
    PolicyDocument,
    Row,
    Verdict,
    decision_table,
    read_table,
)
from openiom.policies.language.expression import literal

COLUMNS = [Column(name="X", field="x"), Column(name="Y", field="y")]
NUMBERS = st.integers(min_value=-2, max_value=2)


class Comparison(NamedTuple):
    """A cell and its meaning."""

    sign: str
    number: int

    @property
    def cell(self) -> str:
        return f"{self.sign} {self.number}"

    def holds(self, value: int) -> bool:
        if self.sign == ">":
            return value > self.number
        if self.sign == "<=":
            return value <= self.number
        return value == self.number


class PlainRow(NamedTuple):
    """A row before it is written as a table."""

    cells: dict[str, Comparison]
    outcome: str | None
    sets: dict[str, int]

    def matches(self, record: dict[str, int]) -> bool:
        return all(cell.holds(record[name.lower()]) for name, cell in self.cells.items())

    @property
    def asserts(self) -> bool:
        return self.outcome != "fail" and not self.sets

    def row(self) -> Row:
        when = {name: cell.cell for name, cell in self.cells.items()}
        return Row(when=when, outcome=self.outcome, set=self.sets)  # type: ignore[arg-type]


CELLS = st.dictionaries(
    st.sampled_from("XY"),
    st.builds(Comparison, sign=st.sampled_from([">", "<=", "=="]), number=NUMBERS),
    min_size=1,
)
ROWS = st.lists(
    st.builds(
        PlainRow,
        cells=CELLS,
        outcome=st.sampled_from([None, "pass", "fail"]),
        sets=st.dictionaries(st.sampled_from("ab"), NUMBERS),
    ),
    min_size=1,
    max_size=4,
)
RECORDS = st.lists(st.fixed_dictionaries({"x": NUMBERS, "y": NUMBERS}), min_size=1, max_size=4)


def compiled(rows: list[PlainRow], hit: str) -> CompiledPolicy:
    content = decision_table(
        columns=COLUMNS,
        rows=[row.row() for row in rows],
        hit=hit,  # type: ignore[arg-type]
    )
    return CompiledPolicy(
        PolicyDocument(name="p", type="execution", entity="order", content=content)
    )


def by_first_row(rows: list[PlainRow], record: dict[str, int]) -> tuple[bool, Any, Any]:
    """Return whether the record passes, the deciding row and what is set."""
    for index, row in enumerate(rows):
        if row.matches(record):
            return row.outcome != "fail", index, row.sets
    return not any(row.asserts for row in rows), None, {}


def by_every_row(rows: list[PlainRow], record: dict[str, int]) -> tuple[bool, Any, Any]:
    matching = [index for index, row in enumerate(rows) if row.matches(record)]
    for index, row in enumerate(rows):
        is_broken = row.outcome == "fail" if index in matching else row.asserts
        if is_broken:
            return False, index, {}

    sets: dict[str, int] = {}
    deciding = matching[0] if matching else None

    for index in matching:
        sets.update(rows[index].sets)
        if rows[index].sets:
            deciding = index

    return True, deciding, sets


def summary(verdict: Verdict) -> tuple[bool, Any, Any]:
    row = verdict.matched_row
    return verdict.passed, None if row is None else row.index, verdict.sets


@given(rows=ROWS, records=RECORDS)
def test_the_first_row_that_matches_decides(
    rows: list[PlainRow], records: list[dict[str, int]]
) -> None:
    verdicts = compiled(rows, "first").evaluate(records)

    assert [summary(v) for v in verdicts] == [by_first_row(rows, record) for record in records]


@given(rows=ROWS, records=RECORDS)
def test_every_row_is_a_rule_of_its_own(
    rows: list[PlainRow], records: list[dict[str, int]]
) -> None:
    verdicts = compiled(rows, "every").evaluate(records)

    assert [summary(v) for v in verdicts] == [by_every_row(rows, record) for record in records]


@given(rows=ROWS, records=RECORDS, hit=st.sampled_from(["first", "every"]))
def test_a_record_is_judged_alone_as_in_a_batch(
    rows: list[PlainRow], records: list[dict[str, int]], hit: str
) -> None:
    policy = compiled(rows, hit)
    alone = []
    for record in records:
        alone.extend(policy.evaluate([record]))

    assert policy.evaluate(records) == alone


@given(rows=ROWS, records=RECORDS)
def test_the_test_bench_agrees_with_the_cells(
    rows: list[PlainRow], records: list[dict[str, int]]
) -> None:
    policy = compiled(rows, "first")

    for record in records:
        for row, check in zip(rows, policy.explain(record), strict=True):
            assert check.matched is row.matches(record)
            holds = {name: cell.holds(record[name.lower()]) for name, cell in row.cells.items()}
            assert {cell.column: cell.matched for cell in check.cells} == holds
            assert [cell.error for cell in check.cells] == [None] * len(row.cells)


@given(rows=ROWS, hit=st.sampled_from(["first", "every"]))
def test_a_table_reads_back_as_it_was_written(rows: list[PlainRow], hit: str) -> None:
    written = [row.row() for row in rows]

    table = read_table(decision_table(columns=COLUMNS, rows=written, hit=hit))  # type: ignore[arg-type]

    assert (table.columns, table.rows, table.hit) == (COLUMNS, written, hit)


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=-(10**6), max_value=10**6),
        st.text(alphabet="ab '\"\\,", max_size=6),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("kl"), inner),
    max_leaves=6,
)


@given(value=JSON)
def test_a_literal_of_any_shape_is_evaluated_to_its_value(value: Any) -> None:
    assert Expression(literal(value)).evaluate({}) == value


QUANTITY = Column(name="Quantity", field="quantity")
LIMIT = Column(name="Limit", field="quantity")


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([{"Limit": "> 3"}, {"Quantity": "> 2"}], "row 1, column Limit"),
        ([{"Quantity": "'many'"}, {"Limit": "> 3", "Quantity": "> 2"}], "row 2, column Quantity"),
        ([{"Limit": "'many'"}, {"Limit": "[1..3]"}], "row 2, column Limit"),
    ],
)
def test_of_two_columns_of_a_path_the_first_ordered_cell_is_named(rows, place) -> None:
    content = decision_table(
        columns=[QUANTITY, LIMIT],
        rows=[Row(when=when, set={"a": 1}) for when in rows],
    )
    policy = CompiledPolicy(
        PolicyDocument(name="p", type="execution", entity="order", content=content)
    )

    [verdict] = policy.evaluate([{"quantity": "few"}])

    assert verdict.error is not None
    assert verdict.error.startswith(f"{place}: quantity is the text 'few'")


def test_a_verdict_in_full() -> None:
    content = decision_table(
        columns=[QUANTITY],
        rows=[Row(when={"Quantity": "> 1"}, outcome="pass", set={"size": 2})],
    )
    policy = CompiledPolicy(
        PolicyDocument(name="p", type="execution", entity="order", content=content)
    )

    assert policy.evaluate([{"quantity": 2}, {"quantity": 1}, {"quantity": "2"}]) == [
        Verdict(
            passed=True,
            reason="Quantity > 1",
            matched_row=MatchedRow(0, "Quantity > 1"),
            values={"quantity": 2},
            sets={"size": 2},
        ),
        Verdict(
            passed=True,
            reason="no row applies",
            matched_row=None,
            values={"quantity": 1},
            sets={},
        ),
        Verdict(
            passed=False,
            reason="row 1, column Quantity: quantity is the text '2' and cannot be compared with"
            " > 1; make the column number(quantity)",
            matched_row=None,
            values={"quantity": "2"},
            sets={},
            error="row 1, column Quantity: quantity is the text '2' and cannot be compared with"
            " > 1; make the column number(quantity)",
        ),
    ]
