"""Providers: the pipeline between other systems and the packages of this product.

Owns        installed provider instances and their connections, checkpoints, the inbox, mappings of
            external keys, and the log of outbound requests.
Guarantees  a message is acknowledged only once it is stored, processed at most once, and in order
            with the others of its key; a connection is green only after a successful probe; no
            secret is shown or logged.
Publishes   nothing; the packages that accept a document publish what it changed.
"""

from .call_log import CallLog
from .direct_messages import (
    DirectDocument,
    MessageOutcomeView,
    MessageState,
    StoredDocument,
    read_outcomes,
    store_documents,
)
from .inbox_worker import inbox_worker
from .instance_pause import lock_paused, pause_instance, resume_instance
from .instance_state import Outage, Pause, instance_titles, list_outages, list_pauses
from .instances import instance_kind
from .live_rates import LiveRates, RateResult, RateShipments
from .mapping import MAPPING_KIND, replay_messages_needing, resolve
from .mapping_body import MappingBody
from .mapping_rules import Lookup
from .messages import StoreResult, discard, replay, store_messages
from .metrics import count_parked, oldest_parked, parked_totals, queue_depths, recent_calls
from .outbound import build_payloads, call_payments, call_provider, payment_service
from .poll_worker import PollWorker, poll, poll_workers, request_poll
from .probe_worker import ProbeWorker, probe
from .queries import ParkedMessage, get_instance, list_instances, search_parked
from .registry import ProviderInstance, ProviderRegistry, Suggester
from .routes import router
from .scheduled_jobs import SCHEDULED_JOBS
from .schemas import InstanceRow
from .webhooks import receive_webhook

__all__ = [
    "MAPPING_KIND",
    "SCHEDULED_JOBS",
    "CallLog",
    "DirectDocument",
    "InstanceRow",
    "LiveRates",
    "Lookup",
    "MappingBody",
    "MessageOutcomeView",
    "MessageState",
    "Outage",
    "ParkedMessage",
    "Pause",
    "PollWorker",
    "ProbeWorker",
    "ProviderInstance",
    "ProviderRegistry",
    "RateResult",
    "RateShipments",
    "StoreResult",
    "StoredDocument",
    "Suggester",
    "build_payloads",
    "call_payments",
    "call_provider",
    "count_parked",
    "discard",
    "get_instance",
    "inbox_worker",
    "instance_kind",
    "instance_titles",
    "list_instances",
    "list_outages",
    "list_pauses",
    "lock_paused",
    "oldest_parked",
    "parked_totals",
    "pause_instance",
    "payment_service",
    "poll",
    "poll_workers",
    "probe",
    "queue_depths",
    "read_outcomes",
    "recent_calls",
    "receive_webhook",
    "replay",
    "replay_messages_needing",
    "request_poll",
    "resolve",
    "resume_instance",
    "router",
    "search_parked",
    "store_documents",
    "store_messages",
]
