"""The floor of the inventory benchmark: the same rows by plain SQL, without any decision."""

from collections.abc import Sequence
from threading import Thread
from time import perf_counter
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]
_LEDGER = (
    "COPY inventory_visibility.ledger_entry (stock_id, recorded_at, data_source, measure, delta,"
    " on_hand_sign, reserved_sign, cause, document, actor, event_id) FROM STDIN"
)


def bare_changes(
    connection: Connection, keys: Sequence[tuple[str, str]], events: Sequence[str]
) -> None:
    """Find the keys, COPY the entries, and add to measures and stock rows, in one transaction."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id FROM unnest(%s::text[], %s::text[]) AS k(product, source),"
            " LATERAL (SELECT id FROM"
            " inventory_visibility.stock s WHERE s.organization = '' AND s.product = k.product"
            " AND s.source = k.source AND s.dimensions = '' OFFSET 0) s",
            ([k[0] for k in keys], [k[1] for k in keys]),
        )
        ids = [row[0] for row in cursor.fetchall()]
        _copy_entries(cursor, ids, "pos\tposinbound\t1\t1\t0", events)
        added = (sorted(ids),)
        cursor.execute(
            "UPDATE inventory_visibility.measure_balance b SET quantity = quantity + d.n FROM"
            " (SELECT id, count(*) AS n FROM unnest(%s::bigint[]) AS u(id) GROUP BY id) d"
            " WHERE b.stock_id = d.id AND b.data_source = 'pos' AND b.measure = 'posinbound'",
            added,
        )
        cursor.execute(
            "UPDATE inventory_visibility.stock s SET on_hand = on_hand + d.n, updated_at"
            " = now() FROM"
            " (SELECT id, count(*) AS n FROM unnest(%s::bigint[]) AS u(id) GROUP BY id)"
            " d WHERE s.id = d.id",
            added,
        )


def _copy_entries(
    cursor: psycopg.Cursor[tuple[Any, ...]], ids: Sequence[int], middle: str, events: Sequence[str]
) -> None:
    with cursor.copy(_LEDGER.encode()) as copy:
        copy.write(
            "".join(
                f"{i}\t2026-11-20T12:00:00Z\t{middle}\tapi\t\tbench\t{e}\n"
                for i, e in zip(ids, events, strict=True)
            )
        )


def bare_query(connection: Connection, products: Sequence[str], locations: int) -> None:
    rows = connection.execute(
        "SELECT s.product, s.source, b.data_source, b.measure, b.quantity::float8 FROM"
        " inventory_visibility.stock s"
        " JOIN inventory_visibility.measure_balance b ON b.stock_id = s.id"
        " WHERE s.organization = '' AND s.product = ANY(%s) AND s.source = ANY(%s)",
        (list(products), [f"L{location}" for location in range(locations)]),
    ).fetchall()
    assert len(rows) == 200 * locations, len(rows)


def bare_reservations(
    connection: Connection, product: str, source: str, units: int, batch: int
) -> float:
    """Return the seconds to reserve `units` of one key in batches one after the other."""
    row = connection.execute(
        "SELECT id FROM inventory_visibility.stock WHERE product = %s AND source = %s",
        (product, source),
    ).fetchone()
    assert row is not None
    stock_id = row[0]
    connection.commit()

    began = perf_counter()
    for first in range(0, units, batch):
        ids = [stock_id] * min(batch, units - first)
        with connection.transaction(), connection.cursor() as cursor:
            with cursor.copy(
                b"COPY inventory_visibility.reservation (stock_id, quantity, open,"
                b" created_at, reference) FROM STDIN"
            ) as copy:
                copy.write("".join(f"{i}\t1\t1\t2026-11-20T12:00:00Z\tfloor\n" for i in ids))

            events = [f"floor-{product}-{first + n}" for n in range(len(ids))]
            _copy_entries(cursor, ids, "iv\tsoftreservordered\t1\t0\t1", events)
            cursor.execute(
                "UPDATE inventory_visibility.measure_balance SET quantity = quantity + %s"
                " WHERE stock_id = %s AND data_source = 'iv' AND measure = 'softreservordered'",
                (len(ids), stock_id),
            )
            cursor.execute(
                "UPDATE inventory_visibility.stock SET reserved = reserved + %s WHERE id = %s",
                (len(ids), stock_id),
            )

    return perf_counter() - began


def bare_buyers(
    url: str, product: str, source: str, buyers: int, *, connections: int
) -> tuple[int, float]:
    """Return (winners, seconds) when every buyer runs one guarded UPDATE and one commit."""
    opened = [psycopg.connect(url, autocommit=True) for _ in range(connections)]
    won: list[int] = []

    def run(connection: Connection) -> None:
        mine = 0
        for _ in range(buyers // connections):
            mine += connection.execute(
                "UPDATE inventory_visibility.stock SET reserved = reserved + 1 WHERE"
                " product = %s AND source = %s"
                " AND organization = '' AND dimensions = '' AND reserved < on_hand",
                (product, source),
            ).rowcount

        won.append(mine)

    threads = [Thread(target=run, args=(connection,)) for connection in opened]
    began = perf_counter()
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    seconds = perf_counter() - began
    for connection in opened:
        connection.close()

    return sum(won), seconds
