"""
Notices: e-mails to customers about what happened to their orders.

Owns        notices with their delivery states, templates, the mail server, and the orders whose
            customers receive no notices.
Guarantees  one notice for an event, a template and a recipient; a sent notice has one event.
Publishes   order.notice_sent, order.notice_failed.
"""

from .actions import notice_actions
from .composition import NoticeComposer
from .event_titles import EVENT_TITLES
from .event_worker import CONSUMER, NoticeEventWorker
from .mail_server import mail_server_kind
from .routes import notice_router
from .send_worker import NoticeSendWorker
from .templates import template_kind

__all__ = [
    "CONSUMER",
    "EVENT_TITLES",
    "NoticeComposer",
    "NoticeEventWorker",
    "NoticeSendWorker",
    "mail_server_kind",
    "notice_actions",
    "notice_router",
    "template_kind",
]
