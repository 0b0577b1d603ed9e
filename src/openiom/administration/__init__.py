"""
Administration: who may come in and do what; documents over HTTP.

Owns    user, sign-in, API token, role documents; the last answer of every invariant.
Holds   only hashes of passwords and tokens are kept.
"""

from .checks import store_checks, stored_checks
from .roles import KINDS
from .routes import authenticate, router
from .service import forget_expired, issue_token, put_users

__all__ = [
    "KINDS",
    "authenticate",
    "forget_expired",
    "issue_token",
    "put_users",
    "router",
    "store_checks",
    "stored_checks",
]
