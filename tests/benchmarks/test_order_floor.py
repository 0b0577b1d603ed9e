"""The floor of the order benchmark writes the rows that a run left behind."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from benchmarks.fabrikam import _pause
from benchmarks.order_floor import CopiedTable, read_rows, write_rows

from benchmarks import order_floor
from openiom.app.tables import load_tables
from openiom.platform.embedded import ensure_database


@pytest.fixture
def url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with two orders, three lines, and a line of no order."""
    name = f"openiom_floor_{uuid4().hex[:8]}"
    url = ensure_database(postgres_url, name)

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA orders")
        connection.execute("CREATE TABLE orders.order (id uuid PRIMARY KEY, number text)")
        connection.execute(
            "CREATE TABLE orders.order_line (id bigint PRIMARY KEY, order_id uuid,"
            " state_reason text)"
        )
        orders = sorted([uuid4(), uuid4()])

        for number, order_id in enumerate(orders):
            connection.execute("INSERT INTO orders.order VALUES (%s, %s)", (order_id, str(number)))

        lines = ((1, orders[0]), (2, orders[1]), (3, orders[1]), (4, uuid4()))
        for line_id, order_id in lines:
            connection.execute(
                "INSERT INTO orders.order_line VALUES (%s, %s, 'tab\tand line')",
                (line_id, order_id),
            )

    tables = (
        CopiedTable("orders.order", "", "t.id"),
        CopiedTable("orders.order_line", "", "t.order_id"),
    )
    monkeypatch.setattr(order_floor, "TABLES", tables)
    yield url

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def contents(url: str) -> tuple[int, list[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        orders = connection.execute("SELECT count(*) FROM orders.order").fetchone()
        lines = connection.execute("SELECT id, state_reason FROM orders.order_line ORDER BY id")
        assert orders is not None
        return orders[0], lines.fetchall()


def test_rows_are_grouped_by_their_order(url: str) -> None:
    orders, lines = read_rows(url)

    assert (len(orders), len(lines)) == (2, 3)
    assert {number: keys for number, keys in lines.keys.items()} == {0: ["1"], 1: ["2", "3"]}


@pytest.mark.parametrize(("batch", "connections"), [(1, 2), (2, 1), (500, 2)])
def test_the_rows_of_orders_are_written_again(url: str, batch: int, connections: int) -> None:
    rows = read_rows(url)

    seconds = write_rows(url, rows, orders=2, batch=batch, connections=connections)

    assert seconds > 0
    assert contents(url) == (2, [(number, "tab\tand line") for number in (1, 2, 3)])


@pytest.mark.parametrize(
    ("missing", "rate", "seconds"),
    [(100, 0, 0.1), (1, 1000, 0.05), (1000, 1000, 0.5), (100_000, 1000, 1.0)],
)
def test_counting_pauses_until_half_of_the_missing_orders_are_sent(
    missing: int, rate: float, seconds: float
) -> None:
    assert _pause(missing, rate) == seconds


def test_the_copied_tables_and_changed_columns_exist() -> None:
    tables = load_tables().metadata.tables

    for copied in order_floor.TABLES:
        assert copied.name in tables

    for table, column in order_floor.CHANGED_COLUMNS.items():
        assert column in tables[table].columns
