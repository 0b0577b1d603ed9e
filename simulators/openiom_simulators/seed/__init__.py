"""Seed data of the demo: the Fabrikam company, its catalog, its stock and its providers."""

from .company import (
    CatalogItem,
    company_documents,
    create_administrator,
    seed_catalog,
    seed_company,
    seed_stock,
)
from .instances import PAYMENTS, InstanceAddresses, instance_documents

__all__ = [
    "CatalogItem",
    "PAYMENTS",
    "InstanceAddresses",
    "company_documents",
    "create_administrator",
    "instance_documents",
    "seed_catalog",
    "seed_company",
    "seed_stock",
]
