"""Testing: the contract that every provider fulfils, as tests for authors of providers.

Owns        nothing; only tests import it.
Guarantees  connectors are created as the application creates them.
Publishes   nothing.
"""

from .connectors import RecordedCalls, connect, unreachable_address
from .contract import ENTITIES, ExternalSystem, ProviderContract, provider_contract
from .golden import GoldenCase, golden_cases, target_of

__all__ = [
    "ENTITIES",
    "ExternalSystem",
    "GoldenCase",
    "ProviderContract",
    "RecordedCalls",
    "connect",
    "golden_cases",
    "provider_contract",
    "target_of",
    "unreachable_address",
]
