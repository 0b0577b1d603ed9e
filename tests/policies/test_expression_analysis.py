"""What an expression reads, found in its text."""

import pytest

from openiom.policies.language.expression_analysis import (
    is_constant,
    members_read,
    needed_roots,
    paths_read,
)


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ([], set()),
        (["quantity > 5"], {"quantity"}),
        (["ship_to.country", "total"], {"ship_to", "country", "total"}),
        (["'red' + color"], {"red", "color"}),
        (["some(lines, #.weight > 2)"], {"some", "lines", "weight"}),
        (["1 + 2"], set()),
        (["_private + a1"], {"_private", "a1"}),
    ],
)
def test_the_needed_roots_are_a_superset_of_the_fields_read(texts, names):
    assert needed_roots(texts) == names


@pytest.mark.parametrize("texts", [["$root.a"], ["a", "$root['b c']"]])
def test_an_expression_over_the_whole_record_needs_everything(texts):
    assert needed_roots(texts) is None


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("quantity", ["quantity"]),
        ("ship_to.city == 'NYC'", ["ship_to.city"]),
        ("lines[0].sku", ["lines[0].sku"]),
        ("a + b + a", ["a", "b"]),
        ("upper(name)", ["name"]),
        ("upper (name)", ["name"]),
        ("'text' + \"more text\"", []),
        ("a and not b or c in d", ["a", "b", "c", "d"]),
        ("true == false or x == null", ["x"]),
        ("some(lines, #.weight > limit)", ["lines", "limit"]),
        ("$.x + y", ["y"]),
        ("12 + 5e3", []),
        ("", []),
    ],
)
def test_the_paths_read_in_order_of_appearance(text, paths):
    assert paths_read(text) == paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'US'", True),
        ('"US"', True),
        ("1 + 2 * 3", True),
        ("true", True),
        ("[null, false]", True),
        ("country", False),
        ("'a' + b", False),
        ("`${x}`", False),
        ("#", False),
        ("$", False),
        ("upper('a')", False),
    ],
)
def test_an_expression_that_reads_nothing_is_constant(text, expected):
    assert is_constant(text) is expected


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("item.sku", {"sku"}),
        ("item.sku + item.size", {"sku", "size"}),
        ("item.size.width", {"size"}),
        ("other.sku", set()),
        ("my_item.sku + items.sku", set()),
        ("item", None),
        ("f(item)", None),
        ("item.sku + string(item)", None),
        ("map(lines, #.x)", None),
        ("item['sku']", None),
    ],
)
def test_the_members_an_expression_reads_of_an_element(text, members):
    assert members_read(text, "item") == members
