"""Transfers are demand at their origin; order lines have their place in the day of a source."""

import sqlalchemy as sa
from alembic import op

revision = "0007_supply"
down_revision = "0006_simulations"
branch_labels = None
depends_on = None

INVENTORY = "inventory_visibility"
OPTIMIZATION = "fulfillment_optimization"
# The lines that stand behind the counters of the last days, as far as their reservations tell. The counters are left
# as they are: what cannot be told keeps its place until its day is over.
PLACES_SO_FAR = """
INSERT INTO fulfillment_optimization.source_place (source, day, order_id, line_id)
SELECT DISTINCT d.source, d.day, l.order_id, l.id
FROM fulfillment_optimization.source_day d
JOIN fulfillment_optimization.source s ON s.name = d.source
JOIN inventory_visibility.stock k ON k.source = d.source
JOIN inventory_visibility.reservation r ON r.stock_id = k.id AND r.quantity > r.released
    AND (r.at AT TIME ZONE s.time_zone)::date = d.day
JOIN orders.order_line l ON l.id = r.line_id
WHERE d.day >= current_date - 1
"""


def upgrade() -> None:
    op.add_column(
        "supply_line",
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        schema=INVENTORY,
    )
    op.add_column("supply_line", sa.Column("ship_date", sa.Date(), nullable=True), schema=INVENTORY)
    op.execute("UPDATE inventory_visibility.supply_line SET ship_date = expected_date")
    op.alter_column("supply_line", "ship_date", nullable=False, schema=INVENTORY)
    for name in ("shipped", "demanded"):
        counted = sa.Column(name, sa.Numeric(18, 4), server_default=sa.text("0"), nullable=False)
        op.add_column("supply_line", counted, schema=INVENTORY)
    op.create_check_constraint(
        op.f("ships_from_somewhere"),
        "supply_line",
        "shipped >= 0 AND demanded >= 0 AND (origin <> '' OR shipped = 0)",
        schema=INVENTORY,
    )
    op.create_table(
        "supply_shipment",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(18, 4), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("something_left")),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["inventory_visibility.supply_line.id"],
            name=op.f("fk_supply_shipment_line_id"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_supply_shipment")),
        schema=INVENTORY,
    )
    op.create_index(
        "ix_supply_shipment_line", "supply_shipment", ["line_id"], unique=False, schema=INVENTORY
    )
    op.create_table(
        "source_place",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source", "day", "order_id", "line_id", name=op.f("pk_source_place")
        ),
        schema=OPTIMIZATION,
    )
    op.create_index(
        "ix_source_place_order", "source_place", ["order_id"], unique=False, schema=OPTIMIZATION
    )
    op.create_index(
        "ix_source_place_day", "source_place", ["day"], unique=False, schema=OPTIMIZATION
    )
    op.execute(PLACES_SO_FAR)


def downgrade() -> None:
    op.drop_table("source_place", schema=OPTIMIZATION)
    op.drop_table("supply_shipment", schema=INVENTORY)
    op.drop_constraint(op.f("ships_from_somewhere"), "supply_line", schema=INVENTORY)
    for name in ("demanded", "shipped", "ship_date", "origin"):
        op.drop_column("supply_line", name, schema=INVENTORY)
