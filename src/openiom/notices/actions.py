"""The action of flows that sends an e-mail."""

from collections.abc import Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import new_id
from openiom.platform.events import notify
from openiom.provider_contract import Action, ActionCall, Outcome

from .composition import NO_MAIL_SERVER, NoticeComposer, NoticeRequest
from .send_worker import SEND_WAKE
from .templates import notice_templates


class SendEmail(BaseModel):
    """Parameters of the action."""

    model_config = ConfigDict(extra="forbid")

    template: str = Field(min_length=1, description="Name of a notice template")


def notice_actions(composer: NoticeComposer) -> tuple[Action, ...]:
    """Return the actions of this package."""
    return (Action("notices.send", "Send e-mail", "order", SendEmail, partial(_send, composer)),)


def _send(composer: NoticeComposer, call: ActionCall) -> Sequence[Outcome]:
    """Write a notice for each order, in the transaction of the step; a worker sends it.

    An order without a notice leaves by the failure port, except where no mail server is configured.
    """
    assert isinstance(call.parameters, SendEmail)
    name = call.parameters.template
    templates = notice_templates(call.session)
    if name not in templates:
        return [Outcome(False, f"there is no template {name}") for _ in call.subject_ids]

    requests: list[NoticeRequest] = []
    for order_id in call.subject_ids:
        requests.append(NoticeRequest(order_id, name, f"flow {new_id()}"))

    refused = composer.write(call.session, requests, templates, call.now)
    notify(call.session, SEND_WAKE)
    outcomes: list[Outcome] = []
    for request in requests:
        reason = refused.get(request.cause, "")
        outcomes.append(Outcome(reason in ("", NO_MAIL_SERVER), reason))
    return outcomes
