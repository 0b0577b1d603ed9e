"""Configuration: everything a user configures is a versioned document with a logical name.

Owns        the table configuration_document.
Guarantees  documents are applied all or none and validated together; a new version is written only
            when the body changed; what other documents or data need is not deleted; versions stay
            readable after a deletion.
Publishes   nothing; a kind's `on_apply` and `on_delete` update the read model of its package.

A package registers a `DocumentKind`. The API, the command line and a Git repository all apply
documents through `Configuration.apply`. References between documents are logical names.
"""

from .comparison import changed_paths, digest
from .kinds import DeletionGuard, DocumentChange, DocumentKind, UseQuery
from .service import Configuration
from .store import (
    ConfigurationDocument,
    Document,
    LastChange,
    current_bodies,
    current_documents,
    documents_containing,
    existing_documents,
    find_document,
    get_document,
    last_change,
    latest_bodies,
    search_documents,
)

__all__ = [
    "DocumentChange",
    "Configuration",
    "ConfigurationDocument",
    "DeletionGuard",
    "Document",
    "DocumentKind",
    "LastChange",
    "UseQuery",
    "changed_paths",
    "current_bodies",
    "current_documents",
    "digest",
    "documents_containing",
    "existing_documents",
    "find_document",
    "get_document",
    "last_change",
    "latest_bodies",
    "search_documents",
]
