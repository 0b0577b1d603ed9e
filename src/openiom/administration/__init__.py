"""
Administration: who may come in and do what; documents over HTTP.

Owns    user, sign-in, API token, client, wrong secrets counted, role documents; the last answer of every invariant.
Holds   only hashes of passwords, secrets and tokens are kept.
"""

from .clients import upsert_client
from .invariant_results import latest_invariant_results, store_invariant_results
from .roles import KINDS
from .routes import authenticate, router
from .service import delete_expired, issue_token, upsert_users
from .token_issuer import TokenIssuer
from .token_routes import router as token_router

__all__ = [
    "KINDS",
    "TokenIssuer",
    "authenticate",
    "delete_expired",
    "issue_token",
    "upsert_client",
    "upsert_users",
    "router",
    "store_invariant_results",
    "latest_invariant_results",
    "token_router",
]
