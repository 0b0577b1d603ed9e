"""Execution of a provider action step: choose the entities, queue one call each, wait.

The key of a call never changes. A token that enters the step again in the same generation
(reprocess) repeats no call that is done; a failed call is queued again under its key, with a new
payload.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from openiom.kernel import IomError, Problem
from openiom.orchestration.context import (
    ExecutableFlow,
    ExecutableStep,
    StepContext,
    StepFailure,
    distinct_ids,
    expression_failure,
    join_reasons,
    subjects_of,
)
from openiom.orchestration.provider_call import CallState, EarlierCall, NewCall, call_key
from openiom.orchestration.token import Token
from openiom.platform.retry import OUTBOUND_RETRY
from openiom.policies import Condition, Failure, compiled_policies
from openiom.provider_contract import EventRequest, Facts, ProviderAction

from .document import ProviderActionStep

Payload = Mapping[str, Any] | Problem
_Wanted = tuple[Token, list[UUID]]


@dataclass
class Selection:
    """Which entities of a batch the step is not for.

    excluded  entities that the filter or the expression leaves out
    invalid   entities that could not be judged, with the reason
    """

    excluded: set[UUID] = field(default_factory=set)
    invalid: dict[UUID, str] = field(default_factory=dict)

    def exclude_unless(self, passed: bool, id: UUID) -> None:
        """Leave an entity out that did not pass."""
        if not passed:
            self.excluded.add(id)

    def reasons(self, ids: Sequence[UUID]) -> str:
        """Return why some of these entities could not be judged; empty when all could."""
        return join_reasons(self.invalid.get(id, "") for id in ids)

    def remaining(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the entities that are neither excluded nor invalid."""
        return [id for id in ids if id not in self.excluded and id not in self.invalid]


@dataclass(frozen=True)
class ExecutableProviderAction(ExecutableStep):
    """A provider action step, ready to run."""

    step: ProviderActionStep
    condition: Condition | None

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Queue the calls of all tokens that have something to send."""
        try:
            action = context.catalog.provider_action(
                context.session, self.step.instance, self.step.action
            )
        except IomError as error:
            failure = StepFailure(error.what, where=error.where, remedy=error.remedy)
            for token in tokens:
                context.stop(token, failure)

            return

        _Batch(self, context, flow, action).process(tokens)


def compile_provider_action(step: ProviderActionStep) -> ExecutableProviderAction:
    """Return the step with its expression compiled."""
    condition = None
    if step.when:
        condition = Condition(step.when, where=f"step {step.label}, when")
    return ExecutableProviderAction(step, condition)


@dataclass(frozen=True)
class _Batch:
    """The tokens of one batch at one provider action step."""

    executable: ExecutableProviderAction
    context: StepContext
    flow: ExecutableFlow
    action: ProviderAction

    @property
    def step(self) -> ProviderActionStep:
        return self.executable.step

    @property
    def entity(self) -> str:
        return self.step.for_each or self.flow.subject

    def process(self, tokens: Sequence[Token]) -> None:
        wanted = self._choose_entities(tokens)
        returning = [token.id for token, _ in wanted if token.generation]
        self._assign_generations([token for token, _ in wanted])
        earlier = self._earlier_states(wanted, returning)
        self._queue(wanted, earlier)

    def _choose_entities(self, tokens: Sequence[Token]) -> list[_Wanted]:
        """Return tokens with the entities to act on; tokens without any leave or stop here."""
        groups = subjects_of(self.context, self.flow, self.step.for_each, tokens)
        selection = self._select(distinct_ids(groups))

        wanted: list[_Wanted] = []
        for token, ids in zip(tokens, groups, strict=True):
            reasons = selection.reasons(ids)
            remaining = selection.remaining(ids)
            if reasons:
                self.context.stop(token, StepFailure(reasons))
            elif remaining:
                wanted.append((token, remaining))
            else:
                self._leave_unused(token)

        return wanted

    def _leave_unused(self, token: Token, reason: str = "nothing to send") -> None:
        port = "skipped" if "skipped" in self.step.to else "succeeded"
        self.context.leave(token, port, reason)

    def _select(self, ids: Sequence[UUID]) -> Selection:
        selection = Selection()
        known = self.context.facts.load(self.entity, ids)
        for id in ids:
            if id not in known:
                selection.invalid[id] = f"the {self.entity} no longer exists"
        self._select_by_expression(selection, ids, known)
        self._select_by_policy(selection, ids, known)
        return selection

    def _select_by_expression(
        self, selection: Selection, ids: Sequence[UUID], known: Mapping[UUID, Facts]
    ) -> None:
        """Leave out the entities for which the step's expression is false."""
        condition = self.executable.condition
        if condition is None:
            return

        remaining = selection.remaining(ids)
        records = [known[id] for id in remaining]
        answers = self.context.evaluator.conditions(condition, records)
        for id, answer in zip(remaining, answers, strict=True):
            if isinstance(answer, Failure):
                selection.invalid[id] = expression_failure(answer).what
            else:
                selection.exclude_unless(answer, id)

    def _select_by_policy(
        self, selection: Selection, ids: Sequence[UUID], known: Mapping[UUID, Facts]
    ) -> None:
        """Leave out the entities that the filter policy does not let pass."""
        name = self.step.filter
        if not name:
            return

        policy = compiled_policies(self.context.session, [name])[name]
        remaining = selection.remaining(ids)
        records = [known[id] for id in remaining]
        verdicts = self.context.evaluator.verdicts(policy, records)

        for id, verdict in zip(remaining, verdicts, strict=True):
            if verdict.error:
                selection.invalid[id] = f"{name}: {verdict.error}"
            else:
                selection.exclude_unless(verdict.passed, id)

    def _assign_generations(self, tokens: Sequence[Token]) -> None:
        """Number the visit of each token that is new here.

        Only a step in a loop or behind a split can have been visited before.
        """
        arriving = [token for token in tokens if not token.generation]
        generations = self._last_generations(arriving)

        for token in arriving:
            generations[token.run_id] += 1
            token.generation = generations[token.run_id]

    def _last_generations(self, tokens: Sequence[Token]) -> dict[UUID, int]:
        """Return the number of the last visit of this step by flow run, 0 without any."""
        run_ids = [token.run_id for token in tokens]
        generations = dict.fromkeys(run_ids, 0)
        if self.step.id in self.flow.plan.revisited:
            generations.update(self.context.effects.last_generations(run_ids, self.step.id))
        return generations

    def _earlier_states(
        self, wanted: Sequence[_Wanted], returning: Sequence[UUID]
    ) -> dict[str, CallState]:
        """Return the state, by key, of the calls that returning tokens have queued before.

        A call that is done but whose event was not raised has it raised now.
        """
        if not returning:
            return {}

        keys = _keys_of(wanted)
        states: dict[str, CallState] = {}
        unannounced: list[EarlierCall] = []
        for call in self.context.effects.earlier_calls(returning, self.step.id):
            if call.key in keys:
                states[call.key] = call.state
                if call.is_unannounced:
                    unannounced.append(call)

        if unannounced:
            self._raise_success(unannounced)

        return states

    def _raise_success(self, calls: Sequence[EarlierCall]) -> None:
        requests = []
        for call in calls:
            data = {"instance": self.step.instance, "external_id": call.external_id}
            requests.append(EventRequest(call.entity_id, self.action.succeeded, data))
        self.context.raise_events(self.flow, self.entity, requests)
        self.context.effects.mark_event_raised(calls)

    def _queue(self, wanted: Sequence[_Wanted], earlier: Mapping[str, CallState]) -> None:
        """Queue what is still to be done; a token with one invalid payload queues nothing."""
        todo = self._without_impossible(_not_done(wanted, earlier))
        payloads = self._payloads(distinct_ids(ids for _, ids in todo))

        calls: list[NewCall] = []
        waiting: list[Token] = []
        for token, ids in todo:
            token_calls = self._calls_or_stop(token, ids, payloads)
            if token_calls:
                calls.extend(token_calls)
                waiting.append(token)

        self._send(calls, earlier)
        for token in waiting:
            self.context.suspend(
                token,
                expected_port="succeeded",
                summary=f"request {self.step.action} from {self.step.instance}",
            )

    def _without_impossible(self, todo: Sequence[_Wanted]) -> list[_Wanted]:
        """Return the tokens that have something to do; the others leave.

        An action that is not possible any more is not requested, such as sending what was recalled.
        """
        impossible = self._impossible(distinct_ids(ids for _, ids in todo))
        remaining: list[_Wanted] = []
        for token, ids in todo:
            possible = [id for id in ids if id not in impossible]
            if possible:
                remaining.append((token, possible))
            elif ids:
                reasons = join_reasons(impossible[id] for id in ids)
                self._leave_unused(token, f"nothing to send: {reasons}")
            else:
                self.context.leave(token, "succeeded", "done before")

        return remaining

    def _impossible(self, ids: Sequence[UUID]) -> Mapping[UUID, str]:
        guard = self.context.catalog.entities[self.entity].impossible
        if guard is None or not ids:
            return {}
        return guard(self.context.session, ids, self.action.succeeded)

    def _calls_or_stop(
        self, token: Token, ids: Sequence[UUID], payloads: Mapping[UUID, Payload]
    ) -> list[NewCall]:
        """Return the calls of a token; with an invalid payload it stops."""
        calls = []
        for id in ids:
            payload = payloads[id]
            if isinstance(payload, Problem):
                failure = StepFailure(payload.what, where=payload.where, remedy=payload.remedy)
                self.context.stop(token, failure)
                return []

            calls.append(self._call(token, id, payload))

        return calls

    def _send(self, calls: Sequence[NewCall], earlier: Mapping[str, CallState]) -> None:
        new: list[NewCall] = []
        retried: list[NewCall] = []
        for call in calls:
            (retried if call.key in earlier else new).append(call)
        self.context.effects.queue_calls(new)
        self.context.effects.retry_calls(retried)

    def _payloads(self, ids: Sequence[UUID]) -> dict[UUID, Payload]:
        known = self.context.facts.load(self.entity, ids)
        payloads = self.context.catalog.payloads(
            self.context.session,
            self.step.instance,
            self.step.action,
            [known[id] for id in ids],
            self.context.evaluator,
        )
        return dict(zip(ids, payloads, strict=True))

    def _call(self, token: Token, id: UUID, payload: Mapping[str, Any]) -> NewCall:
        retry = self.step.retry
        return NewCall(
            key=call_key(token, id),
            instance=self.step.instance,
            action=self.step.action,
            entity=self.entity,
            entity_id=id,
            flow=self.flow.name,
            run_id=token.run_id,
            token_id=token.id,
            step=self.step.id,
            generation=token.generation,
            payload=payload,
            max_attempts=retry.max_attempts or self.action.max_attempts,
            first_delay_seconds=retry.first_delay_seconds or OUTBOUND_RETRY.first_seconds,
        )


def _keys_of(wanted: Sequence[_Wanted]) -> set[str]:
    """Return the keys of the calls that tokens want to make."""
    keys = set()
    for token, ids in wanted:
        for id in ids:
            keys.add(call_key(token, id))
    return keys


def _not_done(wanted: Sequence[_Wanted], earlier: Mapping[str, CallState]) -> list[_Wanted]:
    """Return the tokens with those entities whose call is not done yet."""
    if not earlier:
        return list(wanted)

    todo: list[_Wanted] = []
    for token, ids in wanted:
        open_ids = [id for id in ids if earlier.get(call_key(token, id)) != "done"]
        todo.append((token, open_ids))
    return todo
