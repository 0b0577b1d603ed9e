"""
Master data: what we sell, to whom, in which units and currencies.

Owns    unit, currency, price list, account, product, kit part: read models of configuration documents; intake rules;
        the company and its accounting currency.
Holds   one row a document in use; everything else refers to it by its logical name.
Tells   nothing.
"""

from .configuration import COMPANY, KINDS, accounting_currency, write_in_products
from .decisions import UnitFactor, convert
from .kits import kit_parts, kits_with
from .product_search import matching_products
from .queries import known, known_many, suggest, unit_factors
from .routes import router

__all__ = [
    "COMPANY",
    "KINDS",
    "UnitFactor",
    "accounting_currency",
    "convert",
    "kit_parts",
    "kits_with",
    "known",
    "known_many",
    "matching_products",
    "router",
    "suggest",
    "unit_factors",
    "write_in_products",
]
