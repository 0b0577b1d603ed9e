"""What became of requested refunds, for the packages that requested them."""

from collections.abc import Collection
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import escape_like, fetch_as

_STATES = """
SELECT request_key AS key,
    CASE WHEN bool_or(state = 'failed' AND needs_person) THEN 'failed'
        WHEN bool_or(state IN ('requested', 'unknown')) THEN 'requested'
        ELSE 'completed' END AS state,
    coalesce(string_agg(nullif(reference, ''), ', ' ORDER BY id), '') AS reference,
    coalesce(string_agg(error, '; ' ORDER BY id) FILTER (WHERE needs_person), '') AS reason
FROM payments.payment_fact
WHERE order_id = ANY(%s) AND kind = 'refund' AND request_key LIKE %s
GROUP BY request_key
"""


class RefundState(NamedTuple):
    """What became of the refund that was requested with a key.

    state      `failed` until a person retries it; `completed` when all of it was refunded
    reference  what the providers call the refund
    """

    key: str
    state: Literal["requested", "completed", "failed"]
    reference: str
    reason: str


def refund_states(
    session: Session, order_ids: Collection[UUID], *, prefix: str
) -> dict[str, RefundState]:
    """Return the refunds of orders whose keys begin with `prefix`, by key."""
    parameters = (list(order_ids), f"{escape_like(prefix)}%")
    return {row.key: row for row in fetch_as(session, RefundState, _STATES, parameters)}
