"""Policies compiled once and asked for a whole wave in one call; every verdict explains itself."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    ask,
    engine_message,
    pick,
    tidy,
    values_read,
)
from .language.expression_analysis import needed_roots, reads
from .policy import PolicyDocument, policy_problems
from .tables import Column, cell, constant, row_text, table_node

Record = Mapping[str, Any]
_ORDERED = re.compile(r"(>=?|<=?)\s*-?\d|[\[(]\s*-?\d[^,]*\.\.")


@dataclass(frozen=True, slots=True)
class MatchedRow:
    """A row of the table, counted from 0, and how one reads it aloud."""

    index: int
    text: str


class Verdict(NamedTuple):
    """
    What a policy says of one record.

    `matched_row` is the row that decided, None when no row did. `values` are the fields the table read.
    `sets` maps field to value, for the caller to write. `error` names a cell that could not be computed; then
    the record did not pass.
    """

    passed: bool
    reason: str
    matched_row: MatchedRow | None
    values: dict[str, Any]
    sets: dict[str, Any]
    error: str | None = None


class CellCheck(NamedTuple):
    """One cell against one record: did it hold, on which values, or why it could not be compared."""

    column: str
    cell: str
    values: dict[str, Any]
    matched: bool
    error: str | None


class RowCheck(NamedTuple):
    """One row against one record."""

    row: MatchedRow
    matched: bool
    cells: tuple[CellCheck, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    index: int
    text: str
    told: MatchedRow
    fails: bool
    sets: tuple[tuple[str, Any], ...]  # field, constant or Expression
    reason: Any

    @property
    def expressions(self) -> Iterator[Expression]:
        """What is computed once the row matched."""
        yield from (
            value
            for value in (self.reason, *(v for _, v in self.sets))
            if isinstance(value, Expression)
        )

    @property
    def asserts(self) -> bool:
        """A rule that neither sets nor refuses states what must be true."""
        return not self.sets and not self.fails


class CompiledPolicy:
    """A policy ready to judge. Creating one raises Invalid that lists every fault of the document."""

    def __init__(self, document: PolicyDocument) -> None:
        faults = list(policy_problems(document))
        if faults:
            raise Invalid(
                "the policy does not compile",
                where=document.name,
                remedy="correct the rows and columns named",
                problems=faults,
            )
        self.document = document
        node = table_node(document.content)
        self._table = node["content"]
        self._inputs = [
            Column(name=str(i.get("name") or i.get("field") or i["id"]), field=i.get("field") or "")
            for i in self._table["inputs"]
        ]
        self._cells = [
            [cell(rule, i["id"]) for i in self._table["inputs"]] for rule in self._table["rules"]
        ]
        self._rows = [self._row(index, rule) for index, rule in enumerate(self._table["rules"])]
        self._every = self._table.get("hitPolicy") == "collect"
        texts = [c.field for c in self._inputs] + [text for row in self._cells for text in row]
        self._ordered = _ordered_cells(self._inputs, self._cells)
        self._roots = needed_roots(texts)
        computed = roots_of([x for row in self._rows for x in row.expressions])
        self.roots = None if self._roots is None or computed is None else self._roots | computed
        """Names among which every top-level field it reads is found; None when it may read all."""
        self._paths = list(dict.fromkeys(path for text in texts for path in reads(text)))
        self._decision = zen.ZenEngine().create_decision(orjson.dumps(self._wave_graph()).decode())

    def evaluate(self, records: Sequence[Record]) -> list[Verdict]:
        """One verdict a record, in order, from one call of the engine for the whole wave."""
        if not records:
            return []
        found = self._match([self._projected(record) for record in records])
        return [self._verdict(record, rows) for record, rows in zip(records, found, strict=True)]

    def explain(self, record: Record) -> list[RowCheck]:
        """Every row and cell against one record: the test bench. Slower than `evaluate`, and exact."""
        checks = []
        for row, texts in zip(self._rows, self._cells, strict=True):
            cells = tuple(
                _check_cell(column, text, record)
                for column, text in zip(self._inputs, texts, strict=True)
                if text
            )
            checks.append(RowCheck(row.told, all(c.matched for c in cells), cells))
        return checks

    def _row(self, index: int, rule: Mapping[str, Any]) -> _Row:
        outputs = [(str(o["field"]), cell(rule, o["id"])) for o in self._table["outputs"]]
        given = {
            field: _compiled(text, f"row {index + 1}, column {field}")
            for field, text in outputs
            if text
        }
        sets = tuple(
            (field[4:], value) for field, value in given.items() if field.startswith("set.")
        )
        text = row_text(self._inputs, self._cells[index])
        return _Row(
            index,
            text,
            MatchedRow(index, text),
            given.get("outcome") == "fail",
            sets,
            given.get("reason"),
        )

    def _wave_graph(self) -> dict[str, Any]:
        """
        The graph the engine runs: the same conditions over a list of records, answering row numbers only.

        Outcomes are looked up here: the engine would silently skip a row whose output cannot be computed.
        """
        rules = [
            {"_id": f"r{n}", "row": str(n)}
            | {i["id"]: text for i, text in zip(self._table["inputs"], texts, strict=True)}
            for n, texts in enumerate(self._cells)
        ]
        table = {
            "hitPolicy": self._table.get("hitPolicy", "first"),
            "inputs": [
                {"id": i["id"], "name": c.name, "field": c.field}
                for i, c in zip(self._table["inputs"], self._inputs, strict=True)
            ],
            "outputs": [{"id": "row", "name": "row", "field": "row"}],
            "rules": rules,
            "executionMode": "loop",
            "inputField": "records",
            "outputPath": "rows",
            "passThrough": False,
        }
        nodes: list[dict[str, Any]] = [
            {"id": "input", "type": "inputNode", "name": "input"},
            {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
            {"id": "output", "type": "outputNode", "name": "output"},
        ]
        for node in nodes:
            node["position"] = {"x": 0, "y": 0}
        edges = [
            {"id": "e1", "type": "edge", "sourceId": "input", "targetId": "table"},
            {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "output"},
        ]
        return {"nodes": nodes, "edges": edges}

    def _projected(self, record: Record) -> Record:
        if self._roots is None:
            return dict(record)
        return {name: record[name] for name in self._roots if name in record}

    def _match(self, records: Sequence[Record]) -> list[list[int] | str]:
        """The rows that match each record, or the engine's refusal of that record."""
        try:
            answers = self._ask(records)
        except (RuntimeError, ValueError) as error:
            if len(records) == 1:
                return [engine_message(error)]
            half = len(records) // 2
            return self._match(records[:half]) + self._match(records[half:])
        return [_row_numbers(answer) for answer in answers]

    def _ask(self, records: Sequence[Record]) -> list[Any]:
        rows = ask(self._decision.evaluate, {"records": list(records)})["result"]["rows"]
        answers: list[Any] = rows
        return answers

    def _verdict(self, record: Record, found: list[int] | str) -> Verdict:
        values = {path: pick(record, path) for path in self._paths}
        wrong = found if isinstance(found, str) else self._incomparable(values, found)
        if isinstance(found, str) or wrong is not None:
            return Verdict(False, str(wrong), None, values, {}, wrong)
        if self._every:
            return self._judge_every(record, found, values)
        return self._judge_first(record, found, values)

    def _incomparable(self, values: Mapping[str, Any], found: list[int]) -> str | None:
        """
        A text met a cell that orders numbers: the engine calls that no match, which would pass in silence.

        Rows below the one that decided do not matter.
        """
        for path, (index, column, text) in self._ordered.items():
            if isinstance(values[path], str) and (self._every or not found or index < found[0]):
                return (
                    f"row {index + 1}, column {column}: {path} is the text {values[path]!r} and cannot be "
                    f"compared with {text}; make the column number({path})"
                )
        return None

    def _judge_first(self, record: Record, found: list[int], values: dict[str, Any]) -> Verdict:
        """The first matching row decides; with none, a table that asserts anything fails."""
        if found:
            row = self._rows[found[0]]
            return self._apply(record, [row], deciding=row, passed=not row.fails, values=values)
        if any(row.asserts for row in self._rows):
            return Verdict(False, f"no row matches: {_listed(values)}", None, values, {})
        return Verdict(True, "no row applies", None, values, {})

    def _judge_every(self, record: Record, found: list[int], values: dict[str, Any]) -> Verdict:
        """Every row is a rule: asserting ones must match, refusing ones must not, setting ones set."""
        matched = set(found)
        wrong = [
            row
            for row in self._rows
            if (row.asserts and row.index not in matched) or (row.fails and row.index in matched)
        ]
        setting = [self._rows[index] for index in found if self._rows[index].sets]
        if not wrong:
            deciding = setting[-1] if setting else (self._rows[found[0]] if found else None)
            return self._apply(record, setting, deciding=deciding, passed=True, values=values)
        reasons = []
        for row in wrong:
            told = _given(row.reason, record)
            if isinstance(told, Failure):
                return _failed(row, "reason", told, values)
            reasons.append(str(told) if told is not None else _default_reason(row))
        return Verdict(False, "; ".join(reasons), wrong[0].told, values, {})

    def _apply(
        self,
        record: Record,
        rows: Iterable[_Row],
        *,
        deciding: _Row | None,
        passed: bool,
        values: dict[str, Any],
    ) -> Verdict:
        sets: dict[str, Any] = {}
        for row in rows:
            for field, expression in row.sets:
                value = _given(expression, record)
                if isinstance(value, Failure):
                    return _failed(row, f"set.{field}", value, values)
                sets[field] = _exact(value)
        if deciding is None:
            return Verdict(passed, "no row applies", None, values, sets)
        told = _given(deciding.reason, record)
        if isinstance(told, Failure):
            return _failed(deciding, "reason", told, values)
        reason = deciding.text if told is None else str(told)
        return Verdict(passed, reason, deciding.told, values, sets)


def _ordered_cells(
    columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> dict[str, tuple[int, str, str]]:
    """Paths some cell compares by order, with the first row, the column and the cell that do."""
    found: dict[str, tuple[int, str, str]] = {}
    for index, texts in enumerate(cells):
        for column, text in zip(columns, texts, strict=True):
            if _ORDERED.match(text) and reads(column.field) == [column.field]:
                found.setdefault(column.field, (index, column.name, text))
    return found


def roots_of(asked: Iterable[CompiledPolicy | Expression]) -> frozenset[str] | None:
    """Names among which every top-level field that any of these reads is found; None when one may read all."""
    roots = [one.roots for one in asked]
    known = [names for names in roots if names is not None]
    return frozenset[str]().union(*known) if len(known) == len(roots) else None


def _compiled(text: str, where: str) -> Any:
    known, value = constant(text)
    return value if known else Expression(text, where=where)


def _given(value: Any, record: Record) -> Any:
    return value.evaluate(record) if isinstance(value, Expression) else value


def _failed(row: _Row, column: str, failure: Failure, values: dict[str, Any]) -> Verdict:
    told = f"row {row.index + 1}, column {column}: `{failure.expression}` failed: {failure.message}"
    return Verdict(False, told, row.told, values | failure.values, {}, told)


def _default_reason(row: _Row) -> str:
    return row.text if row.fails else f"{row.text} does not hold"


def _exact(value: Any) -> Any:
    """A fraction leaves as Decimal: 19.99 set as a price must not become 19.989999999999998."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _row_numbers(answer: Any) -> list[int]:
    if answer is None:
        return []
    return [int(row["row"]) for row in answer] if isinstance(answer, list) else [int(answer["row"])]


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} = {value!r}" for path, value in values.items()) or "nothing was read"


def _check_cell(column: Column, text: str, record: Record) -> CellCheck:
    """One cell as the engine judges it, telling a comparison it could not make from one that did not hold."""
    values = values_read(column.field, record) | values_read(text, record)
    try:
        scope = dict(record)
        if column.field:
            scope["$"] = tidy(zen.evaluate_expression(column.field, as_json(record)))
            matched = zen.compile_unary_expression(text).evaluate(as_json(scope))
        else:
            matched = zen.evaluate_expression(text, as_json(record))
    except (RuntimeError, ValueError) as error:
        return CellCheck(column.name, text, values, False, engine_message(error))
    return CellCheck(column.name, text, values, matched is True, None)
