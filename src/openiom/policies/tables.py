"""Decision tables as people read them, and the JDM graph they are stored as."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson
import zen
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from .language.expression import tidy
from .language.expression_analysis import is_constant

Hit = Literal["first", "every"]
Outcome = Literal["pass", "fail"]
_HIT_TO_JDM = {"first": "first", "every": "collect"}
_SET = "set."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Formula(_Part):
    """A cell that is computed: the expression's text. A plain value in its place is a literal."""

    formula: str


class Column(_Part):
    """A condition column. With no field its cells are whole conditions, such as `len(lines) > 9`."""

    name: str = Field(description="Heading: Ship-to country")
    field: str = Field(default="", description="What the cells compare: a path or any expression")


class Row(_Part):
    """One rule. Cells stand under column names; an absent cell asks nothing."""

    when: dict[str, str] = Field(
        default_factory=dict, description="Column name to cell: {'Quantity': '>= 5'}"
    )
    outcome: Outcome | None = Field(
        default=None, description="Absent: the rule asserts, or sets, see `set`"
    )
    reason: str | Formula | None = Field(default=None, description="Shown with the outcome")
    set: dict[str, JsonValue | Formula] = Field(default_factory=dict, description="Field to value")


class Table(_Part):
    """A decision table: `first` row that matches decides, or `every` row is a rule of its own."""

    columns: list[Column]
    rows: list[Row]
    hit: Hit = "first"


def decision_table(
    *,
    columns: Sequence[Column],
    rows: Sequence[Row],
    otherwise: Row | None = None,
    hit: Hit = "first",
) -> dict[str, Any]:
    """
    The JDM graph (input, decision table, output) of these rows; `otherwise` becomes a last row without cells.

    Outputs are `outcome`, `reason` and one `set.<field>` for every field any row sets.
    """
    everything = [*rows, *([otherwise] if otherwise is not None else [])]
    fields = list(dict.fromkeys(name for row in everything for name in row.set))
    outputs = ["outcome", "reason", *(_SET + name for name in fields)]
    content = {
        "hitPolicy": _HIT_TO_JDM[hit],
        "inputs": [
            {"id": f"i{n}", "name": c.name, "field": c.field} for n, c in enumerate(columns)
        ],
        "outputs": [{"id": f"o{n}", "name": name, "field": name} for n, name in enumerate(outputs)],
        "rules": [_rule(number, row, columns, outputs) for number, row in enumerate(everything)],
    }
    return _graph(content)


def read_table(content: Mapping[str, Any]) -> Table:
    """The table within a JDM graph, in the shape it is built from; KeyError when the graph holds none."""
    table = table_node(content)["content"]
    inputs, outputs = table["inputs"], table["outputs"]
    columns = [
        Column(name=i.get("name") or i.get("field") or i["id"], field=i.get("field") or "")
        for i in inputs
    ]
    rows = []
    for rule in table["rules"]:
        when = {
            c.name: rule[i["id"]]
            for c, i in zip(columns, inputs, strict=True)
            if cell(rule, i["id"])
        }
        given = {o["field"]: _value(rule[o["id"]]) for o in outputs if cell(rule, o["id"])}
        sets = {name[len(_SET) :]: value for name, value in given.items() if name.startswith(_SET)}
        outcome, reason = given.get("outcome"), given.get("reason")
        rows.append(Row(when=when, outcome=outcome, reason=reason, set=sets))
    return Table(
        columns=columns, rows=rows, hit="every" if table.get("hitPolicy") == "collect" else "first"
    )


def table_node(content: Mapping[str, Any]) -> dict[str, Any]:
    """The graph's one decision table node; KeyError when there is none."""
    for node in content.get("nodes", ()):
        if node.get("type") == "decisionTableNode":
            found: dict[str, Any] = node
            return found
    raise KeyError("decisionTableNode")


def row_text(columns: Sequence[Column], cells: Sequence[str]) -> str:
    """A row as one reads it aloud: `Ship-to country = 'US' and Quantity >= 5`; `otherwise` without cells."""
    parts = [_spoken(c, text) for c, text in zip(columns, cells, strict=True) if text]
    return " and ".join(parts) or "otherwise"


def cell(rule: Mapping[str, Any], name: str) -> str:
    """A rule's cell without surrounding blanks; empty when it asks or gives nothing."""
    return str(rule.get(name) or "").strip()


def literal(value: Any) -> str:
    """The text of a literal in the expression language."""
    if isinstance(value, str) and "'" not in value and "\\" not in value and "\n" not in value:
        return f"'{value}'"
    return orjson.dumps(value).decode()


def constant(text: str) -> tuple[bool, Any]:
    """(True, value) for an expression that reads nothing, (False, None) for any other."""
    if not is_constant(text):
        return False, None
    try:
        return True, tidy(zen.evaluate_expression(text, {}))
    except (RuntimeError, ValueError):
        return False, None


def _spoken(column: Column, text: str) -> str:
    if not column.field:
        return f"({text})" if re.search(r"\bor\b", text) else text
    if re.search(r"(?<!\w)\$(?!\w)", text):
        return re.sub(r"(?<!\w)\$(?!\w)", column.name, text)
    if re.match(r"(>|<|!=|in\b|not in\b)", text):
        return f"{column.name} {text}"
    if text.startswith("=="):
        return f"{column.name} = {text[2:].lstrip()}"
    if re.fullmatch(r"[\[(][^,]*\.\.[^,]*[\])]", text) or _several(text):
        return f"{column.name} in {text}"
    return f"{column.name} = {text}"


def _several(text: str) -> bool:
    return "," in re.sub(r"'[^']*'|\"[^\"]*\"|\([^)]*\)|\[[^\]]*\]", "", text)


def _value(text: str) -> Any:
    known, value = constant(text.strip())
    return value if known else Formula(formula=text.strip())


def _cell_text(value: JsonValue | Formula) -> str:
    return value.formula if isinstance(value, Formula) else literal(value)


def _rule(
    number: int, row: Row, columns: Sequence[Column], outputs: Sequence[str]
) -> dict[str, str]:
    unknown = set(row.when) - {column.name for column in columns}
    if unknown:
        raise ValueError(
            f"row {number + 1} names columns the table does not have: {sorted(unknown)}"
        )
    rule = {"_id": f"r{number}"}
    rule |= {f"i{n}": row.when.get(column.name, "") for n, column in enumerate(columns)}
    given: dict[str, Any] = {_SET + name: value for name, value in row.set.items()}
    given |= {k: v for k, v in (("outcome", row.outcome), ("reason", row.reason)) if v is not None}
    return rule | {
        f"o{n}": _cell_text(given[name]) if name in given else "" for n, name in enumerate(outputs)
    }


def _graph(table: Mapping[str, Any]) -> dict[str, Any]:
    nodes = [
        {"id": "input", "type": "inputNode", "name": "Record", "position": {"x": 80, "y": 160}},
        {
            "id": "table",
            "type": "decisionTableNode",
            "name": "Rules",
            "position": {"x": 380, "y": 160},
        },
        {"id": "output", "type": "outputNode", "name": "Verdict", "position": {"x": 680, "y": 160}},
    ]
    nodes[1]["content"] = dict(table)
    edges = [
        {"id": "e1", "type": "edge", "sourceId": "input", "targetId": "table"},
        {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "output"},
    ]
    return {"nodes": nodes, "edges": edges}
