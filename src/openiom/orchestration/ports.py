"""What orchestration asks of the outside world: two promises that the providers room keeps."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.database import Database
from openiom.provider_contract import Call, CallResult, Facts, ProviderAction


class Caller(Protocol):
    """Does provider actions. Runs outside any transaction of ours."""

    def action(self, instance: str, name: str) -> ProviderAction:
        """The action of an installed instance. Raises NotFound."""

    def call(
        self, database: Database, instance: str, action: ProviderAction, calls: Sequence[Call]
    ) -> Sequence[CallResult]:
        """One result a call, in any order. Splits into bulk calls, keeps within the vendor's limits, logs."""


class PayloadBuilder(Protocol):
    """Turns an entity's facts into what the provider's action takes."""

    def __call__(
        self, session: Session, instance: str, action: str, facts: Sequence[Facts]
    ) -> Sequence[dict[str, Any] | Problem]:
        """One payload for each, in order, or the problem that keeps it from being sent."""
