"""Master data documents, lookup of names, and suggestions for unknown keys."""

from decimal import Decimal
from typing import Any

import pytest
from tests.master_data.applied import NOW, apply
from tests.package_app import http_client, package_app
from tests.sorted_lists import assert_pages, assert_sorts_have_indexes

from openiom.kernel import Invalid, NotFound
from openiom.master_data import (
    accepts_write_in_products,
    convert,
    existing_names,
    existing_names_by_table,
    router,
    suggest_matches,
    unit_conversions,
)
from openiom.master_data.decisions import Match
from openiom.master_data.queries import PRODUCT_SORT_KEYS, get_product, list_products
from openiom.platform.database import Database


def document(kind: str, called: str, /, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "name": called, "body": body}


def test_names_of_several_tables_are_looked_up_in_one_query(database: Database) -> None:
    apply(
        database,
        document("unit", "ea", title="Each"),
        document("currency", "USD", title="US dollar"),
        document("product", "Accu Scale", name="Accu Scale", sku="ABS", weight_kg="1.25"),
    )
    with database.reading() as session:
        found = existing_names_by_table(
            session, {"unit": ["ea", "kg"], "currency": [], "product": ["Accu Scale", "ABS"]}
        )
        assert found == {"unit": {"ea"}, "currency": set(), "product": {"Accu Scale"}}
        assert existing_names(session, "currency", ["USD", "EUR"]) == {"USD"}
        assert get_product(session, "Accu Scale").weight_kg == Decimal("1.2500")

        with pytest.raises(Invalid, match="there is no table colour"):
            existing_names(session, "colour", ["red"])


def test_a_changed_document_changes_its_row_and_a_removed_one_is_unknown(
    database: Database,
) -> None:
    configuration = apply(database, document("product", "X", name="Old"))
    apply(database, document("product", "X", name="New"))

    with database.unit_of_work() as session:
        assert get_product(session, "X").name == "New"
        configuration.remove(session, [("product", "X")], at=NOW, actor="test")
        assert existing_names(session, "product", ["X"]) == set()

        with pytest.raises(NotFound, match="no product X"):
            get_product(session, "X")


def test_many_products_are_applied_together_and_paged_by_number(database: Database) -> None:
    apply(database, *(document("product", f"P{i:05}", name=f"Lamp {i}") for i in range(6_000)))
    with database.reading() as session:
        first = list_products(session, search="", after=None, limit=3)
        assert [p.number for p in first] == ["P00000", "P00001", "P00002"]
        rest = list_products(session, search="lamp 59", after=("P05998", "P05998"), limit=5)
        assert [p.number for p in rest] == ["P05999"]
        assert list_products(session, search="100%_off'", after=None, limit=5) == []


def test_products_are_sorted_by_number_name_or_sku(database: Database) -> None:
    apply(
        database,
        document("product", "P1", name="lamp", sku="Z"),
        document("product", "P2", name="Desk", sku="y"),
        document("product", "P3", name="Lamp", sku="x"),
    )
    app = package_app(database, router, permissions={"master_data.read"})
    with http_client(app) as client:
        for sort, numbers in (
            ("number", ["P1", "P2", "P3"]),
            ("-number", ["P3", "P2", "P1"]),
            ("name", ["P2", "P1", "P3"]),
            ("-name", ["P3", "P1", "P2"]),
            ("sku", ["P3", "P2", "P1"]),
        ):
            assert_pages(client, "/api/v1/products", "number", numbers, sort=sort)

        assert_pages(client, "/api/v1/products", "number", ["P1", "P3"], sort="name", search="lam")
        assert client.get("/api/v1/products?sort=unit").status_code == 422

    with database.reading() as session:
        assert_sorts_have_indexes(session, PRODUCT_SORT_KEYS, "master_data.product")


def test_an_invalid_currency_and_a_second_document_of_intake_settings_are_refused(
    database: Database,
) -> None:
    with pytest.raises(Invalid, match="is not an ISO 4217 code"):
        apply(database, document("currency", "dollar", title="Dollar"))

    with pytest.raises(Invalid, match="only one order_intake_settings document"):
        apply(database, document("order_intake_settings", "mine", write_in_products=True))

    with database.reading() as session:
        assert existing_names(session, "currency", ["dollar"]) == set()
        assert accepts_write_in_products(session) is False

    apply(database, document("order_intake_settings", "default", write_in_products=True))
    with database.reading() as session:
        assert accepts_write_in_products(session) is True


@pytest.mark.parametrize(
    ("table", "value", "expected"),
    [
        ("product", "abs", Match("Accu Scale", "Accu Scale", 1.0, "same code ABS", True)),
        ("product", "accu scale", Match("Accu Scale", "Accu Scale", 1.0, "same key", True)),
        (
            "product",
            "ACCU-SCALE",
            Match("Accu Scale", "Accu Scale", 1.0, "same letters and digits"),
        ),
        ("unit", "each", Match("ea", "Piece", 0.95, "another word for this unit")),
    ],
)
def test_an_external_key_is_matched_by_code_name_or_synonym(
    database: Database, table: str, value: str, expected: Match
) -> None:
    apply(
        database,
        document("unit", "ea", title="Piece"),
        document("product", "Accu Scale", name="Accu Scale", sku="ABS"),
        document(
            "product", "Barista Home", name="Barista Home espresso machine", sku="883988211855"
        ),
    )
    with database.reading() as session:
        assert suggest_matches(session, table, [value])[value][0] == expected


def test_a_key_without_similar_names_has_no_suggestions(database: Database) -> None:
    apply(database, document("product", "Barista Home", name="Barista Home espresso machine"))
    with database.reading() as session:
        found = suggest_matches(session, "product", ["zzz-999", "barista", "???"])
    assert found["zzz-999"] == []
    assert found["???"] == []
    assert [s[0] for s in found["barista"]] == ["Barista Home"]


def test_units_of_one_group_convert_and_others_are_refused(database: Database) -> None:
    apply(
        database,
        document("unit", "ea", title="Each"),
        document("unit", "box", title="Box of 12", factor="12"),
        document("unit", "kg", title="Kilogram", unit_group="weight"),
    )
    with database.reading() as session:
        units = unit_conversions(session)

    assert convert(Decimal(3), unit="box", into="ea", units=units) == Decimal(36)
    assert convert(Decimal(6), unit="ea", into="box", units=units) == Decimal("0.5")

    with pytest.raises(Invalid, match="box .piece. does not convert into kg .weight."):
        convert(Decimal(1), unit="box", into="kg", units=units)

    with pytest.raises(Invalid, match="there is no unit ton"):
        convert(Decimal(1), unit="ton", into="kg", units=units)
