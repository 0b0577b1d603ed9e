"""Documents that inventory still needs: sources and products with stock or expected supply."""

from openiom.platform.configuration import DeletionGuard, UseQuery

DELETION_GUARDS: tuple[tuple[str, DeletionGuard], ...] = (
    (
        "source",
        UseQuery(
            "source",
            "has stock, or stock promised to orders",
            "move or write off its stock, or make the source inactive",
            "SELECT DISTINCT source FROM inventory_visibility.stock WHERE organization = ''"
            " AND source = ANY(%s) AND (on_hand <> 0 OR reserved <> 0)",
        ),
    ),
    (
        "source",
        UseQuery(
            "source",
            "expects a purchase or transfer order",
            "receive it or close it short",
            "SELECT DISTINCT source FROM inventory_visibility.supply_line WHERE source = ANY(%s)"
            " AND quantity - received - closed > 0",
        ),
    ),
    (
        "product",
        UseQuery(
            "product",
            "has stock, or stock promised to orders",
            "write it off first",
            "SELECT DISTINCT product FROM inventory_visibility.stock WHERE organization = ''"
            " AND product = ANY(%s) AND (on_hand <> 0 OR reserved <> 0)",
        ),
    ),
)
