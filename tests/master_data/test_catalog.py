"""Lists and details of the catalog, as the API serves them, and what other packages read."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.master_data.applied import apply

from openiom.kernel import Invalid
from openiom.master_data import (
    accounting_currency,
    product_facts,
    product_names,
    products_named_like,
    unit_conversions,
    upcoming_launches,
)
from openiom.master_data.decisions import Match
from openiom.master_data.queries import like_prefix, suggest_matches
from openiom.platform.database import Database


def document(kind: str, called: str, /, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "name": called, "body": body}


CATALOG = (
    document("unit", "ea", title="Each"),
    document("unit", "kg", title="Kilogram", unit_group="weight", decimals=3),
    document("currency", "EUR", title="Euro"),
    document("currency", "USD", title="US dollar"),
    document("price_list", "retail", title="Retail", currency="USD"),
    document("product", "A/5", name="Adapter 5 V", sku="AD5"),
    document(
        "product",
        "LAMP",
        name="Desk lamp",
        sku="4006381333931",
        description="Dimmable",
        weight_kg="1.2500",
        list_price="49.9",
        current_cost="20",
        currency="USD",
        launch_date="2026-12-24",
        preorder_eligible=True,
        days_to_replace=30,
        attributes=[{"name": "Color", "value": "red"}],
    ),
    document("product", "LAMP_XL", name="Floor lamp", launch_date="2027-02-01"),
    document("product", "SOON", name="Speaker", preorder_eligible=True, launch_date="2026-11-20"),
    document("account", "c-1", title="Adatum", email="Buy@Adatum.example", company="Adatum Ltd"),
    document("account", "c-2", title="Fabrikam", email="x@fabrikam.example", on_hold=True),
)


@pytest.fixture
def catalog(database: Database) -> Database:
    apply(database, *CATALOG)
    return database


@pytest.mark.usefixtures("catalog")
class TestRoutes:
    def test_a_product_is_returned_with_every_fact(self, client: TestClient) -> None:
        product = client.get("/api/v1/products/LAMP").json()

        assert product == {
            "number": "LAMP",
            "name": "Desk lamp",
            "sku": "4006381333931",
            "unit": "ea",
            "image": "",
            "weight_kg": "1.2500",
            "currency": "USD",
            "list_price": "49.9000",
            "description": "Dimmable",
            "search_name": "",
            "product_type": "item",
            "attributes": [{"name": "Color", "type": "", "area": "product", "value": "red"}],
            "length_cm": None,
            "width_cm": None,
            "height_cm": None,
            "current_cost": "20.0000",
            "standard_cost": None,
            "preorder_eligible": True,
            "launch_date": "2026-12-24",
            "days_to_replace": 30,
        }

    @pytest.mark.parametrize("path", ["A/5", "A%2F5"])
    def test_a_product_number_may_contain_a_slash(self, client: TestClient, path: str) -> None:
        answer = client.get(f"/api/v1/products/{path}")

        assert (answer.status_code, answer.json()["name"]) == (200, "Adapter 5 V")

    def test_an_unknown_product_says_where_to_look(self, client: TestClient) -> None:
        answer = client.get("/api/v1/products/GHOST")

        assert answer.status_code == 404
        assert answer.json()["detail"] == "there is no product GHOST"
        assert answer.json()["remedy"] == "look it up in the list of products"

    @pytest.mark.parametrize(
        ("search", "numbers"),
        [
            ("", ["A/5", "LAMP", "LAMP_XL", "SOON"]),
            ("lamp", ["LAMP", "LAMP_XL"]),
            ("lamp_x", ["LAMP_XL"]),
            ("4006381333931", ["LAMP"]),
            ("400638", ["LAMP"]),
            ("381333931", ["LAMP"]),
            ("floor", ["LAMP_XL"]),
            ("lamp flo", ["LAMP_XL"]),
            ("ad5", ["A/5"]),
            ("%", []),
            ("'; DROP", []),
        ],
    )
    def test_products_are_found(self, client: TestClient, search: str, numbers: list[str]) -> None:
        found = client.get("/api/v1/products", params={"search": search}).json()

        assert [row["number"] for row in found["items"]] == numbers
        assert found["next"] is None

    def test_products_are_paged_without_gap_or_repetition(self, client: TestClient) -> None:
        seen: list[str] = []
        after: str | None = None
        for _ in range(4):
            query = {"limit": 1} | ({"after": after} if after else {})
            page = client.get("/api/v1/products", params=query).json()
            seen += [row["number"] for row in page["items"]]
            after = page["next"]

        assert seen == ["A/5", "LAMP", "LAMP_XL", "SOON"]
        assert after is None

    @pytest.mark.parametrize(
        ("path", "rows"),
        [
            ("units", [("ea", "Each"), ("kg", "Kilogram")]),
            ("currencies", [("EUR", "Euro"), ("USD", "US dollar")]),
            ("price-lists", [("retail", "Retail")]),
        ],
    )
    def test_small_tables_are_listed_by_name(
        self, client: TestClient, path: str, rows: list[tuple[str, str]]
    ) -> None:
        found = client.get(f"/api/v1/{path}").json()["items"]

        assert [(row["name"], row["title"]) for row in found] == rows

    @pytest.mark.parametrize(
        ("search", "names"),
        [
            ("", ["c-1", "c-2"]),
            ("adatum", ["c-1"]),
            ("BUY@", ["c-1"]),
            ("fabri", ["c-2"]),
            ("C-", ["c-1", "c-2"]),
            ("_", []),
            ("nobody", []),
        ],
    )
    def test_accounts_are_found_by_any_part(
        self, client: TestClient, search: str, names: list[str]
    ) -> None:
        found = client.get("/api/v1/accounts", params={"search": search}).json()["items"]

        assert [row["name"] for row in found] == names

    def test_an_account_shows_its_credit_hold(self, client: TestClient) -> None:
        (account,) = client.get("/api/v1/accounts", params={"search": "fabrikam"}).json()["items"]

        assert account == {
            "name": "c-2",
            "title": "Fabrikam",
            "company": "",
            "email": "x@fabrikam.example",
            "phone": "",
            "price_list": None,
            "on_hold": True,
        }

    def test_suggestions_are_returned_for_each_key(self, client: TestClient) -> None:
        answer = client.get(
            "/api/v1/master-data/unit/suggestions", params={"value": ["kilo", "zzz"]}
        )

        assert answer.json() == {
            "items": {
                "kilo": [
                    {
                        "internal": "kg",
                        "label": "Kilogram",
                        "score": 0.95,
                        "reason": "another word for this unit",
                        "certain": False,
                    }
                ],
                "zzz": [],
            }
        }

    def test_suggestions_of_an_unknown_table_are_refused(self, client: TestClient) -> None:
        answer = client.get("/api/v1/master-data/color/suggestions", params={"value": "red"})

        assert answer.status_code == 422
        assert answer.json()["detail"] == "there is no table color"
        assert answer.json()["remedy"] == (
            "use one of account, currency, price_list, product, unit"
        )


def test_product_facts_are_read_for_those_that_exist(catalog: Database) -> None:
    with catalog.reading() as session:
        facts = product_facts(session, ["LAMP", "GHOST", "LAMP"])
        names = product_names(session, ["LAMP_XL", "GHOST"])

    assert list(facts) == ["LAMP"]
    lamp = facts["LAMP"]
    assert (lamp.name, lamp.unit, lamp.currency) == ("Desk lamp", "ea", "USD")
    assert lamp.weight_kg == 1.25
    assert (lamp.preorder_eligible, lamp.launch_date) == (True, date(2026, 12, 24))
    assert names == {"LAMP_XL": "Floor lamp"}


@pytest.mark.parametrize(
    ("today", "launches"),
    [
        (date(2026, 11, 19), {"LAMP": date(2026, 12, 24), "SOON": date(2026, 11, 20)}),
        # On the day of its launch a product is no preorder any more.
        (date(2026, 11, 20), {"LAMP": date(2026, 12, 24)}),
        (date(2026, 12, 24), {}),
    ],
)
def test_launches_that_are_still_to_come(
    catalog: Database, today: date, launches: dict[str, date]
) -> None:
    with catalog.reading() as session:
        assert upcoming_launches(session, today=today) == launches


@pytest.mark.parametrize(
    ("search", "numbers"),
    [("LAMP", ["LAMP", "LAMP_XL"]), ("sk la", ["LAMP"]), ("100%", []), ("", None)],
)
def test_products_named_like(catalog: Database, search: str, numbers: list[str] | None) -> None:
    with catalog.reading() as session:
        found = products_named_like(session, search)

    assert found == (numbers if numbers is not None else ["A/5", "LAMP", "LAMP_XL", "SOON"])


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Lamp", "lamp%"),
        ("50%", "50\\%%"),
        ("a_b", "a\\_b%"),
        ("a\\b", "a\\\\b%"),
        ("", "%"),
    ],
)
def test_wildcards_of_a_search_are_literal(text: str, pattern: str) -> None:
    assert like_prefix(text) == pattern


def test_a_misspelled_key_suggests_the_product_it_means(catalog: Database) -> None:
    with catalog.reading() as session:
        found = suggest_matches(session, "product", ["lamp xl", "Desk-Lamp", "AD5"])

    assert found["lamp xl"][0] == Match("LAMP_XL", "Floor lamp", 1.0, "same letters and digits")
    assert found["Desk-Lamp"][0] == Match("LAMP", "Desk lamp", 1.0, "same letters and digits")
    assert found["AD5"][0] == Match("A/5", "Adapter 5 V", 1.0, "same code AD5", True)


def test_an_account_is_suggested_by_its_email_and_company(catalog: Database) -> None:
    with catalog.reading() as session:
        found = suggest_matches(session, "account", ["adatum ltd", "buy@adatum.example"])

    assert found["adatum ltd"][0] == Match("c-1", "Adatum", 1.0, "same code Adatum Ltd", True)
    assert found["buy@adatum.example"][0] == Match(
        "c-1", "Adatum", 1.0, "same code Buy@Adatum.example", True
    )


@pytest.mark.parametrize(
    ("companies", "currency"),
    [
        ({}, ""),
        ({"default": {"title": "Contoso"}}, ""),
        ({"default": {"title": "Contoso", "accounting_currency": "CHF"}}, "CHF"),
        ({"other": {"title": "Contoso", "accounting_currency": "CHF"}}, ""),
    ],
)
def test_costs_are_counted_in_the_currency_of_the_company(
    companies: dict[str, dict[str, Any]], currency: str
) -> None:
    assert accounting_currency(companies) == currency


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (document("unit", "x", title=""), "title"),
        (document("unit", "x", title="X", factor="0"), "factor"),
        (document("unit", "x", title="X", factor="-1"), "factor"),
        (document("unit", "x", title="X", decimals=5), "decimals"),
        (document("unit", "x", title="X", decimals=-1), "decimals"),
        (document("currency", "usd", title="Dollar"), "three capital letters"),
        (document("currency", "USDX", title="Dollar"), "three capital letters"),
        (document("currency", "ÄÖÜ", title="Dollar"), "three capital letters"),
        (document("product", "P", name="P", weight_kg="-0.1"), "weight_kg"),
        (document("product", "P", name="P", product_type="kit"), "product_type"),
        (document("product", "P", name="P", color="red"), "color"),
        (document("company", "second", title="S"), "there is only one company document"),
    ],
)
def test_an_invalid_document_is_refused_and_names_its_fault(
    catalog: Database, refused: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid) as error:
        apply(catalog, refused)

    texts = [str(error.value), error.value.remedy or ""]
    texts += [f"{problem} {problem.remedy}" for problem in error.value.problems]
    assert any(message in text for text in texts), texts


def test_a_decimal_factor_is_kept_exactly(catalog: Database) -> None:
    apply(catalog, document("unit", "lb", title="Pound", unit_group="weight", factor="0.45359237"))
    with catalog.reading() as session:
        pound = unit_conversions(session)["lb"]

    assert (pound.unit_group, pound.factor, pound.decimals) == ("weight", Decimal("0.45359237"), 0)
