"""The floor of the order benchmark: the rows that a run left behind, written again by bare SQL.

COPY and UPDATE in batches, on the same server.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import perf_counter
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]


class CopiedTable(NamedTuple):
    """A table that a run writes, and how its rows `t` lead to the id of their order."""

    name: str
    join: str
    order_id: str


_LINE = "JOIN orders.order_line l ON l.id = {}"
TABLES = (
    CopiedTable("providers.message", "", "nullif(t.entity_id, '')::uuid"),
    CopiedTable("orders.order", "", "t.id"),
    CopiedTable("orders.order_state", "", "t.order_id"),
    CopiedTable("orders.order_line", "", "t.order_id"),
    CopiedTable("inventory_visibility.reservation", _LINE.format("t.line_id"), "l.order_id"),
    CopiedTable(
        "inventory_visibility.ledger_entry",
        "JOIN orders.order o ON o.number = t.document",
        "o.id",
    ),
    CopiedTable("fulfillment_optimization.sourcing_decision", "", "t.order_id"),
    CopiedTable("fulfillment.fulfillment_order", "", "t.order_id"),
    CopiedTable(
        "fulfillment.fulfillment_order_line", _LINE.format("t.order_line_id"), "l.order_id"
    ),
    CopiedTable("orchestration.flow_run", "", "t.root_id"),
    CopiedTable("orchestration.token", "", "t.root_id"),
    CopiedTable(
        "orchestration.step_result",
        "JOIN orchestration.flow_run r ON r.id = t.run_id",
        "r.root_id",
    ),
    CopiedTable(
        "orchestration.provider_call",
        "JOIN orchestration.token k ON k.id = t.token_id",
        "k.root_id",
    ),
    CopiedTable("platform.business_event", "", "t.root_id"),
)
"""The tables in the order that their foreign keys require."""

CHANGED_COLUMNS = {
    "providers.message": "state",
    "orders.order_state": "reason",
    "orders.order_line": "state_reason",
    "fulfillment.fulfillment_order": "state_reason",
    "orchestration.token": "state",
    "orchestration.provider_call": "state",
}
"""Rows of these tables change at least once after their creation; the floor updates them once."""


@dataclass
class CopiedRows:
    """The rows of a table as COPY text, and their keys, by the number of their order."""

    table: str
    lines: dict[int, list[bytes]]
    keys: dict[int, list[str]]

    def __len__(self) -> int:
        return sum(map(len, self.lines.values()))


def read_rows(url: str) -> list[CopiedRows]:
    """Return every row of the tables that belongs to an order."""
    with psycopg.connect(url) as connection:
        orders = connection.execute("SELECT id FROM orders.order ORDER BY id").fetchall()
        numbers = {str(order_id): number for number, (order_id,) in enumerate(orders)}
        return [_read_table(connection, numbers, table) for table in TABLES]


def write_rows(
    url: str, rows: Sequence[CopiedRows], *, orders: int, batch: int, connections: int
) -> float:
    """Empty the tables, write the rows over several connections, and return the seconds."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = sql.SQL(", ").join(_identifier(one.table) for one in rows)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        connection.execute("CHECKPOINT")

    batches = -(-orders // batch)
    threads: list[Thread] = []
    for number in range(connections):
        own_batches = range(number, batches, connections)
        threads.append(Thread(target=_write_batches, args=(url, rows, own_batches, batch)))

    started = perf_counter()
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    return perf_counter() - started


def _read_table(connection: Connection, numbers: dict[str, int], table: CopiedTable) -> CopiedRows:
    key = _key_column(connection, table.name)
    schema, _, name = table.name.partition(".")
    source = f'FROM "{schema}"."{name}" t {table.join} ORDER BY t.{key}'

    with connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT t.* {source}) TO STDOUT".encode()) as copy:
            text = b"".join(map(bytes, copy))

        query = f"SELECT ({table.order_id})::text, t.{key}::text {source}"
        owners = cursor.execute(query.encode()).fetchall()

    rows = CopiedRows(table.name, defaultdict(list), defaultdict(list))
    for line, (order_id, row_key) in zip(text.splitlines(keepends=True), owners, strict=True):
        if order_id in numbers:
            rows.lines[numbers[order_id]].append(line)
            rows.keys[numbers[order_id]].append(row_key)

    return rows


def _key_column(connection: Connection, table: str) -> str:
    schema, _, name = table.partition(".")
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s AND column_name IN ('id', 'order_id')"
        " ORDER BY column_name LIMIT 1",
        (schema, name),
    ).fetchone()
    assert found is not None, table
    return str(found[0])


def _write_batches(
    url: str, rows: Sequence[CopiedRows], batches: Sequence[int], batch: int
) -> None:
    """Write each batch in two transactions: all inserts, then all updates."""
    with psycopg.connect(url, autocommit=True) as connection:
        for number in batches:
            orders = range(number * batch, (number + 1) * batch)
            with connection.transaction(), connection.cursor() as cursor:
                for one in rows:
                    _copy(cursor, one, orders)

            with connection.transaction(), connection.cursor() as cursor:
                for one in rows:
                    _update(cursor, one, orders)


def _copy(cursor: Cursor, rows: CopiedRows, orders: range) -> None:
    lines: list[bytes] = []
    for order in orders:
        lines += rows.lines.get(order, ())
    statement = sql.SQL("COPY {} FROM STDIN").format(_identifier(rows.table))
    with cursor.copy(statement) as copy:
        copy.write(b"".join(lines))


def _update(cursor: Cursor, rows: CopiedRows, orders: range) -> None:
    """Write the rows' changed column with its own value."""
    column = CHANGED_COLUMNS.get(rows.table)
    if column is None:
        return

    keys: list[str] = []
    for order in orders:
        keys += rows.keys.get(order, ())

    key_column = "order_id" if rows.table == "orders.order_state" else "id"
    key_type = "bigint[]" if keys and keys[0].isdigit() else "uuid[]"
    statement = sql.SQL("UPDATE {} SET {} = {} WHERE {} = ANY(%s::text[]::{})").format(
        _identifier(rows.table),
        sql.Identifier(column),
        sql.Identifier(column),
        sql.Identifier(key_column),
        sql.SQL(key_type),
    )
    cursor.execute(statement, (keys,))


def _identifier(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))
