"""
What we ship to provider authors: the contract every provider keeps, and a connector made as the product makes it.

Owns    nothing; only tests import it.
"""

from .contract import ENTITIES, ProviderContract, Site, provider_contract
from .golden import GoldenCase, golden_cases, target_of
from .sites import Heard, connected, nowhere

__all__ = [
    "ENTITIES",
    "GoldenCase",
    "Heard",
    "ProviderContract",
    "Site",
    "connected",
    "golden_cases",
    "nowhere",
    "provider_contract",
    "target_of",
]
