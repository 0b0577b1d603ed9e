"""
Providers: the data pipeline between the outside and the rooms.

Owns    provider instances and their connections, checkpoints, the inbox, id mappings, the outbound call log.
Holds   a message is acknowledged only once stored, processed at most once, and of one key in order; a connection
        is green only after a real probe; no secret leaves.
Tells   nothing: the rooms that take a document in announce what it changed.
"""

from .inbox_worker import inbox_worker
from .instances import instance_kind
from .live_rates import LiveRates, RateResult, RateShipments
from .mapping import MAPPING_KIND, MappingBody, replay_messages_needing, resolve
from .messages import StoreResult, discard, replay, store_messages
from .outbound import build_payloads, call_provider
from .poll_worker import PollWorker, poll, request_poll
from .probe_worker import ProbeWorker, probe
from .registry import CallLog, ProviderInstance, ProviderRegistry, Suggester
from .routes import router
from .webhooks import receive_webhook

__all__ = [
    "MAPPING_KIND",
    "CallLog",
    "LiveRates",
    "MappingBody",
    "ProviderInstance",
    "ProviderRegistry",
    "PollWorker",
    "ProbeWorker",
    "RateShipments",
    "RateResult",
    "StoreResult",
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
    "replay_messages_needing",
    "resolve",
    "router",
    "store_messages",
    "receive_webhook",
]
