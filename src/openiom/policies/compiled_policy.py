"""Policies compiled once and evaluated for a whole batch in one engine call."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
import zen

from openiom.kernel import Invalid

from .batch_graph import batch_graph
from .language.expression import (
    Expression,
    Failure,
    as_json,
    call_engine,
    engine_message,
    normalize,
    pick,
    values_read,
)
from .language.expression_analysis import needed_roots, paths_read, union_of_names
from .policy import PolicyDocument, policy_problems
from .tables import (
    SET_PREFIX,
    Column,
    cell,
    constant,
    fields_set,
    output_texts,
    row_text,
    table_columns,
    table_node,
)
from .verdict import CellCheck, MatchedRow, RowCheck, Verdict

Record = Mapping[str, Any]

_ORDER_COMPARISON = re.compile(r"(>=?|<=?)\s*-?\d|[\[(]\s*-?\d[^,]*\.\.")


class _CellError(Exception):
    """A result cell that cannot be computed for a record; `values` are what it read."""

    def __init__(self, row: "_Row", column: str, failure: Failure) -> None:
        self.problem = (
            f"row {row.matched.number}, column {column}:"
            f" `{failure.expression}` failed: {failure.message}"
        )
        self.row = row
        self.values = failure.values
        super().__init__(self.problem)


@dataclass(frozen=True, slots=True)
class _Row:
    """A compiled row; `sets` and `reason` are constants or Expressions."""

    matched: MatchedRow
    refuses: bool
    sets: Mapping[str, Any]
    reason: Any

    @property
    def asserts(self) -> bool:
        """Whether the row states what must be true: it neither sets nor refuses."""
        return not self.sets and not self.refuses

    def is_broken(self, matches: bool) -> bool:
        """Return whether a record breaks the row as a rule of its own."""
        return self.refuses if matches else self.asserts

    def expressions(self) -> list[Expression]:
        """Return what is computed once the row has matched."""
        computed = [self.reason, *self.sets.values()]
        return [value for value in computed if isinstance(value, Expression)]

    def compute_sets(self, record: Record) -> dict[str, Any]:
        """Return the fields the row sets. Raise `_CellError` for one without a value."""
        values = {}
        for field, value in self.sets.items():
            values[field] = exact(self._compute(SET_PREFIX + field, value, record))
        return values

    def compute_reason(self, record: Record, otherwise: str) -> str:
        """Return the row's own reason, or `otherwise`. Raise `_CellError`."""
        reason = self._compute("reason", self.reason, record)
        return otherwise if reason is None else str(reason)

    def _compute(self, column: str, value: Any, record: Record) -> Any:
        if not isinstance(value, Expression):
            return value
        computed = value.evaluate(record)
        if isinstance(computed, Failure):
            raise _CellError(self, column, computed)
        return computed


class _OrderedCell(NamedTuple):
    """The first cell that compares a path by order."""

    row: int
    column: str
    text: str

    def problem(self, path: str, value: str) -> str:
        """Return why the cell cannot be compared with a text."""
        return (
            f"row {self.row + 1}, column {self.column}: {path} is the text"
            f" {value!r} and cannot be compared with {self.text};"
            f" make the column number({path})"
        )


class CompiledPolicy:
    """A policy ready to be evaluated.

    Creating one raises `Invalid` with every problem of the document.

    roots  names among which every top-level field it reads is found; None when it may read all
    """

    def __init__(self, document: PolicyDocument) -> None:
        problems = list(policy_problems(document))
        if problems:
            raise Invalid(
                "the policy does not compile",
                where=document.name,
                remedy="correct the rows and columns that are listed",
                problems=problems,
            )

        self.document = document
        self._table = table_node(document.content)["content"]
        self._columns = table_columns(self._table)
        self._cells = _condition_cells(self._table)
        self._rows = self._compile_rows()
        self._has_assertion = any(row.asserts for row in self._rows)
        self._every_row = self._table.get("hitPolicy") == "collect"
        self._ordered = _ordered_cells(self._columns, self._cells)
        texts = _condition_texts(self._columns, self._cells)
        self._paths = _distinct_paths(texts)
        self._condition_roots = needed_roots(texts)
        self.roots = union_of_names([self._condition_roots, roots_of(_expressions(self._rows))])
        graph = batch_graph(self._table, self._columns, self._cells)
        self._decision = zen.ZenEngine().create_decision(orjson.dumps(graph).decode())

    def evaluate(self, records: Sequence[Record]) -> list[Verdict]:
        """Return one verdict per record, in order, from one engine call for the batch."""
        if not records:
            return []
        matches = self._match([self._project(record) for record in records])
        verdicts = []
        for record, rows in zip(records, matches, strict=True):
            verdicts.append(self._verdict(record, rows))
        return verdicts

    def explain(self, record: Record) -> list[RowCheck]:
        """Return every row and cell against one record: slower than `evaluate`, and exact."""
        checks = []
        for row, texts in zip(self._rows, self._cells, strict=True):
            checks.append(self._check_row(row, texts, record))
        return checks

    def _check_row(self, row: _Row, texts: Sequence[str], record: Record) -> RowCheck:
        matched = True
        cells = []
        for column, text in zip(self._columns, texts, strict=True):
            if text:
                check = _check_cell(column, text, record)
                matched = matched and check.matched
                cells.append(check)
        return RowCheck(row=row.matched, matched=matched, cells=tuple(cells))

    def _compile_rows(self) -> list[_Row]:
        rows = []
        for index, rule in enumerate(self._table["rules"]):
            rows.append(self._compile_row(index, rule))
        return rows

    def _compile_row(self, index: int, rule: Mapping[str, Any]) -> _Row:
        """Return a row; the columns beside `outcome` and `reason` set fields."""
        values = {}
        for field, text in output_texts(self._table, rule).items():
            values[field] = _compile_value(text, f"row {index + 1}, column {field}")

        outcome = values.pop("outcome", None)
        reason = values.pop("reason", None)
        text = row_text(self._columns, self._cells[index])
        return _Row(
            matched=MatchedRow(index, text),
            refuses=outcome == "fail",
            sets=fields_set(values),
            reason=reason,
        )

    def _project(self, record: Record) -> Record:
        if self._condition_roots is None:
            return dict(record)
        return {name: record[name] for name in self._condition_roots if name in record}

    def _match(self, records: Sequence[Record]) -> list[list[int] | str]:
        """Return the indexes of the rows that match each record, or why it cannot be read."""
        try:
            answers = call_engine(self._decision.evaluate, {"records": list(records)})
        except (RuntimeError, ValueError) as error:
            return self._match_apart(records, error)
        return [_row_indexes(answer) for answer in answers["result"]["rows"]]

    def _match_apart(self, records: Sequence[Record], error: Exception) -> list[list[int] | str]:
        """Match a batch that the engine refused in halves, until the faulty record is alone."""
        if len(records) == 1:
            return [engine_message(error)]
        half = len(records) // 2
        return self._match(records[:half]) + self._match(records[half:])

    def _verdict(self, record: Record, matches: list[int] | str) -> Verdict:
        values = {path: pick(record, path) for path in self._paths}
        if isinstance(matches, str):
            return error_verdict(matches, values)
        problem = self._incomparable(values, matches)
        if problem is not None:
            return error_verdict(problem, values)
        return self._judge(record, matches, values)

    def _incomparable(self, values: Mapping[str, Any], matches: Sequence[int]) -> str | None:
        """Return the problem of a text in a cell that compares numbers.

        The engine takes that as no match, which would pass unnoticed. Rows below the one that
        decided do not matter.
        """
        for path, ordered in self._ordered.items():
            value = values[path]
            if isinstance(value, str) and self._is_reached(ordered.row, matches):
                return ordered.problem(path, value)

        return None

    def _is_reached(self, row: int, matches: Sequence[int]) -> bool:
        """Return whether the row was compared before one of these decided."""
        return self._every_row or not matches or row < matches[0]

    def _judge(self, record: Record, matches: Sequence[int], values: dict[str, Any]) -> Verdict:
        judge = self._judge_every_row if self._every_row else self._judge_first_row
        try:
            return judge(record, matches, values)
        except _CellError as error:
            return error_verdict(error.problem, values | error.values, error.row.matched)

    def _judge_first_row(
        self, record: Record, matches: Sequence[int], values: dict[str, Any]
    ) -> Verdict:
        """The first matching row decides; without one, a table that asserts anything fails."""
        if matches:
            row = self._rows[matches[0]]
            return _decided_verdict(record, row, row.compute_sets(record), values)

        reason = "no row applies"
        if self._has_assertion:
            reason = f"no row matches: {_listed(values)}"

        return Verdict(
            passed=not self._has_assertion,
            reason=reason,
            matched_row=None,
            values=values,
            sets={},
        )

    def _judge_every_row(
        self, record: Record, matches: Sequence[int], values: dict[str, Any]
    ) -> Verdict:
        """Asserting rows must match, refusing rows must not, setting rows set.

        The last row that sets decides, else the first match.
        """
        broken = self._broken_rows(matches)
        if broken:
            return _broken_verdict(record, broken, values)
        if not matches:
            return Verdict(
                passed=True,
                reason="no row applies",
                matched_row=None,
                values=values,
                sets={},
            )

        matched = [self._rows[index] for index in matches]
        return _joint_verdict(record, matched, values)

    def _broken_rows(self, matches: Sequence[int]) -> list[_Row]:
        broken = []
        for row in self._rows:
            if row.is_broken(row.matched.index in matches):
                broken.append(row)
        return broken


def roots_of(parts: Iterable[CompiledPolicy | Expression]) -> frozenset[str] | None:
    """Return names among which every top-level field that any part reads is found.

    None when one of them may read all.
    """
    return union_of_names([part.roots for part in parts])


def _condition_cells(table: Mapping[str, Any]) -> list[list[str]]:
    cells: list[list[str]] = []
    for rule in table["rules"]:
        texts = []
        for column in table["inputs"]:
            texts.append(cell(rule, column["id"]))
        cells.append(texts)
    return cells


def _condition_texts(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[str]:
    texts = []
    for column in columns:
        texts.append(column.field)
    for row in cells:
        texts.extend(row)
    return texts


def _distinct_paths(texts: Iterable[str]) -> list[str]:
    paths: dict[str, None] = {}
    for text in texts:
        paths.update(dict.fromkeys(paths_read(text)))
    return list(paths)


def _expressions(rows: Iterable[_Row]) -> list[Expression]:
    expressions: list[Expression] = []
    for row in rows:
        expressions.extend(row.expressions())
    return expressions


def _ordered_cells(
    columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> dict[str, _OrderedCell]:
    """Return the paths that some cell compares by order, with the first such cell."""
    found: dict[str, _OrderedCell] = {}
    for row, texts in enumerate(cells):
        for path, ordered in _ordered_in_row(row, columns, texts):
            found.setdefault(path, ordered)
    return found


def _ordered_in_row(
    row: int, columns: Sequence[Column], texts: Sequence[str]
) -> Iterator[tuple[str, _OrderedCell]]:
    for column, text in zip(columns, texts, strict=True):
        if _compares_path_by_order(column.field, text):
            yield column.field, _OrderedCell(row, column.name, text)


def _compares_path_by_order(field: str, text: str) -> bool:
    is_path = paths_read(field) == [field]
    return is_path and _ORDER_COMPARISON.match(text) is not None


def _compile_value(text: str, where: str) -> Any:
    known = constant(text)
    return known.value if known.is_known else Expression(text, where=where)


def _joint_verdict(record: Record, matched: Sequence[_Row], values: dict[str, Any]) -> Verdict:
    """Return the verdict of rows that all match and apply together. Raise `_CellError`."""
    deciding = matched[0]
    sets: dict[str, Any] = {}
    for row in matched:
        if row.sets:
            sets.update(row.compute_sets(record))
            deciding = row
    return _decided_verdict(record, deciding, sets, values)


def _decided_verdict(
    record: Record, row: _Row, sets: dict[str, Any], values: dict[str, Any]
) -> Verdict:
    """Return the verdict of the deciding row. Raise `_CellError`."""
    return Verdict(
        passed=not row.refuses,
        reason=row.compute_reason(record, otherwise=row.matched.text),
        matched_row=row.matched,
        values=values,
        sets=sets,
    )


def error_verdict(problem: str, values: dict[str, Any], row: MatchedRow | None = None) -> Verdict:
    """Return the verdict on a record for which a cell has no result."""
    return Verdict(
        passed=False,
        reason=problem,
        matched_row=row,
        values=values,
        sets={},
        error=problem,
    )


def _broken_verdict(record: Record, broken: Sequence[_Row], values: dict[str, Any]) -> Verdict:
    """Return the verdict on a record that breaks these rows. Raise `_CellError`."""
    reasons = []
    for row in broken:
        otherwise = row.matched.text
        if not row.refuses:
            otherwise = f"{row.matched.text} does not hold"

        reasons.append(row.compute_reason(record, otherwise))

    return Verdict(
        passed=False,
        reason="; ".join(reasons),
        matched_row=broken[0].matched,
        values=values,
        sets={},
    )


def exact(value: Any) -> Any:
    """Return a fraction as Decimal: a price of 19.99 must not become 19.989999999999998."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _row_indexes(answer: Any) -> list[int]:
    if answer is None:
        return []
    if isinstance(answer, list):
        return [int(row["row"]) for row in answer]
    return [int(answer["row"])]


def _listed(values: Mapping[str, Any]) -> str:
    if not values:
        return "nothing was read"
    return ", ".join(f"{path} = {value!r}" for path, value in values.items())


def _check_cell(column: Column, text: str, record: Record) -> CellCheck:
    """Evaluate one cell; distinguish an impossible comparison from one that does not hold."""
    values = values_read(column.field, record) | values_read(text, record)
    matched = False
    problem = None
    try:
        matched = _evaluate_cell(column, text, record) is True
    except (RuntimeError, ValueError) as error:
        problem = engine_message(error)

    return CellCheck(
        column=column.name,
        cell=text,
        values=values,
        matched=matched,
        error=problem,
    )


def _evaluate_cell(column: Column, text: str, record: Record) -> Any:
    """Return the engine's answer for a cell. Raise `RuntimeError` or `ValueError`."""
    if not column.field:
        return zen.evaluate_expression(text, as_json(record))
    compared = normalize(zen.evaluate_expression(column.field, as_json(record)))
    scope = as_json({**record, "$": compared})
    return zen.compile_unary_expression(text).evaluate(scope)
