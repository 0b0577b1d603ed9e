"""Continuous reconciliation of stock rows and sealed blocks with the ledger.

A stock row is right when its ledger entries add up to it, measure by measure, and its open
reservations to what is reserved, and when its measures add up to on hand and reserved by the
formula of the configuration in use. The sums are stored for each row, so a round only reads new
entries; the queries in `invariants/` read everything.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.inventory_visibility.events import DISCREPANCY_FOUND, inventory_event
from openiom.inventory_visibility.measures import ZERO, Formula, Measure, format_quantity
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch, fetch_as
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import append_events

from .seal import Discrepancy, verify_blocks, verify_days

log = structlog.get_logger("reconciliation")
ROWS, BLOCKS = 300, 4
ENTRIES, ENTRIES_OF_FIRST_ROW = 5_000, 200_000
ACTOR = "reconciliation"
_ADVISORY_LOCK = 7_200_340_022
_COLUMNS = ("on_hand", "reserved", "overdraft", "backed_by_variants")
_STOCK_TABLES = ("stock", "measure_balance", "reservation")
_BLOCK_TABLES = ("ledger_entry", "ledger_block")
_DAY_TABLES = ("ledger_day",)
_DISCREPANCY = 'what, row_id, "column", actual, expected'


@dataclass(slots=True)
class CheckedStock:
    """A stock row with the sums of its ledger through the entry `through`.

    `is_complete` is False while older entries have not been added up yet.
    """

    stock_id: int
    balances: dict[str, Decimal]
    open_units: Decimal
    through: int
    sums: dict[str, Decimal]
    is_complete: bool = True
    measures: dict[str, Decimal] = field(default_factory=dict)

    def discrepancies(self) -> list[Discrepancy]:
        """Return the balances of this row that differ from the ledger or its reservations."""
        found: list[Discrepancy] = []
        for name in _COLUMNS:
            found += self._compare("stock", name, self.balances[name], self._sum(name))

        for name in sorted(self._measure_names()):
            actual = self.measures.get(name, ZERO)
            found += self._compare("measure_balance", name, actual, self._sum(name))

        reserved = self.balances["reserved"]
        return found + self._compare("reservation", "open", self.open_units, reserved)

    def formula_discrepancies(self, formula: Formula) -> list[Discrepancy]:
        """Return on hand and reserved as far as they differ from what the measures add up to."""
        on_hand = ZERO
        for measure, sign in formula.supply.items():
            on_hand += sign * self.measures.get(_balance_name(measure), ZERO)

        reserved = ZERO
        for measure in formula.reservations:
            reserved += self.measures.get(_balance_name(measure), ZERO)

        found = self._compare("stock", "on_hand_by_formula", self.balances["on_hand"], on_hand)
        return found + self._compare(
            "stock", "reserved_by_formula", self.balances["reserved"], reserved
        )

    def _measure_names(self) -> set[str]:
        """Return the measures with a balance or entries, as data source and name."""
        return {name for name in self.sums if "." in name} | self.measures.keys()

    def _sum(self, name: str) -> Decimal:
        return self.sums.get(name, ZERO)

    def _compare(
        self, what: str, column: str, actual: Decimal, expected: Decimal
    ) -> list[Discrepancy]:
        """Return a discrepancy when the quantities differ."""
        if actual == expected:
            return []

        return [
            Discrepancy(
                what, self.stock_id, column, format_quantity(actual), format_quantity(expected)
            )
        ]


def _balance_name(measure: Measure) -> str:
    """Return the name under which the balance of a measure is compared."""
    return ".".join(measure)


class _Position(NamedTuple):
    """The last stock id and the last sealed entry that were checked in this round."""

    stock_id: int
    block_id: int


class ReconciliationWorker:
    """Checks a few stock rows and sealed blocks each time it runs.

    It reports an empty batch, so the worker loop runs it once per second and never back to back.
    """

    kind = "ledger_check"

    def __init__(self, *, rows: int = ROWS, blocks: int = BLOCKS) -> None:
        self._rows, self._blocks = rows, blocks

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            # Rows, entries and reservations are read from one snapshot; only this worker writes
            # the tables it writes.
            execute(session, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            locked = fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
            if locked == [(True,)]:
                position = _position(session, now)
                self._check_rows(session, position.stock_id, now)
                self._check_blocks(session, position.block_id, now)

        return BatchResult(0, False)

    def _check_rows(self, session: Session, after: int, now: datetime) -> None:
        """Check the next stock rows and remember how far the round has come."""
        rows = _read_rows(session, after, self._rows)
        formula = inventory_configuration(session).formula
        _store_sums(session, rows)

        discrepancies: list[Discrepancy] = []
        checked = []
        incomplete = []
        for row in rows:
            if row.is_complete:
                checked.append(row.stock_id)
                # A balance that differs from the ledger explains why the formula does not fit.
                discrepancies += row.discrepancies() or row.formula_discrepancies(formula)
            else:
                incomplete.append(row.stock_id)

        _record(session, discrepancies, checked, _STOCK_TABLES, now)
        if not incomplete and len(rows) < self._rows:
            execute(
                session,
                "UPDATE inventory_visibility.ledger_check SET stock_id = 0,"
                " checked_through = round_began_at, round_began_at = %s",
                (now,),
            )
            return

        reached = incomplete[0] - 1 if incomplete else rows[-1].stock_id
        execute(session, "UPDATE inventory_visibility.ledger_check SET stock_id = %s", (reached,))

    def _check_blocks(self, session: Session, after: int, now: datetime) -> None:
        """Verify the next sealed blocks; after the last one verify the days."""
        discrepancies, reached = verify_blocks(session, after=after, limit=self._blocks)
        if reached is None:
            known = _known_rows(session, _DAY_TABLES, 0, None)
            _record(session, verify_days(session), known, _DAY_TABLES, now)
            execute(
                session,
                "UPDATE inventory_visibility.ledger_check"
                " SET block_id = 0, chain_checked_through = %s",
                (now,),
            )
            return

        known = _known_rows(session, _BLOCK_TABLES, after + 1, reached)
        _record(session, discrepancies, known, _BLOCK_TABLES, now)
        execute(session, "UPDATE inventory_visibility.ledger_check SET block_id = %s", (reached,))


def _position(session: Session, now: datetime) -> _Position:
    """Return where the last batch ended; the first call begins a round."""
    execute(
        session,
        "INSERT INTO inventory_visibility.ledger_check (id, round_began_at) VALUES (1, %s)"
        " ON CONFLICT DO NOTHING",
        (now,),
    )
    (position,) = fetch_as(
        session, _Position, "SELECT stock_id, block_id FROM inventory_visibility.ledger_check"
    )
    return position


class _StockBalances(NamedTuple):
    """A stock row, the units its reservations hold, and the sums stored for it."""

    stock_id: int
    on_hand: Decimal
    reserved: Decimal
    overdraft: Decimal
    backed_by_variants: Decimal
    open_units: Decimal
    through: int
    sums: dict[str, str]

    def checked(self) -> CheckedStock:
        """Return the row with its stored sums, before its new entries are added."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for name, units in self.sums.items():
            sums[name] = Decimal(units)

        return CheckedStock(
            stock_id=self.stock_id,
            balances={name: getattr(self, name) for name in _COLUMNS},
            open_units=self.open_units,
            through=self.through,
            sums=sums,
        )


def _read_rows(session: Session, after: int, limit: int) -> list[CheckedStock]:
    """Return the next stock rows by id, with their measures and the sums of their ledger."""
    balances = fetch_as(
        session,
        _StockBalances,
        "SELECT s.id AS stock_id, s.on_hand, s.reserved, s.overdraft, s.backed_by_variants,"
        " coalesce((SELECT sum(open) FROM inventory_visibility.reservation r"
        " WHERE r.stock_id = s.id AND r.open > 0), 0) AS open_units,"
        " coalesce(c.entry_id, 0) AS through, coalesce(c.sums, '{}') AS sums"
        " FROM inventory_visibility.stock s"
        " LEFT JOIN inventory_visibility.ledger_checkpoint c ON c.stock_id = s.id"
        " WHERE s.id > %s ORDER BY s.id LIMIT %s",
        (after, limit),
    )
    rows = {row.stock_id: row.checked() for row in balances}
    measures = fetch(
        session,
        "SELECT stock_id, data_source, measure, quantity FROM inventory_visibility.measure_balance"
        " WHERE stock_id = ANY(%s)",
        (list(rows),),
    )

    for stock_id, data_source, measure, quantity in measures:
        rows[stock_id].measures[_balance_name((data_source, measure))] = quantity

    _add_new_entries(session, rows)
    return list(rows.values())


class _NewEntries(NamedTuple):
    """The new entries of one measure of a stock row, summed."""

    stock_id: int
    data_source: str
    measure: str
    delta: Decimal
    on_hand: Decimal
    reserved: Decimal
    last_id: int
    entries: int


def _add_new_entries(session: Session, rows: Mapping[int, CheckedStock]) -> None:
    """Add the entries since each row's last sum; the first row may have very many."""
    first = next(iter(rows), 0)
    sums = fetch_as(
        session,
        _NewEntries,
        "SELECT k.stock_id, e.data_source, e.measure, sum(e.delta) AS delta,"
        " sum(e.delta * e.on_hand_sign) AS on_hand, sum(e.delta * e.reserved_sign) AS reserved,"
        " max(e.id) AS last_id, count(*) AS entries"
        " FROM unnest(%s::bigint[], %s::bigint[]) AS k(stock_id, through), LATERAL ("
        " SELECT * FROM inventory_visibility.ledger_entry x"
        " WHERE x.stock_id = k.stock_id AND x.id > k.through ORDER BY x.id"
        " LIMIT CASE WHEN k.stock_id = %s THEN %s ELSE %s END) e"
        " GROUP BY k.stock_id, e.data_source, e.measure",
        (
            *columns_of(list(rows.values()), "stock_id", "through"),
            first,
            ENTRIES_OF_FIRST_ROW,
            ENTRIES,
        ),
    )

    read: dict[int, int] = defaultdict(int)
    for new in sums:
        row = rows[new.stock_id]
        row.sums["on_hand"] += new.on_hand
        row.sums["reserved"] += new.reserved
        if new.data_source:
            row.sums[_balance_name((new.data_source, new.measure))] += new.delta
        elif new.measure in ("overdraft", "backed_by_variants"):
            row.sums[new.measure] += new.delta

        row.through = max(row.through, new.last_id)
        read[new.stock_id] += new.entries

    for stock_id, count in read.items():
        most = ENTRIES_OF_FIRST_ROW if stock_id == first else ENTRIES
        rows[stock_id].is_complete = count < most


def _store_sums(session: Session, rows: Sequence[CheckedStock]) -> None:
    """Store the sums of rows whose ledger has new entries."""
    texts = []
    for row in rows:
        texts.append(to_json_text({name: str(units) for name, units in row.sums.items()}))

    execute(
        session,
        "INSERT INTO inventory_visibility.ledger_checkpoint AS c (stock_id, entry_id, sums)"
        " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::jsonb[])"
        " AS n(stock_id, entry_id, sums) WHERE n.entry_id > 0"
        " ON CONFLICT (stock_id) DO UPDATE SET entry_id = excluded.entry_id, sums = excluded.sums"
        " WHERE c.entry_id < excluded.entry_id",
        (*columns_of(rows, "stock_id", "through"), texts),
    )


def _record(
    session: Session,
    discrepancies: Sequence[Discrepancy],
    checked: Sequence[int],
    tables: Sequence[str],
    now: datetime,
) -> None:
    """Store discrepancies, publish the new ones, and delete those that are resolved."""
    execute(
        session,
        "DELETE FROM inventory_visibility.ledger_discrepancy d"
        " WHERE d.row_id = ANY(%s) AND d.what = ANY(%s) AND NOT EXISTS ("
        " SELECT 1 FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS w(what, row_id, name)"
        ' WHERE w.what = d.what AND w.row_id = d.row_id AND w.name = d."column")',
        (list(checked), list(tables), *columns_of(discrepancies, "what", "row_id", "column")),
    )
    if not discrepancies:
        return

    new = fetch_as(
        session,
        Discrepancy,
        f"INSERT INTO inventory_visibility.ledger_discrepancy ({_DISCREPANCY}, found_at)"
        " SELECT w.*, %s FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])"
        f" AS w({_DISCREPANCY}) ON CONFLICT DO NOTHING RETURNING {_DISCREPANCY}",
        (now, *columns_of(discrepancies, "what", "row_id", "column", "actual", "expected")),
    )
    events = []
    for discrepancy in new:
        log.error("discrepancy_found", **asdict(discrepancy))
        events.append(inventory_event(DISCREPANCY_FOUND, asdict(discrepancy)))

    append_events(session, events, at=now, actor=ACTOR)


def _known_rows(session: Session, tables: Sequence[str], first: int, last: int | None) -> list[int]:
    """Return the ids of rows in this range that have discrepancies stored."""
    rows = fetch(
        session,
        "SELECT row_id FROM inventory_visibility.ledger_discrepancy WHERE what = ANY(%s)"
        " AND row_id >= %s AND (%s::bigint IS NULL OR row_id <= %s)",
        (list(tables), first, last, last),
    )
    return [row_id for (row_id,) in rows]


def first_discrepancy(session: Session) -> Discrepancy | None:
    """Return the unresolved discrepancy that was found first, or None."""
    found = discrepancies(session, limit=1)
    return found[0] if found else None


def discrepancies(session: Session, *, limit: int) -> list[Discrepancy]:
    """Return unresolved discrepancies, the first found first."""
    return fetch_as(
        session,
        Discrepancy,
        f"SELECT {_DISCREPANCY} FROM inventory_visibility.ledger_discrepancy"
        " ORDER BY found_at, what, row_id LIMIT %s",
        (limit,),
    )


@dataclass(frozen=True, slots=True)
class LedgerHealth:
    """How far reconciliation and sealing have come, and the unresolved discrepancies."""

    checked_through: datetime | None
    round_began_at: datetime | None
    chain_checked_through: datetime | None
    sealed_through: date | None
    wrong: list[Discrepancy]


def ledger_health(session: Session, *, limit: int = 100) -> LedgerHealth:
    """Return the progress of reconciliation with up to `limit` discrepancies."""
    checks = fetch(
        session,
        "SELECT checked_through, round_began_at, chain_checked_through"
        " FROM inventory_visibility.ledger_check",
    )
    checked, began, chain = checks[0] if checks else (None, None, None)
    ((sealed,),) = fetch(
        session, "SELECT max(day) FROM inventory_visibility.ledger_day WHERE sealed_at IS NOT NULL"
    )
    return LedgerHealth(checked, began, chain, sealed, discrepancies(session, limit=limit))
