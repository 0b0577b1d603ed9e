"""A policy judges a batch of records and says which row decided, on which values."""

from decimal import Decimal

import pytest

from openiom.kernel import Invalid
from openiom.policies import (
    Column,
    CompiledPolicy,
    ComputedValue,
    Expression,
    MatchedRow,
    PolicyDocument,
    Row,
    decision_table,
    roots_of,
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
                reason=ComputedValue(formula="'no shipping to ' + (ship_to.country ?? 'nowhere')"),
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


def test_a_filter_skips_what_no_row_matches_and_a_table_of_refusals_passes_the_rest():
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


def test_every_row_can_be_a_rule_of_its_own_and_all_broken_ones_are_named():
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
                        "Any line": "some(lines, #.product.weight > 20"
                        " or (#.fragile and #.quantity > 2))",
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
                    set={"price": ComputedValue(formula="total * 3"), "fee": 0.1},
                )
            ],
        )
    )

    [verdict] = priced.evaluate([{"total": Decimal("100.10"), "list_price": "19.99"}])

    assert verdict.sets == {"price": Decimal("300.3"), "fee": Decimal("0.1")}


def test_a_text_where_a_number_is_compared_fails_instead_of_matching_nothing():
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
            rows=[
                Row(when={"Quantity": "> 0"}, set={"label": ComputedValue(formula="upper(name)")})
            ],
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


def test_an_empty_batch_has_no_verdicts():
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


def table_of(*rows, hit="first", columns=(QUANTITY,), **more):
    return policy(decision_table(columns=columns, rows=rows, hit=hit, **more))


def judge(table, **record):
    [verdict] = table.evaluate([record])
    return verdict


@pytest.mark.parametrize(
    ("quantity", "passed", "row", "sets"),
    [
        (5, True, 0, {"size": "small"}),
        (50, False, 1, {}),
        (500, True, 2, {"size": "large"}),
        (5000, True, 3, {}),
    ],
)
def test_the_first_row_that_matches_decides(quantity, passed, row, sets):
    table = table_of(
        Row(when={"Quantity": "< 10"}, set={"size": "small"}),
        Row(when={"Quantity": "< 100"}, outcome="fail"),
        Row(when={"Quantity": "< 1000"}, outcome="pass", set={"size": "large"}),
        otherwise=Row(outcome="pass"),
    )
    verdict = judge(table, quantity=quantity)
    assert (verdict.passed, verdict.sets) == (passed, sets)
    assert verdict.matched_row is not None
    assert verdict.matched_row.index == row


@pytest.mark.parametrize(
    ("row", "passed", "reason"),
    [
        (Row(when={"Quantity": "> 5"}), False, "no row matches: quantity = 1"),
        (Row(when={"Quantity": "> 5"}, outcome="pass"), False, "no row matches: quantity = 1"),
        (Row(when={"Quantity": "> 5"}, outcome="fail"), True, "no row applies"),
        (Row(when={"Quantity": "> 5"}, set={"a": 1}), True, "no row applies"),
    ],
)
def test_without_a_match_a_record_fails_only_if_a_row_asserts(row, passed, reason):
    verdict = judge(table_of(row), quantity=1)
    assert (verdict.passed, verdict.reason, verdict.matched_row) == (passed, reason, None)


def test_a_table_that_reads_nothing_says_so():
    table = table_of(Row(when={"Any": "1 > 2"}), columns=[Column(name="Any")])
    assert judge(table).reason == "no row matches: nothing was read"


@pytest.mark.parametrize(
    ("quantity", "passed", "reason", "sets"),
    [
        (1, False, "too few", {}),
        (7, True, "Quantity > 5", {"size": "large"}),
        (20, True, "huge", {"size": "huge"}),
        (13, False, "Quantity = 13", {}),
    ],
)
def test_with_every_row_the_last_setting_row_decides(quantity, passed, reason, sets):
    table = table_of(
        Row(when={"Quantity": "> 2"}, reason="too few"),
        Row(when={"Quantity": "> 5"}, set={"size": "large"}),
        Row(when={"Quantity": "> 15"}, set={"size": "huge"}, reason="huge"),
        Row(when={"Quantity": "== 13"}, outcome="fail"),
        hit="every",
    )
    verdict = judge(table, quantity=quantity)
    assert (verdict.passed, verdict.reason, verdict.sets) == (passed, reason, sets)


def test_with_every_row_and_none_that_sets_the_first_match_decides():
    table = table_of(
        Row(when={"Quantity": "> 1"}), Row(when={"Quantity": "> 2"}, reason="b"), hit="every"
    )
    verdict = judge(table, quantity=3)
    assert (verdict.passed, verdict.reason) == (True, "Quantity > 1")
    refusing = table_of(Row(when={"Quantity": "> 5"}, outcome="fail"), hit="every")
    assert judge(refusing, quantity=3).reason == "no row applies"


def test_with_every_row_the_first_broken_one_is_shown():
    table = table_of(
        Row(when={"Quantity": "> 1"}),
        Row(when={"Quantity": "> 5"}),
        Row(when={"Quantity": "< 4"}, outcome="fail"),
        hit="every",
    )
    verdict = judge(table, quantity=3)
    assert verdict.matched_row == MatchedRow(1, "Quantity > 5")
    assert verdict.reason == "Quantity > 5 does not hold; Quantity < 4"


@pytest.mark.parametrize("hit", ["first", "every"])
def test_a_reason_that_cannot_be_computed_fails_its_record(hit):
    row = Row(when={"Quantity": "> 1"}, outcome="fail", reason=ComputedValue(formula="upper(name)"))
    verdict = judge(table_of(row, hit=hit), quantity=2)
    assert not verdict.passed
    assert verdict.error is not None
    assert verdict.error.startswith("row 1, column reason: `upper(name)` failed: ")
    assert verdict.reason == verdict.error
    assert verdict.values == {"quantity": 2, "name": None}


def test_a_value_set_by_every_row_that_cannot_be_computed_names_its_row():
    table = table_of(
        Row(when={"Quantity": "> 1"}, set={"a": 1}),
        Row(when={"Quantity": "> 1"}, set={"b": ComputedValue(formula="upper(name)")}),
        hit="every",
    )
    verdict = judge(table, quantity=2)
    assert verdict.error is not None
    assert verdict.error.startswith("row 2, column set.b: ")
    assert verdict.matched_row is not None
    assert verdict.matched_row.index == 1


@pytest.mark.parametrize(
    "cell", ["> 5", ">= 5", "< 5", "<= -5", "[1..5]", "(-1..5)", "> 5 and < 9"]
)
def test_a_text_cannot_be_compared_by_order(cell):
    verdict = judge(table_of(Row(when={"Quantity": cell}, set={"a": 1})), quantity="6")
    assert not verdict.passed
    assert verdict.error is not None
    assert f"cannot be compared with {cell}" in verdict.error


@pytest.mark.parametrize("cell", ["'6'", "!= '7'", "in ['6']", "startsWith($, '6')"])
def test_a_text_can_be_compared_by_equality(cell):
    verdict = judge(table_of(Row(when={"Quantity": cell}, outcome="pass")), quantity="6")
    assert (verdict.passed, verdict.error) == (True, None)


def test_rows_below_the_deciding_one_may_compare_a_text_by_order():
    rows = [
        Row(when={"Quantity": "'many'"}, set={"size": "many"}),
        Row(when={"Quantity": "> 5"}, set={"size": "large"}),
    ]
    assert judge(table_of(*rows), quantity="many").sets == {"size": "many"}
    assert judge(table_of(*rows), quantity="few").error is not None
    assert judge(table_of(*rows, hit="every"), quantity="many").error is not None


def test_a_computed_column_compares_what_it_computes():
    column = Column(name="Number", field="number(quantity)")
    table = table_of(Row(when={"Number": "> 5"}, outcome="pass"), columns=[column])
    assert judge(table, quantity="6").passed


def test_the_fields_a_policy_reads_are_known():
    rows = [Row(when={"Quantity": "> 5"}, set={"label": ComputedValue(formula="upper(name)")})]
    assert table_of(*rows).roots == {"quantity", "upper", "name"}
    everything = [Row(when={"Quantity": "> 5"}, set={"a": ComputedValue(formula="$root.x")})]
    assert table_of(*everything).roots is None
    by_condition = table_of(Row(when={"Any": "$root.x > 1"}), columns=[Column(name="Any")])
    assert by_condition.roots is None
    assert judge(by_condition, x=2).passed


def test_the_roots_of_several_parts_are_joined():
    first = table_of(Row(when={"Quantity": "> 5"}))
    assert roots_of([first, Expression("color")]) == {"quantity", "color"}
    assert roots_of([first, Expression("$root.a")]) is None
    assert roots_of([]) == frozenset()


def test_the_test_bench_explains_every_cell():
    table = policy(
        decision_table(
            columns=[QUANTITY, COUNTRY, Column(name="Any line")],
            rows=[
                Row(when={"Quantity": "> 5", "Any line": "len(lines) > 1"}, outcome="pass"),
                Row(when={"Ship-to country": "$ == 'US'"}, outcome="pass"),
            ],
        )
    )
    record = {"quantity": 6, "lines": [1], "ship_to": {"country": "US"}}
    first, second = table.explain(record)
    assert [(c.column, c.cell, c.matched, c.values) for c in first.cells] == [
        ("Quantity", "> 5", True, {"quantity": 6}),
        ("Any line", "len(lines) > 1", False, {"lines": [1]}),
    ]
    assert not first.matched
    assert second.matched
    assert second.cells[0].values == {"ship_to.country": "US"}


def test_the_test_bench_shows_what_cannot_be_compared():
    [row] = table_of(Row(when={"Quantity": "> 5"})).explain({"quantity": "6"})
    assert row.cells[0].error is not None
    [row] = table_of(Row(when={"Quantity": "> 5"})).explain({"quantity": 2**70})
    assert row.cells[0].error is not None
    assert not row.matched


def test_a_document_can_only_be_compiled_without_problems():
    document = PolicyDocument(name="p", type="filter", entity="order", content={})
    with pytest.raises(Invalid, match="the policy does not compile"):
        CompiledPolicy(document)


def test_a_batch_with_a_record_that_cannot_be_read_is_halved():
    records = [{"quantity": n} for n in range(9)]
    records[4] = {"quantity": 2**70}
    verdicts = table_of(Row(when={"Quantity": ">= 0"})).evaluate(records)
    assert [index for index, verdict in enumerate(verdicts) if not verdict.passed] == [4]
    assert verdicts[4].error is not None
    assert verdicts[4].reason == verdicts[4].error
