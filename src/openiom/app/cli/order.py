"""`iom order`: the state and history of one order."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from openiom.fulfillment import details_of_order
from openiom.kernel import NotFound
from openiom.orders import ORDER_TABLE, order_facts, orders_by_number
from openiom.platform.events import LoggedEvent, timeline

from .context import Home, console, open_application

app = typer.Typer(help="Show orders.", no_args_is_help=True)


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="Order number in its source system")],
    instance: Annotated[str, typer.Option(help="Provider instance, when two have the number")] = "",
    home: Home = None,
) -> None:
    """Show state, lines, fulfillment orders and timeline of an order.

    Example: iom order show 100
    """
    with open_application(home) as application, application.database.reading() as session:
        order_ids = orders_by_number(session, number, instance=instance)
        if not order_ids:
            raise NotFound(
                f"no order {number}",
                remedy="search for it in the user interface; its message may be parked",
            )

        for order_id in order_ids:
            _show(session, order_id)


def _show(session: Session, order_id: UUID) -> None:
    order = order_facts(session, [order_id])[order_id]
    _show_header(order)
    console.print(_lines_table(order))
    _show_fulfillment_orders(session, order_id)
    for event in reversed(timeline(session, [order_id])):
        console.print(_event_text(event), highlight=False, soft_wrap=True)


def _show_header(order: Mapping[str, Any]) -> None:
    state = ORDER_TABLE.state(order["state"]).label
    on_hold = "  (on hold)" if order["manual_hold"] else ""
    ship_to = order["ship_to"]
    destination = [str(ship_to.get(part, "")) for part in ("city", "state", "country")]
    console.print(
        f"[bold]Order {order['number']}[/bold] of {order['instance']}: {state}", highlight=False
    )
    rows = {
        "reason": f"{order['state_reason']}{on_hold}",
        "customer": order["customer"].get("name", ""),
        "ship to": " ".join(destination),
        "total": f"{order['total_amount']} {order['currency']}",
    }

    for label, text in rows.items():
        console.print(f"  {label:<8}  {text}", highlight=False)


def _lines_table(order: Mapping[str, Any]) -> Table:
    table = Table("Line", "Product", "Quantity", "Source", "Shipped", "State", "Reason")
    for line in order["lines"]:
        table.add_row(
            str(line["line_number"]),
            line["product"],
            f"{line['quantity']} {line['unit']}",
            line["source"] or "",
            str(line["shipped"]),
            line["state"],
            line["state_reason"],
        )

    return table


def _show_fulfillment_orders(session: Session, order_id: UUID) -> None:
    found = details_of_order(session, order_id)
    if not found:
        return
    table = Table("Fulfillment order", "Source", "State", "Reason", "External id")
    for one in found:
        table.add_row(one.number, one.source, one.state, one.state_reason, one.external_id or "")
    console.print(table)


def _event_text(event: LoggedEvent) -> Text:
    text = Text(f"{event.occurred_at:%Y-%m-%d %H:%M:%S}  {event.name:<42} {event.actor}  ")
    text.append(str(event.data.get("reason", "")), style="dim")
    return text
