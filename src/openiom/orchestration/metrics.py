"""Figures of orchestration for monitoring; each is counted over a partial index."""

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch


def queue_depths(session: Session) -> dict[str, int]:
    """Return how many tokens are ready and how many provider calls wait or run."""
    [(tokens, calls)] = fetch(
        session,
        "SELECT (SELECT count(*) FROM orchestration.token WHERE state = 'ready'),"
        " (SELECT count(*) FROM orchestration.provider_call WHERE state IN ('ready', 'leased'))",
    )
    return {"tokens_ready": tokens, "provider_calls": calls}
