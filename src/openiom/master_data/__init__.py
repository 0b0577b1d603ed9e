"""Master data: products, units, currencies, price lists and accounts.

Owns: the document kinds unit, currency, price_list, account, product, company and
order_intake_settings with their read models, and the exploded parts of kits.
Guarantees: one row per document in use; other packages refer to records by their logical name.
Publishes: product.components_changed.
"""

from .configuration import (
    COMPANY,
    COMPONENTS_CHANGED,
    KINDS,
    accepts_write_in_products,
    accounting_currency,
)
from .decisions import (
    LineUnit,
    UnitConversion,
    convert,
    line_unit,
    steps_per_step,
)
from .kits import kit_parts, kits_with
from .product_search import matching_products
from .queries import (
    ProductFacts,
    existing_names,
    existing_names_by_table,
    list_products,
    product_facts,
    product_names,
    products_named_like,
    stock_units,
    suggest_matches,
    unit_conversions,
    upcoming_launches,
)
from .routes import router

EVENTS = (COMPONENTS_CHANGED,)

__all__ = [
    "COMPANY",
    "EVENTS",
    "KINDS",
    "LineUnit",
    "ProductFacts",
    "UnitConversion",
    "accepts_write_in_products",
    "accounting_currency",
    "convert",
    "existing_names",
    "existing_names_by_table",
    "kit_parts",
    "kits_with",
    "line_unit",
    "list_products",
    "matching_products",
    "product_facts",
    "product_names",
    "products_named_like",
    "router",
    "steps_per_step",
    "stock_units",
    "suggest_matches",
    "unit_conversions",
    "upcoming_launches",
]
