"""A policy judges a wave, says which row decided on which values, and reports every fault of its table."""

from decimal import Decimal

import pytest

from openiom.kernel import Invalid
from openiom.policies import (
    Column,
    CompiledPolicy,
    Formula,
    MatchedRow,
    PolicyDocument,
    Row,
    decision_table,
    read_table,
    validate_policy,
)

COUNTRY = Column(name="Ship-to country", field="ship_to.country")
QUANTITY = Column(name="Quantity", field="quantity")


def policy(content, *, kind="execution", entity="order"):
    return CompiledPolicy(PolicyDocument(name="test", type=kind, entity=entity, content=content))


def header_validation():
    return policy(
        decision_table(
            columns=[COUNTRY],
            rows=[Row(when={"Ship-to country": "'US'"}, outcome="pass")],
            otherwise=Row(
                outcome="fail",
                reason=Formula(formula="'no shipping to ' + (ship_to.country ?? 'nowhere')"),
            ),
        )
    )


def test_the_lab_header_validation_passes_the_us_and_fails_canada_with_a_reason():
    us, canada, nowhere = header_validation().evaluate(
        [{"ship_to": {"country": "US"}}, {"ship_to": {"country": "CA"}}, {}]
    )

    assert us.passed
    assert us.matched_row == MatchedRow(0, "Ship-to country = 'US'")
    assert (canada.passed, canada.reason) == (False, "no shipping to CA")
    assert canada.values == {"ship_to.country": "CA"}
    assert nowhere.reason == "no shipping to nowhere"


def test_the_lab_assignment_sets_a_source_by_quantity_and_touches_nothing_else():
    assign = policy(
        decision_table(
            columns=[QUANTITY],
            rows=[
                Row(when={"Quantity": ">= 100"}, set={"fulfillment_source": "seattle"}),
                Row(when={"Quantity": "[1..100)"}, set={"fulfillment_source": "chicago"}),
            ],
        ),
        entity="order_line",
    )

    many, few, none = assign.evaluate([{"quantity": 110}, {"quantity": 10}, {"quantity": 0}])

    assert (many.passed, many.sets) == (True, {"fulfillment_source": "seattle"})
    assert (few.sets, few.reason) == ({"fulfillment_source": "chicago"}, "Quantity in [1..100)")
    assert (none.passed, none.sets, none.matched_row) == (True, {}, None)


def test_a_rule_without_an_action_asserts_its_condition():
    asserted = policy(decision_table(columns=[QUANTITY], rows=[Row(when={"Quantity": ">= 5"})]))

    passed, failed = asserted.evaluate([{"quantity": 5}, {"quantity": 1}])

    assert passed.passed
    assert (failed.passed, failed.reason) == (False, "no row matches: quantity = 1")


def test_a_filter_policy_skips_what_no_row_matches_and_a_table_of_refusals_lets_the_rest_pass():
    only_seattle = policy(
        decision_table(
            columns=[Column(name="Source", field="source")],
            rows=[Row(when={"Source": "'seattle'"})],
        ),
        kind="filter",
    )
    no_mexico = policy(
        decision_table(
            columns=[COUNTRY],
            rows=[Row(when={"Ship-to country": "'MX'"}, outcome="fail", reason="embargo")],
        )
    )

    assert [
        v.passed for v in only_seattle.evaluate([{"source": "seattle"}, {"source": "chicago"}])
    ] == [True, False]
    assert [v.passed for v in no_mexico.evaluate([{"ship_to": {"country": "MX"}}, {}])] == [
        False,
        True,
    ]


def test_every_row_can_be_a_rule_of_its_own_and_all_broken_ones_are_told():
    rules = policy(
        decision_table(
            hit="every",
            columns=[COUNTRY, QUANTITY],
            rows=[
                Row(when={"Ship-to country": "'US', 'CA'"}, reason="we ship to the US and Canada"),
                Row(when={"Quantity": ">= 5"}),
                Row(when={"Ship-to country": "'CA'"}, set={"company": "CAMF", "site": 2}),
                Row(when={"Quantity": "== 13"}, outcome="fail", reason="unlucky"),
            ],
        )
    )

    canada, mexico, thirteen = rules.evaluate(
        [
            {"ship_to": {"country": "CA"}, "quantity": 5},
            {"ship_to": {"country": "MX"}, "quantity": 1},
            {"ship_to": {"country": "US"}, "quantity": 13},
        ]
    )

    assert (canada.passed, canada.sets) == (True, {"company": "CAMF", "site": 2})
    assert mexico.reason == "we ship to the US and Canada; Quantity >= 5 does not hold"
    assert (mexico.passed, mexico.sets) == (False, {})
    assert (thirteen.passed, thirteen.reason) == (False, "unlucky")


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ("'US', 'CA'", "CA", "MX"),
        ("startsWith($, 'S-')", "S-1", "T-1"),
        ("not in ['a', 'b']", "c", "a"),
        ("(5..10]", 10, 5),
        ("> 5 and < 8", 7, 8),
        ("== null", None, 1),
        ("!= null", 1, None),
        ("matches($, '^[0-9]{5}$')", "78751", "7875"),
        ("d($) > d('2026-01-01')", "2026-02-01", "2025-12-31"),
    ],
)
def test_the_operators_of_a_cell(cell, yes, no):
    table = policy(
        decision_table(
            columns=[Column(name="Value", field="value")], rows=[Row(when={"Value": cell})]
        )
    )

    assert [v.passed for v in table.evaluate([{"value": yes}, {"value": no}])] == [True, False]


def test_related_records_and_nested_conditions_are_whole_condition_cells():
    bulky = policy(
        decision_table(
            columns=[Column(name="Any line"), COUNTRY],
            rows=[
                Row(
                    when={
                        "Any line": "some(lines, #.product.weight > 20 or (#.fragile and #.quantity > 2))",
                        "Ship-to country": "'US'",
                    },
                    set={"strategy": "freight"},
                )
            ],
        )
    )
    heavy = {"product": {"weight": 21}, "fragile": False, "quantity": 1}
    light = {"product": {"weight": 1}, "fragile": True, "quantity": 2}

    verdicts = bulky.evaluate(
        [{"lines": [light, heavy], "ship_to": {"country": "US"}}, {"lines": [light]}]
    )

    assert [v.sets for v in verdicts] == [{"strategy": "freight"}, {}]


def test_money_may_be_compared_and_is_set_without_losing_a_cent():
    priced = policy(
        decision_table(
            columns=[
                Column(name="Total", field="total"),
                Column(name="Listed", field="number(list_price)"),
            ],
            rows=[
                Row(
                    when={"Total": "> 100", "Listed": "< 20"},
                    set={"price": Formula(formula="total * 3"), "fee": 0.1},
                )
            ],
        )
    )

    [verdict] = priced.evaluate([{"total": Decimal("100.10"), "list_price": "19.99"}])

    assert verdict.sets == {"price": Decimal("300.3"), "fee": Decimal("0.1")}


def test_a_text_where_a_number_is_compared_fails_loudly_instead_of_matching_nothing():
    assign = policy(
        decision_table(
            columns=[QUANTITY],
            rows=[Row(when={"Quantity": ">= 100"}, set={"source": "seattle"})],
            otherwise=Row(set={"source": "chicago"}),
        )
    )

    text, number = assign.evaluate([{"quantity": "110"}, {"quantity": 110}])

    assert not text.passed
    assert text.sets == {}
    assert text.error == (
        "row 1, column Quantity: quantity is the text '110' and cannot be compared with >= 100; "
        "make the column number(quantity)"
    )
    assert number.sets == {"source": "seattle"}


def test_a_value_that_cannot_be_computed_fails_its_record_only_and_names_the_cell():
    shout = policy(
        decision_table(
            columns=[QUANTITY],
            rows=[Row(when={"Quantity": "> 0"}, set={"label": Formula(formula="upper(name)")})],
        )
    )

    good, bad = shout.evaluate([{"quantity": 1, "name": "a"}, {"quantity": 1}])

    assert good.sets == {"label": "A"}
    assert (bad.passed, bad.sets, bad.values["name"]) == (False, {}, None)
    assert bad.error is not None
    assert bad.error.startswith("row 1, column set.label: `upper(name)` failed")


def test_the_test_bench_shows_every_cell_and_what_could_not_be_compared():
    [first, second] = header_validation().explain({"ship_to": {"country": "CA"}})

    assert (first.matched, first.cells[0].cell, first.cells[0].values) == (
        False,
        "'US'",
        {"ship_to.country": "CA"},
    )
    assert (second.matched, second.row.text) == (True, "otherwise")


def test_a_table_is_stored_as_jdm_and_reads_back_into_rows():
    rows = [
        Row(
            when={"Quantity": ">= 100"},
            outcome="pass",
            reason="bulk",
            set={"source": "seattle", "tags": ["a", 1]},
        ),
        Row(
            when={"Ship-to country": "'US'"},
            set={"label": Formula(formula="upper(name)"), "note": "it's"},
        ),
        Row(outcome="fail", reason=Formula(formula="'no ' + name")),
    ]
    content = decision_table(columns=[COUNTRY, QUANTITY], rows=rows)

    table = read_table(content)

    assert [node["type"] for node in content["nodes"]] == [
        "inputNode",
        "decisionTableNode",
        "outputNode",
    ]
    assert table.rows == rows
    assert decision_table(columns=table.columns, rows=table.rows, hit=table.hit) == content


def test_every_fault_is_reported_at_once_by_row_and_column():
    content = decision_table(
        columns=[Column(name="Country", field="ship_to..country"), QUANTITY],
        rows=[
            Row(when={"Quantity": "> >"}),
            Row(),
            Row(when={"Quantity": "soon(3)"}, reason=Formula(formula="x y"), set={"a": 1}),
        ],
    )
    body = {"name": "p", "type": "filter", "entity": "order", "content": content}

    assert [p.where for p in validate_policy(body)] == [
        "column Country",
        "column set.a",
        "row 1, column Quantity",
        "row 3, column Quantity",
        "row 3, column reason",
        "row 2",
    ]
    with pytest.raises(Invalid) as refusal:
        CompiledPolicy(PolicyDocument.model_validate(body))
    assert len(refusal.value.problems) == 6


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({}, "a JDM graph has a list of nodes"),
        ({"nodes": []}, "a policy holds one decision table, found 0"),
        (
            {
                "nodes": [
                    {"type": "functionNode", "name": "f"},
                    {"type": "decisionTableNode", "content": None},
                ]
            },
            "a policy holds one decision table; functionNode is not allowed",
        ),
        ({"nodes": [{"type": "decisionTableNode", "content": {}}]}, "a list is needed"),
    ],
)
def test_a_graph_that_is_no_decision_table_is_refused(content, what):
    problems = validate_policy(
        {"name": "p", "type": "filter", "entity": "order", "content": content}
    )

    assert what in [p.what for p in problems]


def test_an_empty_wave_needs_no_answer():
    assert header_validation().evaluate([]) == []


def test_a_record_the_engine_cannot_read_fails_alone():
    records = [
        {"ship_to": {"country": "US"}},
        {"ship_to": {"country": 2**70}},
        {"ship_to": {"country": "US"}},
    ]

    verdicts = header_validation().evaluate(records)

    assert [v.passed for v in verdicts] == [True, False, True]
    assert verdicts[1].error is not None
