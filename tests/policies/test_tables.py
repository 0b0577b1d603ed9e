"""Decision tables read and written, and their rows as readable text."""

import pytest

from openiom.policies import Column, ComputedValue, Row, Table, decision_table, read_table
from openiom.policies.tables import cell, constant, literal, row_text, table_columns, table_node

COUNTRY = Column(name="Ship-to country", field="ship_to.country")
QUANTITY = Column(name="Quantity", field="quantity")
WHOLE = Column(name="Any line")


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        (QUANTITY, "5", "Quantity = 5"),
        (QUANTITY, "== 5", "Quantity = 5"),
        (QUANTITY, ">= 5", "Quantity >= 5"),
        (QUANTITY, "< 5", "Quantity < 5"),
        (QUANTITY, "!= null", "Quantity != null"),
        (QUANTITY, "in [1, 2]", "Quantity in [1, 2]"),
        (QUANTITY, "not in [1, 2]", "Quantity not in [1, 2]"),
        (QUANTITY, "[1..5]", "Quantity in [1..5]"),
        (QUANTITY, "(1..5)", "Quantity in (1..5)"),
        (QUANTITY, "1, 2", "Quantity in 1, 2"),
        (QUANTITY, "max([1, 2])", "Quantity = max([1, 2])"),
        (QUANTITY, "interest", "Quantity = interest"),
        (COUNTRY, "'US', 'CA'", "Ship-to country in 'US', 'CA'"),
        (COUNTRY, "'a, b'", "Ship-to country = 'a, b'"),
        (COUNTRY, '"a, b"', 'Ship-to country = "a, b"'),
        (COUNTRY, "startsWith($, 'U')", "startsWith(Ship-to country, 'U')"),
        (COUNTRY, "$root.x", "Ship-to country = $root.x"),
        (WHOLE, "len(lines) > 9", "len(lines) > 9"),
        (WHOLE, "a or b", "(a or b)"),
        (WHOLE, "order == 1", "order == 1"),
    ],
)
def test_a_cell_as_readable_text(column, text, expected):
    assert row_text([column], [text]) == expected


def test_a_row_joins_its_cells_and_leaves_empty_ones_out():
    assert (
        row_text([COUNTRY, QUANTITY], ["'US'", "> 1"]) == "Ship-to country = 'US' and Quantity > 1"
    )
    assert row_text([COUNTRY, QUANTITY], ["", "> 1"]) == "Quantity > 1"
    assert row_text([COUNTRY, QUANTITY], ["", ""]) == "otherwise"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("US", "'US'"),
        ("it's", '"it\'s"'),
        ("a\\b", "'a\\b'"),
        ("a\nb", "'a\nb'"),
        ('say "no"', "'say \"no\"'"),
        ('it\'s "no"', "('it' + \"'\" + 's \"no\"')"),
        (5, "5"),
        (0.1, "0.1"),
        (True, "true"),
        (None, "null"),
        (["a", 1], "['a',1]"),
        ([["it's"], []], '[["it\'s"],[]]'),
    ],
)
def test_a_literal_reads_back_as_its_value(value, text):
    assert literal(value) == text
    assert constant(text) == (True, value)


@pytest.mark.parametrize("text", ["upper(name)", "country", "1 +", "`x`"])
def test_a_formula_is_no_constant(text):
    assert constant(text) == (False, None)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [({"i0": " > 5 "}, "> 5"), ({"i0": ""}, ""), ({"i0": None}, ""), ({}, "")],
)
def test_a_cell_is_read_without_surrounding_blanks(rule, expected):
    assert cell(rule, "i0") == expected


ROWS = [
    Row(
        when={"Quantity": ">= 100"},
        outcome="pass",
        reason="bulk",
        set={"source": "seattle", "tags": ["a", 1]},
    ),
    Row(
        when={"Ship-to country": "'US'"},
        set={"label": ComputedValue(formula="upper(name)"), "note": "it's"},
    ),
    Row(outcome="fail", reason=ComputedValue(formula="'no ' + name")),
]


def test_a_table_is_stored_as_jdm_and_reads_back_into_rows():
    content = decision_table(columns=[COUNTRY, QUANTITY], rows=ROWS)

    table = read_table(content)

    types = [node["type"] for node in content["nodes"]]
    assert types == ["inputNode", "decisionTableNode", "outputNode"]
    assert [(edge["sourceId"], edge["targetId"]) for edge in content["edges"]] == [
        ("input", "table"),
        ("table", "output"),
    ]
    assert table == Table(columns=[COUNTRY, QUANTITY], rows=ROWS, hit="first")
    assert decision_table(columns=table.columns, rows=table.rows, hit=table.hit) == content


def test_the_stored_table_in_full():
    content = decision_table(
        columns=[QUANTITY],
        rows=[Row(when={"Quantity": "> 1"}, set={"b": 1, "a": "x"})],
        otherwise=Row(outcome="fail", reason="no", set={"c": None}),
        hit="every",
    )
    assert table_node(content)["content"] == {
        "hitPolicy": "collect",
        "inputs": [{"id": "i0", "name": "Quantity", "field": "quantity"}],
        "outputs": [
            {"id": "o0", "name": "outcome", "field": "outcome"},
            {"id": "o1", "name": "reason", "field": "reason"},
            {"id": "o2", "name": "set.b", "field": "set.b"},
            {"id": "o3", "name": "set.a", "field": "set.a"},
            {"id": "o4", "name": "set.c", "field": "set.c"},
        ],
        "rules": [
            {"_id": "r0", "i0": "> 1", "o0": "", "o1": "", "o2": "1", "o3": "'x'", "o4": ""},
            {"_id": "r1", "i0": "", "o0": "'fail'", "o1": "'no'", "o2": "", "o3": "", "o4": "null"},
        ],
    }


def test_the_hit_policy_reads_back():
    assert read_table(decision_table(columns=[], rows=[], hit="every")).hit == "every"
    assert read_table(decision_table(columns=[], rows=[], hit="first")).hit == "first"


def test_a_row_that_names_an_unknown_column_is_refused():
    rows = [Row(), Row(when={"Weight": "> 1", "Age": "> 1"})]
    with pytest.raises(
        ValueError, match=r"row 2 names columns the table does not have: \['Age', 'Weight'\]"
    ):
        decision_table(columns=[QUANTITY], rows=rows)


def test_columns_without_a_name_are_named_by_field_or_id():
    inputs = [
        {"id": "i0", "name": "N", "field": "f"},
        {"id": "i1", "field": "f"},
        {"id": "i2", "name": "", "field": None},
    ]
    assert table_columns({"inputs": inputs}) == [
        Column(name="N", field="f"),
        Column(name="f", field="f"),
        Column(name="i2", field=""),
    ]


@pytest.mark.parametrize("content", [{}, {"nodes": []}, {"nodes": [{"type": "inputNode"}]}])
def test_a_graph_without_a_table_has_none(content):
    with pytest.raises(KeyError, match="decisionTableNode"):
        table_node(content)


def test_the_nodes_of_a_graph_are_named_and_placed_from_left_to_right():
    nodes = decision_table(columns=[QUANTITY], rows=[])["nodes"]

    assert [(node["id"], node["name"], node["position"]) for node in nodes] == [
        ("input", "Record", {"x": 80, "y": 160}),
        ("table", "Rules", {"x": 380, "y": 160}),
        ("output", "Verdict", {"x": 680, "y": 160}),
    ]
