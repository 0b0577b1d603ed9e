"""The floor: the very rows a run left behind, written again by bare COPY and UPDATE, in batches, on the same server."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql

# In the order their foreign keys ask for, each with the order its rows belong to. What the pipeline changes after it
# made it stands below.
_LINE = "JOIN orders.order_line l ON l.id = {}"
TABLES = (
    ("providers.message", "", "nullif(t.entity_id, '')::uuid"),
    ("orders.order", "", "t.id"),
    ("orders.order_state", "", "t.order_id"),
    ("orders.order_line", "", "t.order_id"),
    ("inventory_visibility.reservation", _LINE.format("t.line_id"), "l.order_id"),
    ("inventory_visibility.ledger_entry", "JOIN orders.order o ON o.number = t.document", "o.id"),
    ("fulfillment_optimization.sourcing_decision", "", "t.order_id"),
    ("fulfillment.fulfillment_order", "", "t.order_id"),
    ("fulfillment.fulfillment_order_line", _LINE.format("t.order_line_id"), "l.order_id"),
    ("orchestration.flow_run", "", "t.root_id"),
    ("orchestration.token", "", "t.root_id"),
    ("orchestration.step_result", "JOIN orchestration.flow_run j ON j.id = t.run_id", "j.root_id"),
    (
        "orchestration.provider_call",
        "JOIN orchestration.token k ON k.id = t.token_id",
        "k.root_id",
    ),
    ("platform.business_event", "", "t.root_id"),
)

# Each of these rows lives through at least one change of state after its creation; the floor pays for one.
CHANGED = (
    ("providers.message", "state"),
    ("orders.order_state", "reason"),
    ("orders.order_line", "state_reason"),
    ("fulfillment.fulfillment_order", "state_reason"),
    ("orchestration.token", "state"),
    ("orchestration.provider_call", "state"),
)


@dataclass
class Rows:
    """A table's rows as COPY text and their keys, by the number of the order they belong to."""

    table: str
    lines: dict[int, list[bytes]]
    keys: dict[int, list[str]]

    def __len__(self) -> int:
        return sum(map(len, self.lines.values()))


def remember(url: str) -> list[Rows]:
    """Read every row an order left in the tables a run writes."""
    with psycopg.connect(url) as connection:
        orders = connection.execute("SELECT id FROM orders.order ORDER BY id").fetchall()
        number = {str(row[0]): n for n, row in enumerate(orders)}
        return [_remember(connection, number, *table) for table in TABLES]


def _remember(
    connection: psycopg.Connection[tuple[Any, ...]], number: dict[str, int], *table: str
) -> Rows:
    name, join, owner = table
    key = _key(connection, name)
    source = f"FROM {_quoted(name)} t {join} ORDER BY t.{key}"
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT t.* {source}) TO STDOUT".encode()) as copy:
            text = b"".join(bytes(part) for part in copy)
        found = cursor.execute(
            f"SELECT ({owner})::text, t.{key}::text {source}".encode()
        ).fetchall()
    rows = Rows(name, defaultdict(list), defaultdict(list))
    for line, (order, its_key) in zip(text.splitlines(keepends=True), found, strict=True):
        if order in number:
            rows.lines[number[order]].append(line)
            rows.keys[number[order]].append(its_key)
    return rows


def _quoted(table: str) -> str:
    schema, _, name = table.partition(".")
    return f'"{schema}"."{name}"'


def _key(connection: psycopg.Connection[tuple[Any, ...]], table: str) -> str:
    schema, _, name = table.partition(".")
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " AND column_name IN ('id', 'order_id') ORDER BY column_name LIMIT 1",
        (schema, name),
    ).fetchone()
    assert found is not None, table
    return str(found[0])


def write_again(
    url: str, rows: Sequence[Rows], *, orders: int, batch: int, connections: int
) -> float:
    """Empty the tables, write the rows again over `connections` at once, and answer the seconds it took."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = sql.SQL(", ").join(sql.Identifier(*r.table.split(".")) for r in rows)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        connection.execute("CHECKPOINT")
    batches = -(-orders // batch)
    work = [list(range(n, batches, connections)) for n in range(connections)]
    threads = [Thread(target=_write, args=(url, rows, mine, batch)) for mine in work]
    started = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return perf_counter() - started


def _write(url: str, rows: Sequence[Rows], mine: Sequence[int], batch: int) -> None:
    changed = dict(CHANGED)
    with psycopg.connect(url, autocommit=True) as connection:
        for n in mine:
            orders = range(n * batch, (n + 1) * batch)
            with connection.transaction(), connection.cursor() as cursor:
                for one in rows:
                    statement = sql.SQL("COPY {} FROM STDIN").format(
                        sql.Identifier(*one.table.split("."))
                    )
                    with cursor.copy(statement) as copy:
                        copy.write(b"".join(line for o in orders for line in one.lines.get(o, ())))
            with connection.transaction(), connection.cursor() as cursor:
                for one in rows:
                    if one.table in changed:
                        keys = [key for o in orders for key in one.keys.get(o, ())]
                        _touch(cursor, one, changed[one.table], keys)


def _touch(
    cursor: psycopg.Cursor[tuple[Any, ...]], one: Rows, column: str, keys: Sequence[str]
) -> None:
    key = "order_id" if one.table == "orders.order_state" else "id"
    kind = sql.SQL("bigint[]") if keys and keys[0].isdigit() else sql.SQL("uuid[]")
    cursor.execute(
        sql.SQL("UPDATE {} SET {} = {} WHERE {} = ANY(%s::text[]::{})").format(
            sql.Identifier(*one.table.split(".")),
            sql.Identifier(column),
            sql.Identifier(column),
            sql.Identifier(key),
            kind,
        ),
        (list(keys),),
    )
