"""Documents of kind `notice_template`, and the shipped templates that apply without a document."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.configuration import DocumentKind, current_documents

from .default_templates import DEFAULT_TEMPLATES
from .template_language import check_template

KIND = "notice_template"
DEFAULT_LANGUAGE = "en"


class NoticeText(BaseModel):
    """What a notice says in one language."""

    model_config = ConfigDict(extra="forbid")

    subject: str = Field(min_length=1, max_length=300, pattern=r"^[^\r\n]+$")
    text: str = Field(min_length=1, max_length=20_000)
    html: str = Field("", max_length=60_000, description="Empty: only plain text is sent")


class NoticeTemplateBody(BaseModel):
    """A template. Without `event` it is only sent by the flow action Send e-mail."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=100)
    event: str = Field("", description="Event of an order that sends it")
    active: bool = True
    languages: dict[str, NoticeText] = Field(
        description="Texts by language code; en is used when there is none for the customer"
    )


def template_kind(events: Collection[str]) -> DocumentKind:
    """Return the kind of templates; `events` are the names of all events."""

    def check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
        template = NoticeTemplateBody.model_validate(body)
        problems = _event_problems(template.event, events)
        for language, text in template.languages.items():
            problems += _problems_of(language, text)

        if DEFAULT_LANGUAGE not in template.languages:
            problems.append(Problem("languages", "the English text is missing", "add en"))
        return problems

    return DocumentKind(KIND, NoticeTemplateBody, 60, check=check)


def _event_problems(event: str, events: Collection[str]) -> list[Problem]:
    if not event or event in events:
        return []
    return [Problem("event", f"there is no event {event}", "choose one")]


def _problems_of(language: str, text: NoticeText) -> list[Problem]:
    problems: list[Problem] = []
    for part in ("subject", "text", "html"):
        problems += check_template(getattr(text, part), f"languages.{language}.{part}")
    return problems


def notice_templates(session: Session) -> dict[str, NoticeTemplateBody]:
    """Return all templates by name: documents, and shipped ones without a document."""
    bodies: dict[str, Any] = dict(DEFAULT_TEMPLATES)
    for document in current_documents(session, KIND):
        bodies[document.name] = document.body
    return {name: NoticeTemplateBody.model_validate(bodies[name]) for name in sorted(bodies)}


def text_for(template: NoticeTemplateBody, language: str) -> tuple[str, NoticeText]:
    """Return the language of a customer, English when there is no text in it, and its text."""
    chosen = language if language in template.languages else DEFAULT_LANGUAGE
    return chosen, template.languages[chosen]
