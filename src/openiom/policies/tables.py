"""Decision tables as people read them, and the JDM graph in which they are stored."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import zen
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from .language.expression import literal, normalize
from .language.expression_analysis import is_constant
from .language.expression_limits import limit_fault

Hit = Literal["first", "every"]
Outcome = Literal["pass", "fail"]
SET_PREFIX = "set."
_HIT_TO_JDM = {"first": "first", "every": "collect"}

_VALUE_SIGN = re.compile(r"(?<!\w)\$(?!\w)")
_COMPARISON = re.compile(r"(>|<|!=|in\b|not in\b)")
_INTERVAL = re.compile(r"[\[(][^,]*\.\.[^,]*[\])]")
_GROUPED = re.compile(r"'[^']*'|\"[^\"]*\"|\([^)]*\)|\[[^\]]*\]")
_OR = re.compile(r"\bor\b")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ComputedValue(_Part):
    """A cell that is computed: the expression's text. A plain value in its place is a literal."""

    formula: str


class Column(_Part):
    """A condition column. Without a field its cells are whole conditions: `len(lines) > 9`."""

    name: str = Field(description="Heading: Ship-to country")
    field: str = Field(default="", description="What the cells compare: a path or any expression")


class Row(_Part):
    """One rule. Cells are given by column name; an absent cell requires nothing."""

    when: dict[str, str] = Field(
        default_factory=dict, description="Column name to cell: {'Quantity': '>= 5'}"
    )
    outcome: Outcome | None = Field(
        default=None, description="Absent: the rule asserts, or sets, see `set`"
    )
    reason: str | ComputedValue | None = Field(default=None, description="Shown with the outcome")
    set: dict[str, JsonValue | ComputedValue] = Field(
        default_factory=dict, description="Field to value"
    )


class Table(_Part):
    """A decision table: the `first` row that matches decides, or `every` row is its own rule."""

    columns: list[Column]
    rows: list[Row]
    hit: Hit = "first"


class Constant(NamedTuple):
    """The value of an expression that reads nothing; `value` is None when it is not constant."""

    is_known: bool
    value: Any


def decision_table(
    *,
    columns: Sequence[Column],
    rows: Sequence[Row],
    otherwise: Row | None = None,
    hit: Hit = "first",
) -> dict[str, Any]:
    """Return the JDM graph (input, decision table, output) of these rows.

    `otherwise` becomes a last row without cells. Outputs are `outcome`, `reason` and one
    `set.<field>` for every field that any row sets. Raise `ValueError` when a row names a column
    that is not among `columns`.
    """
    every = list(rows)
    if otherwise is not None:
        every.append(otherwise)

    output_names = _output_names(every)
    inputs = []
    for number, column in enumerate(columns):
        inputs.append({"id": f"i{number}", "name": column.name, "field": column.field})

    outputs = []
    for number, name in enumerate(output_names):
        outputs.append({"id": f"o{number}", "name": name, "field": name})

    rules = []
    for number, row in enumerate(every):
        rules.append(_rule(number, row, columns, output_names))

    return _graph(
        {
            "hitPolicy": _HIT_TO_JDM[hit],
            "inputs": inputs,
            "outputs": outputs,
            "rules": rules,
        }
    )


def _output_names(rows: Sequence[Row]) -> list[str]:
    """Return the output columns that these rows need, in order of appearance."""
    names = dict.fromkeys(["outcome", "reason"])
    for row in rows:
        for field in row.set:
            names[SET_PREFIX + field] = None
    return list(names)


def read_table(content: Mapping[str, Any]) -> Table:
    """Return the table of a JDM graph. Raise `KeyError` when the graph has none."""
    table = table_node(content)["content"]
    columns = table_columns(table)
    rows = [_read_row(table, columns, rule) for rule in table["rules"]]
    hit: Hit = "first"
    if table.get("hitPolicy") == "collect":
        hit = "every"
    return Table(columns=columns, rows=rows, hit=hit)


def table_columns(table: Mapping[str, Any]) -> list[Column]:
    """Return the condition columns of a JDM table."""
    columns = []
    for column in table["inputs"]:
        name = str(column.get("name") or column.get("field") or column["id"])
        columns.append(Column(name=name, field=column.get("field") or ""))
    return columns


def table_node(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the graph's decision table node. Raise `KeyError` when there is none."""
    for node in content.get("nodes", ()):
        if node.get("type") == "decisionTableNode":
            found: dict[str, Any] = node
            return found
    raise KeyError("decisionTableNode")


def output_texts(table: Mapping[str, Any], rule: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of a rule that are not empty, by the output they fill.

    Outputs are `outcome`, `reason` and `set.<field>`, in the order of the table's columns.
    """
    texts = {}
    for output in table["outputs"]:
        text = cell(rule, output["id"])
        if text:
            texts[str(output["field"])] = text

    return texts


def fields_set(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return `set.<field>` outputs by the name of the field."""
    fields = {}
    for name, value in outputs.items():
        fields[name.removeprefix(SET_PREFIX)] = value
    return fields


def _read_row(table: Mapping[str, Any], columns: Sequence[Column], rule: Mapping[str, Any]) -> Row:
    values = {}
    for field, text in output_texts(table, rule).items():
        values[field] = _read_value(text)

    outcome = values.pop("outcome", None)
    reason = values.pop("reason", None)
    return Row(
        when=_read_conditions(table, columns, rule),
        outcome=outcome,
        reason=reason,
        set=fields_set(values),
    )


def _read_conditions(
    table: Mapping[str, Any], columns: Sequence[Column], rule: Mapping[str, Any]
) -> dict[str, str]:
    """Return the condition cells of a rule that are not empty, by column name."""
    when = {}
    for column, stored in zip(columns, table["inputs"], strict=True):
        if cell(rule, stored["id"]):
            when[column.name] = rule[stored["id"]]
    return when


def row_text(columns: Sequence[Column], cells: Sequence[str]) -> str:
    """Return a row as readable text: `Ship-to country = 'US' and Quantity >= 5`.

    `cells` are in the order of `columns`; empty ones are left out. A row without cells is
    `otherwise`.
    """
    return " and ".join(_cell_texts(columns, cells)) or "otherwise"


def _cell_texts(columns: Sequence[Column], cells: Sequence[str]) -> list[str]:
    texts = []
    for column, text in zip(columns, cells, strict=True):
        if text:
            texts.append(_cell_text(column, text))
    return texts


def cell(rule: Mapping[str, Any], name: str) -> str:
    """Return a rule's cell without surrounding blanks; empty when it has none."""
    return str(rule.get(name) or "").strip()


def constant(text: str) -> Constant:
    """Return the value of an expression that reads nothing."""
    if not is_constant(text) or limit_fault(text):
        return Constant(False, None)
    try:
        return Constant(True, normalize(zen.evaluate_expression(text, {})))
    except (RuntimeError, ValueError):
        return Constant(False, None)


def _cell_text(column: Column, text: str) -> str:
    """Return one cell as readable text, with the column's name in front or in place of `$`."""
    if not column.field:
        return f"({text})" if _OR.search(text) else text
    if _VALUE_SIGN.search(text):
        return _VALUE_SIGN.sub(column.name, text)
    return f"{column.name} {_comparison_text(text)}"


def _comparison_text(text: str) -> str:
    """Return a cell as the comparison it means."""
    if _COMPARISON.match(text):
        return text
    if text.startswith("=="):
        return f"= {text[2:].lstrip()}"
    if _INTERVAL.fullmatch(text) or "," in _GROUPED.sub("", text):
        return f"in {text}"
    return f"= {text}"


def _read_value(text: str) -> Any:
    known = constant(text)
    return known.value if known.is_known else ComputedValue(formula=text)


def _write_value(value: JsonValue | ComputedValue) -> str:
    return value.formula if isinstance(value, ComputedValue) else literal(value)


def _rule(
    number: int, row: Row, columns: Sequence[Column], outputs: Sequence[str]
) -> dict[str, str]:
    """Return a row as a rule of the JDM table, with a cell for every column."""
    _check_columns(number, row, columns)
    cells = _given_values(row)
    rule = {"_id": f"r{number}"}

    for index, column in enumerate(columns):
        rule[f"i{index}"] = row.when.get(column.name, "")

    for index, name in enumerate(outputs):
        rule[f"o{index}"] = cells.get(name, "")

    return rule


def _check_columns(number: int, row: Row, columns: Sequence[Column]) -> None:
    known = [column.name for column in columns]
    unknown = sorted(row.when.keys() - set(known))
    if unknown:
        raise ValueError(f"row {number + 1} names columns the table does not have: {unknown}")


def _given_values(row: Row) -> dict[str, str]:
    """Return the cells a row fills, by output, as expressions."""
    given = {"outcome": row.outcome, "reason": row.reason}
    cells = {name: _write_value(value) for name, value in given.items() if value is not None}
    for field, member in row.set.items():
        cells[SET_PREFIX + field] = _write_value(member)
    return cells


def _graph(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "nodes": [
            {
                "id": "input",
                "type": "inputNode",
                "name": "Record",
                "position": {"x": 80, "y": 160},
            },
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "Rules",
                "position": {"x": 380, "y": 160},
                "content": dict(table),
            },
            {
                "id": "output",
                "type": "outputNode",
                "name": "Verdict",
                "position": {"x": 680, "y": 160},
            },
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "input", "targetId": "table"},
            {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "output"},
        ],
    }
