"""Provider calls as steps queue them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from .token import Token

CallState = Literal["ready", "leased", "done", "failed", "held", "canceled"]
INSTANCE_PAUSED = "instance_paused"
"""The `cause` in the error of a call that is held because its instance is paused."""


@dataclass(slots=True)
class NewCall:
    """A call to queue, or to queue again under the same key."""

    key: str
    instance: str
    action: str
    entity: str
    entity_id: UUID
    flow: str
    run_id: UUID
    token_id: UUID
    step: str
    generation: int
    payload: Mapping[str, Any]
    max_attempts: int
    first_delay_seconds: float


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call that a token has already queued at the step it enters again."""

    id: int
    key: str
    state: CallState
    entity_id: UUID
    external_id: str
    event_raised: bool

    @property
    def is_unannounced(self) -> bool:
        """Whether the call is done and its event was not raised yet."""
        return self.state == "done" and not self.event_raised


def call_key(token: Token, entity_id: UUID) -> str:
    """Return the idempotency key of one call: the same on every retry and every reprocess."""
    return f"{token.run_id}:{token.step}:{entity_id}:{token.generation}"
