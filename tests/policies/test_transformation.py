"""A transformation maps a batch, keeps numbers honest, and names the path that failed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import Invalid
from openiom.policies import (
    MappingKey,
    Transformation,
    TransformationDocument,
    Transformed,
    TransformFailure,
    resolve_keys,
)
from openiom.policies.language.document_reads import all_expressions, read_list_members
from openiom.policies.language.expression_analysis import needed_roots

BODY = {
    "source": "shop.order",
    "target": "order",
    "keys": {
        "account": [{"field": "ProviderName", "value": "'Shop'", "into": "account_id"}],
        "product": [
            {
                "field": "sku",
                "value": "p.sku",
                "over": "products",
                "as": "p",
                "into": "lines[].product_id",
            }
        ],
        "unit": [{"field": "unit", "value": "'each'"}],
    },
    "fields": [
        {"path": "external_id", "expression": "string(id)", "required": True},
        {"path": "total", "expression": "total_inc_tax"},
        {"path": "origin", "expression": "origin", "default": "web"},
        {"path": "ship_to.city", "expression": "shippingAddress.city"},
        {
            "path": "ship_to.country",
            "expression": "upper(shippingAddress.country)",
            "required": True,
        },
    ],
    "each": [
        {
            "path": "lines",
            "over": "products",
            "as": "product",
            "required": True,
            "fields": [
                {"path": "sku", "expression": "product.sku", "required": True},
                {"path": "quantity", "expression": "product.quantity"},
                {"path": "order", "expression": "string(id)"},
            ],
            "each": [
                {
                    "path": "options",
                    "over": "product.options",
                    "as": "option",
                    "fields": [{"path": "text", "expression": "product.sku + ':' + option.value"}],
                }
            ],
        }
    ],
}


def order(**changes):
    return {
        "id": 100,
        "total_inc_tax": "10.10",
        "origin": None,
        "shippingAddress": {"city": None, "country": "us", "phone": "1"},
        "products": [
            {"sku": "A", "quantity": 2, "options": [{"value": "red"}], "noise": 1},
            {"sku": "B", "quantity": 1},
        ],
        "noise": {"deep": [1, 2]},
    } | changes


@pytest.fixture(scope="module")
def transformation():
    return Transformation(TransformationDocument.model_validate(BODY))


def test_an_order_is_mapped_with_nested_lists_defaults_and_without_empty_fields(transformation):
    [done] = transformation.transform_many([order()])

    assert done == Transformed(
        document={
            "external_id": "100",
            "total": "10.10",
            "origin": "web",
            "ship_to": {"country": "US"},
            "lines": [
                {"sku": "A", "quantity": 2, "order": "100", "options": [{"text": "A:red"}]},
                {"sku": "B", "quantity": 1, "order": "100", "options": []},
            ],
        },
        keys=(
            MappingKey("account", "ProviderName", "Shop", "account_id"),
            MappingKey("product", "sku", "A", "lines[0].product_id"),
            MappingKey("product", "sku", "B", "lines[1].product_id"),
            MappingKey("unit", "unit", "each", None),
        ),
    )
    assert type(done.document["lines"][0]["quantity"]) is int


def test_raw_json_gives_the_same_answer_as_the_object(transformation):
    assert transformation.transform_many(
        [json.dumps(order()).encode()]
    ) == transformation.transform_many([order()])


@pytest.mark.parametrize(
    ("payload", "path", "message", "values"),
    [
        (
            order(shippingAddress={}),
            "ship_to.country",
            "CallFunction: Function `upper` failed: Argument on 0 is not a string",
            {"shippingAddress.country": None},
        ),
        (
            order(products=[{"sku": "A"}, {"sku": ""}]),
            "lines[1].sku",
            "is required and the message does not have it",
            {"product.sku": ""},
        ),
        (
            order(products=[]),
            "lines",
            "is required and the message does not have it",
            {"products": []},
        ),
        (
            order(products={"sku": "A"}),
            "lines",
            "a list is needed, found an object",
            {"products": {"sku": "A"}},
        ),
        (
            order(products=[{"sku": "A", "options": [{"value": "x"}, {"value": 7}]}]),
            "lines[0].options[1].text",
            "Add: Unsupported type",
            {"product.sku": "A", "option.value": 7},
        ),
        (
            order(total_inc_tax=2**70),
            "total",
            "the record cannot be read: Integer exceeds 64-bit range",
            {"total_inc_tax": 2**70},
        ),
        (b"{", "", "the message is not JSON: unexpected end of data: line 1 column 2 (char 1)", {}),
        (b"[1]", "", "the message is a list, not an object", {}),
    ],
)
def test_a_failing_message_names_path_reason_and_values_and_spares_its_batch(
    transformation, payload, path, message, values
):
    before, failure, after = transformation.transform_many([order(id=1), payload, order(id=2)])

    assert isinstance(failure, TransformFailure)
    assert (failure.path, failure.message, failure.values) == (path, message, values)
    assert before.document["external_id"] == "1"
    assert after.document["external_id"] == "2"


def test_a_number_too_large_to_be_exact_fails_on_its_path_instead_of_changing(transformation):
    [failure] = transformation.transform_many([order(total_inc_tax=9007199254740993)])

    assert failure.path == "total"
    assert "string(...)" in failure.message


def test_the_preview_shows_every_path_with_its_value_and_the_one_that_fails(transformation):
    shown = {
        e.path: (e.value, e.error) for e in transformation.explain(order(products=[{"sku": ""}]))
    }

    assert shown["external_id"] == ("100", None)
    assert shown["origin"] == ("web", None)
    assert shown["lines[0].sku"] == ("", "is required and the message does not have it")
    assert shown["keys.account[0].ProviderName"] == ("Shop", None)


def test_a_faulty_document_is_refused_with_all_its_problems():
    document = TransformationDocument.model_validate(
        BODY | {"fields": [{"path": "a", "expression": "x y"}, {"path": "a", "expression": ")"}]}
    )

    with pytest.raises(Invalid) as refusal:
        Transformation(document)

    assert len(refusal.value.problems) == 3


def test_found_ids_are_written_and_missing_keys_are_returned(transformation):
    [done] = transformation.transform_many([order()])

    document, missing = resolve_keys(
        done, {("account", "ProviderName", "Shop"): "acc-1", ("product", "sku", "B"): "prod-2"}
    )

    assert document["account_id"] == "acc-1"
    assert document["lines"][1]["product_id"] == "prod-2"
    assert [key.value for key in missing] == ["A", "each"]
    assert "account_id" not in done.document


def test_a_list_taken_as_a_whole_keeps_all_its_members():
    both = Transformation(
        TransformationDocument.model_validate(
            {
                "source": "a",
                "target": "b",
                "fields": [{"path": "units", "expression": "sum(map(products, #.quantity))"}],
                "each": [
                    {
                        "path": "lines",
                        "over": "products",
                        "fields": [{"path": "sku", "expression": "item.sku"}],
                    },
                    {
                        "path": "raw",
                        "over": "products",
                        "fields": [{"path": "all", "expression": "item"}],
                    },
                ],
            }
        )
    )

    [done] = both.transform_many([{"products": [{"sku": "A", "quantity": 2, "noise": 1}]}])

    assert done.document["units"] == 2
    assert done.document["raw"] == [{"all": {"sku": "A", "quantity": 2, "noise": 1}}]


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
    )
)
def test_whatever_a_message_contains_its_neighbors_are_transformed(transformation, nonsense):
    first, _, last = transformation.transform_many(
        [order(id=1), order(products=nonsense), order(id=3)]
    )

    assert (first.document["external_id"], last.document["external_id"]) == ("1", "3")


def transform(payload, **document):
    body = {"source": "a", "target": "b", **document}
    transformation = Transformation(TransformationDocument.model_validate(body))
    [result] = transformation.transform_many([payload])
    return result


def field(path, expression, **more):
    return {"path": path, "expression": expression, **more}


def each(path, over, *fields, **more):
    return {"path": path, "over": over, "fields": list(fields), **more}


@pytest.mark.parametrize(
    ("default", "message", "expected"),
    [
        ("web", {}, {"origin": "web"}),
        ("web", {"origin": None}, {"origin": "web"}),
        ("web", {"origin": "store"}, {"origin": "store"}),
        ("web", {"origin": ""}, {"origin": ""}),
        (None, {}, {}),
        (0, {}, {"origin": 0}),
        ("it's", {}, {"origin": "it's"}),
        ([{"a": "b"}], {}, {"origin": [{"a": "b"}]}),
    ],
)
def test_a_default_replaces_a_missing_value(default, message, expected):
    result = transform(message, fields=[field("origin", "origin", default=default)])
    assert result.document == expected


@pytest.mark.parametrize("value", [None, ""])
def test_a_required_value_is_neither_missing_nor_empty(value):
    failure = transform({"a": value}, fields=[field("x.y", "a", required=True)])
    assert failure == TransformFailure(
        "x.y", "a", "is required and the message does not have it", {"a": value}
    )


@pytest.mark.parametrize("value", [0, False, "x", []])
def test_a_value_that_is_falsy_is_present(value):
    result = transform({"a": value}, fields=[field("x", "a", required=True)])
    assert result.document == {"x": value}


def test_a_required_field_with_a_default_is_filled():
    result = transform({}, fields=[field("x", "a", required=True, default=1)])
    assert result.document == {"x": 1}


@pytest.mark.parametrize("products", [None, []])
def test_an_optional_list_may_be_missing(products):
    lines = each("lines", "products", field("sku", "item.sku"))
    assert transform({"products": products}, each=[lines]).document == {"lines": []}


@pytest.mark.parametrize("products", [None, []])
def test_a_required_list_has_elements(products):
    lines = each("lines", "products", field("sku", "item.sku"), required=True)
    failure = transform({"products": products}, each=[lines])
    assert (failure.path, failure.expression) == ("lines", "products")


@pytest.mark.parametrize(
    ("products", "kind"),
    [({"a": 1}, "an object"), ("text", "a text"), (True, "true or false"), (5, "a number")],
)
def test_a_list_is_made_from_a_list(products, kind):
    lines = each("lines", "products", field("sku", "item.sku"))
    failure = transform({"products": products}, each=[lines])
    assert failure.path == "lines"
    assert failure.message == f"a list is needed, found {kind}"


def test_a_required_field_of_an_inner_list_is_checked():
    options = each(
        "options", "item.options", field("text", "option.text", required=True), **{"as": "option"}
    )
    lines = each("lines", "products", field("sku", "item.sku"), each=[options])
    good = {"products": [{"sku": "A", "options": [{"text": "red"}]}, {"sku": "B"}]}
    assert transform(good, each=[lines]).document["lines"][1] == {"sku": "B", "options": []}
    bad = {"products": [{"sku": "A", "options": [{"text": "red"}, {}]}]}
    assert transform(bad, each=[lines]).path == "lines[0].options[1].text"


def test_values_are_put_at_nested_paths():
    fields = [field("a.b.c", "x"), field("a.b.d", "y"), field("a.e", "z")]
    result = transform({"x": 1, "y": 2, "z": 3}, fields=fields)
    assert result.document == {"a": {"b": {"c": 1, "d": 2}, "e": 3}}


@pytest.mark.parametrize(
    ("value", "found"),
    [("x", ["x"]), (5, ["5"]), (1.5, ["1.5"]), (None, []), ("", []), (True, ["true"])],
)
def test_a_key_is_a_text_and_an_empty_one_is_left_out(value, found):
    keys = {"unit": [{"field": "code", "value": "unit"}]}
    result = transform({"unit": value}, fields=[field("x", "1")], keys=keys)
    assert [key.value for key in result.keys] == found


def test_a_key_that_cannot_be_computed_fails_with_its_place():
    keys = {"unit": [{"field": "code", "value": "upper(unit)"}]}
    failure = transform({"unit": 5}, fields=[field("x", "1")], keys=keys)
    assert failure.path == "keys.unit[0].code"
    per_line = {"product": [{"field": "sku", "value": "upper(item.sku)", "over": "products"}]}
    message = {"products": [{"sku": "a"}, {"sku": 5}]}
    failure = transform(message, fields=[field("x", "1")], keys=per_line)
    assert failure.path == "keys.product[0].sku[1]"
    assert failure.values == {"item.sku": 5}


def test_the_preview_of_keys_per_element_ignores_what_is_no_list():
    keys = {"product": [{"field": "sku", "value": "item.sku", "over": "products"}]}
    body = {"source": "a", "target": "b", "fields": [field("x", "1")], "keys": keys}
    preview = Transformation(TransformationDocument.model_validate(body))
    assert [step.path for step in preview.explain({"products": "none"})] == ["x"]
    shown = preview.explain({"products": [{"sku": "A"}]})
    assert [(step.path, step.value) for step in shown] == [
        ("x", 1),
        ("keys.product[0].sku[0]", "A"),
    ]


def test_the_preview_of_a_message_that_is_no_json_shows_why():
    body = {"source": "a", "target": "b", "fields": [field("x", "1")]}
    preview = Transformation(TransformationDocument.model_validate(body))
    [shown] = preview.explain("{")
    assert shown.error is not None
    assert shown.error.startswith("the message is not JSON")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"each": [each("l", "products", field("s", "item.sku"))]}, {"products": {"sku"}}),
        (
            {"each": [each("l", "products", field("s", "item.sku"), field("q", "item.q"))]},
            {"products": {"sku", "q"}},
        ),
        ({"each": [each("l", "products", field("s", "item"))]}, {}),
        (
            {
                "each": [each("l", "products", field("s", "item.sku"))],
                "fields": [field("n", "len(products)")],
            },
            {},
        ),
        (
            {
                "each": [
                    each("a", "products", field("s", "item.sku")),
                    each("b", "products", field("q", "p.q"), **{"as": "p"}),
                ]
            },
            {"products": {"sku", "q"}},
        ),
        ({"each": [each("l", "order.products", field("s", "item.sku"))]}, {}),
        (
            {
                "each": [
                    each("l", "products", field("s", "item.sku")),
                    each("m", "filter(products, true)", field("s", "item.sku")),
                ]
            },
            {},
        ),
        (
            {
                "each": [each("l", "products", field("s", "item.sku"))],
                "keys": {"p": [{"field": "f", "value": "item.code", "over": "products"}]},
            },
            {"products": {"sku", "code"}},
        ),
        (
            {
                "each": [each("l", "products", field("s", "item.sku"))],
                "keys": {"p": [{"field": "f", "value": "first(products)"}]},
            },
            {},
        ),
        (
            {
                "each": [
                    each(
                        "l",
                        "products",
                        field("s", "item.sku"),
                        each=[each("o", "item.options", field("t", "o.text"), **{"as": "o"})],
                    )
                ]
            },
            {"products": {"sku", "options"}},
        ),
        ({"each": [each("l", "products", field("s", "item.sku + $root.x"))]}, {}),
    ],
)
def test_only_the_members_of_a_list_that_are_read_are_passed_on(document, expected):
    body = TransformationDocument.model_validate({"source": "a", "target": "b", **document})
    roots = needed_roots(all_expressions(body))
    assert read_list_members(body, roots) == expected


def test_elements_that_are_no_objects_are_passed_on_as_they_are():
    lines = each("lines", "products", field("sku", "item.sku"))
    failure = transform({"products": [{"sku": "A"}, 5]}, each=[lines])
    assert isinstance(failure, Transformed | TransformFailure)
    result = transform({"products": [{"sku": "A", "noise": 1}]}, each=[lines])
    assert result.document == {"lines": [{"sku": "A"}]}


def test_ids_are_written_to_paths_that_do_not_exist_yet():
    done = Transformed(
        {"a": 1}, (MappingKey("t", "f", "v", "x.y.z"), MappingKey("t", "f", "v", None))
    )
    document, missing = resolve_keys(done, {("t", "f", "v"): "id-1"})
    assert document == {"a": 1, "x": {"y": {"z": "id-1"}}}
    assert missing == []
    assert done.document == {"a": 1}
