"""Fulfillment updates, stock, products, accounts and addresses: bounds and precise faults."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from openiom.documents import (
    AccountDocument,
    AddressDocument,
    CustomerDocument,
    FulfillmentUpdateDocument,
    ProductDocument,
    StockDocument,
)

SHIPMENT = {
    "external_id": "P1",
    "shipped_at": "2026-11-26T08:30:00Z",
    "items": [{"line": "L1", "quantity": 2}],
}
UPDATE = {"number": "FO-1", "kind": "shipped", "at": "2026-11-26T09:00:00Z"}
STOCK = {
    "mode": "set",
    "at": "2026-11-26T09:00:00Z",
    "reference": "count 7",
    "items": [{"product": "LAMP", "source": "SEA", "quantity": "4.5"}],
}


def faults(document: type[BaseModel], body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the place and the type of every fault of a document."""
    with pytest.raises(ValidationError) as error:
        document.model_validate(body)
    found = []
    for fault in error.value.errors():
        found.append((".".join(map(str, fault["loc"])), fault["type"]))
    return found


def test_an_update_contains_the_shipment_with_its_tracking() -> None:
    body = {**UPDATE, "shipment": {**SHIPMENT, "carrier": "UPS", "tracking_number": "1Z9"}}
    document = FulfillmentUpdateDocument.model_validate(body)
    assert document.at == datetime(2026, 11, 26, 9, tzinfo=UTC)
    assert document.shipment is not None
    assert (document.shipment.carrier, document.shipment.tracking_number) == ("UPS", "1Z9")
    assert (document.shipment.service, document.shipment.tracking_url) == ("", "")
    assert [(item.line, item.quantity) for item in document.shipment.items] == [("L1", 2)]


@pytest.mark.parametrize(
    "kind", ["accepted", "declined", "picked", "packed", "shipped", "delivered", "canceled"]
)
def test_every_kind_of_update_is_accepted_without_a_shipment(kind: str) -> None:
    document = FulfillmentUpdateDocument.model_validate({**UPDATE, "kind": kind})
    assert (document.kind, document.shipment, document.reason) == (kind, None, "")


@pytest.mark.parametrize(
    "empty",
    [
        None,
        {},
        {"external_id": ""},
        {"external_id": "", "items": [], "shipped_at": None},
    ],
)
def test_a_shipment_without_any_value_is_none(empty: Any) -> None:
    document = FulfillmentUpdateDocument.model_validate({**UPDATE, "shipment": empty})
    assert document.shipment is None


def test_a_shipment_with_one_value_must_be_complete() -> None:
    body = {**UPDATE, "shipment": {"external_id": "P1", "items": []}}
    assert faults(FulfillmentUpdateDocument, body) == [
        ("shipment.shipped_at", "missing"),
        ("shipment.items", "too_short"),
    ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": "lost"}, ("kind", "literal_error")),
        ({"kind": "Shipped"}, ("kind", "literal_error")),
        ({"at": "soon"}, ("at", "datetime_from_date_parsing")),
        ({"warehouse": "SEA"}, ("warehouse", "extra_forbidden")),
        ({"shipment": "P1"}, ("shipment", "model_type")),
        (
            {"shipment": {**SHIPMENT, "items": [{"line": "L1", "quantity": 0}]}},
            ("shipment.items.0.quantity", "greater_than"),
        ),
        (
            {"shipment": {**SHIPMENT, "items": [{"quantity": 1}]}},
            ("shipment.items.0.line", "missing"),
        ),
        (
            {"shipment": {**SHIPMENT, "weight": 2}},
            ("shipment.weight", "extra_forbidden"),
        ),
    ],
)
def test_a_fault_of_an_update_has_its_place(changes: dict[str, Any], fault: Any) -> None:
    assert faults(FulfillmentUpdateDocument, {**UPDATE, **changes}) == [fault]


def test_stock_is_reported_by_product_and_source() -> None:
    document = StockDocument.model_validate(STOCK)
    [item] = document.items
    assert (item.product, item.source, item.quantity) == ("LAMP", "SEA", Decimal("4.5"))
    assert document.mode == "set"


def test_a_stock_change_may_be_negative() -> None:
    item = {"product": "LAMP", "source": "SEA", "quantity": -3}
    document = StockDocument.model_validate({**STOCK, "mode": "change", "items": [item]})
    assert document.items[0].quantity == -3


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"mode": "add"}, ("mode", "literal_error")),
        ({"items": []}, ("items", "too_short")),
        ({"items": STOCK["items"] * 10_001}, ("items", "too_long")),
        ({"reference": None}, ("reference", "string_type")),
        (
            {"items": [{"product": "LAMP", "source": "SEA", "quantity": "many"}]},
            ("items.0.quantity", "decimal_parsing"),
        ),
        ({"items": [{"product": "LAMP", "quantity": 1}]}, ("items.0.source", "missing")),
    ],
)
def test_a_fault_of_a_stock_report_has_its_place(changes: dict[str, Any], fault: Any) -> None:
    assert faults(StockDocument, {**STOCK, **changes}) == [fault]


def test_ten_thousand_items_are_accepted() -> None:
    document = StockDocument.model_validate({**STOCK, "items": STOCK["items"] * 10_000})
    assert len(document.items) == 10_000


def test_a_product_has_optional_weight_and_price() -> None:
    document = ProductDocument(number="LAMP", name="Lamp", weight_kg="0", list_price="19.90")
    assert (document.weight_kg, document.list_price) == (0, Decimal("19.90"))
    plain = ProductDocument(number="LAMP", name="Lamp")
    assert (plain.weight_kg, plain.list_price, plain.external_id) == (None, None, "")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"number": ""}, ("number", "string_too_short")),
        ({"name": ""}, ("name", "string_too_short")),
        ({"weight_kg": "-0.001"}, ("weight_kg", "greater_than_equal")),
        ({"list_price": "-1"}, ("list_price", "greater_than_equal")),
        ({"color": "red"}, ("color", "extra_forbidden")),
    ],
)
def test_a_fault_of_a_product_has_its_place(changes: dict[str, Any], fault: Any) -> None:
    assert faults(ProductDocument, {"number": "LAMP", "name": "Lamp", **changes}) == [fault]


@pytest.mark.parametrize("field", ["external_id", "name"])
def test_an_account_needs_an_id_and_a_name(field: str) -> None:
    body = {"external_id": "7", "name": "Ana Souza", field: ""}
    assert faults(AccountDocument, body) == [(field, "string_too_short")]


@pytest.mark.parametrize("country", ["", "FR", "US"])
def test_a_country_is_empty_or_two_capital_letters(country: str) -> None:
    assert AddressDocument(country=country).country == country


@pytest.mark.parametrize("country", ["fr", "FRA", "F", "F1", "FR "])
def test_another_country_is_refused(country: str) -> None:
    assert faults(AddressDocument, {"country": country}) == [("country", "string_pattern_mismatch")]


@pytest.mark.parametrize(
    ("field", "inside", "outside"),
    [
        ("latitude", 90, 90.001),
        ("latitude", -90, -90.001),
        ("longitude", 180, 180.001),
        ("longitude", -180, -180.001),
    ],
)
def test_coordinates_are_within_the_globe(field: str, inside: float, outside: float) -> None:
    assert getattr(AddressDocument.model_validate({field: inside}), field) == inside
    [(place, _)] = faults(AddressDocument, {field: outside})
    assert place == field


def test_addresses_and_customers_are_empty_by_default_and_have_no_other_fields() -> None:
    assert AddressDocument().line1 == ""
    assert CustomerDocument().group == ""
    assert faults(AddressDocument, {"street": "x"}) == [("street", "extra_forbidden")]
    assert faults(CustomerDocument, {"vip": True}) == [("vip", "extra_forbidden")]
