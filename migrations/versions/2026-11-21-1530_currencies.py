"""What plans and simulations count their money in."""

import sqlalchemy as sa
from alembic import op

revision = "0009_currencies"
down_revision = "0008_client_failures"
branch_labels = None
depends_on = None

SCHEMA = "fulfillment_optimization"
COLUMNS = (("sourcing_plan", "currency"), ("simulation", "cost_currency"))


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(
            table, sa.Column(column, sa.Text(), server_default="", nullable=False), schema=SCHEMA
        )


def downgrade() -> None:
    for table, column in COLUMNS:
        op.drop_column(table, column, schema=SCHEMA)
