"""Merge: where the branches of a split meet.

A merge closes the innermost split of which it can receive more than one branch. `all` lets one
token continue when no other token of that split can still arrive; `any` lets the first one continue
and absorbs the others. The runtime locks the flow runs of a batch, so two branches of one run are
never decided at the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from openiom.orchestration.context import ExecutableFlow, ExecutableStep, StepContext
from openiom.orchestration.element import Element
from openiom.orchestration.step import Step, StepTraits
from openiom.orchestration.token import Token


class Merge(Step):
    """Where the branches of a splitter meet: `all` waits for every one, `any` for the first."""

    traits = StepTraits(joins=True)

    kind: Literal["merge"]
    mode: Literal["all", "any"] = "all"


def closed_split(flow: ExecutableFlow, merge: str, token: Token) -> str | None:
    """Return the innermost split of `token` that this merge closes."""
    splitters = flow.plan.joins[merge]
    for split in reversed(token.split_path):
        splitter, _, _ = split.partition(":")
        if splitter in splitters:
            return split
    return None


def tokens_inside(tokens: Sequence[Token], split: str) -> list[Token]:
    """Return the tokens that are inside of a split."""
    return [token for token in tokens if split in token.split_path]


@dataclass(frozen=True)
class ExecutableMerge(ExecutableStep):
    """A merge, ready to run."""

    step: Merge

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Join the tokens of each split; a token that is in none of them just passes."""
        groups: dict[tuple[UUID, str], list[Token]] = {}
        for token in tokens:
            split = closed_split(flow, self.step.id, token)
            if split is None:
                context.leave(token, "next")
            else:
                groups.setdefault((token.run_id, split), []).append(token)

        for (_, split), arrived in groups.items():
            self._join(context, flow, split, arrived)

    def _join(
        self, context: StepContext, flow: ExecutableFlow, split: str, arrived: Sequence[Token]
    ) -> None:
        if self.step.mode == "any":
            self._continue_first(context, split, arrived)
        else:
            self._join_all(context, flow, split, arrived)

    def _continue_first(self, context: StepContext, split: str, arrived: Sequence[Token]) -> None:
        """Let the first token of a split continue, and absorb the others."""
        run_id = arrived[0].run_id
        join = f"{self.step.id}|{split}"
        late = list(arrived)
        if not context.is_joined(run_id, join):
            context.mark_joined(run_id, join)
            first = late.pop(0)
            leave_split(first, split)
            context.leave(first, "next", "the first branch")

        for token in late:
            context.absorb(token, "another branch came first")

    def _join_all(
        self, context: StepContext, flow: ExecutableFlow, split: str, arrived: Sequence[Token]
    ) -> None:
        """Join the tokens of a split, unless another one can still arrive."""
        inside = tokens_inside(context.tokens_of_run(arrived[0].run_id), split)
        if can_arrive(flow, self.step.id, inside):
            for token in arrived:
                context.suspend(token)
        else:
            self._join_complete(context, split, arrived[0], inside)

    def _join_complete(
        self, context: StepContext, split: str, first: Token, inside: Sequence[Token]
    ) -> None:
        """Let `first` continue for all tokens at this merge, and absorb the others."""
        here = [token for token in inside if token.step == self.step.id]
        first.consumed_event_ids = consumed_events(here)
        if len(inside) == len(here):
            leave_split(first, split)

        absorb_others(context, here, first)
        context.leave(first, "next", f"{len(here)} branches joined")


def can_arrive(flow: ExecutableFlow, merge: str, inside: Sequence[Token]) -> bool:
    """Return whether one of the tokens inside of a split is at a step before the merge."""
    before = flow.plan.before[merge]
    return any(token.step in before for token in inside)


def consumed_events(tokens: Sequence[Token]) -> tuple[int, ...]:
    """Return the ids of the events that any of the tokens has used, in ascending order."""
    consumed: set[int] = set()
    for token in tokens:
        consumed.update(token.consumed_event_ids)
    return tuple(sorted(consumed))


def absorb_others(context: StepContext, tokens: Sequence[Token], first: Token) -> None:
    """Absorb all of these tokens but the one that continues."""
    for token in tokens:
        if token is not first:
            context.absorb(token, "joined")


def leave_split(token: Token, split: str) -> None:
    """Take the token out of the split."""
    token.split_path = tuple(other for other in token.split_path if other != split)


def continue_due_joins(context: StepContext) -> bool:
    """Continue merges whose last missing branch ended elsewhere.

    Return whether a token of this batch runs again.
    """
    any_rerun = False
    for run_id, flow in list(context.split_runs()):
        for waiting in _due_joins(flow, context.tokens_of_run(run_id)):
            if _continue_one(context, waiting):
                any_rerun = True

    return any_rerun


def _due_joins(flow: ExecutableFlow, tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the tokens of a run that wait for branches of which none can arrive, by merge."""
    due: list[list[Token]] = []
    for (step, split), waiting in _waiting_at_merges(flow, tokens).items():
        if not can_arrive(flow, step, tokens_inside(tokens, split)):
            due.append(waiting)
    return due


def _continue_one(context: StepContext, waiting: Sequence[Token]) -> bool:
    """Continue one of the tokens that wait at a merge; return whether it is of this batch."""
    for token in waiting:
        if not token.is_sibling:
            context.rerun(token)
            return True
    context.release_sibling(waiting[0])
    return False


def _waiting_at_merges(
    flow: ExecutableFlow, tokens: Sequence[Token]
) -> dict[tuple[str, str], list[Token]]:
    """Return the tokens that wait at a merge, by the merge and the split it closes."""
    waiting: dict[tuple[str, str], list[Token]] = {}
    for token in tokens:
        split = _split_waited_for(flow, token)
        if split is not None:
            waiting.setdefault((token.step, split), []).append(token)

    return waiting


def _split_waited_for(flow: ExecutableFlow, token: Token) -> str | None:
    """Return the split of which a token waits for the other branches."""
    if token.state != "waiting" or token.step not in flow.plan.joins:
        return None
    return closed_split(flow, token.step, token)


ELEMENT = Element(
    kind="merge",
    title="Merge",
    position=60,
    document=Merge,
    compile=ExecutableMerge,
    after_batch=continue_due_joins,
)
