"""The expression of a transformation, what it reads, and the graph of a policy in full."""

import pytest

from openiom.policies import Column, EachRule, FieldRule, KeyRule, TransformationDocument
from openiom.policies.batch_graph import batch_graph
from openiom.policies.language.document_reads import (
    all_expressions,
    key_rules,
    read_list_members,
)
from openiom.policies.language.expression_analysis import union_of_names
from openiom.policies.language.target_expression import key_expression, object_expression


def field(path: str, expression: str, **more: object) -> FieldRule:
    return FieldRule(path=path, expression=expression, **more)  # type: ignore[arg-type]


def each(path: str, over: str, *fields: FieldRule, named: str = "item", **more) -> EachRule:
    return EachRule(path=path, over=over, fields=list(fields), **{"as": named}, **more)


def document(**more) -> TransformationDocument:
    return TransformationDocument(source="shop.order", target="order", **more)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], "{}"),
        ([field("number", "id")], '{"number": (id)}'),
        ([field("a", "x"), field("b", "y")], '{"a": (x), "b": (y)}'),
        ([field("a.b", "x"), field("a.c", "y")], '{"a": {"b": (x), "c": (y)}}'),
        ([field("a.b.c", "x")], '{"a": {"b": {"c": (x)}}}'),
        ([field("a", "x", default=0)], '{"a": ((x) ?? 0)}'),
        ([field("a", "x", default="none")], "{\"a\": ((x) ?? 'none')}"),
        ([field("a", "x", default=False)], '{"a": ((x) ?? false)}'),
    ],
)
def test_fields_are_planted_at_their_paths(fields, expected) -> None:
    assert object_expression(fields, []) == expected


def test_a_list_is_made_by_mapping_its_elements() -> None:
    inner = each("parts", "line.parts", field("sku", "part.sku"), named="part")
    outer = each("order.lines", "products", field("sku", "line.sku"), named="line", each=[inner])

    assert object_expression([], [outer]) == (
        '{"order": {"lines": map(((products) ?? []) as line, {"sku": (line.sku),'
        ' "parts": map(((line.parts) ?? []) as part, {"sku": (part.sku)})})}}'
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (KeyRule(field="sku", value="id"), "[(id)]"),
        (
            KeyRule(field="sku", value="item.sku", over="products"),
            "map(((products) ?? []) as item, (item.sku))",
        ),
        (
            KeyRule(field="sku", value="p.sku", over="products", **{"as": "p"}),
            "map(((products) ?? []) as p, (p.sku))",
        ),
    ],
)
def test_a_key_is_the_list_of_its_values(rule: KeyRule, expected: str) -> None:
    assert key_expression(rule) == expected


KEYS = {
    "product": [KeyRule(field="sku", value="item.sku", over="products")],
    "account": [KeyRule(field="email", value="buyer.email")],
}


def test_every_expression_of_a_document_is_listed() -> None:
    inner = each("parts", "item.parts", field("size", "part.size"), named="part")
    made = document(
        fields=[field("number", "id")],
        each=[each("lines", "products", field("sku", "item.sku"), each=[inner])],
        keys=KEYS,
    )

    assert sorted(all_expressions(made)) == [
        "buyer.email",
        "id",
        "item.parts",
        "item.sku",
        "item.sku",
        "part.size",
        "products",
        "products",
    ]
    assert list(key_rules(made)) == [
        ("product", KEYS["product"][0]),
        ("account", KEYS["account"][0]),
    ]


LINES = each("lines", "products", field("sku", "item.sku"), field("n", "item.quantity"))
ROOTS = frozenset({"products"})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"each": [LINES]}, {"products": {"sku", "quantity"}}),
        ({"each": [LINES], "keys": KEYS}, {"products": {"sku", "quantity"}}),
        (
            {
                "each": [LINES],
                "keys": {"p": [KeyRule(field="id", value="item.id", over="products")]},
            },
            {"products": {"sku", "quantity", "id"}},
        ),
        ({"each": [LINES], "fields": [field("count", "len(products)")]}, {}),
        ({"each": [each("lines", "products", field("line", "item"))]}, {}),
        ({"each": [each("lines", "filter(products, true)", field("sku", "item.sku"))]}, {}),
        ({"each": [each("lines", "order.products", field("sku", "item.sku"))]}, {}),
        (
            {
                "each": [
                    LINES,
                    each("other", "filter(products, true)", field("sku", "item.sku")),
                ]
            },
            {},
        ),
        (
            {"keys": {"p": [KeyRule(field="id", value="item.id", over="products")]}},
            {"products": {"id"}},
        ),
        ({"fields": [field("number", "id")]}, {}),
    ],
)
def test_only_some_members_of_a_list_are_needed(more, expected) -> None:
    assert read_list_members(document(**more), ROOTS) == expected
    assert read_list_members(document(**more), None) == {}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], set()),
        ([frozenset("a"), frozenset("bc")], {"a", "b", "c"}),
        ([frozenset("a"), frozenset()], {"a"}),
        ([None], None),
        ([frozenset("a"), None, frozenset("b")], None),
    ],
)
def test_names_are_joined_unless_a_part_needs_all(parts, expected) -> None:
    assert union_of_names(parts) == expected


def test_the_graph_of_a_policy_answers_row_numbers_of_many_records() -> None:
    table = {"inputs": [{"id": "i0"}, {"id": "i1"}], "hitPolicy": "collect"}
    columns = [Column(name="X", field="x"), Column(name="Any")]

    graph = batch_graph(table, columns, [["> 1", ""], ["", "len(lines) > 2"]])

    nodes = {node["id"]: node for node in graph["nodes"]}
    assert [node["type"] for node in graph["nodes"]] == [
        "inputNode",
        "decisionTableNode",
        "outputNode",
    ]
    assert nodes["table"]["content"] == {
        "hitPolicy": "collect",
        "inputs": [
            {"id": "i0", "name": "X", "field": "x"},
            {"id": "i1", "name": "Any", "field": ""},
        ],
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": [
            {"_id": "r0", "row": "0", "i0": "> 1", "i1": ""},
            {"_id": "r1", "row": "1", "i0": "", "i1": "len(lines) > 2"},
        ],
        "executionMode": "loop",
        "inputField": "records",
        "outputPath": "rows",
        "passThrough": False,
    }
    edges = [(edge["sourceId"], edge["targetId"]) for edge in graph["edges"]]
    assert edges == [("input", "table"), ("table", "output")]
    assert batch_graph({"inputs": []}, [], [])["nodes"][1]["content"]["hitPolicy"] == "first"
