"""
Providers: the data pipeline between the outside and the rooms.

Owns    provider instances and their connections, checkpoints, the inbox, id mappings, the outbound call log.
Holds   a message is acknowledged only once stored, processed at most once, and of one key in order; a connection
        is green only after a real probe; no secret leaves.
Tells   nothing: the rooms that take a document in announce what it changed.
"""

from .calling import build_payloads, call_provider
from .inbox import inbox_wave
from .instances import instance_kind
from .mapping import MAPPING_KIND, MappingBody, replay_needing, resolve
from .messages import Stored, discard, replay, store_messages
from .pipeline import CallLog, Opened, Pipeline, Suggester
from .polling import PollTurn, ask_poll, poll
from .probing import ProbeTurn, probe
from .rating import LiveRates, Rated, RateShipments
from .routes import router
from .webhooks import take_webhook

__all__ = [
    "MAPPING_KIND",
    "CallLog",
    "LiveRates",
    "MappingBody",
    "Opened",
    "Pipeline",
    "PollTurn",
    "ProbeTurn",
    "RateShipments",
    "Rated",
    "Stored",
    "Suggester",
    "ask_poll",
    "build_payloads",
    "call_provider",
    "discard",
    "inbox_wave",
    "instance_kind",
    "poll",
    "probe",
    "replay",
    "replay_needing",
    "resolve",
    "router",
    "store_messages",
    "take_webhook",
]
