"""What orchestration asks of the outside world; the providers room keeps the promise, toys do in tests."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.database import Database
from openiom.provider_contract import Call, CallResult, Facts, ProviderAction


class Outside(Protocol):
    """Does provider actions."""

    def action(self, session: Session, instance: str, name: str) -> ProviderAction:
        """The action of an installed instance. Raises NotFound."""

    def payloads(
        self, session: Session, instance: str, action: str, facts: Sequence[Facts]
    ) -> Sequence[Mapping[str, Any] | Problem]:
        """What to send for each entity, in order, or the problem that keeps it from being sent."""

    def call(
        self, database: Database, instance: str, action: ProviderAction, calls: Sequence[Call]
    ) -> Sequence[CallResult]:
        """One result a call, in any order; outside any transaction of ours. Splits into bulk calls, keeps within
        the vendor's limits, logs."""
