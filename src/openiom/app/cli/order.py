"""`iom order`: one order as it stands, and how it came there."""

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.orders import ORDER_TABLE, order_facts
from openiom.platform.bulk import fetch
from openiom.platform.events import timeline

from .context import console, opened
from .run import Home

app = typer.Typer(help="Look at an order.", no_args_is_help=True)


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="Order number, as its source gave it")],
    instance: Annotated[str, typer.Option(help="Provider instance, when two have the number")] = "",
    home: Home = None,
) -> None:
    """Show state, lines, fulfillment orders and timeline of an order.

    Example: iom order show 100
    """
    with opened(home) as product, product.database.reading() as session:
        for order_id in _find(session, number, instance):
            _show(session, order_id)


def _find(session: Session, number: str, instance: str) -> list[UUID]:
    rows = fetch(
        session,
        "SELECT id FROM orders.order WHERE number = %s AND (%s = '' OR instance = %s) ORDER BY id DESC LIMIT 5",
        (number, instance, instance),
    )
    if not rows:
        raise NotFound(
            f"no order {number}", remedy="search for it in the UI; its message may be parked"
        )
    return [row[0] for row in rows]


def _show(session: Session, order_id: UUID) -> None:
    order = order_facts(session, [order_id])[order_id]
    to = order["ship_to"]
    state = ORDER_TABLE.state(order["state"]).label
    console.print(
        f"[bold]Order {order['number']}[/bold] of {order['instance']}: {state}", highlight=False
    )
    console.print(
        f"  reason    {order['state_reason']}{'  (held)' if order['manual_hold'] else ''}", highlight=False
    )
    console.print(f"  customer  {order['customer'].get('name', '')}", highlight=False)
    console.print(
        f"  ship to   {to.get('city', '')} {to.get('state', '')} {to.get('country', '')}",
        highlight=False,
    )
    console.print(f"  total     {order['total_amount']} {order['currency']}", highlight=False)
    lines = Table("Line", "Application", "Quantity", "Source", "Shipped", "State", "Reason")
    for line in order["lines"]:
        lines.add_row(
            str(line["line_number"]),
            line["product"],
            f"{line['quantity']} {line['unit']}",
            line["source"] or "",
            str(line["shipped"]),
            line["state"],
            line["state_reason"],
        )
    console.print(lines)
    _show_fulfillment(session, order_id)
    for event in reversed(timeline(session, [order_id])):
        told = Text(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.name:<42} {event.actor}  ", style="")
        told.append(str(event.data.get("reason", "")), style="dim")
        console.print(told, highlight=False, soft_wrap=True)


def _show_fulfillment(session: Session, order_id: UUID) -> None:
    rows = fetch(
        session,
        "SELECT f.number, f.source, f.state, f.state_reason, f.external_id FROM fulfillment.fulfillment_order f"
        " WHERE f.order_id = %s ORDER BY f.number",
        (order_id,),
    )
    if rows:
        table = Table("Fulfillment order", "Source", "State", "Reason", "External id")
        for row in rows:
            table.add_row(*(str(value or "") for value in row))
        console.print(table)
