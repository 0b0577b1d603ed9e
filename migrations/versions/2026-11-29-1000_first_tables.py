"""Create every table, sequence, function and trigger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001_first_tables"
down_revision = None
compatible_with = "0001_first_tables"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION inventory_visibility.refuse_change()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE OR REPLACE TRIGGER {table}_is_append_only
BEFORE UPDATE OR DELETE ON inventory_visibility.{table}
FOR EACH STATEMENT EXECUTE FUNCTION inventory_visibility.refuse_change();
"""
APPEND_ONLY_TABLES = ("ledger_entry", "allocation_entry", "schedule_entry")
SAFETY_STOCK = """
CREATE OR REPLACE FUNCTION inventory_visibility.safety_stock_of(p text, s text)
RETURNS numeric LANGUAGE sql STABLE AS $$
SELECT coalesce((
    SELECT units FROM inventory_visibility.stock_policy_rule
    WHERE channel = '' AND product IN (p, '') AND source IN (s, '')
    ORDER BY product <> '' DESC, source <> '' DESC, policy LIMIT 1
), 0) $$;
CREATE OR REPLACE FUNCTION inventory_visibility.set_safety_stock()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.organization = '' AND NEW.dimensions = '' THEN
    NEW.safety_stock := inventory_visibility.safety_stock_of(NEW.product, NEW.source);
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER stock_sets_safety_stock
BEFORE INSERT ON inventory_visibility.stock
FOR EACH ROW EXECUTE FUNCTION inventory_visibility.set_safety_stock();
"""
TRIGRAMS = """
CREATE OR REPLACE FUNCTION platform.trigrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT array_agg(substr(value, place, 3)) FROM generate_series(1, length(value) - 2) AS place
$$
"""
PART_TEXT = "lower(number || E'\\n' || name || E'\\n' || sku)"
SEARCH_FUNCTION = """
CREATE OR REPLACE FUNCTION orders.search_terms(
    number text, name text, email text, city text, phone text
) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text := number || ' ' || name || ' ' || email || ' ' || city;
    n text := translate(left(number, 60), '@.,;:/()[]"_+-&#'' ', '');
    p text := translate(left(phone, 40), ' +-()./', '');
BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(lower(
        translate(left(words, 400), '@.,;:/()[]"_+-&#''', '                 ')
        || ' ' || n || ' ' || right(n, 3) || ' ' || right(n, 4) || ' ' || right(n, 5)
        || ' ' || right(n, 6) || ' ' || right(n, 7) || ' ' || right(n, 8) || ' ' || right(n, 9)
        || ' ' || p || ' ' || right(p, 4) || ' ' || right(p, 7) || ' ' || right(p, 8)
        || ' ' || right(p, 9) || ' ' || right(p, 10)
    ), ' '), ''));
END $$
"""
SEARCH_TERMS = (
    "orders.search_terms(number, customer_name, customer_email, coalesce(ship_to->>'city', ''),"
    " coalesce(nullif(customer->>'phone', ''), ship_to->>'phone', ''))"
)


class Xid8(sa.types.UserDefinedType):
    """The transaction id type of PostgreSQL."""

    def get_col_spec(self, **_):
        return "xid8"


class PgSnapshot(sa.types.UserDefinedType):
    """The transaction snapshot type of PostgreSQL."""

    def get_col_spec(self, **_):
        return "pg_snapshot"


def upgrade() -> None:
    op.execute("CREATE SEQUENCE fulfillment.fulfillment_order_number START 100001")
    op.execute("CREATE SEQUENCE orders.manual_order_number START 1001")
    op.execute("CREATE SEQUENCE returns.return_order_number START 100001")
    op.execute(TRIGRAMS)
    op.execute(SEARCH_FUNCTION)
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_api_token")),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
        schema="administration",
    )
    op.create_index(
        op.f("ix_api_token_expires_at"),
        "api_token",
        ["expires_at"],
        unique=False,
        schema="administration",
    )
    op.create_table(
        "client",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("name", name=op.f("uq_client_name")),
        schema="administration",
    )
    op.create_table(
        "client_auth_failure",
        sa.Column("client_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("client_hash", "address", name=op.f("pk_client_auth_failure")),
        schema="administration",
    )
    op.create_index(
        op.f("ix_client_auth_failure_failed_at"),
        "client_auth_failure",
        ["failed_at"],
        unique=False,
        schema="administration",
    )
    op.create_table(
        "invariant_result",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("promise", sa.Text(), nullable=False),
        sa.Column("violations", sa.Integer(), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_invariant_result")),
        schema="administration",
    )
    op.create_table(
        "saved_view",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "list", "name", name=op.f("pk_saved_view")),
        schema="administration",
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        schema="administration",
    )
    op.create_index(
        "uq_user_email",
        "user",
        [sa.literal_column("lower(email)")],
        unique=True,
        schema="administration",
    )
    op.create_table(
        "opportunity_cost",
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("step_costs", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("strategy", "product", "source", name=op.f("pk_opportunity_cost")),
        schema="fulfillment_optimization",
    )
    op.create_table(
        "source",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("processing_days", sa.Integer(), nullable=False),
        sa.Column("daily_parcels", sa.Integer(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
        schema="fulfillment_optimization",
    )
    op.create_table(
        "source_daily_usage",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("parcels", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lines", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "parcels >= 0 AND lines >= 0", name=op.f("ck_source_daily_usage_not_negative")
        ),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_source_daily_usage")),
        schema="fulfillment_optimization",
    )
    op.create_table(
        "source_usage_line",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source", "day", "order_id", "line_id", name=op.f("pk_source_usage_line")
        ),
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_source_usage_line_day",
        "source_usage_line",
        ["day"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_source_usage_line_order",
        "source_usage_line",
        ["order_id"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_table(
        "sourcing_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sourcing_decision")),
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_sourcing_decision_order",
        "sourcing_decision",
        ["order_id", "decided_at"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_table(
        "sourcing_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("open_lines", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("lower_bound", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("gap", sa.Float(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("moves", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("first_decision", sa.Uuid(), nullable=True),
        sa.Column("last_decision", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "mode IN ('realtime', 'batch', 'reoptimize')", name=op.f("ck_sourcing_plan_mode")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sourcing_plan")),
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_sourcing_plan_strategy",
        "sourcing_plan",
        ["strategy", "mode", "planned_at"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_table(
        "adjustment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dimensions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("reference_category", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("journal_name", sa.Text(), nullable=False),
        sa.Column("cost_price", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("transaction_date", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('created', 'iv_posted')", name=op.f("ck_adjustment_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sa.UniqueConstraint(
            "organization", "external_id", name=op.f("uq_adjustment_organization_external_id")
        ),
        schema="inventory_contract",
    )
    op.create_table(
        "export_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "result",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'completed', 'failed')", name=op.f("ck_export_job_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
        schema="inventory_contract",
    )
    op.create_index(
        "ix_export_job_queued",
        "export_job",
        ["created_at"],
        unique=False,
        schema="inventory_contract",
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "feed_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column("feed_type", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('done', 'error')", name=op.f("ck_feed_file_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_file")),
        sa.UniqueConstraint("name", "digest", name=op.f("uq_feed_file_name_digest")),
        schema="inventory_contract",
    )
    op.create_table(
        "measure_watermark",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization",
            "product",
            "source",
            "dimensions",
            "data_source",
            "measure",
            name=op.f("pk_measure_watermark"),
        ),
        schema="inventory_contract",
    )
    op.create_table(
        "allocation_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_allocation_event")),
        schema="inventory_visibility",
    )
    op.create_table(
        "allocation_level",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization", "product", name=op.f("pk_allocation_level")),
        schema="inventory_visibility",
    )
    op.create_table(
        "ledger_check",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("stock_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("block_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("round_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_through", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chain_checked_through", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_check_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_check")),
        schema="inventory_visibility",
    )
    op.create_table(
        "ledger_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "previous_hash", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False
        ),
        sa.Column("hash", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_day")),
        schema="inventory_visibility",
    )
    op.create_table(
        "ledger_discrepancy",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("actual", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("what", "row_id", "column", name=op.f("pk_ledger_discrepancy")),
        schema="inventory_visibility",
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_source", sa.Text(), server_default="iom", nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("delta", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("on_hand_sign", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reserved_sign", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_ledger_entry_stock",
        "ledger_entry",
        ["stock_id", "id"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_index(
        "uq_ledger_entry_event",
        "ledger_entry",
        ["event_id"],
        unique=True,
        schema="inventory_visibility",
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.create_table(
        "schedule_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_schedule_event")),
        schema="inventory_visibility",
    )
    op.create_table(
        "stock",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organization", sa.Text(), server_default="", nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "dimension_values",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "on_hand",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "reserved",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "overdraft",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "backed_by_variants",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "safety_stock",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("oversell", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "overdraft >= 0 AND backed_by_variants >= 0 AND safety_stock >= 0",
            name=op.f("ck_stock_not_negative"),
        ),
        sa.CheckConstraint(
            "reserved >= 0 AND (reserved <= on_hand + overdraft + backed_by_variants OR oversell)",
            name=op.f("ck_stock_never_promise_twice"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock")),
        sa.UniqueConstraint(
            "organization",
            "product",
            "source",
            "dimensions",
            name=op.f("uq_stock_organization_product_source_dimensions"),
        ),
        schema="inventory_visibility",
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_stock_product_source",
        "stock",
        ["product", "source"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_table(
        "supply_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_order")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_supply_order_kind_number")),
        schema="inventory_visibility",
    )
    op.create_table(
        "account",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("price_list", sa.Text(), nullable=True),
        sa.Column("on_hold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_account")),
        schema="master_data",
    )
    op.create_table(
        "currency",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_currency")),
        schema="master_data",
    )
    op.create_table(
        "kit_part",
        sa.Column("kit", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_kit_part_quantity")),
        sa.PrimaryKeyConstraint("kit", "product", name=op.f("pk_kit_part")),
        schema="master_data",
    )
    op.create_index(
        "ix_kit_part_product", "kit_part", ["product"], unique=False, schema="master_data"
    )
    op.create_table(
        "order_intake_settings",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("write_in_products", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_order_intake_settings")),
        schema="master_data",
    )
    op.create_table(
        "price_list",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_price_list")),
        schema="master_data",
    )
    op.create_table(
        "product",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(), server_default="", nullable=False),
        sa.Column("product_type", sa.Text(), server_default="item", nullable=False),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("weight_kg", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("length_cm", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("width_cm", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("height_cm", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("current_cost", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("standard_cost", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("list_price", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column(
            "preorder_eligible", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("launch_date", sa.Date(), nullable=True),
        sa.Column("days_to_replace", sa.Integer(), nullable=True),
        sa.Column(
            "components",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple', number || ' ' || name || ' ' || sku)", persisted=True
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_product")),
        schema="master_data",
    )
    op.create_index(
        "ix_product_name",
        "product",
        [sa.literal_column("lower(name) text_pattern_ops")],
        unique=False,
        schema="master_data",
    )
    op.create_index(
        "ix_product_number_prefix",
        "product",
        [sa.literal_column("lower(number) text_pattern_ops")],
        unique=False,
        schema="master_data",
    )
    op.create_index(
        "ix_product_preorder",
        "product",
        ["number"],
        unique=False,
        schema="master_data",
        postgresql_where=sa.text("preorder_eligible"),
    )
    op.create_index(
        "ix_product_part",
        "product",
        [sa.literal_column(f"platform.trigrams({PART_TEXT}) array_ops")],
        unique=False,
        schema="master_data",
        postgresql_using="gin",
    )
    op.create_index(
        "ix_product_search",
        "product",
        ["search"],
        unique=False,
        schema="master_data",
        postgresql_using="gin",
    )
    op.create_index(
        "ix_product_sku",
        "product",
        [sa.literal_column("lower(sku)")],
        unique=False,
        schema="master_data",
    )
    op.create_table(
        "unit",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit_group", sa.Text(), nullable=False),
        sa.Column("factor", sa.Numeric(precision=24, scale=9), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("decimals BETWEEN 0 AND 4", name=op.f("ck_unit_decimals")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_unit")),
        schema="master_data",
    )
    op.create_table(
        "flow",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_flow")),
        schema="orchestration",
    )
    op.create_table(
        "flow_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flow_version_id", sa.Integer(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("parallel_key", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("trigger_event_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "joined_splits",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('running', 'failed', 'completed', 'canceled')",
            name=op.f("ck_flow_run_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_run")),
        sa.UniqueConstraint(
            "subject_id", "trigger_event_id", "parallel_key", name="uq_flow_run_start_once"
        ),
        schema="orchestration",
    )
    op.create_index(
        "ix_flow_run_root_id", "flow_run", ["root_id"], unique=False, schema="orchestration"
    )
    op.create_table(
        "flow_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("awaits", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_version")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_flow_version_name_version")),
        schema="orchestration",
    )
    op.create_table(
        "provider_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("deferrals", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_delay_seconds", sa.Float(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("external_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("event_raised", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("duration_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'leased', 'done', 'failed', 'held', 'canceled')",
            name=op.f("ck_provider_call_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_call")),
        sa.UniqueConstraint("key", name="uq_provider_call_key"),
        schema="orchestration",
    )
    op.create_index(
        "ix_provider_call_due",
        "provider_call",
        ["due_at"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "ix_provider_call_group_due",
        "provider_call",
        ["instance", "action", "due_at"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "ix_provider_call_on_hold",
        "provider_call",
        ["instance"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "ix_provider_call_lease",
        "provider_call",
        ["lease_until"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.create_index(
        "ix_provider_call_run",
        "provider_call",
        ["run_id"],
        unique=False,
        schema="orchestration",
    )
    op.create_index(
        "ix_provider_call_token",
        "provider_call",
        ["token_id"],
        unique=False,
        schema="orchestration",
    )
    op.create_table(
        "step_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_result")),
        schema="orchestration",
    )
    op.create_index(
        "ix_step_result_flow_run_id",
        "step_result",
        ["run_id"],
        unique=False,
        schema="orchestration",
    )
    op.create_table(
        "step_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_tally")),
        schema="orchestration",
    )
    op.create_index(
        "ix_step_tally_flow_recorded_at",
        "step_tally",
        ["flow", "recorded_at"],
        unique=False,
        schema="orchestration",
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("flow_version_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awaits", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("step_result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "split_path",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("since_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "consumed_event_ids",
            postgresql.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'failed' OR error IS NOT NULL", name=op.f("ck_token_failed_has_error")
        ),
        sa.CheckConstraint(
            "state <> 'ready' OR due_at IS NOT NULL", name=op.f("ck_token_ready_is_due")
        ),
        sa.CheckConstraint(
            "state IN ('ready', 'waiting', 'held', 'failed')", name=op.f("ck_token_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        schema="orchestration",
    )
    op.create_index(
        "ix_token_awaits_subject",
        "token",
        ["subject_id"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("awaits IS NOT NULL"),
    )
    op.create_index(
        "ix_token_due",
        "token",
        ["due_at", "id"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_token_flow_run_id", "token", ["run_id"], unique=False, schema="orchestration"
    )
    op.create_index(
        "ix_token_stopped",
        "token",
        ["flow_version_id", "id"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("state IN ('failed', 'held')"),
    )
    op.create_index(
        "ix_token_failed_run",
        "token",
        ["run_id"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_token_failed_since",
        "token",
        ["entered_at", "run_id"],
        unique=False,
        schema="orchestration",
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("response", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_idempotency_key")),
        schema="orders",
    )
    op.create_table(
        "order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("external_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("external_status", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("order_type", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("price_list", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("strategy", sa.Text(), server_default="", nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_delivery_date", sa.Date(), nullable=True),
        sa.Column("shipping_method", sa.Text(), nullable=False),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("subtotal", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("shipping_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column(
            "fees_amount",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "credit_amount",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("discount_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("total_difference", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("customer_email", sa.Text(), nullable=False),
        sa.Column("customer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("bill_to", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ship_to", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column(
            "goodwill_amount",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("source_content", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("source_changes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("external_id", "instance", name=op.f("uq_order_external_id_instance")),
        schema="orders",
    )
    op.create_index(
        "ix_order_search",
        "order",
        [sa.literal_column(f"{SEARCH_TERMS} tsvector_ops")],
        unique=False,
        schema="orders",
        postgresql_using="gin",
    )
    op.create_index(
        "ix_order_customer_name",
        "order",
        [sa.literal_column("lower(customer_name) text_pattern_ops")],
        unique=False,
        schema="orders",
    )
    op.create_index("ix_order_instance", "order", ["instance", "id"], unique=False, schema="orders")
    op.create_index(
        "ix_order_number",
        "order",
        [sa.literal_column("lower(number) text_pattern_ops")],
        unique=False,
        schema="orders",
    )
    op.create_index(
        "ix_order_total_amount", "order", ["total_amount", "id"], unique=False, schema="orders"
    )
    op.create_index("ix_order_origin", "order", ["origin", "id"], unique=False, schema="orders")
    op.create_index(
        "ix_order_source_changes",
        "order",
        ["id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("source_changes IS NOT NULL"),
    )
    op.create_index(
        "ix_order_placed_at", "order", ["placed_at", "id"], unique=False, schema="orders"
    )
    op.create_table(
        "order_count_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attention", sa.Text(), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_count_delta")),
        schema="orders",
    )
    op.create_table(
        "business_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("xid", "id", "occurred_at", name=op.f("pk_business_event")),
        schema="platform",
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index(
        "ix_business_event_root_id",
        "business_event",
        ["root_id", "id"],
        unique=False,
        schema="platform",
    )
    op.create_table(
        "configuration_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_document")),
        sa.UniqueConstraint(
            "kind", "name", "version", name=op.f("uq_configuration_document_kind_name_version")
        ),
        schema="platform",
    )
    op.create_index(
        "ix_configuration_document_current",
        "configuration_document",
        ["kind", "name"],
        unique=True,
        schema="platform",
        postgresql_where=sa.text("current"),
    )
    op.create_table(
        "schema_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("compatible_with", sa.Text(), nullable=False),
        sa.Column(
            "applied_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_version")),
        sa.UniqueConstraint("revision", name=op.f("uq_schema_version_revision")),
        schema="platform",
    )
    op.create_table(
        "event_backlog",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_event_backlog")),
        schema="platform",
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("system_identifier", sa.Text(), nullable=False),
        sa.Column("database_oid", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("foreign_events", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("timeline", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id", name="installation_is_one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
        schema="platform",
    )
    op.create_table(
        "event_consumer",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "seen",
            PgSnapshot(),
            server_default=sa.text("'1:1:'::pg_snapshot"),
            nullable=False,
        ),
        sa.Column("xid", Xid8(), server_default=sa.text("'0'::xid8"), nullable=False),
        sa.Column("event_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_event_consumer")),
        schema="platform",
    )
    op.create_table(
        "scheduled_job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seconds", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_scheduled_job")),
        schema="platform",
    )
    op.create_table(
        "checkpoint",
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance", "kind", name=op.f("pk_checkpoint")),
        schema="providers",
    )
    op.create_table(
        "processing_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processing_attempt")),
        schema="providers",
    )
    op.create_table(
        "id_mapping",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_name", sa.Text(), nullable=False),
        sa.Column("internal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "table_name", "field", "value", "scope", "scope_name", name=op.f("pk_id_mapping")
        ),
        schema="providers",
    )
    op.create_index(
        "ix_id_mapping_internal",
        "id_mapping",
        ["table_name", "field", "internal"],
        unique=False,
        schema="providers",
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("fallback", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("deliveries", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entity_id", sa.Text(), server_default="", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("instance", "kind", "key", "version", name="uq_message_identity"),
        schema="providers",
    )
    op.create_index(
        "ix_message_received",
        "message",
        ["id"],
        unique=False,
        schema="providers",
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "ix_message_received_key",
        "message",
        ["instance", "kind", "key", "id"],
        unique=False,
        schema="providers",
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "ix_message_state",
        "message",
        ["state", "id"],
        unique=False,
        schema="providers",
        postgresql_where=sa.text("state IN ('parked', 'discarded', 'on_hold')"),
    )
    op.create_index(
        "ix_message_key",
        "message",
        ["state", "key", "id"],
        unique=False,
        schema="providers",
        postgresql_where=sa.text("state IN ('parked', 'discarded', 'on_hold')"),
    )
    op.create_index(
        "ix_message_instance",
        "message",
        ["state", "instance", "id"],
        unique=False,
        schema="providers",
        postgresql_where=sa.text("state IN ('parked', 'discarded', 'on_hold')"),
    )
    op.create_index(
        "ix_message_total",
        "message",
        ["state", sa.literal_column("COALESCE(total_amount, 0::numeric)"), "id"],
        unique=False,
        schema="providers",
        postgresql_where=sa.text("state IN ('parked', 'discarded', 'on_hold')"),
    )
    op.create_table(
        "outbound_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_request")),
        schema="providers",
    )
    op.create_index(
        "ix_outbound_request_instance",
        "outbound_request",
        ["instance", "id"],
        unique=False,
        schema="providers",
    )
    op.create_table(
        "provider_instance",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("mapping_group", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_by", sa.Text(), server_default="", nullable=False),
        sa.Column("poll_seconds", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="untested", nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "scopes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "missing_scopes",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("red_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("poll_failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("poll_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("poll_lease", sa.Uuid(), nullable=True),
        sa.Column("poll_lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_provider_instance")),
        schema="providers",
    )
    op.create_table(
        "simulation_input",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation_input")),
        schema="simulation",
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["administration.user.id"],
            name=op.f("fk_session_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
        schema="administration",
    )
    op.create_index(
        op.f("ix_session_expires_at"),
        "session",
        ["expires_at"],
        unique=False,
        schema="administration",
    )
    op.create_index(
        op.f("ix_session_user_id"), "session", ["user_id"], unique=False, schema="administration"
    )
    op.create_table(
        "fulfillment_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), server_default="", nullable=False),
        sa.Column("fulfiller", sa.Text(), server_default="", nullable=False),
        sa.Column("recall", sa.Text(), server_default="", nullable=False),
        sa.Column("recalled_units", sa.Text(), server_default="", nullable=False),
        sa.Column("recall_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("ship_to", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("planned_ship_date", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_parcels", sa.SmallInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal_lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "recall IN ('', 'requested', 'accepted', 'refused')"
            " AND recalled_units IN ('', 'source_again', 'cancel')"
            " AND (recall = '' OR recalled_units <> '')",
            name=op.f("ck_fulfillment_order_recall"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.order.id"],
            name=op.f("fk_fulfillment_order_order_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillment_order")),
        sa.UniqueConstraint("number", name=op.f("uq_fulfillment_order_number")),
        schema="fulfillment",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_fulfillment_order_external_id",
        "fulfillment_order",
        [sa.literal_column("lower(external_id) text_pattern_ops")],
        unique=False,
        schema="fulfillment",
        postgresql_where=sa.text("external_id <> ''"),
    )
    op.create_index(
        "ix_fulfillment_order_number_prefix",
        "fulfillment_order",
        [sa.literal_column("number text_pattern_ops")],
        unique=False,
        schema="fulfillment",
    )
    op.create_index(
        "ix_fulfillment_order_order_id",
        "fulfillment_order",
        ["order_id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_index(
        "ix_fulfillment_order_planned",
        "fulfillment_order",
        ["planned_ship_date", "order_id"],
        unique=False,
        schema="fulfillment",
        postgresql_where=sa.text(
            "planned_ship_date IS NOT NULL AND state IN"
            " ('new', 'sent', 'accepted', 'picked', 'packed', 'partially_shipped')"
        ),
    )
    op.create_index(
        "ix_fulfillment_order_planned_sort",
        "fulfillment_order",
        [sa.literal_column("COALESCE(planned_ship_date, '9000-12-31'::date)"), "id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_index(
        "ix_fulfillment_order_recall",
        "fulfillment_order",
        ["recall", "id"],
        unique=False,
        schema="fulfillment",
        postgresql_where=sa.text("recall IN ('requested', 'refused')"),
    )
    op.create_index(
        "ix_fulfillment_order_source",
        "fulfillment_order",
        ["source", "id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_index(
        "ix_fulfillment_order_state",
        "fulfillment_order",
        ["state", "id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_table(
        "reoptimization_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("from_source", sa.Text(), nullable=False),
        sa.Column("to_source", sa.Text(), nullable=False),
        sa.Column("saving", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["fulfillment_optimization.sourcing_plan.id"],
            name=op.f("fk_reoptimization_move_plan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reoptimization_move")),
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_reoptimization_move_order",
        "reoptimization_move",
        ["order_id"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_reoptimization_move_plan",
        "reoptimization_move",
        ["plan_id"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_table(
        "shadow_price",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("price", sa.Float(), nullable=False),
        sa.Column("saving", sa.Float(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["fulfillment_optimization.sourcing_plan.id"],
            name=op.f("fk_shadow_price_plan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_price")),
        schema="fulfillment_optimization",
    )
    op.create_index(
        "ix_shadow_price_plan",
        "shadow_price",
        ["plan_id", "product"],
        unique=False,
        schema="fulfillment_optimization",
    )
    op.create_table(
        "export_job_part",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["inventory_contract.export_job.id"],
            name=op.f("fk_export_job_part_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_export_job_part")),
        schema="inventory_contract",
    )
    op.create_table(
        "allocation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "allocated",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "cumulative_allocated",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "consumed",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "cumulative_consumed",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "allocated >= 0 AND consumed >= 0", name=op.f("ck_allocation_not_negative")
        ),
        sa.CheckConstraint(
            "cardinality(groups) BETWEEN 1 AND 8", name=op.f("ck_allocation_group_count")
        ),
        sa.ForeignKeyConstraint(
            ["stock_id"], ["inventory_visibility.stock.id"], name=op.f("fk_allocation_stock_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint("stock_id", "groups", name=op.f("uq_allocation_stock_id_groups")),
        schema="inventory_visibility",
    )
    op.create_table(
        "ledger_block",
        sa.Column("first_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["day"], ["inventory_visibility.ledger_day.day"], name=op.f("fk_ledger_block_day")
        ),
        sa.PrimaryKeyConstraint("first_id", name=op.f("pk_ledger_block")),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_ledger_block_day",
        "ledger_block",
        ["day", "first_id"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_table(
        "ledger_checkpoint",
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("sums", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["stock_id"],
            ["inventory_visibility.stock.id"],
            name=op.f("fk_ledger_checkpoint_stock_id"),
        ),
        sa.PrimaryKeyConstraint("stock_id", name=op.f("pk_ledger_checkpoint")),
        schema="inventory_visibility",
    )
    op.create_table(
        "measure_balance",
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.ForeignKeyConstraint(
            ["stock_id"],
            ["inventory_visibility.stock.id"],
            name=op.f("fk_measure_balance_stock_id"),
        ),
        sa.PrimaryKeyConstraint(
            "stock_id", "data_source", "measure", name=op.f("pk_measure_balance")
        ),
        schema="inventory_visibility",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "reservation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("open", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column(
            "shipped",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "released",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("data_source", sa.Text(), server_default="iv", nullable=False),
        sa.Column("measure", sa.Text(), server_default="softreservordered", nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.Column("per_unit", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "open >= 0 AND open + shipped + released = quantity",
            name=op.f("ck_reservation_adds_up"),
        ),
        sa.ForeignKeyConstraint(
            ["stock_id"], ["inventory_visibility.stock.id"], name=op.f("fk_reservation_stock_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_reservation_document",
        "reservation",
        ["document"],
        unique=False,
        schema="inventory_visibility",
        postgresql_where=sa.text("document <> ''"),
    )
    op.create_index(
        "ix_reservation_expires",
        "reservation",
        ["expires_at"],
        unique=False,
        schema="inventory_visibility",
        postgresql_where=sa.text("open > 0 AND expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_reservation_line",
        "reservation",
        ["line_id"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_reservation_open",
        "reservation",
        ["stock_id", "id"],
        unique=False,
        schema="inventory_visibility",
        postgresql_where=sa.text("open > 0"),
    )
    op.create_table(
        "schedule_balance",
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.ForeignKeyConstraint(
            ["stock_id"],
            ["inventory_visibility.stock.id"],
            name=op.f("fk_schedule_balance_stock_id"),
        ),
        sa.PrimaryKeyConstraint(
            "stock_id", "day", "data_source", "measure", name=op.f("pk_schedule_balance")
        ),
        schema="inventory_visibility",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "schedule_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("data_source", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("delta", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column(
            "confidence",
            sa.Numeric(precision=4, scale=3),
            server_default=sa.text("1"),
            nullable=False,
        ),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_schedule_entry_confidence")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["inventory_visibility.schedule_event.event_id"],
            name=op.f("fk_schedule_entry_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["stock_id"], ["inventory_visibility.stock.id"], name=op.f("fk_schedule_entry_stock_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_entry")),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_schedule_entry_event",
        "schedule_entry",
        ["event_id"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_schedule_entry_stock",
        "schedule_entry",
        ["stock_id", "day"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_table(
        "stock_policy_rule",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "units", sa.Numeric(precision=18, scale=4), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "percent", sa.Numeric(precision=6, scale=3), server_default=sa.text("0"), nullable=False
        ),
        sa.PrimaryKeyConstraint(
            "policy", "product", "source", "channel", name=op.f("pk_stock_policy_rule")
        ),
        schema="inventory_visibility",
    )
    op.create_table(
        "supply_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column(
            "received",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "closed", sa.Numeric(precision=18, scale=4), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "scheduled",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("expected_date", sa.Date(), nullable=False),
        sa.Column(
            "confidence",
            sa.Numeric(precision=4, scale=3),
            server_default=sa.text("1"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("ship_date", sa.Date(), nullable=False),
        sa.Column(
            "shipped",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "scheduled_demand",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "shipped >= 0 AND scheduled_demand >= 0 AND (origin <> '' OR shipped = 0)",
            name=op.f("ck_supply_line_shipped_from_origin"),
        ),
        sa.CheckConstraint(
            "quantity > 0 AND received >= 0 AND closed >= 0 AND closed <= quantity",
            name=op.f("ck_supply_line_quantities"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["inventory_visibility.supply_order.id"],
            name=op.f("fk_supply_line_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_line")),
        sa.UniqueConstraint(
            "order_id", "line_number", name=op.f("uq_supply_line_order_id_line_number")
        ),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_supply_line_product",
        "supply_line",
        ["product", "source"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_supply_line_to_ship",
        "supply_line",
        ["product", "origin"],
        unique=False,
        schema="inventory_visibility",
        postgresql_where=sa.text("scheduled_demand > 0"),
    )
    op.create_table(
        "order_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("variant", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_decimals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stock_per_step", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("stock_decimals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("tax", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("requested_delivery_date", sa.Date(), nullable=True),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("in_fulfillment", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("shipped", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("canceled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("returned", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("in_return", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivery", sa.Text(), server_default="shipment", nullable=False),
        sa.Column("ship_to", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("removed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "delivery IN ('shipment', 'pickup', 'digital')", name=op.f("ck_order_line_delivery")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity")),
        sa.CheckConstraint(
            "returned >= 0 AND in_return >= 0 AND returned + in_return <= shipped",
            name=op.f("ck_order_line_returns"),
        ),
        sa.CheckConstraint(
            "unit_decimals BETWEEN 0 AND 4 AND stock_decimals BETWEEN 0 AND 4 AND stock_per_step > 0",
            name=op.f("ck_order_line_unit"),
        ),
        sa.CheckConstraint(
            "shipped >= 0 AND canceled >= 0 AND in_fulfillment >= 0 AND shipped + canceled + in_fulfillment <= quantity",
            name=op.f("ck_order_line_units"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order.id"], name=op.f("fk_order_line_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint(
            "order_id", "line_number", name=op.f("uq_order_line_order_id_line_number")
        ),
        schema="orders",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "order_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("operations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("inverse", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("touched", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("quantities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("money_before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("money_after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("difference", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.CheckConstraint("origin IN ('person', 'source')", name=op.f("ck_order_change_origin")),
        sa.CheckConstraint("number > 0", name=op.f("ck_order_change_number")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order.id"], name=op.f("fk_order_change_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["undoes"], ["orders.order_change.id"], name=op.f("fk_order_change_undoes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_change")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_order_change_order_id_number")),
        schema="orders",
    )
    op.create_index(
        "ix_order_change_undoes",
        "order_change",
        ["undoes"],
        unique=True,
        schema="orders",
        postgresql_where=sa.text("undoes IS NOT NULL"),
    )
    op.create_index(
        "ix_order_line_product",
        "order_line",
        ["product", "order_id"],
        unique=False,
        schema="orders",
    )
    op.create_index(
        "ix_order_line_source",
        "order_line",
        ["source", "order_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("source IS NOT NULL"),
    )
    op.create_table(
        "order_state",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("manual_hold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("previous_state", sa.Text(), nullable=True),
        sa.Column("previous_reason", sa.Text(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT manual_hold OR state = 'on_hold'", name=op.f("ck_order_state_manual_hold")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order.id"], name=op.f("fk_order_state_order_id")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_state")),
        schema="orders",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_order_state_manual_hold",
        "order_state",
        ["order_id"],
        unique=True,
        schema="orders",
        postgresql_where=sa.text("manual_hold"),
    )
    op.create_index(
        "ix_order_state_promised",
        "order_state",
        ["promised_on", "order_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text(
            "promised_on IS NOT NULL AND state NOT IN ('completed', 'canceled')"
        ),
    )
    op.create_index(
        "ix_order_state_state", "order_state", ["state", "order_id"], unique=False, schema="orders"
    )
    op.create_table(
        "unmapped_key",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["providers.message.id"],
            name=op.f("fk_unmapped_key_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "message_id", "table_name", "field", "value", name=op.f("pk_unmapped_key")
        ),
        schema="providers",
    )
    op.create_index(
        "ix_unmapped_key_lookup",
        "unmapped_key",
        ["table_name", "field", "value"],
        unique=False,
        schema="providers",
    )
    op.create_table(
        "simulation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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
        sa.Column("cost_currency", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'finished', 'failed')",
            name=op.f("ck_simulation_state"),
        ),
        sa.CheckConstraint(
            "runs_done >= 0 AND runs_done <= runs", name=op.f("ck_simulation_runs_done")
        ),
        sa.ForeignKeyConstraint(
            ["input_id"], ["simulation.simulation_input.id"], name=op.f("fk_simulation_input_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation")),
        schema="simulation",
    )
    op.create_index(
        "ix_simulation_created",
        "simulation",
        ["created_at", "id"],
        unique=False,
        schema="simulation",
    )
    op.create_index(
        "ix_simulation_waiting",
        "simulation",
        ["created_at"],
        unique=False,
        schema="simulation",
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "fulfillment_order_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("variant", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_decimals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stock_per_step", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("stock_decimals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND shipped BETWEEN 0 AND quantity",
            name=op.f("ck_fulfillment_order_line_units"),
        ),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"],
            ["fulfillment.fulfillment_order.id"],
            name=op.f("fk_fulfillment_order_line_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["orders.order_line.id"],
            name=op.f("fk_fulfillment_order_line_order_line_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillment_order_line")),
        schema="fulfillment",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_fulfillment_order_line_fulfillment_order_id",
        "fulfillment_order_line",
        ["fulfillment_order_id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_index(
        "ix_fulfillment_order_line_order_line_id",
        "fulfillment_order_line",
        ["order_line_id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_table(
        "shipment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("tracking_url", sa.Text(), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"],
            ["fulfillment.fulfillment_order.id"],
            name=op.f("fk_shipment_fulfillment_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint(
            "fulfillment_order_id",
            "external_id",
            name=op.f("uq_shipment_fulfillment_order_id_external_id"),
        ),
        schema="fulfillment",
    )
    op.create_index(
        "ix_shipment_tracking_number",
        "shipment",
        [sa.literal_column("lower(tracking_number) text_pattern_ops")],
        unique=False,
        schema="fulfillment",
    )
    op.create_index(
        "ix_shipment_tracking_number_end",
        "shipment",
        [sa.literal_column("reverse(lower(tracking_number)) text_pattern_ops")],
        unique=False,
        schema="fulfillment",
    )
    op.create_table(
        "allocation_consumption",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("allocation_id", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.CheckConstraint("open > 0", name=op.f("ck_allocation_consumption_open")),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["inventory_visibility.allocation.id"],
            name=op.f("fk_allocation_consumption_allocation_id"),
        ),
        sa.PrimaryKeyConstraint("line_id", "allocation_id", name=op.f("pk_allocation_consumption")),
        schema="inventory_visibility",
    )
    op.create_table(
        "allocation_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("allocation_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("allocated", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("consumed", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column(
            "granted",
            sa.Numeric(precision=18, scale=4),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"],
            ["inventory_visibility.allocation.id"],
            name=op.f("fk_allocation_entry_allocation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation_entry")),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_allocation_entry_allocation",
        "allocation_entry",
        ["allocation_id", "id"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_table(
        "supply_receipt",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_supply_receipt_quantity")),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["inventory_visibility.supply_line.id"],
            name=op.f("fk_supply_receipt_line_id"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_supply_receipt")),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_supply_receipt_line",
        "supply_receipt",
        ["line_id"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_table(
        "supply_shipment",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_supply_shipment_quantity")),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["inventory_visibility.supply_line.id"],
            name=op.f("fk_supply_shipment_line_id"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_supply_shipment")),
        schema="inventory_visibility",
    )
    op.create_index(
        "ix_supply_shipment_line",
        "supply_shipment",
        ["line_id"],
        unique=False,
        schema="inventory_visibility",
    )
    op.create_table(
        "waiting_line",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("stock_quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("launch_date", sa.Date(), nullable=True),
        sa.Column("available_on", sa.Date(), nullable=True),
        sa.Column("confidence", sa.Numeric(precision=4, scale=3), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind <> 'preorder' OR launch_date IS NOT NULL",
            name=op.f("ck_waiting_line_launch_date"),
        ),
        sa.CheckConstraint(
            "kind IN ('backorder', 'preorder', 'capacity')", name=op.f("ck_waiting_line_kind")
        ),
        sa.CheckConstraint(
            "kind <> 'capacity' OR retry_at IS NOT NULL", name=op.f("ck_waiting_line_retry_at")
        ),
        sa.CheckConstraint("state IN ('waiting', 'released')", name=op.f("ck_waiting_line_state")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_waiting_line_quantity")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["orders.order_line.id"], name=op.f("fk_waiting_line_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order.id"], name=op.f("fk_waiting_line_order_id")
        ),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_waiting_line")),
        schema="orders",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_waiting_line_expires",
        "waiting_line",
        ["expires_at", "line_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_waiting_line_kind",
        "waiting_line",
        ["kind", "since", "line_id"],
        unique=False,
        schema="orders",
    )
    op.create_index(
        "ix_waiting_line_promised",
        "waiting_line",
        [
            sa.literal_column("COALESCE(available_on, '9000-12-31'::date)"),
            "since",
            "line_id",
        ],
        unique=False,
        schema="orders",
    )
    op.create_index(
        "ix_waiting_line_expiry_sort",
        "waiting_line",
        [
            sa.literal_column(
                "COALESCE(expires_at, '9000-12-31 00:00:00+00'::timestamp with time zone)"
            ),
            "since",
            "line_id",
        ],
        unique=False,
        schema="orders",
    )
    op.create_index(
        "ix_waiting_line_launch",
        "waiting_line",
        ["launch_date"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND kind = 'preorder'"),
    )
    op.create_index(
        "ix_waiting_line_order", "waiting_line", ["order_id"], unique=False, schema="orders"
    )
    op.create_index(
        "ix_waiting_line_queue",
        "waiting_line",
        ["product", "since", "line_id"],
        unique=False,
        schema="orders",
        postgresql_include=["stock_quantity", "kind", "state"],
    )
    op.create_index(
        "ix_waiting_line_released",
        "waiting_line",
        ["released_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("state = 'released'"),
    )
    op.create_index(
        "ix_waiting_line_retry",
        "waiting_line",
        ["retry_at"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND kind = 'capacity'"),
    )
    op.create_index(
        "ix_waiting_line_since", "waiting_line", ["since", "line_id"], unique=False, schema="orders"
    )
    op.create_index(
        "ix_waiting_line_unpromised",
        "waiting_line",
        ["since", "line_id"],
        unique=False,
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND available_on IS NULL"),
    )
    op.create_table(
        "simulation_result",
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "scenario IN ('baseline', 'scenario')", name=op.f("ck_simulation_result_scenario")
        ),
        sa.ForeignKeyConstraint(
            ["simulation_id"],
            ["simulation.simulation.id"],
            name=op.f("fk_simulation_result_simulation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "simulation_id", "run", "scenario", name=op.f("pk_simulation_result")
        ),
        schema="simulation",
    )
    op.create_table(
        "shipment_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_line_id", sa.Uuid(), nullable=False),
        sa.Column("variant", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_decimals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_line_quantity")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_line_id"],
            ["fulfillment.fulfillment_order_line.id"],
            name=op.f("fk_shipment_line_fulfillment_order_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["fulfillment.shipment.id"], name=op.f("fk_shipment_line_shipment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_line")),
        schema="fulfillment",
    )
    op.create_index(
        "ix_shipment_line_fulfillment_order_line_id",
        "shipment_line",
        ["fulfillment_order_line_id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_index(
        "ix_shipment_line_shipment_id",
        "shipment_line",
        ["shipment_id"],
        unique=False,
        schema="fulfillment",
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("char_length(text) BETWEEN 1 AND 5000", name=op.f("ck_note_text")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order.id"], name=op.f("fk_note_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        schema="collaboration",
    )
    op.create_index(
        "ix_note_order", "note", ["order_id", "pinned", "id"], unique=False, schema="collaboration"
    )
    op.create_table(
        "watch",
        sa.Column("watcher", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order.id"], name=op.f("fk_watch_order_id")),
        sa.PrimaryKeyConstraint("watcher", "order_id", name=op.f("pk_watch")),
        schema="collaboration",
    )
    op.create_index(
        op.f("ix_watch_order_id"), "watch", ["order_id"], unique=False, schema="collaboration"
    )
    op.create_table(
        "order_tag",
        sa.Column("tag", sa.Text(collation="C"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("tagged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tagged_by", sa.Text(), nullable=False),
        sa.CheckConstraint("tag <> '' AND tag = lower(tag)", name=op.f("ck_order_tag_tag")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order.id"], name=op.f("fk_order_tag_order_id")
        ),
        sa.PrimaryKeyConstraint("tag", "order_id", name=op.f("pk_order_tag")),
        schema="orders",
    )
    op.create_index(
        op.f("ix_order_tag_order_id"), "order_tag", ["order_id"], unique=False, schema="orders"
    )
    op.create_table(
        "mention",
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["note_id"],
            ["collaboration.note.id"],
            name=op.f("fk_mention_note_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("recipient", "note_id", name=op.f("pk_mention")),
        schema="collaboration",
    )
    op.create_index(
        op.f("ix_mention_note_id"), "mention", ["note_id"], unique=False, schema="collaboration"
    )
    op.create_index(
        "ix_mention_unread",
        "mention",
        ["recipient"],
        unique=False,
        schema="collaboration",
        postgresql_where=sa.text("read_at IS NULL"),
    )
    for table in APPEND_ONLY_TABLES:
        op.execute(APPEND_ONLY.format(table=table))
    op.execute(SAFETY_STOCK)
    op.create_table(
        "order_payment",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("uncovered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "uncovered >= 0 AND uncovered <= charged", name=op.f("ck_order_payment_uncovered")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.order.id"],
            name=op.f("fk_order_payment_order_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_payment")),
        schema="payments",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_order_payment_uncovered",
        "order_payment",
        ["order_id"],
        unique=False,
        schema="payments",
        postgresql_where=sa.text("uncovered > 0"),
    )
    op.create_table(
        "charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("covered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("charged_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('shipment', 'digital')", name=op.f("ck_charge_kind")),
        sa.CheckConstraint(
            "covered >= 0 AND captured >= 0 AND covered + captured <= amount",
            name=op.f("ck_charge_captured"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payments.order_payment.order_id"], name=op.f("fk_charge_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        schema="payments",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_charge_order_id", "charge", ["order_id"], unique=False, schema="payments")
    op.create_table(
        "payment_method",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stated", sa.BigInteger(), nullable=False),
        sa.Column("authorized", sa.BigInteger(), nullable=False),
        sa.Column("prepaid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("covered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("capture_pending", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("released", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refund_pending", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "covered >= 0 AND covered <= CASE WHEN instance = '' THEN authorized ELSE prepaid END",
            name=op.f("ck_payment_method_covered"),
        ),
        sa.CheckConstraint(
            "prepaid >= 0 AND capture_pending >= 0 AND captured >= 0 AND released >= 0 AND prepaid + capture_pending + captured + released <= authorized",
            name=op.f("ck_payment_method_captured"),
        ),
        sa.CheckConstraint(
            "refund_pending >= 0 AND refunded >= 0 AND refund_pending + refunded <= prepaid + captured",
            name=op.f("ck_payment_method_refunded"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["payments.order_payment.order_id"],
            name=op.f("fk_payment_method_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_method")),
        sa.UniqueConstraint(
            "order_id", "kind", "reference", name=op.f("uq_payment_method_order_id_kind_reference")
        ),
        schema="payments",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_payment_method_expires_at",
        "payment_method",
        ["expires_at"],
        unique=False,
        schema="payments",
        postgresql_where=sa.text(
            "instance <> '' AND expires_at IS NOT NULL AND authorized > prepaid + capture_pending + captured + released"
        ),
    )
    op.create_table(
        "payment_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("method_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=True),
        sa.Column("request_key", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs_person", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("deferrals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "due_at IS NULL OR state IN ('requested', 'unknown')", name=op.f("ck_payment_fact_due")
        ),
        sa.CheckConstraint(
            "kind IN ('authorization', 'capture', 'refund', 'void', 'expiry')",
            name=op.f("ck_payment_fact_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'unknown', 'succeeded', 'failed')",
            name=op.f("ck_payment_fact_state"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_fact_amount")),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["payments.charge.id"], name=op.f("fk_payment_fact_charge_id")
        ),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payments.payment_method.id"], name=op.f("fk_payment_fact_method_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payments.order_payment.order_id"], name=op.f("fk_payment_fact_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_fact")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_fact_key")),
        schema="payments",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_payment_fact_charge_id",
        "payment_fact",
        ["charge_id"],
        unique=False,
        schema="payments",
        postgresql_where=sa.text("charge_id IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_fact_due",
        "payment_fact",
        ["due_at"],
        unique=False,
        schema="payments",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_fact_list",
        "payment_fact",
        ["needs_person", "id"],
        unique=False,
        schema="payments",
    )
    op.create_index(
        "ix_payment_fact_method_id", "payment_fact", ["method_id"], unique=False, schema="payments"
    )
    op.create_index(
        "ix_payment_fact_order_id",
        "payment_fact",
        ["order_id", "id"],
        unique=False,
        schema="payments",
    )
    op.create_table(
        "return_parcel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("tracking_url", sa.Text(), server_default="", nullable=False),
        sa.Column("label_url", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_parcel")),
        schema="returns",
    )
    op.create_index(
        "ix_return_parcel_tracking_number",
        "return_parcel",
        [sa.literal_column("lower(tracking_number) text_pattern_ops")],
        unique=False,
        schema="returns",
    )
    op.create_table(
        "return_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("timing", sa.Text(), server_default="", nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("is_withdrawal", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("refund_due_on", sa.Date(), nullable=True),
        sa.Column("replacement_order_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "origin IN ('customer', 'store_counter', 'order_manager', 'blind') AND (order_id IS NOT NULL OR origin = 'blind')",
            name=op.f("ck_return_order_origin"),
        ),
        sa.CheckConstraint(
            "outcome IN ('refund', 'exchange', 'replacement') AND timing IN ('', 'standard', 'advanced') AND (outcome = 'refund') = (timing = '')",
            name=op.f("ck_return_order_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.order.id"],
            name=op.f("fk_return_order_order_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["replacement_order_id"],
            ["orders.order.id"],
            name=op.f("fk_return_order_replacement_order_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_order")),
        sa.UniqueConstraint("number", name=op.f("uq_return_order_number")),
        schema="returns",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_return_order_customer_name",
        "return_order",
        [sa.literal_column("lower(customer_name) text_pattern_ops")],
        unique=False,
        schema="returns",
    )
    op.create_index(
        "ix_return_order_deadline",
        "return_order",
        ["deadline", "id"],
        unique=False,
        schema="returns",
        postgresql_where=sa.text("state IN ('approved', 'in_transit', 'partially_received')"),
    )
    op.create_index(
        "ix_return_order_number",
        "return_order",
        [sa.literal_column("number text_pattern_ops")],
        unique=False,
        schema="returns",
    )
    op.create_index(
        "ix_return_order_order_id", "return_order", ["order_id"], unique=False, schema="returns"
    )
    op.create_index(
        "ix_return_order_state", "return_order", ["state", "id"], unique=False, schema="returns"
    )
    op.create_table(
        "return_amount",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("goods", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("costs", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("fee", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('refund', 'credit', 'charge')", name=op.f("ck_return_amount_kind")
        ),
        sa.CheckConstraint(
            "state IN ('due', 'requested', 'completed', 'failed')",
            name=op.f("ck_return_amount_state"),
        ),
        sa.CheckConstraint(
            "goods >= 0 AND costs >= 0 AND fee >= 0 AND amount = goods + costs - fee AND amount >= 0",
            name=op.f("ck_return_amount_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["return_order_id"],
            ["returns.return_order.id"],
            name=op.f("fk_return_amount_return_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_amount")),
        schema="returns",
    )
    op.create_index(
        "ix_return_amount_due",
        "return_amount",
        ["id"],
        unique=False,
        schema="returns",
        postgresql_where=sa.text("state = 'due'"),
    )
    op.create_index(
        "ix_return_amount_return_order_id",
        "return_amount",
        ["return_order_id"],
        unique=False,
        schema="returns",
    )
    op.create_table(
        "return_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_order_id", sa.Uuid(), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("variant", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_decimals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stock_per_step", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("stock_decimals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("return_to", sa.Text(), server_default="", nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("canceled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("inspected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("credited", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("exchange_for", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("credited BETWEEN 0 AND quantity", name=op.f("ck_return_line_credited")),
        sa.CheckConstraint(
            "quantity > 0 AND received >= 0 AND canceled >= 0 AND received + canceled <= quantity",
            name=op.f("ck_return_line_received"),
        ),
        sa.CheckConstraint(
            "rejected >= 0 AND rejected <= inspected AND inspected <= received",
            name=op.f("ck_return_line_inspected"),
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["orders.order_line.id"],
            name=op.f("fk_return_line_order_line_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["return_order_id"],
            ["returns.return_order.id"],
            name=op.f("fk_return_line_return_order_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_line")),
        sa.UniqueConstraint(
            "return_order_id",
            "line_number",
            name=op.f("uq_return_line_return_order_id_line_number"),
        ),
        schema="returns",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_return_line_order_line_id",
        "return_line",
        ["order_line_id"],
        unique=False,
        schema="returns",
    )
    op.create_table(
        "return_parcel_content",
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("return_order_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parcel_id"],
            ["returns.return_parcel.id"],
            name=op.f("fk_return_parcel_content_parcel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["return_order_id"],
            ["returns.return_order.id"],
            name=op.f("fk_return_parcel_content_return_order_id"),
        ),
        sa.PrimaryKeyConstraint(
            "parcel_id", "return_order_id", name=op.f("pk_return_parcel_content")
        ),
        schema="returns",
    )
    op.create_index(
        "ix_return_parcel_content_return_order_id",
        "return_parcel_content",
        ["return_order_id"],
        unique=False,
        schema="returns",
    )
    op.create_table(
        "return_amount_line",
        sa.Column("amount_id", sa.Uuid(), nullable=False),
        sa.Column("return_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("goods", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.ForeignKeyConstraint(
            ["amount_id"],
            ["returns.return_amount.id"],
            name=op.f("fk_return_amount_line_amount_id"),
        ),
        sa.ForeignKeyConstraint(
            ["return_line_id"],
            ["returns.return_line.id"],
            name=op.f("fk_return_amount_line_return_line_id"),
        ),
        sa.PrimaryKeyConstraint("amount_id", "return_line_id", name=op.f("pk_return_amount_line")),
        schema="returns",
    )
    op.create_index(
        "ix_return_amount_line_return_line_id",
        "return_amount_line",
        ["return_line_id"],
        unique=False,
        schema="returns",
    )
    op.create_table(
        "return_inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inspected_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "disposition IN ('restock', 'refurbish', 'scrap', 'vendor', 'reject')",
            name=op.f("ck_return_inspection_disposition"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_inspection_quantity")),
        sa.ForeignKeyConstraint(
            ["return_line_id"],
            ["returns.return_line.id"],
            name=op.f("fk_return_inspection_return_line_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_inspection")),
        schema="returns",
    )
    op.create_index(
        "ix_return_inspection_return_line_id",
        "return_inspection",
        ["return_line_id"],
        unique=False,
        schema="returns",
    )
    op.create_table(
        "return_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_receipt_quantity")),
        sa.ForeignKeyConstraint(
            ["return_line_id"],
            ["returns.return_line.id"],
            name=op.f("fk_return_receipt_return_line_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_receipt")),
        schema="returns",
    )
    op.create_index(
        "ix_return_receipt_return_line_id",
        "return_receipt",
        ["return_line_id"],
        unique=False,
        schema="returns",
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sent', 'failed', 'unsent')", name=op.f("ck_notice_state")
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_notice_sent_at")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order.id"], name=op.f("fk_notice_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint(
            "cause", "template", "recipient", name=op.f("uq_notice_cause_template_recipient")
        ),
        schema="notices",
    )
    op.create_index("ix_notice_order", "notice", ["order_id", "id"], schema="notices")
    op.create_index(
        "ix_notice_due",
        "notice",
        ["due_at"],
        schema="notices",
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "opt_out",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order.id"], name=op.f("fk_opt_out_order_id")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_opt_out")),
        schema="notices",
    )
    op.create_table(
        "revoked_links",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order.id"], name=op.f("fk_revoked_links_order_id")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_revoked_links")),
        schema="self_service",
    )


def downgrade() -> None:
    op.drop_table("revoked_links", schema="self_service")
    op.drop_table("opt_out", schema="notices")
    op.drop_table("notice", schema="notices")
    op.drop_index("ix_return_receipt_return_line_id", table_name="return_receipt", schema="returns")
    op.drop_table("return_receipt", schema="returns")
    op.drop_index(
        "ix_return_inspection_return_line_id", table_name="return_inspection", schema="returns"
    )
    op.drop_table("return_inspection", schema="returns")
    op.drop_index(
        "ix_return_amount_line_return_line_id", table_name="return_amount_line", schema="returns"
    )
    op.drop_table("return_amount_line", schema="returns")
    op.drop_index(
        "ix_return_parcel_content_return_order_id",
        table_name="return_parcel_content",
        schema="returns",
    )
    op.drop_table("return_parcel_content", schema="returns")
    op.drop_index("ix_return_line_order_line_id", table_name="return_line", schema="returns")
    op.drop_table("return_line", schema="returns")
    op.drop_index("ix_return_amount_return_order_id", table_name="return_amount", schema="returns")
    op.drop_index(
        "ix_return_amount_due",
        table_name="return_amount",
        schema="returns",
        postgresql_where=sa.text("state = 'due'"),
    )
    op.drop_table("return_amount", schema="returns")
    op.drop_index("ix_return_order_state", table_name="return_order", schema="returns")
    op.drop_index("ix_return_order_order_id", table_name="return_order", schema="returns")
    op.drop_index("ix_return_order_number", table_name="return_order", schema="returns")
    op.drop_index(
        "ix_return_order_deadline",
        table_name="return_order",
        schema="returns",
        postgresql_where=sa.text("state IN ('approved', 'in_transit', 'partially_received')"),
    )
    op.drop_index("ix_return_order_customer_name", table_name="return_order", schema="returns")
    op.drop_table("return_order", schema="returns")
    op.drop_index("ix_return_parcel_tracking_number", table_name="return_parcel", schema="returns")
    op.drop_table("return_parcel", schema="returns")
    op.drop_index(
        "ix_mention_unread",
        table_name="mention",
        schema="collaboration",
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.drop_index(op.f("ix_mention_note_id"), table_name="mention", schema="collaboration")
    op.drop_table("mention", schema="collaboration")
    op.drop_index(op.f("ix_order_tag_order_id"), table_name="order_tag", schema="orders")
    op.drop_table("order_tag", schema="orders")
    op.drop_index(op.f("ix_watch_order_id"), table_name="watch", schema="collaboration")
    op.drop_table("watch", schema="collaboration")
    op.drop_index("ix_note_order", table_name="note", schema="collaboration")
    op.drop_table("note", schema="collaboration")
    op.drop_index("ix_payment_fact_order_id", table_name="payment_fact", schema="payments")
    op.drop_index("ix_payment_fact_method_id", table_name="payment_fact", schema="payments")
    op.drop_index("ix_payment_fact_list", table_name="payment_fact", schema="payments")
    op.drop_index(
        "ix_payment_fact_due",
        table_name="payment_fact",
        schema="payments",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_payment_fact_charge_id",
        table_name="payment_fact",
        schema="payments",
        postgresql_where=sa.text("charge_id IS NOT NULL"),
    )
    op.drop_table("payment_fact", schema="payments")
    op.drop_index(
        "ix_payment_method_expires_at",
        table_name="payment_method",
        schema="payments",
        postgresql_where=sa.text(
            "instance <> '' AND expires_at IS NOT NULL AND authorized > prepaid + capture_pending + captured + released"
        ),
    )
    op.drop_table("payment_method", schema="payments")
    op.drop_index("ix_charge_order_id", table_name="charge", schema="payments")
    op.drop_table("charge", schema="payments")
    op.drop_index(
        "ix_order_payment_uncovered",
        table_name="order_payment",
        schema="payments",
        postgresql_where=sa.text("uncovered > 0"),
    )
    op.drop_table("order_payment", schema="payments")
    op.drop_index("ix_shipment_line_shipment_id", table_name="shipment_line", schema="fulfillment")
    op.drop_index(
        "ix_shipment_line_fulfillment_order_line_id",
        table_name="shipment_line",
        schema="fulfillment",
    )
    op.drop_table("shipment_line", schema="fulfillment")
    op.drop_table("simulation_result", schema="simulation")
    op.drop_index(
        "ix_waiting_line_unpromised",
        table_name="waiting_line",
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND available_on IS NULL"),
    )
    op.drop_index(
        "ix_waiting_line_retry",
        table_name="waiting_line",
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND kind = 'capacity'"),
    )
    op.drop_index("ix_waiting_line_since", table_name="waiting_line", schema="orders")
    op.drop_index(
        "ix_waiting_line_released",
        table_name="waiting_line",
        schema="orders",
        postgresql_where=sa.text("state = 'released'"),
    )
    op.drop_index(
        "ix_waiting_line_queue",
        table_name="waiting_line",
        schema="orders",
        postgresql_include=["stock_quantity", "kind", "state"],
    )
    op.drop_index("ix_waiting_line_order", table_name="waiting_line", schema="orders")
    op.drop_index(
        "ix_waiting_line_launch",
        table_name="waiting_line",
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND kind = 'preorder'"),
    )
    op.drop_index("ix_waiting_line_kind", table_name="waiting_line", schema="orders")
    op.drop_index(
        "ix_waiting_line_expires",
        table_name="waiting_line",
        schema="orders",
        postgresql_where=sa.text("state = 'waiting' AND expires_at IS NOT NULL"),
    )
    op.drop_table("order_change", schema="orders")
    op.drop_table("waiting_line", schema="orders")
    op.drop_index(
        "ix_supply_shipment_line", table_name="supply_shipment", schema="inventory_visibility"
    )
    op.drop_table("supply_shipment", schema="inventory_visibility")
    op.drop_index(
        "ix_supply_receipt_line", table_name="supply_receipt", schema="inventory_visibility"
    )
    op.drop_table("supply_receipt", schema="inventory_visibility")
    op.drop_index(
        "ix_allocation_entry_allocation",
        table_name="allocation_entry",
        schema="inventory_visibility",
    )
    op.drop_table("allocation_entry", schema="inventory_visibility")
    op.drop_table("allocation_consumption", schema="inventory_visibility")
    op.drop_index("ix_shipment_tracking_number_end", table_name="shipment", schema="fulfillment")
    op.drop_index("ix_shipment_tracking_number", table_name="shipment", schema="fulfillment")
    op.drop_table("shipment", schema="fulfillment")
    op.drop_index(
        "ix_fulfillment_order_line_order_line_id",
        table_name="fulfillment_order_line",
        schema="fulfillment",
    )
    op.drop_index(
        "ix_fulfillment_order_line_fulfillment_order_id",
        table_name="fulfillment_order_line",
        schema="fulfillment",
    )
    op.drop_table("fulfillment_order_line", schema="fulfillment")
    op.drop_index(
        "ix_simulation_waiting",
        table_name="simulation",
        schema="simulation",
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.drop_index("ix_simulation_created", table_name="simulation", schema="simulation")
    op.drop_table("simulation", schema="simulation")
    op.drop_index("ix_unmapped_key_lookup", table_name="unmapped_key", schema="providers")
    op.drop_table("unmapped_key", schema="providers")
    op.drop_index("ix_order_state_state", table_name="order_state", schema="orders")
    op.drop_index(
        "ix_order_state_promised",
        table_name="order_state",
        schema="orders",
        postgresql_where=sa.text(
            "promised_on IS NOT NULL AND state NOT IN ('completed', 'canceled')"
        ),
    )
    op.drop_index(
        "ix_order_state_manual_hold",
        table_name="order_state",
        schema="orders",
        postgresql_where=sa.text("manual_hold"),
    )
    op.drop_table("order_state", schema="orders")
    op.drop_index(
        "ix_order_line_source",
        table_name="order_line",
        schema="orders",
        postgresql_where=sa.text("source IS NOT NULL"),
    )
    op.drop_index("ix_order_line_product", table_name="order_line", schema="orders")
    op.drop_table("order_line", schema="orders")
    op.drop_index(
        "ix_supply_line_to_ship",
        table_name="supply_line",
        schema="inventory_visibility",
        postgresql_where=sa.text("scheduled_demand > 0"),
    )
    op.drop_index("ix_supply_line_product", table_name="supply_line", schema="inventory_visibility")
    op.drop_table("supply_line", schema="inventory_visibility")
    op.drop_table("stock_policy_rule", schema="inventory_visibility")
    op.drop_index(
        "ix_schedule_entry_stock", table_name="schedule_entry", schema="inventory_visibility"
    )
    op.drop_index(
        "ix_schedule_entry_event", table_name="schedule_entry", schema="inventory_visibility"
    )
    op.drop_table("schedule_entry", schema="inventory_visibility")
    op.drop_table("schedule_balance", schema="inventory_visibility")
    op.drop_index(
        "ix_reservation_open",
        table_name="reservation",
        schema="inventory_visibility",
        postgresql_where=sa.text("open > 0"),
    )
    op.drop_index("ix_reservation_line", table_name="reservation", schema="inventory_visibility")
    op.drop_index(
        "ix_reservation_expires",
        table_name="reservation",
        schema="inventory_visibility",
        postgresql_where=sa.text("open > 0 AND expires_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_reservation_document",
        table_name="reservation",
        schema="inventory_visibility",
        postgresql_where=sa.text("document <> ''"),
    )
    op.drop_table("reservation", schema="inventory_visibility")
    op.drop_table("measure_balance", schema="inventory_visibility")
    op.drop_table("ledger_checkpoint", schema="inventory_visibility")
    op.drop_index("ix_ledger_block_day", table_name="ledger_block", schema="inventory_visibility")
    op.drop_table("ledger_block", schema="inventory_visibility")
    op.drop_table("allocation", schema="inventory_visibility")
    op.drop_table("export_job_part", schema="inventory_contract")
    op.drop_index(
        "ix_shadow_price_plan", table_name="shadow_price", schema="fulfillment_optimization"
    )
    op.drop_table("shadow_price", schema="fulfillment_optimization")
    op.drop_index(
        "ix_reoptimization_move_plan",
        table_name="reoptimization_move",
        schema="fulfillment_optimization",
    )
    op.drop_index(
        "ix_reoptimization_move_order",
        table_name="reoptimization_move",
        schema="fulfillment_optimization",
    )
    op.drop_table("reoptimization_move", schema="fulfillment_optimization")
    op.drop_index(
        "ix_fulfillment_order_state", table_name="fulfillment_order", schema="fulfillment"
    )
    op.drop_index(
        "ix_fulfillment_order_source", table_name="fulfillment_order", schema="fulfillment"
    )
    op.drop_index(
        "ix_fulfillment_order_recall",
        table_name="fulfillment_order",
        schema="fulfillment",
        postgresql_where=sa.text("recall IN ('requested', 'refused')"),
    )
    op.drop_index(
        "ix_fulfillment_order_planned",
        table_name="fulfillment_order",
        schema="fulfillment",
        postgresql_where=sa.text(
            "planned_ship_date IS NOT NULL AND state IN"
            " ('new', 'sent', 'accepted', 'picked', 'packed', 'partially_shipped')"
        ),
    )
    op.drop_index(
        "ix_fulfillment_order_number_prefix", table_name="fulfillment_order", schema="fulfillment"
    )
    op.drop_index(
        "ix_fulfillment_order_external_id",
        table_name="fulfillment_order",
        schema="fulfillment",
        postgresql_where=sa.text("external_id <> ''"),
    )
    op.drop_index(
        "ix_fulfillment_order_order_id", table_name="fulfillment_order", schema="fulfillment"
    )
    op.drop_table("fulfillment_order", schema="fulfillment")
    op.drop_index(op.f("ix_session_user_id"), table_name="session", schema="administration")
    op.drop_index(op.f("ix_session_expires_at"), table_name="session", schema="administration")
    op.drop_table("session", schema="administration")
    op.drop_table("simulation_input", schema="simulation")
    op.drop_table("provider_instance", schema="providers")
    op.drop_index("ix_outbound_request_instance", table_name="outbound_request", schema="providers")
    op.drop_table("outbound_request", schema="providers")
    op.drop_index(
        "ix_message_state",
        table_name="message",
        schema="providers",
        postgresql_where=sa.text("state IN ('parked', 'discarded', 'on_hold')"),
    )
    op.drop_index(
        "ix_message_received_key",
        table_name="message",
        schema="providers",
        postgresql_where=sa.text("state = 'received'"),
    )
    op.drop_index(
        "ix_message_received",
        table_name="message",
        schema="providers",
        postgresql_where=sa.text("state = 'received'"),
    )
    op.drop_table("message", schema="providers")
    op.drop_index("ix_id_mapping_internal", table_name="id_mapping", schema="providers")
    op.drop_table("processing_attempt", schema="providers")
    op.drop_table("id_mapping", schema="providers")
    op.drop_table("checkpoint", schema="providers")
    op.drop_table("scheduled_job", schema="platform")
    op.drop_table("event_consumer", schema="platform")
    op.drop_table("installation", schema="platform")
    op.drop_table("event_backlog", schema="platform")
    op.drop_table("schema_version", schema="platform")
    op.drop_index(
        "ix_configuration_document_current",
        table_name="configuration_document",
        schema="platform",
        postgresql_where=sa.text("current"),
    )
    op.drop_table("configuration_document", schema="platform")
    op.drop_index("ix_business_event_root_id", table_name="business_event", schema="platform")
    op.drop_table("business_event", schema="platform")
    op.drop_table("order_count_delta", schema="orders")
    op.drop_index("ix_order_total_amount", table_name="order", schema="orders")
    op.drop_index("ix_order_placed_at", table_name="order", schema="orders")
    op.drop_index("ix_order_origin", table_name="order", schema="orders")
    op.drop_index("ix_order_number", table_name="order", schema="orders")
    op.drop_index("ix_order_instance", table_name="order", schema="orders")
    op.drop_index("ix_order_customer_name", table_name="order", schema="orders")
    op.drop_index("ix_order_search", table_name="order", schema="orders", postgresql_using="gin")
    op.drop_table("order", schema="orders")
    op.drop_table("idempotency_key", schema="orders")
    op.drop_index(
        "ix_token_stopped",
        table_name="token",
        schema="orchestration",
        postgresql_where=sa.text("state IN ('failed', 'held')"),
    )
    op.drop_index("ix_token_flow_run_id", table_name="token", schema="orchestration")
    op.drop_index(
        "ix_token_due",
        table_name="token",
        schema="orchestration",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_token_awaits_subject",
        table_name="token",
        schema="orchestration",
        postgresql_where=sa.text("awaits IS NOT NULL"),
    )
    op.drop_table("token", schema="orchestration")
    op.drop_index("ix_step_tally_flow_recorded_at", table_name="step_tally", schema="orchestration")
    op.drop_table("step_tally", schema="orchestration")
    op.drop_index("ix_step_result_flow_run_id", table_name="step_result", schema="orchestration")
    op.drop_table("step_result", schema="orchestration")
    op.drop_index("ix_provider_call_run", table_name="provider_call", schema="orchestration")
    op.drop_index("ix_provider_call_token", table_name="provider_call", schema="orchestration")
    op.drop_index(
        "ix_provider_call_lease",
        table_name="provider_call",
        schema="orchestration",
        postgresql_where=sa.text("state = 'leased'"),
    )
    op.drop_index(
        "ix_provider_call_on_hold",
        table_name="provider_call",
        schema="orchestration",
        postgresql_where=sa.text("state = 'held'"),
    )
    op.drop_index(
        "ix_provider_call_group_due",
        table_name="provider_call",
        schema="orchestration",
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.drop_index(
        "ix_provider_call_due",
        table_name="provider_call",
        schema="orchestration",
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.drop_table("provider_call", schema="orchestration")
    op.drop_table("flow_version", schema="orchestration")
    op.drop_index("ix_flow_run_root_id", table_name="flow_run", schema="orchestration")
    op.drop_table("flow_run", schema="orchestration")
    op.drop_table("flow", schema="orchestration")
    op.drop_table("unit", schema="master_data")
    op.drop_index("ix_product_sku", table_name="product", schema="master_data")
    op.drop_index(
        "ix_product_part", table_name="product", schema="master_data", postgresql_using="gin"
    )
    op.drop_index(
        "ix_product_search", table_name="product", schema="master_data", postgresql_using="gin"
    )
    op.drop_index(
        "ix_product_preorder",
        table_name="product",
        schema="master_data",
        postgresql_where=sa.text("preorder_eligible"),
    )
    op.drop_index("ix_product_number_prefix", table_name="product", schema="master_data")
    op.drop_index("ix_product_name", table_name="product", schema="master_data")
    op.drop_table("product", schema="master_data")
    op.drop_table("price_list", schema="master_data")
    op.drop_table("order_intake_settings", schema="master_data")
    op.drop_index("ix_kit_part_product", table_name="kit_part", schema="master_data")
    op.drop_table("kit_part", schema="master_data")
    op.drop_table("currency", schema="master_data")
    op.drop_table("account", schema="master_data")
    op.drop_table("supply_order", schema="inventory_visibility")
    op.drop_index("ix_stock_product_source", table_name="stock", schema="inventory_visibility")
    op.drop_table("stock", schema="inventory_visibility")
    op.drop_table("schedule_event", schema="inventory_visibility")
    op.drop_index(
        "uq_ledger_entry_event",
        table_name="ledger_entry",
        schema="inventory_visibility",
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.drop_index("ix_ledger_entry_stock", table_name="ledger_entry", schema="inventory_visibility")
    op.drop_table("ledger_entry", schema="inventory_visibility")
    op.drop_table("ledger_discrepancy", schema="inventory_visibility")
    op.drop_table("ledger_day", schema="inventory_visibility")
    op.drop_table("ledger_check", schema="inventory_visibility")
    op.drop_table("allocation_level", schema="inventory_visibility")
    op.drop_table("allocation_event", schema="inventory_visibility")
    op.drop_table("measure_watermark", schema="inventory_contract")
    op.drop_table("feed_file", schema="inventory_contract")
    op.drop_index(
        "ix_export_job_queued",
        table_name="export_job",
        schema="inventory_contract",
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.drop_table("export_job", schema="inventory_contract")
    op.drop_table("adjustment", schema="inventory_contract")
    op.drop_index(
        "ix_sourcing_plan_strategy", table_name="sourcing_plan", schema="fulfillment_optimization"
    )
    op.drop_table("sourcing_plan", schema="fulfillment_optimization")
    op.drop_index(
        "ix_sourcing_decision_order",
        table_name="sourcing_decision",
        schema="fulfillment_optimization",
    )
    op.drop_table("sourcing_decision", schema="fulfillment_optimization")
    op.drop_index(
        "ix_source_usage_line_order",
        table_name="source_usage_line",
        schema="fulfillment_optimization",
    )
    op.drop_index(
        "ix_source_usage_line_day",
        table_name="source_usage_line",
        schema="fulfillment_optimization",
    )
    op.drop_table("source_usage_line", schema="fulfillment_optimization")
    op.drop_table("source_daily_usage", schema="fulfillment_optimization")
    op.drop_table("source", schema="fulfillment_optimization")
    op.drop_table("opportunity_cost", schema="fulfillment_optimization")
    op.drop_index("uq_user_email", table_name="user", schema="administration")
    op.drop_table("user", schema="administration")
    op.drop_table("saved_view", schema="administration")
    op.drop_table("invariant_result", schema="administration")
    op.drop_index(
        op.f("ix_client_auth_failure_failed_at"),
        table_name="client_auth_failure",
        schema="administration",
    )
    op.drop_table("client_auth_failure", schema="administration")
    op.drop_table("client", schema="administration")
    op.drop_index(op.f("ix_api_token_expires_at"), table_name="api_token", schema="administration")
    op.drop_table("api_token", schema="administration")
    op.execute("DROP SEQUENCE fulfillment.fulfillment_order_number")
    op.execute("DROP SEQUENCE returns.return_order_number")
    op.execute("DROP SEQUENCE orders.manual_order_number")
    op.execute("DROP FUNCTION orders.search_terms")
    op.execute("DROP FUNCTION platform.trigrams")
    op.execute("DROP FUNCTION inventory_visibility.set_safety_stock")
    op.execute("DROP FUNCTION inventory_visibility.safety_stock_of")
    op.execute("DROP FUNCTION inventory_visibility.refuse_change")
