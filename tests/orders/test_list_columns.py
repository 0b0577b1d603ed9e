"""A field of a row names its SQL expression, and its title where it is a text column."""

from typing import Annotated

from pydantic import BaseModel
from tests.orders.builders import document, master_data, receive

from openiom.orders import ORDER_COLUMN_TITLES
from openiom.orders.list_columns import ListColumn, column_titles, select_list
from openiom.orders.queries import OrderFilter, list_orders
from openiom.orders.schemas import OrderRow
from openiom.platform.database import Database


class Row(BaseModel):
    number: Annotated[str, ListColumn("o.number")]
    note: Annotated[str, ListColumn("coalesce(o.note, '')", title="Note")]
    computed: str = ""


def test_the_select_list_names_each_expression_after_its_field() -> None:
    assert select_list(Row) == "o.number AS number,\ncoalesce(o.note, '') AS note"


def test_only_fields_with_a_title_are_text_columns() -> None:
    assert column_titles(Row) == {"note": "Note"}
    assert ORDER_COLUMN_TITLES == {
        "customer_email": "Email",
        "shipping_method": "Shipping method",
        "external_status": "Status in the store",
    }


def test_every_required_field_of_a_row_is_read() -> None:
    required = [name for name, field in OrderRow.model_fields.items() if field.is_required()]
    read = [line.rpartition(" AS ")[2].rstrip(",") for line in select_list(OrderRow).splitlines()]
    assert read == required


def test_rows_have_the_values_of_the_text_columns(database: Database) -> None:
    master_data(database)
    customer = {"name": "Richard Miles", "email": "richard@example.com"}
    receive(database, document("1", customer=customer, external_status="Awaiting Fulfillment"))
    with database.reading() as session:
        [row] = list_orders(session, OrderFilter(), after=None, limit=10)

    assert row.customer_email == "richard@example.com"
    assert row.external_status == "Awaiting Fulfillment"
    assert row.shipping_method == ""
