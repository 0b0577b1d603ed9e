"""Product search: operators, nesting, limits and invalid searches."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.master_data.applied import apply

from openiom.kernel import Invalid, TooLarge
from openiom.master_data import matching_products
from openiom.platform.database import Database


def attribute(
    value: str, name: str = "Weight Limit", kind: str = "PoundDomain", area: str = "product"
) -> Any:
    return {"name": name, "type": kind, "area": area, "value": value}


PRODUCTS: dict[str, dict[str, Any]] = {
    "A-100": {"name": "Speaker Cable 10%", "search_name": "cable", "attributes": [attribute("90")]},
    "A-200": {
        "name": "Speaker_Stand",
        "description": "steel",
        "attributes": [attribute("100"), attribute("blue", "Color")],
    },
    "B-100": {"name": "Assembly", "product_type": "service", "unit": "h"},
    "B-200": {"name": "Lamp", "attributes": [attribute("9.5"), attribute("heavy", kind="Words")]},
    "C-100": {
        "name": "Dye",
        "attributes": [
            attribute("L7", "Lot", "Text", "batch"),
            attribute("red", "Color", "", "dimension"),
        ],
    },
}


@pytest.fixture
def catalog(database: Database) -> Database:
    apply(
        database,
        *(
            {"kind": "product", "name": n, "body": {"unit": "ea", **body}}
            for n, body in PRODUCTS.items()
        ),
    )
    return database


def found(
    database: Database, search: Any, *, organizations: Sequence[str] = ("usmf",), limit: int = 5_000
) -> list[str]:
    with database.reading() as session:
        return matching_products(session, search, organizations=organizations, limit=limit)


def by_field(name: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"productFilter": {"conditions": [{"conditionOperator": operator, name: list(values)}]}}


def by_attribute(name: str, operator: str, *values: Any, **more: str) -> dict[str, Any]:
    condition = {
        "attributeName": name,
        "attributeValues": list(values),
        "conditionOperator": operator,
        **more,
    }
    return {"attributeFilter": {"conditions": [condition]}}


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        (by_field("itemNumber", "IsExactly", "a-100"), ["A-100"]),
        (by_field("itemNumber", "IsOneOf", "A-100", "C-100", "no"), ["A-100", "C-100"]),
        (by_field("itemNumber", "IsNot", "A-100", "A-200"), ["B-100", "B-200", "C-100"]),
        (by_field("ITEMNUMBER", "beginswith", "a-", "c"), ["A-100", "A-200", "C-100"]),
        (by_field("productName", "Contains", "SPEAKER"), ["A-100", "A-200"]),
        (by_field("productName", "Contains", "%"), ["A-100"]),
        (by_field("productName", "Contains", "_"), ["A-200"]),
        (by_field("productName", "DoesNotContain", "speaker", "dye"), ["B-100", "B-200"]),
        (by_field("productSearchName", "IsExactly", "Cable"), ["A-100"]),
        (by_field("productDescription", "Contains", "steel"), ["A-200"]),
        (by_field("productType", "IsExactly", "Service"), ["B-100"]),
        (by_field("salesUnitSymbol", "IsExactly", "H"), ["B-100"]),
        (by_field("itemNumber", "Between", "a-200", "b-100"), ["A-200", "B-100"]),
        (by_field("itemNumber", "GreaterEqual", "B-200"), ["B-200", "C-100"]),
        (by_field("Company", "IsExactly", "USMF"), sorted(PRODUCTS)),
        (by_field("Company", "IsNot", "usmf"), []),
        (by_field("Company", "BeginsWith", "us"), sorted(PRODUCTS)),
        (by_attribute("weight limit", "GreaterEqual", "90"), ["A-100", "A-200"]),
        (by_attribute("Weight Limit", "LessEqual", 9.5), ["B-200"]),
        (by_attribute("Weight Limit", "Between", "9", "90"), ["A-100", "B-200"]),
        (by_attribute("Weight Limit", "IsExactly", "heavy", attributeTypeName="words"), ["B-200"]),
        (by_attribute("Weight Limit", "IsExactly", "heavy", attributeTypeName="PoundDomain"), []),
        (by_attribute("Color", "IsOneOf", "blue", "red"), ["A-200"]),
        (by_attribute("Color", "IsExactly", "red", attributeArea="DimensionAttribute"), ["C-100"]),
        (by_attribute("Lot", "BeginsWith", "l", attributeArea=" BatchAttribute"), ["C-100"]),
        (
            {
                **by_field("itemNumber", "BeginsWith", "a"),
                **by_attribute("Color", "IsExactly", "blue"),
            },
            ["A-200"],
        ),
    ],
)
def test_every_operator_finds_its_products(
    catalog: Database, search: Any, numbers: list[str]
) -> None:
    assert found(catalog, search) == numbers


def test_nested_filters_are_combined_by_their_own_operators(catalog: Database) -> None:
    def condition(operator: str, name: str, value: str) -> dict[str, Any]:
        return {"conditionOperator": operator, name: [value]}

    search = {
        "productFilter": {
            "logicalOperator": "OR",
            "conditions": [condition("IsExactly", "itemNumber", "C-100")],
            "subFilters": [
                {
                    "conditions": [
                        condition("BeginsWith", "itemNumber", "A"),
                        condition("Contains", "productName", "d"),
                    ],
                    "subFilters": [{"conditions": [condition("IsNot", "itemNumber", "A-100")]}],
                }
            ],
        }
    }
    assert found(catalog, search) == ["A-200", "C-100"]


def test_more_products_than_the_limit_are_refused(catalog: Database) -> None:
    search = by_field("itemNumber", "IsNot", "nothing")
    assert len(found(catalog, search, limit=5)) == 5
    with pytest.raises(TooLarge, match="more than 4 products match"):
        found(catalog, search, limit=4)


@pytest.mark.parametrize(
    "search",
    [
        by_field("itemNumber", "Between", "a"),
        by_field("itemNumber", "GreaterEqual", "a", "b"),
        by_field("Company", "GreaterEqual", "usmf"),
        by_field("itemNumber", "IsExactly"),
        by_field("itemNumber", "IsExactly", {"a": 1}),
        by_field("itemNumber", "IsExactly", "a\x00"),
        by_attribute("", "IsExactly", "a"),
        by_attribute("Color", "IsExactly", "a", attributeArea="Everywhere"),
        {"productFilter": {"conditions": "all"}},
        {"other": {}},
        "cable",
    ],
)
def test_an_invalid_search_is_refused(catalog: Database, search: Any) -> None:
    with pytest.raises(Invalid):
        found(catalog, search)


def test_too_deep_and_too_many_filters_are_refused(catalog: Database) -> None:
    condition = {"conditionOperator": "IsExactly", "itemNumber": ["a"]}
    deep: dict[str, Any] = {"conditions": [condition]}
    for _ in range(11):
        deep = {"subFilters": [deep]}
    with pytest.raises(TooLarge, match="nest deeper"):
        found(catalog, {"productFilter": deep})
    with pytest.raises(TooLarge, match="200 conditions"):
        found(catalog, {"productFilter": {"conditions": [condition] * 201}})
