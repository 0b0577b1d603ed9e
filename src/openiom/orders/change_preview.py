"""What a change would do to an order, and what was done: money, stock, tasks and promise."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    PromiseRequest,
    inventory_configuration,
    promise_dates,
)
from openiom.kernel import Refused, amount_text, in_stock_units
from openiom.master_data import kit_parts

from .change_schemas import (
    ChangeMoney,
    ChangePreview,
    ChangeTask,
    MoneyChange,
    OrderChangeRow,
    OrderChanges,
    PromiseChange,
    StockNeed,
)
from .changes.facts import ChangeFacts
from .changes.guards import require_unfinished
from .changes.money import derive_money
from .changes.operations import Operation
from .changes.patches import DecidedPatch, decide_patch, products_of, read_operations
from .changes.policy import ChangeLimits
from .changes.records import RecordedChange, money_texts, read_changes
from .changes.stored_values import read_facts, read_values, require_version, version_of
from .changes.undo import undo_refusal
from .changes.values import LineValue, OrderValue
from .event_titles import EVENT_TITLES
from .fulfillment_port import (
    FulfillmentPort,
    FulfillmentProgress,
    FulfillmentProgressPort,
    UnsentLine,
)
from .schemas import AllowedAction
from .service.apply_changes import no_order
from .service.order_check import MANUAL
from .service.write_changes import line_edits
from .states import CANCELED

_OWN_INSTANCES = (MANUAL, "api")


class ChangePorts(NamedTuple):
    """Fulfillment orders, as changes of their orders need them."""

    fulfillment: FulfillmentPort
    progress: FulfillmentProgressPort


def preview_change(
    session: Session,
    order_id: UUID,
    operations: Sequence[Operation],
    now: datetime,
    ports: ChangePorts,
) -> ChangePreview:
    """Return what operations would do to an order. Raise `Refused` as applying them would."""
    planned = ports.fulfillment.planned_lines(session, [order_id])
    value = _value(session, order_id, planned)
    products = value.products | products_of(operations, value)
    facts = read_facts(session, products, with_stock=True)
    ChangeLimits.load(session, [order_id]).check(value, operations)
    patch = decide_patch(value, operations, facts)
    stock = _stock_needs(session, patch, facts, now.date())
    days = [need.available_on for need in stock if need.available_on is not None]
    expected = max(days, default=None) if len(days) == len(stock) else None
    return ChangePreview(
        version=version_of(session, value),
        words=list(patch.words),
        money=money_change(patch),
        stock=stock,
        tasks=_tasks(session, patch, planned, ports.progress),
        promise=PromiseChange(
            before=_promised_on(patch.before),
            after=_promised_on(patch.after),
            expected_on=expected,
        ),
    )


class ChangeBasis(NamedTuple):
    """The version of an order, and what it keeps of the money."""

    version: str
    kept: Decimal
    currency: str


def change_basis(session: Session, order_id: UUID, ports: ChangePorts) -> ChangeBasis:
    """Return the version of an order and what it keeps. Raise `NotFound`."""
    value = _value(session, order_id, ports.fulfillment.planned_lines(session, [order_id]))
    return ChangeBasis(version_of(session, value), derive_money(value).kept, value.currency)


def require_order_version(
    session: Session, order_id: UUID, version: str, ports: ChangePorts
) -> None:
    """Raise `Refused` when an order is not as it was at a version."""
    value = _value(session, order_id, ports.fulfillment.planned_lines(session, [order_id]))
    require_version(session, value, version, EVENT_TITLES)


def order_changes(session: Session, order_id: UUID, ports: ChangePorts) -> OrderChanges:
    """Return the history of an order, and what can be changed or undone now."""
    planned = ports.fulfillment.planned_lines(session, [order_id])
    value = _value(session, order_id, planned)
    changes = read_changes(session, [order_id])
    facts = read_facts(session, value.products | _products_in(changes, value))
    rows = [_row(change, changes, value, facts) for change in changes]
    goodwill = "the order is canceled" if value.state == CANCELED else ""
    return OrderChanges(edit=_edit_action(value), goodwill=_action(goodwill), changes=rows)


def money_change(patch: DecidedPatch) -> MoneyChange:
    """Return the money before and after a patch."""
    currency = patch.before.currency
    before, after = patch.money_before, patch.money_after
    return MoneyChange(
        currency=currency,
        before=ChangeMoney(**money_texts(before, currency)),
        after=ChangeMoney(**money_texts(after, currency)),
        difference=amount_text(after.kept - before.kept, currency),
    )


def _value(session: Session, order_id: UUID, planned: Sequence[UnsentLine]) -> OrderValue:
    value = read_values(session, [order_id], planned).get(order_id)
    if value is None:
        raise no_order(order_id)
    return value


def _edit_action(value: OrderValue) -> AllowedAction:
    try:
        require_unfinished(value)
    except Refused as error:
        return _action(f"{error.what}; {error.remedy}")

    if not any(line.changeable for line in value.lines):
        return _action("every unit of the order has shipped; give goodwill, or start a return")
    return _action("")


def _action(reason: str) -> AllowedAction:
    return AllowedAction(allowed=not reason, reason=reason)


def _products_in(changes: Sequence[RecordedChange], value: OrderValue) -> set[str]:
    """Return the products of the inverses of changes."""
    products: set[str] = set()
    for change in changes:
        products |= products_of(read_operations(change.inverse), value)
    return products


def _row(
    change: RecordedChange,
    changes: Sequence[RecordedChange],
    value: OrderValue,
    facts: ChangeFacts,
) -> OrderChangeRow:
    money = MoneyChange(
        currency=value.currency,
        before=ChangeMoney(**change.money_before),
        after=ChangeMoney(**change.money_after),
        difference=amount_text(change.difference, value.currency),
    )
    return OrderChangeRow(
        id=change.id,
        number=change.number,
        recorded_at=change.recorded_at,
        author=change.author,
        origin="source" if change.origin == "source" else "person",
        reason=change.reason,
        words=change.words,
        operations=change.operations,
        money=money,
        undoes=change.undoes,
        undone_by=change.undone_by,
        undo=_action(undo_refusal(change, changes, value, facts)),
    )


def _promised_on(value: OrderValue) -> date | None:
    """Return the first day that an order or one of its lines is requested for."""
    days = [value.requested_date]
    days += [line.requested_date for line in value.lines if line.changeable]
    return min((day for day in days if day is not None), default=None)


def _stock_needs(
    session: Session, patch: DecidedPatch, facts: ChangeFacts, today: date
) -> list[StockNeed]:
    """Return what the lines need that order more units, and from when it can be promised."""
    before = {line.line_number: line.quantity for line in patch.before.lines}
    growing: list[tuple[LineValue, Decimal]] = []
    for line in patch.after.lines:
        more = line.quantity - before.get(line.line_number, 0)
        if more > 0 and line.delivery != "digital":
            _, per_step, decimals = line.steps
            growing.append((line, in_stock_units(more, per_step, decimals)))

    kits = kit_parts(session, {line.product for line, _ in growing})
    requests = [PromiseRequest(_parts(kits, line, units)) for line, units in growing]
    configuration = inventory_configuration(session)
    promises = promise_dates(session, requests, configuration=configuration, today=today)

    needs: list[StockNeed] = []
    for (line, units), promise in zip(growing, promises, strict=True):
        available = facts.available.get(line.product, Decimal(0))
        needs.append(
            StockNeed(
                line_number=line.line_number,
                product=line.product,
                unit=facts.reader.stock_unit_of.get(line.product, line.unit),
                needed=units,
                available=max(Decimal(0), available),
                enough=available >= units,
                available_on=promise.day if promise else None,
            )
        )
    return needs


def _parts(
    kits: Mapping[str, Mapping[str, int]], line: LineValue, units: Decimal
) -> dict[str, Decimal]:
    per_unit = kits.get(line.product, {line.product: 1})
    return {part: quantity * units for part, quantity in per_unit.items()}


def _tasks(
    session: Session,
    patch: DecidedPatch,
    planned: Sequence[UnsentLine],
    progress: FulfillmentProgressPort,
) -> list[ChangeTask]:
    edits = line_edits([patch])
    recalled = {x.fulfillment_order_id for x in planned if x.order_line_id in edits.changed}
    tasks = _recall_tasks(progress.progress(session, patch.after.id), recalled) if recalled else []
    lines = _lines_to_source(patch, edits.redirected)
    if lines:
        tasks.append(ChangeTask(kind="source", text=f"{lines} sourced"))
    return tasks


def _recall_tasks(
    fulfillment_orders: Iterable[FulfillmentProgress], recalled: Collection[UUID]
) -> list[ChangeTask]:
    tasks: list[ChangeTask] = []
    for found in fulfillment_orders:
        if found.id in recalled:
            text = f"Fulfillment order {found.number} is canceled before it is sent"
            tasks.append(ChangeTask(kind="recall", text=text))
    return tasks


def _lines_to_source(patch: DecidedPatch, redirected: set[UUID]) -> str:
    before = {line.line_number: line.quantity for line in patch.before.lines}
    numbers: list[str] = []
    for line in patch.after.lines:
        if line.quantity > before.get(line.line_number, 0) or line.id in redirected:
            numbers.append(f"{line.line_number} ({line.number(line.changeable)})")
    return _sourced_text(numbers)


def _sourced_text(numbers: Sequence[str]) -> str:
    if not numbers:
        return ""
    verb = "is" if len(numbers) == 1 else "are"
    return f"Line {', '.join(numbers)} {verb}"
