"""The policy document: what a user writes, and every problem it can have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeGuard

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openiom.kernel import Problem

from .language.expression import check_cell, check_expression
from .language.mapping_document import problems_of_shape
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
        return problems_of_shape(error)
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

    yield from _row_problems(table)
    yield from _unreachable_rows(table)


def column_title(column: Mapping[str, Any]) -> str:
    """Return the heading of a column, or its field or id."""
    return str(column.get("name") or column.get("field") or column.get("id"))


def _graph_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    nodes = content.get("nodes")
    if not _is_list_of_objects(nodes):
        yield Problem("content.nodes", "a JDM graph has a list of nodes")
        return
    yield from _node_problems(nodes)
    tables = [node for node in nodes if node.get("type") == "decisionTableNode"]
    if len(tables) == 1:
        yield from _table_problems(tables[0].get("content"))


def _node_problems(nodes: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Check that the nodes are an input, one decision table and an output."""
    for node in nodes:
        yield from _type_problems(node)
    tables = [node for node in nodes if node.get("type") == "decisionTableNode"]
    if len(tables) != 1:
        yield Problem("content.nodes", f"a policy holds one decision table, found {len(tables)}")


def _type_problems(node: Mapping[str, Any]) -> Iterator[Problem]:
    type = node.get("type")
    if type not in _NODE_TYPES:
        place = f"content.nodes ({node.get('name', node.get('id'))})"
        yield Problem(place, f"a policy holds one decision table; {type} is not allowed")


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


def _is_list_of_objects(value: Any) -> TypeGuard[list[Mapping[str, Any]]]:
    if not isinstance(value, list):
        return False
    return all(isinstance(element, Mapping) for element in value)


def _input_problems(table: Mapping[str, Any]) -> Iterator[Problem]:
    places: set[str] = set()
    for column in table["inputs"]:
        place = f"column {column_title(column)}"
        if place in places:
            yield Problem(place, "another column has this name", "rename one of them")
        places.add(place)
        if column.get("field"):
            yield from check_expression(column["field"], where=place)


def _output_problems(document: PolicyDocument, table: Mapping[str, Any]) -> Iterator[Problem]:
    for column in table["outputs"]:
        what = _output_problem(document, str(column.get("field")))
        if what:
            yield Problem(f"column {column_title(column)}", what)


def _output_problem(document: PolicyDocument, field: str) -> str:
    """Return why a policy cannot have an output; empty when it can."""
    if field in _PLAIN_OUTPUTS:
        return ""
    if field == SET_PREFIX or not field.startswith(SET_PREFIX):
        return f"`{field}` is no result; use outcome, reason or set.<field>"
    if document.type == "filter":
        return "a filter policy sets nothing; make it an execution policy"
    return ""


def _row_problems(table: Mapping[str, Any]) -> Iterator[Problem]:
    for number, rule in enumerate(table["rules"], start=1):
        yield from _condition_problems(table, number, rule)
        yield from _result_problems(table, number, rule)


def _condition_problems(
    table: Mapping[str, Any], number: int, rule: Mapping[str, Any]
) -> Iterator[Problem]:
    for column in table["inputs"]:
        text = cell(rule, column["id"])
        if text:
            # A column without a field has whole conditions as cells.
            check = check_cell if column.get("field") else check_expression
            yield from check(text, where=_cell_place(number, column))


def _result_problems(
    table: Mapping[str, Any], number: int, rule: Mapping[str, Any]
) -> Iterator[Problem]:
    for column in table["outputs"]:
        text = cell(rule, column["id"])
        if text:
            place = _cell_place(number, column)
            yield from check_expression(text, where=place)
            yield from _outcome_problems(column, text, place)


def _outcome_problems(column: Mapping[str, Any], text: str, place: str) -> Iterator[Problem]:
    if column.get("field") != "outcome":
        return
    if constant(text).value not in _OUTCOMES:
        yield Problem(place, f"the outcome is 'pass' or 'fail', not `{text}`")


def _cell_place(number: int, column: Mapping[str, Any]) -> str:
    return f"row {number}, column {column_title(column)}"


def _unreachable_rows(table: Mapping[str, Any]) -> Iterator[Problem]:
    if table.get("hitPolicy", "first") != "first":
        return
    for number, rule in enumerate(table["rules"][:-1], start=1):
        texts = [cell(rule, column["id"]) for column in table["inputs"]]
        if not any(texts):
            what = "it always matches, so the rows below are never reached"
            yield Problem(f"row {number}", what, "move it last")
