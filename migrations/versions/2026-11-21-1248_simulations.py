"""Simulations, what they are run on, and what each run came to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006_simulations"
down_revision = "0005_sourcing_plans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "simulation_input",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation_input")),
        schema="fulfillment_optimization",
    )
    op.create_table(
        "simulation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ask", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("documents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("input_id", sa.Uuid(), nullable=False),
        sa.Column("cloned_from", sa.Uuid(), nullable=True),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("runs_done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'finished', 'failed')", name=op.f("a_known_state")
        ),
        sa.CheckConstraint("runs_done >= 0 AND runs_done <= runs", name=op.f("no_more_than_asked")),
        sa.ForeignKeyConstraint(
            ["input_id"],
            ["fulfillment_optimization.simulation_input.id"],
            name=op.f("fk_simulation_input_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation")),
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_simulation_created",
        "simulation",
        ["created_at", "id"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_simulation_waiting",
        "simulation",
        ["created_at"],
        unique=False,
        schema="fulfillment_optimization",
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "simulation_result",
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("scenario IN ('baseline', 'scenario')", name=op.f("a_known_scenario")),
        sa.ForeignKeyConstraint(
            ["simulation_id"],
            ["fulfillment_optimization.simulation.id"],
            name=op.f("fk_simulation_result_simulation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "simulation_id", "run", "scenario", name=op.f("pk_simulation_result")
        ),
        schema="fulfillment_optimization",
    )


def downgrade() -> None:
    op.drop_table("simulation_result", schema="fulfillment_optimization")
    op.drop_index(
        "ix_simulation_waiting",
        table_name="simulation",
        schema="fulfillment_optimization",
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.drop_index(
        "ix_simulation_created", table_name="simulation", schema="fulfillment_optimization"
    )
    op.drop_table("simulation", schema="fulfillment_optimization")
    op.drop_table("simulation_input", schema="fulfillment_optimization")
