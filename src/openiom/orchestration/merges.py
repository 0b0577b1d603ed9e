"""
Where branches meet. A merge closes the innermost split of which it can receive more than one branch.

`all` lets one token on when no other token of that split can still arrive; `any` lets the first one on and absorbs
the rest. The flow runs of a wave are locked, so two branches never decide at the same moment.
"""

from collections.abc import Sequence
from uuid import UUID

from .compiled_flows import RunningFlow
from .document import Merge
from .token_batch import TokenBatch
from .tokens import Token


def run_merge(wave: TokenBatch, flow: RunningFlow, step: Merge, tokens: Sequence[Token]) -> None:
    groups: dict[tuple[UUID, str], list[Token]] = {}
    for token in tokens:
        frame = frame_closed(flow, step.id, token)
        if frame is None:
            wave.leave(token, "next")
        else:
            groups.setdefault((token.run_id, frame), []).append(token)
    for (flow_run, frame), arrived in groups.items():
        if step.mode == "any":
            _first_through(wave, step, flow_run, frame, arrived)
        else:
            _all_or_wait(wave, flow, step, flow_run, frame, arrived)


def frame_closed(flow: RunningFlow, merge: str, token: Token) -> str | None:
    """The innermost split of `token` that this merge closes."""
    closes = flow.plan.joins[merge]
    return next((frame for frame in reversed(token.frames) if frame.split(":")[0] in closes), None)


def _first_through(
    wave: TokenBatch, step: Merge, flow_run: UUID, frame: str, arrived: Sequence[Token]
) -> None:
    mark = f"{step.id}|{frame}"
    if mark in wave.passed.get(flow_run, ()):
        for token in arrived:
            _absorb(wave, token, "another branch came first")
        return
    first, *later = arrived
    wave.passed.setdefault(flow_run, []).append(mark)
    wave.newly_passed.setdefault(flow_run, []).append(mark)
    for token in later:
        _absorb(wave, token, "another branch came first")
    first.frames = _without(first.frames, frame)
    wave.leave(first, "next", "the first branch")


def _all_or_wait(
    wave: TokenBatch,
    flow: RunningFlow,
    step: Merge,
    flow_run: UUID,
    frame: str,
    arrived: Sequence[Token],
) -> None:
    inside = [t for t in wave.everyone(flow_run) if frame in t.frames]
    coming = [t for t in inside if t.step in flow.plan.before[step.id]]
    if coming:
        for token in arrived:
            wave.sleep(token)
        return
    here = [t for t in inside if t.step == step.id]
    first = arrived[0]
    first.consumed = tuple(sorted({event for token in here for event in token.consumed}))
    if len(inside) == len(here):
        first.frames = _without(first.frames, frame)
    for token in here:
        if token is not first:
            _absorb(wave, token, "joined")
    wave.leave(first, "next", f"{len(here)} branches joined")


def due_merges(wave: TokenBatch) -> bool:
    """Let merges on whose last missing branch ended elsewhere. Whether any token of this wave is to run again."""
    again = False
    for flow_run in {t.run_id for t in wave.tokens if wave.flows[t.version_id].splits}:
        standing: dict[tuple[str, str], list[Token]] = {}
        everyone = wave.everyone(flow_run)
        for token in everyone:
            flow = wave.flows[token.version_id]
            if token.state == "waiting" and isinstance(flow.steps[token.step], Merge):
                frame = frame_closed(flow, token.step, token)
                if frame is not None:
                    standing.setdefault((token.step, frame), []).append(token)
        for (step, frame), waiting in standing.items():
            before = wave.flows[waiting[0].version_id].plan.before[step]
            if any(frame in t.frames and t.step in before for t in everyone):
                continue
            mine = next((t for t in waiting if not t.beside), None)
            if mine is not None:
                wave.again(mine)
                again = True
            elif waiting[0] not in wave.touched_siblings:
                waiting[0].state, waiting[0].due_at = "ready", wave.now
                wave.touched_siblings.append(waiting[0])
    return again


def _absorb(wave: TokenBatch, token: Token, reason: str) -> None:
    wave.note(token, "absorbed", reason)
    wave.end(token)
    if token.beside:
        wave.touched_siblings.append(token)


def _without(frames: tuple[str, ...], frame: str) -> tuple[str, ...]:
    return tuple(f for f in frames if f != frame)
