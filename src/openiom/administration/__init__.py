"""Administration: users, programs and their permissions; configuration documents over HTTP.

Owns        users, browser sessions, API tokens, clients and their failed authentications, roles;
            saved views of lists; the results of the latest invariant checks.
Guarantees  only hashes of passwords, secrets and tokens are stored.
Publishes   nothing.
"""

from .clients import upsert_client
from .credentials import record_failure
from .deletion_guards import DELETION_GUARDS
from .invariant_results import latest_invariant_results, store_invariant_results
from .people import Person, active_people
from .roles import KINDS
from .routes import authenticate, router
from .saved_views import router as saved_view_router
from .scheduled_jobs import SCHEDULED_JOBS
from .service import api_tokens, delete_expired, issue_token, revoke_token, upsert_users
from .sign_in_delay import remaining_delay
from .token_issuer import TokenIssuer
from .token_routes import router as token_router
from .user_routes import router as user_router

__all__ = [
    "DELETION_GUARDS",
    "KINDS",
    "Person",
    "SCHEDULED_JOBS",
    "TokenIssuer",
    "active_people",
    "api_tokens",
    "authenticate",
    "delete_expired",
    "issue_token",
    "record_failure",
    "remaining_delay",
    "latest_invariant_results",
    "revoke_token",
    "router",
    "saved_view_router",
    "store_invariant_results",
    "token_router",
    "upsert_client",
    "upsert_users",
    "user_router",
]
