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
    validate_transformation,
)

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


def test_every_fault_of_a_document_is_reported_at_once_with_its_place():
    problems = validate_transformation(
        {
            "source": "a",
            "target": "b",
            "fields": [
                {"path": "ship to", "expression": "city"},
                {"path": "ship_to", "expression": "city town"},
                {"path": "ship_to.city", "expression": "city"},
            ],
            "each": [{"path": "lines", "over": "items", "as": "in", "fields": []}],
            "keys": {
                "product": [
                    {
                        "field": "sku",
                        "value": "sku",
                        "over": "products",
                        "into": "lines[].product_id",
                    }
                ]
            },
        }
    )

    assert [p.where for p in problems] == [
        "fields[0] (ship to)",
        "fields[1] (ship_to)",
        "fields[2] (ship_to.city)",
        "each[0] (lines).as",
        "each[0] (lines)",
        "keys.product[0].into",
    ]
    assert "unexpected `town` at position 6" in problems[1].what


def test_a_document_of_the_wrong_shape_names_the_field():
    assert [p.where for p in validate_transformation({"source": "a", "targt": "b"})] == [
        "target",
        "targt",
    ]


def test_a_document_reads_back_as_it_was_written(transformation):
    body = json.loads(json.dumps(transformation.document.body()))

    assert TransformationDocument.model_validate(body) == transformation.document


def test_a_faulty_document_is_refused_with_all_its_faults():
    document = TransformationDocument.model_validate(
        BODY | {"fields": [{"path": "a", "expression": "x y"}, {"path": "a", "expression": ")"}]}
    )

    with pytest.raises(Invalid) as refusal:
        Transformation(document)

    assert len(refusal.value.problems) == 3


def test_found_ids_are_written_and_missing_keys_are_told(transformation):
    [done] = transformation.transform_many([order()])

    document, missing = resolve_keys(
        done, {("account", "ProviderName", "Shop"): "acc-1", ("product", "sku", "B"): "prod-2"}
    )

    assert document["account_id"] == "acc-1"
    assert document["lines"][1]["product_id"] == "prod-2"
    assert [key.value for key in missing] == ["A", "each"]
    assert "account_id" not in done.document


def test_a_list_taken_as_a_whole_keeps_all_its_members():
    whole = Transformation(
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

    [done] = whole.transform_many([{"products": [{"sku": "A", "quantity": 2, "noise": 1}]}])

    assert done.document["units"] == 2
    assert done.document["raw"] == [{"all": {"sku": "A", "quantity": 2, "noise": 1}}]


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
    )
)
def test_whatever_stands_in_a_message_its_neighbors_come_through(transformation, nonsense):
    first, _, last = transformation.transform_many(
        [order(id=1), order(products=nonsense), order(id=3)]
    )

    assert (first.document["external_id"], last.document["external_id"]) == ("1", "3")
