"""The policy document: what a user writes, and every problem it can have."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openiom.kernel import Problem

from .language.expression import check_cell, check_expression
from .tables import SET_PREFIX, cell, constant, table_node

_TABLE_PARTS = ("inputs", "outputs", "rules")
_PLAIN_OUTPUTS = ("outcome", "reason")
_OUTCOMES = ("pass", "fail")
_NODE_TYPES = {"inputNode", "decisionTableNode", "outputNode"}
_HIT_POLICIES = {"first", "collect"}


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
        description="critical: a failure stops the record; information: it is only recorded",
    )
    content: dict[str, Any] = Field(description="The JDM graph")


def validate_policy(body: Mapping[str, Any]) -> list[Problem]:
    """Return every problem of a policy's JSON body, by row and column; empty when it is valid."""
    try:
        document = PolicyDocument.model_validate(body)
    except ValidationError as error:
        problems = []
        for fault in error.errors():
            problems.append(Problem(".".join(map(str, fault["loc"])), fault["msg"]))
        return problems
    return list(policy_problems(document))


def policy_problems(document: PolicyDocument) -> Iterator[Problem]:
    """Yield the problems of a document of the right shape: graph, columns, cells, dead rows."""
    shape = list(_graph_problems(document.content))
    if shape:
        yield from shape
        return
    table = table_node(document.content)["content"]
    yield from _input_problems(table)
    yield from _output_problems(document, table)
    if not table["rules"]:
        yield Problem("table.rules", "the table has no rows", "add one")
    for number, rule in enumerate(table["rules"], start=1):
        yield from _condition_problems(table, number, rule)
        yield from _result_problems(table, number, rule)
    yield from _unreachable_rows(table)


def column_title(column: Mapping[str, Any]) -> str:
    """Return the heading of a column, or its field or id."""
    return str(column.get("name") or column.get("field") or column.get("id"))


def _graph_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    nodes = content.get("nodes")
    if not isinstance(nodes, list) or not _is_list_of_objects(nodes):
        yield Problem("content.nodes", "a JDM graph has a list of nodes")
        return
    tables = []
    for node in nodes:
        if node.get("type") == "decisionTableNode":
            tables.append(node)
        if node.get("type") not in _NODE_TYPES:
            yield Problem(
                f"content.nodes ({node.get('name', node.get('id'))})",
                f"a policy holds one decision table; {node.get('type')} is not allowed",
            )
    if len(tables) != 1:
        yield Problem("content.nodes", f"a policy holds one decision table, found {len(tables)}")
    else:
        yield from _table_problems(tables[0].get("content"))


def _table_problems(table: Any) -> Iterator[Problem]:
    if not isinstance(table, Mapping):
        yield Problem("content.nodes (table)", "the decision table has no content")
        return
    for part in _TABLE_PARTS:
        yield from _part_problems(part, table.get(part))
    hit_policy = table.get("hitPolicy", "first")
    if hit_policy not in _HIT_POLICIES:
        yield Problem("table.hitPolicy", f"{hit_policy!r} is unknown; use first or collect")


def _part_problems(part: str, rows: Any) -> Iterator[Problem]:
    if not _is_list_of_objects(rows):
        yield Problem(f"table.{part}", "a list is needed")
    elif part != "rules" and not all(row.get("id") for row in rows):
        yield Problem(f"table.{part}", "every column has an id")


def _is_list_of_objects(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return all(isinstance(element, Mapping) for element in value)


def _input_problems(table: Mapping[str, Any]) -> Iterator[Problem]:
    titles = set()
    for column in table["inputs"]:
        title = column_title(column)
        place = f"column {title}"
        if title in titles:
            yield Problem(place, "another column has this name", "rename one of them")
        titles.add(title)
        if column.get("field"):
            yield from check_expression(column["field"], where=place)


def _output_problems(document: PolicyDocument, table: Mapping[str, Any]) -> Iterator[Problem]:
    for column in table["outputs"]:
        field = str(column.get("field"))
        place = f"column {column_title(column)}"
        sets_a_field = field.startswith(SET_PREFIX)
        if field in _PLAIN_OUTPUTS:
            continue
        if not sets_a_field or field == SET_PREFIX:
            what = f"`{field}` is no result; use outcome, reason or set.<field>"
            yield Problem(place, what)
        elif document.type == "filter":
            what = "a filter policy sets nothing; make it an execution policy"
            yield Problem(place, what)


def _condition_problems(
    table: Mapping[str, Any], number: int, rule: Mapping[str, Any]
) -> Iterator[Problem]:
    for column in table["inputs"]:
        text = cell(rule, column["id"])
        place = f"row {number}, column {column_title(column)}"
        if not text:
            continue
        if column.get("field"):
            yield from check_cell(text, where=place)
        else:
            yield from check_expression(text, where=place)


def _result_problems(
    table: Mapping[str, Any], number: int, rule: Mapping[str, Any]
) -> Iterator[Problem]:
    for column in table["outputs"]:
        text = cell(rule, column["id"])
        place = f"row {number}, column {column_title(column)}"
        if not text:
            continue
        yield from check_expression(text, where=place)
        if column.get("field") == "outcome" and constant(text).value not in _OUTCOMES:
            yield Problem(place, f"the outcome is 'pass' or 'fail', not `{text}`")


def _unreachable_rows(table: Mapping[str, Any]) -> Iterator[Problem]:
    if table.get("hitPolicy", "first") != "first":
        return
    for number, rule in enumerate(table["rules"][:-1], start=1):
        if not any(cell(rule, column["id"]) for column in table["inputs"]):
            what = "it always matches, so the rows below are never reached"
            yield Problem(f"row {number}", what, "move it last")
