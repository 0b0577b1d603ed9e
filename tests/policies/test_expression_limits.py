"""Text that would exhaust the stack, the memory or the time of a process is not compiled."""

import pytest

from openiom.kernel import Invalid
from openiom.policies.language import (
    Expression,
    check_cell,
    check_expression,
    validate_transformation,
)
from openiom.policies.language.expression_limits import limit_fault

TOO_MANY = "the ranges have more than 10000 elements; compare with `in` instead"
TOO_OFTEN = "loops over a list that has a name have more than 1000000 rounds; make the list smaller"
NOT_WHOLE = "the ends of a range that is not compared with `in` are whole numbers: [1..5]"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[" * 20_000, "it has 20000 characters; the limit is 10000"),
        ("[" * 101 + "]" * 101, "brackets are nested deeper than 100 levels"),
        ("{a:" * 60 + "(" * 60 + "1", "brackets are nested deeper than 100 levels"),
        ("count([1..1e12], true)", NOT_WHOLE),
        ("map([1..30000000], #)", TOO_MANY),
        ("x = [1..30000000]; count(x, true)", TOO_MANY),
        ("map([1..1000], map([1..1000], #))", TOO_MANY),
        ("x = [1..10000]; count(x, count(x, true) > 0)", TOO_OFTEN),
        ("map([[1..1001]] as l, count(l, true))", TOO_OFTEN),
        ("x = [" + "1," * 101 + "1]; count(x, count(x, count(x, true) > 0) > 0)", TOO_OFTEN),
        ("map([1..quantity], #)", NOT_WHOLE),
        ("`it's ${count([1..30000000], true)} it's`", TOO_MANY),
        ("a in [[1..30000000]]", TOO_MANY),
        ("map(a, map(b, filter(c, some (d, # > 1))))",
         "loops such as map and filter are nested deeper than 3 levels"),
        ("1..5", "a range is written in brackets: x in [1..5]"),
    ],
)  # fmt: skip
def test_a_text_beyond_a_limit_is_not_compiled(text: str, fault: str) -> None:
    assert limit_fault(text) == fault
    [problem] = check_expression(text, where="when")
    assert problem.what == f"the expression is not evaluated: {fault}"
    with pytest.raises(Invalid, match="the expression is not evaluated"):
        Expression(text)


@pytest.mark.parametrize(
    ("text", "record", "value"),
    [
        ("total in [1..1000000000000]", {"total": 5}, True),
        ("total not in (0..30000000]", {"total": 0}, True),
        ("'[1..30000000]' + \"..\"", {}, "[1..30000000].."),
        ("map([1..3], # * 2)", {}, [2, 4, 6]),
        ("x = [1..100]; count(x, count(x, true) == 100)", {}, 100),
        ("x = [1..10000]; count(x, # >= 9999)", {}, 2),
        ("count([1..10000], # != 3 and # <= 5)", {}, 4),
        ("map(lines, map(#.parts, filter([1..2], # > 1)))", {"lines": [{"parts": [1]}]}, [[[2]]]),
        ("(" * 100 + "7" + ")" * 100, {}, 7),
    ],
)
def test_ordinary_text_is_evaluated(text: str, record: dict[str, object], value: object) -> None:
    assert limit_fault(text) is None
    assert Expression(text).evaluate(record) == value


@pytest.mark.parametrize("cell", ["[1..1000000000000]", "(0..30000000]", "[1..2], [5..30000000]"])
def test_a_condition_cell_compares_with_a_range_of_any_size(cell: str) -> None:
    assert check_cell(cell, where="cell") == []


def test_a_condition_cell_makes_no_list_of_a_large_range() -> None:
    [problem] = check_cell("count([1..30000000], true) > 5", where="cell")

    assert problem.what == f"the expression is not evaluated: {TOO_MANY}"


def test_a_long_text_with_a_fault_is_refused_soon() -> None:
    [problem] = check_expression("1 + " * 2_000 + "1 1", where="when")

    assert "is not a valid expression" in problem.what


def test_a_transformation_with_a_text_beyond_a_limit_is_refused() -> None:
    fields = [{"path": "number", "expression": "count([1..1e12], true)"}]
    body = {"source": "shop.order", "target": "order", "fields": fields}

    [problem] = validate_transformation(body)

    assert problem.where == "fields[0] (number)"
    assert problem.what == f"the expression is not evaluated: {NOT_WHOLE}"


def test_lists_and_paths_of_a_target_are_bounded() -> None:
    field = {"path": "a", "expression": "1"}
    group: dict[str, object] = {"path": "l", "over": "lines", "fields": [field]}
    for _ in range(5):
        group = {"path": "l", "over": "lines", "each": [group]}
    body = {"source": "s", "target": "t", "each": [group]}

    [nested] = validate_transformation(body)
    [long] = validate_transformation(
        {"source": "s", "target": "t", "fields": [{**field, "path": ".".join("a" * 21)}]}
    )

    assert nested.what == "lists are nested deeper than 5 levels"
    assert long.what == "a path has at most 20 names, this has 21"
