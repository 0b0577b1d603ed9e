"""Bodies of the HTTP API of notices."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from .template_language import FILTERS
from .templates import NoticeTemplateBody
from .tokens import LISTS, TOKENS

NoticeState = Literal["pending", "sent", "failed", "unsent"]


class NoticeView(BaseModel):
    """A notice; `reason` says why it failed, is not sent, or is tried later."""

    id: UUID
    order_id: UUID
    order_number: str
    template: str
    language: str
    recipient: str
    subject: str
    state: NoticeState
    reason: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None


class NoticeDetail(NoticeView):
    """A notice with its texts."""

    body_text: str
    body_html: str


class NoticeSwitch(BaseModel):
    """Whether the customer of an order receives notices."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool


class OrderNotices(BaseModel):
    """The notices of an order, newest first."""

    enabled: bool
    items: list[NoticeView]


class TemplateView(BaseModel):
    """A template. `shipped`: the one of OpenIOM, which no document replaces."""

    name: str
    shipped: bool
    body: NoticeTemplateBody


class TemplateTokenView(BaseModel):
    """A token of templates with its title."""

    name: str
    title: str


class TemplateList(BaseModel):
    """All templates, with the tokens and filters that they can use."""

    items: list[TemplateView]
    tokens: list[TemplateTokenView]
    lists: dict[str, list[TemplateTokenView]]
    filters: list[str]


class NoticePreviewRequest(BaseModel):
    """A template to show for an order; it need not be saved."""

    model_config = ConfigDict(extra="forbid")

    order: str = Field(min_length=1, max_length=200, description="Number of the order")
    language: str = Field("en", max_length=10)
    body: NoticeTemplateBody


class PreviewView(BaseModel):
    """The texts of a template for an order."""

    language: str
    subject: str
    body_text: str
    body_html: str


def token_views() -> list[TemplateTokenView]:
    return [TemplateTokenView(name=token.name, title=token.title) for token in TOKENS]


def list_views() -> dict[str, list[TemplateTokenView]]:
    views: dict[str, list[TemplateTokenView]] = {}
    for name, tokens in LISTS.items():
        views[name] = [TemplateTokenView(name=token.name, title=token.title) for token in tokens]
    return views


def template_list(items: list[TemplateView]) -> TemplateList:
    return TemplateList(
        items=items, tokens=token_views(), lists=list_views(), filters=list(FILTERS)
    )
