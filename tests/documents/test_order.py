"""Order documents: dates of stores, bounds of quantities and money, and precise faults."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from openiom.documents import KeyDocument, OrderDocument, OrderLineDocument

PARIS_WINTER = timezone(timedelta(hours=1))


def line(**changes: Any) -> dict[str, Any]:
    return {"external_id": "1", "product": "LAMP", "unit": "each", "quantity": 2, **changes}


def order(**changes: Any) -> dict[str, Any]:
    return {
        "external_id": "118",
        "number": "118",
        "placed_at": "2026-11-26T08:30:00+01:00",
        "currency": "EUR",
        "ship_to": {"city": "Paris", "country": "FR"},
        "total_amount": "59.80",
        "lines": [line()],
        **changes,
    }


def faults(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the place and the type of every fault of an order."""
    with pytest.raises(ValidationError) as error:
        OrderDocument.model_validate(body)
    found = []
    for fault in error.value.errors():
        found.append((".".join(map(str, fault["loc"])), fault["type"]))
    return found


def test_an_order_needs_few_fields_and_has_defaults_for_the_others() -> None:
    document = OrderDocument.model_validate(order())
    assert document.placed_at == datetime(2026, 11, 26, 8, 30, tzinfo=PARIS_WINTER)
    assert document.total_amount == Decimal("59.80")
    assert (document.external_version, document.order_type) == (0, "sales_order")
    assert (document.shipping_amount, document.discount_amount, document.tax_amount) == (0, 0, 0)
    assert (document.account, document.price_list, document.bill_to) == (None, None, None)
    assert document.expected_line_count is None
    assert document.customer.name == ""
    [only] = document.lines
    assert (only.unit_price, only.discount, only.tax) == (0, 0, 0)
    assert only.requested_delivery_date is None


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-26T08:30:00Z", datetime(2026, 11, 26, 8, 30, tzinfo=UTC)),
        ("2026-11-26T08:30:00+01:00", datetime(2026, 11, 26, 7, 30, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 08:30:00 +0000", datetime(2026, 11, 26, 8, 30, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 08:30:00 +0100", datetime(2026, 11, 26, 7, 30, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 08:30:00 GMT", datetime(2026, 11, 26, 8, 30, tzinfo=UTC)),
        (1_795_681_800, datetime(2026, 11, 26, 8, 30, tzinfo=UTC)),
        (
            datetime(2026, 11, 26, 8, 30, tzinfo=UTC),
            datetime(2026, 11, 26, 8, 30, tzinfo=UTC),
        ),
    ],
)
def test_a_date_of_a_store_becomes_the_same_moment(written: Any, moment: datetime) -> None:
    assert OrderDocument.model_validate(order(placed_at=written)).placed_at == moment


@pytest.mark.parametrize(
    "written", ["", "yesterday", "Thu, 99 Nov 2026", "soon, 8:30", None, [2026]]
)
def test_a_date_that_no_format_describes_is_a_fault_of_its_field(written: Any) -> None:
    [(place, _)] = faults(order(placed_at=written))
    assert place == "placed_at"


def test_a_date_in_mail_format_without_a_zone_is_in_utc() -> None:
    document = OrderDocument.model_validate(order(placed_at="Thu, 26 Nov 2026 08:30:00 -0000"))
    assert document.placed_at == datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("external_id", "", "string_too_short"),
        ("number", "", "string_too_short"),
        ("external_version", -1, "greater_than_equal"),
        ("external_version", 2**63, "less_than"),
        ("currency", "eur", "string_pattern_mismatch"),
        ("currency", "EURO", "string_pattern_mismatch"),
        ("currency", "", "string_pattern_mismatch"),
        ("total_amount", "-0.01", "greater_than_equal"),
        ("total_amount", "much", "decimal_parsing"),
        ("shipping_amount", "-1", "greater_than_equal"),
        ("discount_amount", "-1", "greater_than_equal"),
        ("tax_amount", "-1", "greater_than_equal"),
        ("expected_line_count", -1, "greater_than_equal"),
        ("requested_delivery_date", "2026-02-30", "date_from_datetime_parsing"),
        ("lines", [], "too_short"),
        ("lines", [line()] * 2001, "too_long"),
        ("channel", "web", "extra_forbidden"),
    ],
)
def test_a_value_outside_its_bounds_is_a_fault_of_its_field(
    field: str, value: Any, kind: str
) -> None:
    assert faults(order(**{field: value})) == [(field, kind)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("external_version", 2**63 - 1),
        ("total_amount", "0"),
        ("expected_line_count", 0),
        ("lines", [line()] * 2000),
    ],
)
def test_a_value_at_its_bound_is_accepted(field: str, value: Any) -> None:
    OrderDocument.model_validate(order(**{field: value}))


@pytest.mark.parametrize(
    "field", ["external_id", "number", "placed_at", "currency", "ship_to", "total_amount", "lines"]
)
def test_a_required_field_that_is_missing_is_named(field: str) -> None:
    body = order()
    del body[field]
    assert faults(body) == [(field, "missing")]


@pytest.mark.parametrize(
    ("changes", "place", "kind"),
    [
        ({"quantity": 0}, "quantity", "greater_than"),
        ({"quantity": -1}, "quantity", "greater_than"),
        ({"quantity": 1_000_000_001}, "quantity", "less_than_equal"),
        ({"unit_price": "-0.01"}, "unit_price", "greater_than_equal"),
        ({"discount": "-0.01"}, "discount", "greater_than_equal"),
        ({"tax": "-0.01"}, "tax", "greater_than_equal"),
        ({"sku": "LAMP"}, "sku", "extra_forbidden"),
    ],
)
def test_a_fault_of_a_line_has_the_index_of_the_line(
    changes: dict[str, Any], place: str, kind: str
) -> None:
    assert faults(order(lines=[line(), line(**changes)])) == [(f"lines.1.{place}", kind)]


@pytest.mark.parametrize("quantity", [1, 1_000_000_000])
def test_a_quantity_at_its_bound_is_accepted(quantity: int) -> None:
    assert OrderLineDocument.model_validate(line(quantity=quantity)).quantity == quantity


def test_money_keeps_every_digit() -> None:
    document = OrderLineDocument.model_validate(line(unit_price="19.9900", tax="0.10"))
    assert (str(document.unit_price), str(document.tax)) == ("19.9900", "0.10")


def test_a_record_is_referred_to_by_our_name_or_by_an_external_key() -> None:
    document = OrderDocument.model_validate(
        order(
            account={"field": "customer_id", "value": "7"},
            price_list="retail",
            lines=[line(product={"field": "sku", "value": "EXT-1"})],
        )
    )
    assert document.account == KeyDocument(field="customer_id", value="7")
    assert document.price_list == "retail"
    assert document.lines[0].product == KeyDocument(field="sku", value="EXT-1")


@pytest.mark.parametrize("key", [{"field": "sku"}, {"value": "1"}, {"field": "s", "value": 1}])
def test_an_incomplete_key_is_a_fault_of_the_record(key: dict[str, Any]) -> None:
    places = {place for place, _ in faults(order(lines=[line(product=key)]))}
    assert all(place.startswith("lines.0.product") for place in places)


def test_every_fault_of_an_order_is_reported_at_once() -> None:
    body = order(currency="x", total_amount="-1", lines=[line(quantity=0), line(tax="-1")])
    assert [place for place, _ in faults(body)] == [
        "currency",
        "total_amount",
        "lines.0.quantity",
        "lines.1.tax",
    ]


def test_a_document_survives_json() -> None:
    body = order(requested_delivery_date="2026-12-01", note="Ring twice", external_version=3)
    document = OrderDocument.model_validate(body)
    assert document.requested_delivery_date == date(2026, 12, 1)
    assert OrderDocument.model_validate_json(document.model_dump_json()) == document
