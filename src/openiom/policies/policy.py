"""The policy document: what a user writes, and every fault it can have."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openiom.kernel import Problem

from .language.expression import check_cell, check_expression
from .tables import cell, constant, table_node

_TABLE_PARTS = ("inputs", "outputs", "rules")
_PLAIN_OUTPUTS = ("outcome", "reason")
_NODES = {"inputNode", "decisionTableNode", "outputNode"}
_HITS = {"first", "collect"}


class PolicyDocument(BaseModel):
    """A policy as stored: its table is a JDM graph (input, decision table, output)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="Logical name, unique")
    title: str = ""
    type: Literal["filter", "execution"] = Field(
        description="filter: run the step or skip it; execution: check and set"
    )
    entity: str = Field(
        min_length=1, description="What it judges: order, order_line, fulfillment_order"
    )
    criticality: Literal["critical", "information"] = Field(
        default="critical",
        description="critical: a failure stops the record; information: it is noted",
    )
    content: dict[str, Any] = Field(description="The JDM graph")


def validate_policy(body: Mapping[str, Any]) -> list[Problem]:
    """Every fault of a policy's JSON body at once, by row and column name; empty when it can be published."""
    try:
        document = PolicyDocument.model_validate(body)
    except ValidationError as error:
        return [Problem(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
    return list(policy_problems(document))


def policy_problems(document: PolicyDocument) -> Iterator[Problem]:
    """The faults of a well-shaped policy: its graph, its columns, its cells, rows that can never match."""
    shape = list(_shape_problems(document.content))
    if shape:
        yield from shape
        return
    table = table_node(document.content)["content"]
    yield from _column_problems(document, table)
    yield from _row_problems(table)
    yield from _unreachable(table)


def _shape_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    nodes = content.get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        yield Problem("content.nodes", "a JDM graph has a list of nodes")
        return
    for node in nodes:
        if node.get("type") not in _NODES:
            yield Problem(
                f"content.nodes ({node.get('name', node.get('id'))})",
                f"a policy holds one decision table; {node.get('type')} is not allowed",
            )
    tables = [node for node in nodes if node.get("type") == "decisionTableNode"]
    if len(tables) != 1:
        yield Problem("content.nodes", f"a policy holds one decision table, found {len(tables)}")
        return
    yield from _table_shape(tables[0].get("content"))


def _table_shape(table: Any) -> Iterator[Problem]:
    if not isinstance(table, dict):
        yield Problem("content.nodes (table)", "the decision table has no content")
        return
    for part in _TABLE_PARTS:
        rows = table.get(part)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            yield Problem(f"table.{part}", "a list is needed")
        elif part != "rules" and not all(row.get("id") for row in rows):
            yield Problem(f"table.{part}", "every column has an id")
    if table.get("hitPolicy", "first") not in _HITS:
        yield Problem(
            "table.hitPolicy", f"{table.get('hitPolicy')!r} is unknown; use first or collect"
        )


def _column_problems(document: PolicyDocument, table: Mapping[str, Any]) -> Iterator[Problem]:
    names = set()
    for column in table["inputs"]:
        where = f"column {_heading(column)}"
        if _heading(column) in names:
            yield Problem(where, "another column has this name")
        names.add(_heading(column))
        if column.get("field"):
            yield from filter(None, [check_expression(column["field"], where=where)])
    for column in table["outputs"]:
        field = str(column.get("field"))
        if field not in _PLAIN_OUTPUTS and not (field.startswith("set.") and field[4:]):
            yield Problem(
                f"column {_heading(column)}",
                f"`{field}` is no result; use outcome, reason or set.<field>",
            )
        elif field.startswith("set.") and document.type == "filter":
            yield Problem(
                f"column {_heading(column)}",
                "a filter policy sets nothing; make it an execution policy",
            )


def _row_problems(table: Mapping[str, Any]) -> Iterator[Problem]:
    if not table["rules"]:
        yield Problem("table.rules", "the table has no rows; add one")
    for number, rule in enumerate(table["rules"], start=1):
        for column in table["inputs"]:
            text = cell(rule, column["id"])
            where = f"row {number}, column {_heading(column)}"
            if text:
                check = check_cell if column.get("field") else check_expression
                yield from filter(None, [check(text, where=where)])
        for column in table["outputs"]:
            text = cell(rule, column["id"])
            where = f"row {number}, column {_heading(column)}"
            if not text:
                continue
            yield from filter(None, [check_expression(text, where=where)])
            if column.get("field") == "outcome" and constant(text)[1] not in ("pass", "fail"):
                yield Problem(where, f"the outcome is 'pass' or 'fail', not `{text}`")


def _unreachable(table: Mapping[str, Any]) -> Iterator[Problem]:
    if table.get("hitPolicy", "first") != "first":
        return
    for number, rule in enumerate(table["rules"][:-1], start=1):
        if not any(cell(rule, column["id"]) for column in table["inputs"]):
            yield Problem(
                f"row {number}",
                "it always matches, so the rows below are never reached; move it last",
            )


def _heading(column: Mapping[str, Any]) -> str:
    return str(column.get("name") or column.get("field") or column.get("id"))
