"""
Providers: the data pipeline between the outside and the rooms.

Owns    provider instances and their connections, checkpoints, the inbox, id mappings, the outbound call log.
Holds   a message is acknowledged only once stored, processed at most once, and of one key in order; a connection
        is green only after a real probe; no secret leaves.
Tells   nothing: the rooms that take a document in announce what it changed.
"""

from .inbox_worker import inbox_worker
from .instances import instance_kind
from .live_rates import LiveRates, Rated, RateShipments
from .mapping import MAPPING_KIND, MappingBody, replay_needing, resolve
from .messages import Stored, discard, replay, store_messages
from .metrics import queue_depths, recent_calls
from .outbound import build_payloads, call_provider
from .poll_worker import PollWorker, poll, request_poll
from .probe_worker import ProbeWorker, probe
from .queries import list_instances
from .registry import CallLog, ProviderInstance, ProviderRegistry, Suggester
from .routes import router
from .scheduled_jobs import SCHEDULED_JOBS
from .webhooks import receive_webhook

__all__ = [
    "SCHEDULED_JOBS",
    "list_instances",
    "recent_calls",
    "queue_depths",
    "MAPPING_KIND",
    "CallLog",
    "LiveRates",
    "MappingBody",
    "ProviderInstance",
    "ProviderRegistry",
    "PollWorker",
    "ProbeWorker",
    "RateShipments",
    "Rated",
    "Stored",
    "Suggester",
    "request_poll",
    "build_payloads",
    "call_provider",
    "discard",
    "inbox_worker",
    "instance_kind",
    "poll",
    "probe",
    "replay",
    "replay_needing",
    "resolve",
    "router",
    "store_messages",
    "receive_webhook",
]
