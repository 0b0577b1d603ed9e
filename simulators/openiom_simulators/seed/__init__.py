"""The Fabrikam company: documents as a user would write them, a catalog read from its store, and stock."""

from .company import (
    CatalogItem,
    company_documents,
    put_administrator,
    seed_catalog,
    seed_company,
    seed_stock,
)
from .instances import InstanceAddresses, instance_documents

__all__ = [
    "CatalogItem",
    "InstanceAddresses",
    "company_documents",
    "instance_documents",
    "put_administrator",
    "seed_catalog",
    "seed_company",
    "seed_stock",
]
