"""Pausing and resuming provider instances: their messages and polls, and the calls of flows."""

from fastapi import Request
from pydantic import BaseModel

from openiom import orchestration, providers
from openiom.platform.http import CurrentPrincipal, Now, Router, WriteSession

router = Router(prefix="/api/v1/provider-instances", tags=["providers"])


class Resumed(BaseModel):
    """A resumed instance, and how much waited for it while it was paused."""

    instance: providers.InstanceRow
    messages: int
    calls: int


@router.post("/{name}/pause")
def pause_instance(
    name: str, principal: CurrentPrincipal, session: WriteSession, request: Request, now: Now
) -> providers.InstanceRow:
    """Stop polls and calls of an instance; what arrives is stored and waits until it resumes."""
    principal.require("providers.write")
    providers.pause_instance(session, name, actor=principal.name, now=now)
    return providers.get_instance(session, request.app.state.registry, name)


@router.post("/{name}/resume")
def resume_instance(
    name: str, principal: CurrentPrincipal, session: WriteSession, request: Request
) -> Resumed:
    """Process what waited for an instance, in its order, and poll it again."""
    principal.require("providers.write")
    messages = providers.resume_instance(session, name)
    calls = orchestration.resume_calls_to(session, name)
    instance = providers.get_instance(session, request.app.state.registry, name)
    return Resumed(instance=instance, messages=messages, calls=calls)
