"""Every problem of a policy is reported at once, by row and column."""

import pytest

from openiom.kernel import Invalid
from openiom.policies import (
    Column,
    CompiledPolicy,
    ComputedValue,
    PolicyDocument,
    Row,
    decision_table,
    validate_policy,
)
from openiom.policies.policy import column_title

QUANTITY = Column(name="Quantity", field="quantity")


def body(content, type="execution", **more):
    return {"name": "p", "type": type, "entity": "order", "content": content, **more}


def table(*rows: Row, columns=(QUANTITY,), hit="first"):
    return decision_table(columns=columns, rows=rows, hit=hit)


def problems(content, type="execution") -> list[str]:
    return [str(problem) for problem in validate_policy(body(content, type))]


def test_all_problems_are_reported_at_once():
    content = table(
        Row(when={"Quantity": "> >"}),
        Row(),
        Row(when={"Quantity": "soon(3)"}, reason=ComputedValue(formula="x y"), set={"a": 1}),
        columns=[Column(name="Country", field="ship_to..country"), QUANTITY],
    )
    document = body(content, "filter")

    assert [problem.where for problem in validate_policy(document)] == [
        "column Country",
        "column set.a",
        "row 1, column Quantity",
        "row 3, column Quantity",
        "row 3, column reason",
        "row 2",
    ]

    with pytest.raises(Invalid) as refusal:
        CompiledPolicy(PolicyDocument.model_validate(document))

    assert len(refusal.value.problems) == 6
    assert refusal.value.where == "p"


NODE = {"type": "decisionTableNode", "id": "t"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, ["content.nodes: a JDM graph has a list of nodes"]),
        ({"nodes": {}}, ["content.nodes: a JDM graph has a list of nodes"]),
        ({"nodes": [1]}, ["content.nodes: a JDM graph has a list of nodes"]),
        ({"nodes": []}, ["content.nodes: a policy holds one decision table, found 0"]),
        ({"nodes": [NODE, NODE]}, ["content.nodes: a policy holds one decision table, found 2"]),
        ({"nodes": [NODE]}, ["content.nodes (table): the decision table has no content"]),
        (
            {"nodes": [{"type": "functionNode", "name": "f"}]},
            [
                "content.nodes (f): a policy holds one decision table; functionNode is not allowed",
                "content.nodes: a policy holds one decision table, found 0",
            ],
        ),
        (
            {"nodes": [{"type": "x", "id": "i"}, {**NODE, "content": 1}]},
            [
                "content.nodes (i): a policy holds one decision table; x is not allowed",
                "content.nodes (table): the decision table has no content",
            ],
        ),
        (
            {"nodes": [{**NODE, "content": {}}]},
            [
                "table.inputs: a list is needed",
                "table.outputs: a list is needed",
                "table.rules: a list is needed",
            ],
        ),
        (
            {"nodes": [{**NODE, "content": {"inputs": [{}], "outputs": [1], "rules": [{}]}}]},
            ["table.inputs: every column has an id", "table.outputs: a list is needed"],
        ),
        (
            {
                "nodes": [
                    {
                        **NODE,
                        "content": {"inputs": [], "outputs": [], "rules": [], "hitPolicy": "x"},
                    }
                ]
            },
            ["table.hitPolicy: 'x' is unknown; use first or collect"],
        ),
    ],
)
def test_a_graph_that_is_no_decision_table_is_refused(content, expected):
    assert problems(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (table(), ["table.rules: the table has no rows (add one)"]),
        (
            table(Row(when={"Quantity": "> 1"}), columns=[QUANTITY, QUANTITY]),
            ["column Quantity: another column has this name (rename one of them)"],
        ),
        (
            table(Row(), Row()),
            ["row 1: it always matches, so the rows below are never reached (move it last)"],
        ),
        (table(Row(when={"Quantity": "> 1"}), Row()), []),
        (table(Row(), Row(), hit="every"), []),
        (table(Row(when={"Q": "len(lines) > 1"}), columns=[Column(name="Q")]), []),
    ],
)
def test_problems_of_the_table(content, expected):
    assert problems(content) == expected


def with_output(field: str, text: str = "1"):
    content = table(Row(when={"Quantity": "> 1"}))
    stored = content["nodes"][1]["content"]
    stored["outputs"].append({"id": "x", "field": field})
    stored["rules"][0]["x"] = text
    return content


@pytest.mark.parametrize("field", ["verdict", "set.", "sets.color", "None"])
def test_an_output_has_to_be_a_result(field):
    [problem] = validate_policy(body(with_output(field)))
    assert problem.where == f"column {field}"
    assert problem.what == f"`{field}` is no result; use outcome, reason or set.<field>"


def test_a_filter_policy_sets_nothing():
    assert problems(with_output("set.color"), "filter") == [
        "column set.color: a filter policy sets nothing; make it an execution policy"
    ]
    assert problems(with_output("set.color")) == []


@pytest.mark.parametrize("text", ["'maybe'", "1", "upper(name)"])
def test_the_outcome_is_pass_or_fail(text):
    content = table(Row(when={"Quantity": "> 1"}))
    content["nodes"][1]["content"]["rules"][0]["o0"] = text
    assert problems(content) == [
        f"row 1, column outcome: the outcome is 'pass' or 'fail', not `{text}`"
    ]


def test_a_whole_condition_is_checked_as_an_expression():
    content = table(Row(when={"Any": "> 1"}), columns=[Column(name="Any")])
    [problem] = validate_policy(body(content))
    assert problem.where == "row 1, column Any"


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({}, {"name", "type", "entity", "content"}),
        (body(table(), name=""), {"name"}),
        (body(table(), type="other"), {"type"}),
        (body(table(), color="red"), {"color"}),
        (body(table(), criticality="high"), {"criticality"}),
    ],
)
def test_a_document_of_the_wrong_shape_names_its_fields(document, places):
    assert {problem.where for problem in validate_policy(document)} == places


@pytest.mark.parametrize(
    ("column", "title"),
    [
        ({"id": "i", "field": "f", "name": "n"}, "n"),
        ({"id": "i", "field": "f"}, "f"),
        ({"id": "i", "name": ""}, "i"),
    ],
)
def test_a_column_is_named_by_its_title_field_or_id(column, title):
    assert column_title(column) == title
