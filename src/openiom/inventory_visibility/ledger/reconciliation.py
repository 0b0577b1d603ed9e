"""
The checker that always runs: a slice of stock rows and of sealed blocks a turn, round after round.

A stock row is right when its ledger adds up to it, measure by measure, and its open reservations to what is reserved.
What the ledger added up to is kept at each row, so that a round reads only what is new; `invariants/` reads everything.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import ZERO, plain
from openiom.kernel import Event, new_ids
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import append_events

from .seal import Wrong, verify_blocks, verify_days

log = structlog.get_logger("ledger_check")
ROWS, BLOCKS = 300, 4
ENTRIES, ENTRIES_OF_THE_FIRST = 5_000, 200_000
ACTOR = "ledger check"
_CHECKER = 7_200_340_022
_COLUMNS = ("on_hand", "reserved", "overdraft", "covered")


@dataclass(slots=True)
class Standing:
    """A stock row with what its ledger adds up to. `whole` is False while old entries are still being added up."""

    stock_id: int
    book: dict[str, Decimal]
    open: Decimal
    through: int
    sums: dict[str, Decimal]
    parse_id: bool
    measures: dict[str, Decimal] = field(default_factory=dict)

    def wrong(self) -> list[Wrong]:
        found = [
            Wrong(
                "stock",
                self.stock_id,
                name,
                plain(self.book[name]),
                plain(self.sums.get(name, ZERO)),
            )
            for name in _COLUMNS
            if self.book[name] != self.sums.get(name, ZERO)
        ]
        counted = {name for name in self.sums if "." in name}
        found += [
            Wrong(
                "measure_balance",
                self.stock_id,
                name,
                plain(self.measures.get(name, ZERO)),
                plain(should),
            )
            for name in sorted(counted | self.measures.keys())
            if self.measures.get(name, ZERO) != (should := self.sums.get(name, ZERO))
        ]
        if self.book["reserved"] != self.open:
            found.append(
                Wrong(
                    "reservation",
                    self.stock_id,
                    "open",
                    plain(self.open),
                    plain(self.book["reserved"]),
                )
            )
        return found


class CheckTurn:
    """Checks a slice a turn. Tells no rows taken, so that it runs once a second and never busily."""

    kind = "ledger_check"

    def __init__(self, *, rows: int = ROWS, blocks: int = BLOCKS) -> None:
        self._rows, self._blocks = rows, blocks

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            # One snapshot for rows, entries and reservations; only the checker writes what it writes.
            execute(session, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (_CHECKER,))[0][0]:
                cursor, block = _cursor(session, now)
                self._check_rows(session, cursor, now)
                self._check_blocks(session, block, now)
        return BatchResult(0, False)

    def _check_rows(self, session: Session, cursor: int, now: datetime) -> None:
        standings = _slice(session, cursor, self._rows)
        done = [s for s in standings if s.parse_id]
        _remember(session, standings)
        _tell(
            session,
            [w for s in done for w in s.wrong()],
            [s.stock_id for s in done],
            _STOCK_ROWS,
            now,
        )
        unfinished = next((s.stock_id for s in standings if not s.parse_id), None)
        if unfinished is None and len(standings) < self._rows:
            execute(
                session,
                "UPDATE inventory_visibility.ledger_check SET stock_id = 0, checked_through = round_began_at,"
                " round_began_at = %s",
                (now,),
            )
        else:
            reached = unfinished - 1 if unfinished is not None else standings[-1].stock_id
            execute(
                session, "UPDATE inventory_visibility.ledger_check SET stock_id = %s", (reached,)
            )

    def _check_blocks(self, session: Session, block: int, now: datetime) -> None:
        wrong, reached = verify_blocks(session, after=block, limit=self._blocks)
        if reached is None:
            wrong = verify_days(session)
            _tell(session, wrong, _known(session, _DAYS, 0, None), _DAYS, now)
            execute(
                session,
                "UPDATE inventory_visibility.ledger_check SET block_id = 0, chain_checked_through = %s",
                (now,),
            )
        else:
            _tell(session, wrong, _known(session, _SEALED, block + 1, reached), _SEALED, now)
            execute(
                session, "UPDATE inventory_visibility.ledger_check SET block_id = %s", (reached,)
            )


_STOCK_ROWS = ("stock", "measure_balance", "reservation")
_SEALED, _DAYS = ("ledger_entry", "ledger_block"), ("ledger_day",)


def _cursor(session: Session, now: datetime) -> tuple[int, int]:
    execute(
        session,
        "INSERT INTO inventory_visibility.ledger_check (id, round_began_at) VALUES (1, %s) ON CONFLICT DO NOTHING",
        (now,),
    )
    ((stock_id, block_id),) = fetch(
        session, "SELECT stock_id, block_id FROM inventory_visibility.ledger_check"
    )
    return stock_id, block_id


def _slice(session: Session, after: int, limit: int) -> list[Standing]:
    rows = fetch(
        session,
        "SELECT s.id, s.on_hand, s.reserved, s.overdraft, s.covered, coalesce((SELECT sum(open) FROM"
        " inventory_visibility.reservation r WHERE r.stock_id = s.id AND r.open > 0), 0), coalesce(c.entry_id, 0),"
        " coalesce(c.sums, '{}') FROM inventory_visibility.stock s"
        " LEFT JOIN inventory_visibility.ledger_checkpoint c ON c.stock_id = s.id"
        " WHERE s.id > %s ORDER BY s.id LIMIT %s",
        (after, limit),
    )
    standings = {
        row[0]: Standing(
            row[0],
            dict(zip(_COLUMNS, row[1:5], strict=True)),
            row[5],
            row[6],
            defaultdict(Decimal, {name: Decimal(units) for name, units in row[7].items()}),
            True,
        )
        for row in rows
    }
    for stock_id, source, measure, quantity in fetch(
        session,
        "SELECT stock_id, data_source, measure, quantity FROM inventory_visibility.measure_balance"
        " WHERE stock_id = ANY(%s)",
        (list(standings),),
    ):
        standings[stock_id].measures[f"{source}.{measure}"] = quantity
    _add_up(session, standings)
    return list(standings.values())


def _add_up(session: Session, standings: Mapping[int, Standing]) -> None:
    """Go on from where each row's ledger was added up last; the first of the slice may read far."""
    first = next(iter(standings), 0)
    rows = fetch(
        session,
        "SELECT k.stock_id, e.data_source, e.measure, sum(e.delta), sum(e.delta * e.on_hand_sign),"
        " sum(e.delta * e.reserved_sign), max(e.id), count(*)"
        " FROM unnest(%s::bigint[], %s::bigint[]) AS k(stock_id, through), LATERAL ("
        " SELECT * FROM inventory_visibility.ledger_entry x WHERE x.stock_id = k.stock_id AND x.id > k.through"
        " ORDER BY x.id LIMIT CASE WHEN k.stock_id = %s THEN %s ELSE %s END) e GROUP BY 1, 2, 3",
        (
            list(standings),
            [s.through for s in standings.values()],
            first,
            ENTRIES_OF_THE_FIRST,
            ENTRIES,
        ),
    )
    read: dict[int, int] = defaultdict(int)
    for stock_id, source, measure, delta, on_hand, reserved, through, count in rows:
        standing = standings[stock_id]
        standing.sums["on_hand"] += on_hand
        standing.sums["reserved"] += reserved
        if source:
            standing.sums[f"{source}.{measure}"] += delta
        elif measure in ("overdraft", "covered"):
            standing.sums[measure] += delta
        standing.through = max(standing.through, through)
        read[stock_id] += count
    for stock_id, count in read.items():
        standings[stock_id].parse_id = count < (
            ENTRIES_OF_THE_FIRST if stock_id == first else ENTRIES
        )


def _remember(session: Session, standings: Sequence[Standing]) -> None:
    """Keep the sums of rows whose ledger grew."""
    execute(
        session,
        "INSERT INTO inventory_visibility.ledger_checkpoint AS c (stock_id, entry_id, sums)"
        " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::jsonb[]) AS n(stock_id, entry_id, sums)"
        " WHERE n.entry_id > 0 ON CONFLICT (stock_id) DO UPDATE SET entry_id = excluded.entry_id,"
        " sums = excluded.sums WHERE c.entry_id < excluded.entry_id",
        (
            [s.stock_id for s in standings],
            [s.through for s in standings],
            [to_json_text({name: str(units) for name, units in s.sums.items()}) for s in standings],
        ),
    )


def _tell(
    session: Session,
    wrong: Sequence[Wrong],
    checked: Sequence[int],
    kinds: Sequence[str],
    now: datetime,
) -> None:
    """Keep what is wrong, announce what was not known, and forget what is right again."""
    execute(
        session,
        "DELETE FROM inventory_visibility.ledger_drift d WHERE d.row_id = ANY(%s) AND d.what = ANY(%s)"
        " AND NOT EXISTS (SELECT 1 FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS w(what, row_id, name)"
        ' WHERE w.what = d.what AND w.row_id = d.row_id AND w.name = d."column")',
        (
            list(checked),
            list(kinds),
            [w.what for w in wrong],
            [w.row_id for w in wrong],
            [w.column for w in wrong],
        ),
    )
    if not wrong:
        return
    new = fetch(
        session,
        'INSERT INTO inventory_visibility.ledger_drift (what, row_id, "column", stands, should_be, found_at)'
        " SELECT w.*, %s FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])"
        ' AS w(what, row_id, "column", stands, should_be) ON CONFLICT DO NOTHING'
        ' RETURNING what, row_id, "column", stands, should_be',
        (
            now,
            *map(
                list,
                zip(
                    *((w.what, w.row_id, w.column, w.stands, w.should_be) for w in wrong),
                    strict=True,
                ),
            ),
        ),
    )
    for row in new:
        log.error(
            "drift_found", what=row[0], row=row[1], column=row[2], stands=row[3], should_be=row[4]
        )
    names = ("what", "row", "column", "stands", "should_be")
    events = [
        Event(
            name="inventory.drift_found",
            subject_type="inventory",
            subject_id=subject,
            root_id=subject,
            data=dict(zip(names, row, strict=True)),
        )
        for row, subject in zip(new, new_ids(len(new)), strict=True)
    ]
    append_events(session, events, at=now, actor=ACTOR)


def _known(session: Session, kinds: Sequence[str], first: int, last: int | None) -> list[int]:
    """Rows of these kinds in this range that were found wrong before."""
    rows = fetch(
        session,
        "SELECT row_id FROM inventory_visibility.ledger_drift WHERE what = ANY(%s) AND row_id >= %s"
        " AND (%s::bigint IS NULL OR row_id <= %s)",
        (list(kinds), first, last, last),
    )
    return [row[0] for row in rows]


def first_wrong_row(session: Session) -> Wrong | None:
    """The first row the checker found wrong and that is not right again."""
    rows = drift(session, limit=1)
    return rows[0] if rows else None


def drift(session: Session, *, limit: int) -> list[Wrong]:
    """What the checker found wrong, first found first."""
    rows = fetch(
        session,
        'SELECT what, row_id, "column", stands, should_be FROM inventory_visibility.ledger_drift'
        " ORDER BY found_at, what, row_id LIMIT %s",
        (limit,),
    )
    return [Wrong(*row) for row in rows]


def health(session: Session, *, limit: int = 100) -> dict[str, Any]:
    """How far checker and chain came, and what they found wrong."""
    checks = fetch(
        session,
        "SELECT checked_through, round_began_at, chain_checked_through FROM inventory_visibility.ledger_check",
    )
    checked, began, chain = checks[0] if checks else (None, None, None)
    ((sealed,),) = fetch(
        session, "SELECT max(day) FROM inventory_visibility.ledger_day WHERE sealed_at IS NOT NULL"
    )
    return {
        "checked_through": checked,
        "round_began_at": began,
        "chain_checked_through": chain,
        "sealed_through": sealed,
        "wrong": drift(session, limit=limit),
    }
