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
        for (run_id, split), arrived in groups.items():
            if self.step.mode == "any":
                self._continue_first(context, run_id, split, arrived)
            else:
                self._join_all(context, flow, split, arrived)

    def _continue_first(
        self, context: StepContext, run_id: UUID, split: str, arrived: Sequence[Token]
    ) -> None:
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
        first = arrived[0]
        inside = tokens_inside(context.tokens_of_run(first.run_id), split)
        before = flow.plan.before[self.step.id]
        if any(token.step in before for token in inside):
            for token in arrived:
                context.suspend(token)
            return
        here = [token for token in inside if token.step == self.step.id]
        consumed: set[int] = set()
        for token in here:
            consumed.update(token.consumed_event_ids)
        first.consumed_event_ids = tuple(sorted(consumed))
        if len(inside) == len(here):
            leave_split(first, split)
        for token in here:
            if token is not first:
                context.absorb(token, "joined")
        context.leave(first, "next", f"{len(here)} branches joined")


def leave_split(token: Token, split: str) -> None:
    """Take the token out of the split."""
    token.split_path = tuple(other for other in token.split_path if other != split)


def continue_due_joins(context: StepContext) -> bool:
    """Continue merges whose last missing branch ended elsewhere.

    Return whether a token of this batch runs again.
    """
    any_rerun = False
    for run_id, flow in list(context.split_runs()):
        tokens = context.tokens_of_run(run_id)
        for (step, split), waiting in _waiting_at_merges(flow, tokens).items():
            before = flow.plan.before[step]
            if any(token.step in before for token in tokens_inside(tokens, split)):
                continue
            own = [token for token in waiting if not token.is_sibling]
            if own:
                context.rerun(own[0])
                any_rerun = True
            else:
                context.release_sibling(waiting[0])
    return any_rerun


def _waiting_at_merges(
    flow: ExecutableFlow, tokens: Sequence[Token]
) -> dict[tuple[str, str], list[Token]]:
    waiting: dict[tuple[str, str], list[Token]] = {}
    for token in tokens:
        if token.state != "waiting" or token.step not in flow.plan.joins:
            continue
        split = closed_split(flow, token.step, token)
        if split is not None:
            waiting.setdefault((token.step, split), []).append(token)
    return waiting


ELEMENT = Element(
    kind="merge",
    title="Merge",
    document=Merge,
    compile=ExecutableMerge,
    after_batch=continue_due_joins,
)
