"""The floor: the very rows a run left behind, written again by bare COPY and UPDATE, in batches, on the same server."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Thread
from time import perf_counter

import psycopg
from psycopg import sql

# In the order their foreign keys ask for. What the pipeline changes after it made it stands below.
TABLES = (
    "providers.message",
    "orders.order",
    "orders.order_state",
    "orders.order_line",
    "inventory_visibility.reservation",
    "inventory_visibility.ledger_entry",
    "fulfillment_optimization.sourcing_decision",
    "fulfillment.fulfillment_order",
    "fulfillment.fulfillment_order_line",
    "orchestration.journey",
    "orchestration.token",
    "orchestration.step_result",
    "orchestration.provider_action",
    "platform.business_event",
)

# Each of these rows lives through at least one change of state after its creation; the floor pays for one.
CHANGED = (
    ("providers.message", "state"),
    ("orders.order_state", "reason"),
    ("orders.order_line", "state_reason"),
    ("fulfillment.fulfillment_order", "state_reason"),
    ("orchestration.token", "state"),
    ("orchestration.provider_action", "state"),
)


@dataclass
class Rows:
    """A table's rows as COPY text, in the order they were made."""

    table: str
    lines: list[bytes]
    keys: list[str]


def remember(url: str) -> list[Rows]:
    """Read every row of the tables a run writes."""
    kept = []
    with psycopg.connect(url) as connection:
        for table in TABLES:
            name = sql.Identifier(*table.split("."))
            key = _key(connection, table)
            with connection.cursor() as cursor:
                query = sql.SQL("COPY (SELECT * FROM {} ORDER BY {}) TO STDOUT").format(name, sql.Identifier(key))
                with cursor.copy(query) as copy:
                    text = b"".join(bytes(part) for part in copy)
                cursor.execute(
                    sql.SQL("SELECT {}::text FROM {} ORDER BY {}").format(
                        sql.Identifier(key), name, sql.Identifier(key)
                    )
                )
                keys = [row[0] for row in cursor.fetchall()]
            kept.append(Rows(table, text.splitlines(keepends=True), keys))
    return kept


def _key(connection: psycopg.Connection[tuple[object, ...]], table: str) -> str:
    schema, _, name = table.partition(".")
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " AND column_name IN ('id', 'order_id') ORDER BY column_name LIMIT 1",
        (schema, name),
    ).fetchone()
    assert found is not None, table
    return str(found[0])


def write_again(url: str, rows: Sequence[Rows], *, orders: int, batch: int, connections: int) -> float:
    """Empty the tables, write the rows again over `connections` at once, and answer the seconds it took."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = sql.SQL(", ").join(sql.Identifier(*r.table.split(".")) for r in rows)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        connection.execute("CHECKPOINT")
    batches = max(1, orders // batch)
    work = [list(range(n, batches, connections)) for n in range(connections)]
    threads = [Thread(target=_write, args=(url, rows, mine, batches)) for mine in work]
    started = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return perf_counter() - started


def _write(url: str, rows: Sequence[Rows], mine: Sequence[int], batches: int) -> None:
    changed = dict(CHANGED)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = origin")
        for n in mine:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                for one in rows:
                    statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(*one.table.split(".")))
                    with cursor.copy(statement) as copy:
                        copy.write(b"".join(one.lines[_part(len(one.lines), n, batches)]))
            with connection.transaction(), connection.cursor() as cursor:
                for one in rows:
                    if one.table in changed:
                        _touch(cursor, one, changed[one.table], one.keys[_part(len(one.keys), n, batches)])


def _part(length: int, n: int, batches: int) -> slice:
    return slice(length * n // batches, length * (n + 1) // batches)


def _touch(cursor: psycopg.Cursor[tuple[object, ...]], one: Rows, column: str, keys: Sequence[str]) -> None:
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
