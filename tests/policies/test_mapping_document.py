"""Every problem of a transformation is reported at once, with its place."""

import json

import pytest

from openiom.policies import TransformationDocument, validate_transformation

FIELD = {"path": "id", "expression": "id"}
LINES = {
    "path": "lines",
    "over": "products",
    "fields": [{"path": "sku", "expression": "item.sku"}],
}
KEY = {"field": "sku", "value": "item.sku", "over": "products", "into": "lines[].product_id"}


def body(**more):
    return {"source": "a", "target": "b", "fields": [FIELD], **more}


def problems(**more) -> list[str]:
    return [str(problem) for problem in validate_transformation(body(**more))]


def keyed(**more) -> list[str]:
    return problems(each=[LINES], keys={"product": [{**KEY, **more}]})


def test_a_valid_document_has_no_problems():
    assert keyed() == []
    assert (
        problems(keys={"account": [{"field": "name", "value": "'Shop'", "into": "account"}]}) == []
    )
    assert problems(keys={"unit": [{"field": "unit", "value": "unit"}]}) == []


def test_a_transformation_fills_something():
    assert problems(fields=[]) == ["fields: the transformation has no fields (add a field)"]
    assert problems(fields=[], each=[LINES]) == []


@pytest.mark.parametrize("path", ["", "ship to", "a.", ".a", "1a", "a..b", "a-b", "a[0]"])
def test_a_path_is_words_joined_by_dots(path):
    [problem] = validate_transformation(body(fields=[{"path": path, "expression": "x"}]))
    assert problem.where == f"fields[0] ({path})"
    assert problem.what.startswith(f"`{path}` is not a path")


@pytest.mark.parametrize(
    ("first", "second", "collides"),
    [
        ("a", "a", True),
        ("a", "a.b", True),
        ("a.b", "a", True),
        ("a.b", "a.c", False),
        ("a", "ab", False),
        ("ab", "a", False),
    ],
)
def test_no_two_rules_fill_one_path(first, second, collides):
    fields = [{"path": first, "expression": "x"}, {"path": second, "expression": "x"}]
    expected = []
    if collides:
        expected = [f"fields[1] ({second}): `{second}` is filled already by fields[0] ({first})"]
    assert problems(fields=fields) == expected


def test_a_list_does_not_fill_the_path_of_a_field():
    assert problems(each=[{**LINES, "path": "id"}]) == [
        "each[0] (id): `id` is filled already by fields[0] (id)"
    ]


@pytest.mark.parametrize("name", ["in", "and", "null", "1st", "my item", ""])
def test_an_element_has_a_usable_name(name):
    assert problems(each=[{**LINES, "as": name}])[0] == (
        f"each[0] (lines).as: `{name}` cannot name an element; use a word such as item"
    )


def test_a_list_has_fields_or_lists():
    empty = {"path": "lines", "over": "products"}
    assert problems(each=[empty]) == [
        "each[0] (lines): the list's elements have no fields (add one)"
    ]
    inner = {"path": "options", "over": "item.options", "fields": [FIELD]}
    assert problems(each=[{**empty, "each": [inner]}]) == []


def test_problems_of_inner_lists_name_the_way_to_them():
    inner = {
        "path": "options",
        "over": "item options",
        "fields": [{"path": "a b", "expression": "x"}],
    }
    places = [p.where for p in validate_transformation(body(each=[{**LINES, "each": [inner]}]))]
    assert places == [
        "each[0] (lines).each[0] (options).over",
        "each[0] (lines).each[0] (options).fields[0] (a b)",
    ]


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ({"value": "x y"}, "keys.product[0].value"),
        ({"over": "x y", "into": None}, "keys.product[0].over"),
        ({"as": "in", "into": None, "value": "1"}, "keys.product[0].as"),
        ({"into": "lines[].a b"}, "keys.product[0].into"),
        ({"into": "product_id"}, "keys.product[0].into"),
        ({"over": None}, "keys.product[0].into"),
        ({"into": "lines[].options[].id"}, "keys.product[0].into"),
        ({"into": "others[].id"}, "keys.product[0].into"),
        ({"over": "items"}, "keys.product[0].into"),
    ],
)
def test_a_problem_of_a_key_is_named(key, place):
    document = body(each=[LINES], keys={"product": [{**KEY, **key}]})
    assert [problem.where for problem in validate_transformation(document)] == [place]


def test_a_lookup_for_each_element_goes_into_a_list_made_from_the_same_elements():
    assert keyed(into="product_id") == [
        "keys.product[0].into: use `[]` in `into` exactly when the key has `over`:"
        " lines[].product_id"
    ]
    assert keyed(into="lines[].options[].id") == [
        "keys.product[0].into: a key writes to one list only (use `[]` once)"
    ]
    assert keyed(over="items") == ["keys.product[0].into: no list `lines` is made over `items`"]


def test_problems_of_every_kind_are_reported_at_once():
    found = validate_transformation(
        body(
            fields=[
                {"path": "ship to", "expression": "city"},
                {"path": "ship_to", "expression": "city town"},
                {"path": "ship_to.city", "expression": "city"},
            ],
            each=[{"path": "lines", "over": "items", "as": "in", "fields": []}],
            keys={"product": [{**KEY, "value": "sku"}]},
        )
    )
    assert [problem.where for problem in found] == [
        "fields[0] (ship to)",
        "fields[1] (ship_to)",
        "fields[2] (ship_to.city)",
        "each[0] (lines).as",
        "each[0] (lines)",
        "keys.product[0].into",
    ]
    assert "unexpected `town` at position 6" in found[1].what


def test_a_document_of_the_wrong_shape_names_the_field():
    found = validate_transformation({"source": "a", "targt": "b"})
    assert [problem.where for problem in found] == ["target", "targt"]
    [problem] = validate_transformation(body(fields=[{"path": "a"}]))
    assert problem.where == "fields.0.expression"


def test_a_document_reads_back_as_it_was_written_without_its_defaults():
    document = TransformationDocument.model_validate(
        body(each=[{**LINES, "as": "item"}], keys={"product": [{**KEY, "as": "p"}]})
    )
    written = json.loads(json.dumps(document.body()))
    assert TransformationDocument.model_validate(written) == document
    assert "as" not in written["each"][0]
    assert written["keys"]["product"][0]["as"] == "p"
