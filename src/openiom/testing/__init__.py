"""
What we ship to provider authors: the contract every provider keeps, and a connector made as the product makes it.

Owns    nothing; only tests import it.
"""

from .connectors import RecordedCalls, connect, unreachable_address
from .contract import ENTITIES, ExternalSystem, ProviderContract, provider_contract
from .golden import GoldenCase, golden_cases, target_of

__all__ = [
    "ENTITIES",
    "GoldenCase",
    "RecordedCalls",
    "ProviderContract",
    "ExternalSystem",
    "connect",
    "golden_cases",
    "unreachable_address",
    "provider_contract",
    "target_of",
]
