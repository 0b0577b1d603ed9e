"""Policies compiled once and evaluated for a whole batch in one engine call."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
import zen

from openiom.kernel import Invalid

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
from .language.expression_analysis import needed_roots, paths_read
from .policy import PolicyDocument, policy_problems
from .tables import SET_PREFIX, Column, cell, constant, row_text, table_columns, table_node
from .verdict import CellCheck, MatchedRow, RowCheck, Verdict

Record = Mapping[str, Any]

_ORDER_COMPARISON = re.compile(r"(>=?|<=?)\s*-?\d|[\[(]\s*-?\d[^,]*\.\.")


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


class _OrderedCell(NamedTuple):
    """The first cell that compares a path by order."""

    row: int
    column: str
    text: str


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
        self._rows = [self._compile_row(n, rule) for n, rule in enumerate(self._table["rules"])]
        self._every_row = self._table.get("hitPolicy") == "collect"
        self._ordered = _ordered_cells(self._columns, self._cells)
        texts = _condition_texts(self._columns, self._cells)
        self._paths = _distinct_paths(texts)
        self._condition_roots = needed_roots(texts)
        self.roots = _union([self._condition_roots, roots_of(_expressions(self._rows))])
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
            cells = []
            for column, text in zip(self._columns, texts, strict=True):
                if text:
                    cells.append(_check_cell(column, text, record))
            matched = all(check.matched for check in cells)
            checks.append(RowCheck(row.matched, matched, tuple(cells)))
        return checks

    def _compile_row(self, index: int, rule: Mapping[str, Any]) -> _Row:
        refuses = False
        reason: Any = None
        sets: dict[str, Any] = {}
        for output in self._table["outputs"]:
            text = cell(rule, output["id"])
            field = str(output["field"])
            if not text:
                continue
            value = _compile_value(text, f"row {index + 1}, column {field}")
            if field == "outcome":
                refuses = value == "fail"
            elif field == "reason":
                reason = value
            else:
                sets[field.removeprefix(SET_PREFIX)] = value
        matched = MatchedRow(index, row_text(self._columns, self._cells[index]))
        return _Row(matched, refuses, sets, reason)

    def _project(self, record: Record) -> Record:
        if self._condition_roots is None:
            return dict(record)
        return {name: record[name] for name in self._condition_roots if name in record}

    def _match(self, records: Sequence[Record]) -> list[list[int] | str]:
        """Return the indexes of the rows that match each record, or why it cannot be read."""
        try:
            answers = call_engine(self._decision.evaluate, {"records": list(records)})
        except (RuntimeError, ValueError) as error:
            if len(records) == 1:
                return [engine_message(error)]
            half = len(records) // 2
            return self._match(records[:half]) + self._match(records[half:])
        return [_row_indexes(answer) for answer in answers["result"]["rows"]]

    def _verdict(self, record: Record, matches: list[int] | str) -> Verdict:
        values = {path: pick(record, path) for path in self._paths}
        if isinstance(matches, str):
            return Verdict(False, matches, None, values, {}, matches)
        problem = self._incomparable(values, matches)
        if problem is not None:
            return Verdict(False, problem, None, values, {}, problem)
        if self._every_row:
            return self._judge_every_row(record, matches, values)
        return self._judge_first_row(record, matches, values)

    def _incomparable(self, values: Mapping[str, Any], matches: Sequence[int]) -> str | None:
        """Return the problem of a text in a cell that compares numbers.

        The engine takes that as no match, which would pass unnoticed. Rows below the one that
        decided do not matter.
        """
        for path, ordered in self._ordered.items():
            if not isinstance(values[path], str):
                continue
            if self._every_row or not matches or ordered.row < matches[0]:
                return (
                    f"row {ordered.row + 1}, column {ordered.column}: {path} is the text"
                    f" {values[path]!r} and cannot be compared with {ordered.text};"
                    f" make the column number({path})"
                )
        return None

    def _judge_first_row(
        self, record: Record, matches: Sequence[int], values: dict[str, Any]
    ) -> Verdict:
        """The first matching row decides; without one, a table that asserts anything fails."""
        if matches:
            row = self._rows[matches[0]]
            return _apply(record, [row], row, passed=not row.refuses, values=values)
        if any(row.asserts for row in self._rows):
            return Verdict(False, f"no row matches: {_listed(values)}", None, values, {})
        return Verdict(True, "no row applies", None, values, {})

    def _judge_every_row(
        self, record: Record, matches: Sequence[int], values: dict[str, Any]
    ) -> Verdict:
        """Asserting rows must match, refusing rows must not, setting rows set."""
        broken: list[_Row] = []
        matched: list[_Row] = []
        setting: list[_Row] = []
        for row in self._rows:
            does_match = row.matched.index in matches
            if does_match:
                matched.append(row)
            if does_match and row.sets:
                setting.append(row)
            if row.is_broken(does_match):
                broken.append(row)
        if broken:
            return _broken_verdict(record, broken, values)
        deciding = [*matched[:1], *setting[-1:]]  # the last row that sets, else the first match
        return _apply(
            record, setting, deciding[-1] if deciding else None, passed=True, values=values
        )


def roots_of(parts: Iterable[CompiledPolicy | Expression]) -> frozenset[str] | None:
    """Return names among which every top-level field that any part reads is found.

    None when one of them may read all.
    """
    return _union([part.roots for part in parts])


def batch_graph(
    table: Mapping[str, Any], columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Return the graph the engine runs: the same conditions over a list of records.

    It answers row numbers only, because the engine silently skips a row whose output cannot be
    computed; results are computed here.
    """
    ids = [column["id"] for column in table["inputs"]]
    inputs = []
    for id, column in zip(ids, columns, strict=True):
        inputs.append({"id": id, "name": column.name, "field": column.field})
    rules = []
    for number, texts in enumerate(cells):
        rules.append(
            {"_id": f"r{number}", "row": str(number), **dict(zip(ids, texts, strict=True))}
        )
    position = {"x": 0, "y": 0}
    content = {
        "hitPolicy": table.get("hitPolicy", "first"),
        "inputs": inputs,
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": rules,
        "executionMode": "loop",
        "inputField": "records",
        "outputPath": "rows",
        "passThrough": False,
    }
    return {
        "nodes": [
            {"id": "input", "type": "inputNode", "name": "input", "position": position},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "table",
                "content": content,
                "position": position,
            },
            {"id": "output", "type": "outputNode", "name": "output", "position": position},
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "input", "targetId": "table"},
            {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "output"},
        ],
    }


def _condition_cells(table: Mapping[str, Any]) -> list[list[str]]:
    cells: list[list[str]] = []
    for rule in table["rules"]:
        texts = []
        for column in table["inputs"]:
            texts.append(cell(rule, column["id"]))
        cells.append(texts)
    return cells


def _condition_texts(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[str]:
    texts = [column.field for column in columns]
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


def _union(roots: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    names: set[str] = set()
    for part in roots:
        if part is None:
            return None
        names |= part
    return frozenset(names)


def _ordered_cells(
    columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> dict[str, _OrderedCell]:
    """Return the paths that some cell compares by order, with the first such cell."""
    found: dict[str, _OrderedCell] = {}
    for index, texts in enumerate(cells):
        for column, text in zip(columns, texts, strict=True):
            is_path = paths_read(column.field) == [column.field]
            if is_path and _ORDER_COMPARISON.match(text):
                found.setdefault(column.field, _OrderedCell(index, column.name, text))
    return found


def _compile_value(text: str, where: str) -> Any:
    known = constant(text)
    return known.value if known.is_known else Expression(text, where=where)


def _computed(value: Any, record: Record) -> Any:
    return value.evaluate(record) if isinstance(value, Expression) else value


def _apply(
    record: Record,
    rows: Sequence[_Row],
    deciding: _Row | None,
    *,
    passed: bool,
    values: dict[str, Any],
) -> Verdict:
    """Return the verdict of the deciding row with what the rows set."""
    sets: dict[str, Any] = {}
    for row in rows:
        for field, expression in row.sets.items():
            value = _computed(expression, record)
            if isinstance(value, Failure):
                return _failed_cell(row, SET_PREFIX + field, value, values)
            sets[field] = _exact(value)
    if deciding is None:
        return Verdict(passed, "no row applies", None, values, sets)
    reason = _computed(deciding.reason, record)
    if isinstance(reason, Failure):
        return _failed_cell(deciding, "reason", reason, values)
    if reason is None:
        reason = deciding.matched.text
    return Verdict(passed, str(reason), deciding.matched, values, sets)


def _broken_verdict(record: Record, broken: Sequence[_Row], values: dict[str, Any]) -> Verdict:
    reasons = []
    for row in broken:
        reason = _computed(row.reason, record)
        if isinstance(reason, Failure):
            return _failed_cell(row, "reason", reason, values)
        if reason is None:
            reason = row.matched.text if row.refuses else f"{row.matched.text} does not hold"
        reasons.append(str(reason))
    return Verdict(False, "; ".join(reasons), broken[0].matched, values, {})


def _failed_cell(row: _Row, column: str, failure: Failure, values: dict[str, Any]) -> Verdict:
    problem = (
        f"row {row.matched.index + 1}, column {column}:"
        f" `{failure.expression}` failed: {failure.message}"
    )
    return Verdict(False, problem, row.matched, values | failure.values, {}, problem)


def _exact(value: Any) -> Any:
    """Return a fraction as Decimal: a price of 19.99 must not become 19.989999999999998."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _row_indexes(answer: Any) -> list[int]:
    if answer is None:
        return []
    if isinstance(answer, list):
        return [int(row["row"]) for row in answer]
    return [int(answer["row"])]


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} = {value!r}" for path, value in values.items()) or "nothing was read"


def _check_cell(column: Column, text: str, record: Record) -> CellCheck:
    """Evaluate one cell; distinguish an impossible comparison from one that does not hold."""
    values = values_read(column.field, record) | values_read(text, record)
    try:
        if column.field:
            compared = normalize(zen.evaluate_expression(column.field, as_json(record)))
            scope = as_json({**record, "$": compared})
            matched = zen.compile_unary_expression(text).evaluate(scope)
        else:
            matched = zen.evaluate_expression(text, as_json(record))
    except (RuntimeError, ValueError) as error:
        return CellCheck(column.name, text, values, False, engine_message(error))
    return CellCheck(column.name, text, values, matched is True, None)
