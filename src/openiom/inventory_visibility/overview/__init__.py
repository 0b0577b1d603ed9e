"""
What people look at: stock by what they group it by, what the configuration calls things, pools, what expires.

Reads everything of this room and keeps nothing; allocations by hand are acts like any others.
"""

from .routes import router

__all__ = ["router"]
