"""
Master data: what we sell, to whom, in which units and currencies.

Owns    unit, currency, price list, account, product, kit part: read models of configuration documents; intake rules;
        the company and its accounting currency.
Holds   one row a document in use; everything else refers to it by its logical name.
Tells   product.components_changed.
"""

from .configuration import COMPANY, KINDS, RECIPE_CHANGED, accounting_currency, write_in_products
from .decisions import UnitFactor, convert
from .kits import kit_parts, kits_with
from .product_search import matching_products
from .queries import known, known_many, launch_dates, suggest, unit_factors
from .routes import router

EVENTS = (RECIPE_CHANGED,)

__all__ = [
    "COMPANY",
    "EVENTS",
    "KINDS",
    "UnitFactor",
    "accounting_currency",
    "convert",
    "kit_parts",
    "kits_with",
    "known",
    "known_many",
    "launch_dates",
    "matching_products",
    "router",
    "suggest",
    "unit_factors",
    "write_in_products",
]
