"""Soft reservations for anybody who asks: checked at every level of the hierarchy, idempotent, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import Family, Level, Row, levels_of
from openiom.inventory_visibility.events import tell_freed
from openiom.inventory_visibility.ledger.measure_intake import (
    LARGEST,
    is_quantity,
    known_events,
    settlements,
)
from openiom.inventory_visibility.ledger.posting import (
    Entry,
    ProviderInstance,
    post,
    reserved_entry,
)
from openiom.inventory_visibility.locks import lock_rows
from openiom.inventory_visibility.measures import (
    DEFAULT_FORMULA,
    HIERARCHY,
    ZERO,
    Formula,
    Reserved,
    SoftReserve,
    StockKey,
    Unreserve,
    dimension_text,
    event_key,
    plain,
)
from openiom.inventory_visibility.measures import reference_of as _reference_of
from openiom.platform.bulk import copy_rows, execute, fetch


@dataclass(frozen=True, slots=True)
class Wish:
    """A reservation or, with a negative quantity, a release, and where it stands. `refused` needs no looking."""

    ask: SoftReserve
    key: StockKey
    reference: str
    levels: Sequence[Level]
    any_measure: bool = False
    refused: str = ""

    @property
    def event_id(self) -> str | None:
        return event_key(self.ask.organization, self.ask.event_id)


@dataclass(slots=True)
class Desk:
    """One batch under lock: what it will post, and the rows it moves."""

    families: dict[tuple[str, str, str], Family]
    cause: str
    entries: list[Entry] = field(default_factory=list)
    touched: dict[tuple[str, str, str], str] = field(default_factory=dict)
    opened: list[ProviderInstance] = field(default_factory=list)
    freed: set[tuple[str, str]] = field(default_factory=set)

    def row(self, wish: Wish) -> tuple[Family, Row]:
        family = self.families[wish.key.family]
        return family, family.rows[wish.levels[-1]]

    def book(
        self, wish: Wish, delta: Decimal, measure: tuple[str, str], event_id: str | None
    ) -> None:
        family, row = self.row(wish)
        family.reserve(row.level, delta)
        entry = reserved_entry(row.id, delta, self.cause, wish.ask.document, measure)
        self.entries.append(entry._replace(event_id=event_id))
        self.touched[wish.key.family] = wish.ask.document
        if delta < 0 and not wish.key.organization:
            self.freed.add((wish.key.product, wish.key.source))


def soft_reserve(
    session: Session,
    asks: Sequence[SoftReserve],
    *,
    hierarchy: Sequence[str] = HIERARCHY,
    formula: Formula = DEFAULT_FORMULA,
    now: datetime,
    actor: str,
    cause: str = "soft reservation",
) -> list[Reserved]:
    """Hold stock for each ask, in order, whole or not at all; a negative quantity gives back instead.

    An ask fits when at its level and at every coarser one so many units are free. `check=False` takes what is not
    there and books the shortage as overdraft. An event known by its id changes nothing. Site and location come first
    in the hierarchy; the location is the ask's source.
    """
    wishes = [_wish(ask, hierarchy) for ask in asks]
    for n, ask in enumerate(asks):
        if (ask.data_source, ask.measure) not in formula.reservations:
            wishes[n] = _refuse(
                wishes[n], f"{ask.data_source}.{ask.measure} is not a soft-reservation measure"
            )
    return _settle_wishes(session, wishes, now=now, actor=actor, cause=cause)


def unreserve(
    session: Session,
    asks: Sequence[Unreserve],
    *,
    hierarchy: Sequence[str] = HIERARCHY,
    now: datetime,
    actor: str,
    cause: str = "unreserve",
) -> list[Reserved]:
    """Give back up to the quantity each ask names, oldest reservation first; the surplus is answered as `invalid`."""
    wishes = []
    for ask in asks:
        back = SoftReserve(
            ask.organization,
            ask.product,
            ask.source,
            -ask.quantity,
            ask.dimensions,
            event_id=ask.event_id,
            document=ask.document,
        )
        wish = _wish(back, hierarchy, any_measure=True)
        if ask.quantity <= 0:
            wish = _refuse(wish, "the quantity to give back must be above zero")
        elif ask.reference and ask.reference != wish.reference:
            wish = _refuse(
                wish, "the reservation id belongs to another product or other dimension values"
            )
        wishes.append(wish)
    return _settle_wishes(session, wishes, now=now, actor=actor, cause=cause)


def _wish(ask: SoftReserve, hierarchy: Sequence[str], *, any_measure: bool = False) -> Wish:
    key = StockKey(ask.organization, ask.product, ask.source, dimension_text(ask.dimensions))
    reference = _reference_of(key)
    if not ask.quantity or not is_quantity(ask.quantity):
        refused = f"the quantity must be a number other than zero below {LARGEST:.0e} with at most four decimals"
        return Wish(ask, key, reference, (), any_measure, refused)
    try:
        return Wish(ask, key, reference, levels_of(ask.dimensions, hierarchy), any_measure)
    except ValueError as error:
        return Wish(ask, key, reference, (), any_measure, str(error))


def _refuse(wish: Wish, why: str) -> Wish:
    return Wish(wish.ask, wish.key, wish.reference, wish.levels, wish.any_measure, why)


def _settle_wishes(
    session: Session, wishes: Sequence[Wish], *, now: datetime, actor: str, cause: str
) -> list[Reserved]:
    good = [wish for wish in wishes if not wish.refused]
    levels = {wish.key.dimensions: wish.levels[-1] for wish in good}
    families = lock_rows(session, [wish.key for wish in good], levels, now) if good else {}
    order_port = Desk(families, cause)
    known = known_events(session, [wish.event_id for wish in good])
    answers: list[Reserved] = []
    # Givers and takers take turns: what one ask of the batch holds, a later one may give back.
    for gives, run in groupby(wishes, key=lambda wish: wish.ask.quantity < 0):
        part = list(run)
        answers += (
            _give_back(session, order_port, part, known, now)
            if gives
            else _hold(order_port, part, known)
        )
    entries = order_port.entries + settlements(order_port.families, order_port.touched, cause)
    post(session, entries, now=now, actor=actor, opened=order_port.opened)
    tell_freed(session, order_port.freed, cause=cause, now=now, actor=actor)
    return answers


def _hold(order_port: Desk, wishes: Sequence[Wish], known: set[str]) -> list[Reserved]:
    answers = []
    for wish in wishes:
        ask, event_id = wish.ask, wish.event_id
        if wish.refused or event_id in known:
            answers.append(_answer_at_once(wish))
            continue
        family, row = order_port.row(wish)
        why = family.refusal(wish.levels, ask.quantity) if ask.check else ""
        answers.append(Reserved(not why, wish.reference, reason=why))
        if why:
            continue
        if event_id:
            known.add(event_id)
        order_port.book(wish, ask.quantity, (ask.data_source, ask.measure), event_id)
        order_port.opened.append(
            ProviderInstance(
                *(
                    row.id,
                    ask.line_id,
                    ask.quantity,
                    ask.expires_at,
                    wish.reference,
                    ask.data_source,
                    ask.measure,
                ),
                ask.document,
            )
        )
    return answers


def _answer_at_once(wish: Wish) -> Reserved:
    if wish.refused:
        return Reserved(
            False, wish.reference, reason=wish.refused, invalid=max(ZERO, -wish.ask.quantity)
        )
    return Reserved(True, wish.reference, duplicate=True)


@dataclass(slots=True)
class Open:
    """An open reservation and what this batch takes from it."""

    id: int
    measure: tuple[str, str]
    left: Decimal
    taken: Decimal = ZERO


def _give_back(
    session: Session, order_port: Desk, wishes: Sequence[Wish], known: set[str], now: datetime
) -> list[Reserved]:
    if order_port.opened:  # what this batch holds can be given back by it only once it is there
        _make(session, order_port.opened, now)
        order_port.opened.clear()
    pools: dict[tuple[int, str, str, str], list[Open]] = {}
    every: dict[int, Open] = {}
    for pool, wanted in _wanted(order_port, wishes, known).items():
        found = _open_at(session, pool, wanted)
        pools[pool] = [every.setdefault(one.id, one) for one in found]
    answers = []
    for wish in wishes:
        event_id = wish.event_id
        if wish.refused or event_id in known:
            answers.append(_answer_at_once(wish))
            continue
        missing = -wish.ask.quantity
        parts: dict[tuple[str, str], Decimal] = {}
        for one in pools[_pool(order_port, wish)]:
            take = min(one.left, missing)
            if take:
                one.left -= take
                one.taken += take
                missing -= take
                parts[one.measure] = parts.get(one.measure, ZERO) + take
        for number, (measure, units) in enumerate(parts.items()):
            order_port.book(
                wish,
                -units,
                measure,
                f"{event_id}/{number + 1}" if event_id and number else event_id,
            )
        if event_id and parts:
            known.add(event_id)
        why = (
            f"{plain(missing)} of {plain(-wish.ask.quantity)} units were not reserved there"
            if missing
            else ""
        )
        answers.append(Reserved(bool(parts), wish.reference, reason=why, invalid=missing))
    taken = [one for one in every.values() if one.taken]
    if taken:
        execute(
            session,
            "UPDATE inventory_visibility.reservation r SET open = r.open - d.units, released = r.released + d.units"
            " FROM unnest(%s::bigint[], %s::numeric[]) AS d(id, units) WHERE r.id = d.id",
            ([one.id for one in taken], [one.taken for one in taken]),
        )
    return answers


def _make(session: Session, opened: Sequence[ProviderInstance], now: datetime) -> None:
    columns = (
        "stock_id",
        "line_id",
        "quantity",
        "expires_at",
        "reference",
        "data_source",
        "measure",
        "document",
    )
    rows = [(*one, one.quantity, now) for one in opened]
    copy_rows(session, "inventory_visibility.reservation", (*columns, "open", "at"), rows)


def _pool(order_port: Desk, wish: Wish) -> tuple[int, str, str, str]:
    """Which open reservations a release may use: of one stock row, of its measure or any, of its document or any.

    Never those of order lines: only their orders give them back.
    """
    measure = ("", "") if wish.any_measure else (wish.ask.data_source, wish.ask.measure)
    return (order_port.row(wish)[1].id, *measure, wish.ask.document if wish.any_measure else "")


def _wanted(
    order_port: Desk, wishes: Sequence[Wish], known: set[str]
) -> dict[tuple[int, str, str, str], Decimal]:
    """The pools to read, each with all that this batch wants back of its stock row: pools of a row overlap."""
    rows: dict[int, Decimal] = {}
    pools = [
        (_pool(order_port, w), w.ask.quantity)
        for w in wishes
        if not w.refused and w.event_id not in known
    ]
    for pool, quantity in pools:
        rows[pool[0]] = rows.get(pool[0], ZERO) - quantity
    return {pool: rows[pool[0]] for pool, _ in pools}


def _open_at(session: Session, pool: tuple[int, str, str, str], wanted: Decimal) -> list[Open]:
    """Open reservations, oldest first, until they hold what is wanted; they are safe under their stock row's lock."""
    stock_id, source, measure, document = pool
    limit = 64
    while True:
        rows = fetch(
            session,
            "SELECT id, data_source, measure, open FROM inventory_visibility.reservation WHERE stock_id = %s"
            " AND open > 0 AND line_id IS NULL AND (%s = '' OR data_source = %s AND measure = %s)"
            " AND (%s = '' OR document = %s) ORDER BY id LIMIT %s",
            (stock_id, measure, source, measure, document, document, limit),
        )
        if len(rows) < limit or sum((row[3] for row in rows), ZERO) >= wanted:
            return [Open(row[0], (row[1], row[2]), row[3]) for row in rows]
        limit *= 4
