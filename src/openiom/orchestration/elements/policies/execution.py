"""Execution of a policies step: filter, judge, set fields, raise events, continue.

Each policy is evaluated once for all records of the batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from openiom.orchestration.context import (
    ExecutableFlow,
    ExecutableStep,
    StepContext,
    StepFailure,
    distinct_ids,
    join_reasons,
    subjects_of,
)
from openiom.orchestration.token import Token
from openiom.policies import CompiledPolicy, PolicyDocument, Verdict, compiled_policies, roots_of
from openiom.provider_contract import EventRequest

from .document import Policies


@dataclass
class Evaluation:
    """What the policies of one step say about the records of a batch.

    verdicts  what the history shows, by record
    failed    why a record failed, by record
    skipped   records the step is not for
    """

    verdicts: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    failed: dict[UUID, str] = field(default_factory=dict)
    skipped: set[UUID] = field(default_factory=set)

    def judged(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the records the step is for."""
        return [id for id in ids if id not in self.skipped]

    def undecided(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return the records that have neither failed nor been skipped."""
        return [id for id in self.judged(ids) if id not in self.failed]

    def add_history(self, id: UUID, entry: dict[str, Any]) -> None:
        """Add a verdict on a record."""
        self.verdicts.setdefault(id, []).append(entry)

    def history(self, id: UUID, *, with_id: bool) -> list[dict[str, Any]]:
        """Return the verdicts on a record, with its id where it is one of several."""
        shown = []
        for verdict in self.verdicts.get(id, []):
            shown.append({**verdict, "id": str(id)} if with_id else verdict)
        return shown


@dataclass(frozen=True)
class _TokenResult:
    """The result of the step for one token: the port it should leave by, and why."""

    token: Token
    records: Sequence[UUID]
    port: str
    reason: str
    verdicts: Sequence[Mapping[str, Any]] = ()

    @property
    def details(self) -> dict[str, Any]:
        """The verdicts as the step's history shows them, empty without any."""
        return {"policies": self.verdicts} if self.verdicts else {}


@dataclass(frozen=True)
class ExecutablePolicies(ExecutableStep):
    """A policies step, ready to run. Policies are read in their current version when it runs."""

    step: Policies

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Judge the records of all tokens, then move each token by its result."""
        entity = self.step.entity or flow.subject
        judges_children = entity != flow.subject
        groups = subjects_of(context, flow, self.step.entity, tokens)
        ids = distinct_ids(groups)
        evaluation = self._evaluate(context, flow, entity, ids)
        refusals: dict[UUID, str] = {}
        if judges_children:
            requests = self._child_events(evaluation, ids)
            refusals = context.raise_events(flow, entity, requests)

        results = []
        for token, records in zip(tokens, groups, strict=True):
            results.append(self._result_of(evaluation, token, records, judges_children))

        subject_refusals = self._raise_subject_events(context, flow, results)
        for result in results:
            objection = subject_refusals.get(result.token.subject_id, "")
            if not objection:
                objection = _first_refusal(result.records, refusals)

            self._leave(context, result, objection)

    def _evaluate(
        self, context: StepContext, flow: ExecutableFlow, entity: str, ids: Sequence[UUID]
    ) -> Evaluation:
        policies = compiled_policies(context.session, self.step.policy_names)
        batch = _PolicyBatch(
            context=context,
            flow=flow,
            entity=entity,
            fields=roots_of(policies.values()),
            evaluation=Evaluation(),
        )
        batch.fail_unknown(ids)
        if self.step.filter:
            batch.filter(self.step.filter, policies[self.step.filter], ids)

        for name in self.step.policies:
            batch.apply(name, policies[name], ids)

        return batch.evaluation

    def _child_events(self, evaluation: Evaluation, ids: Sequence[UUID]) -> list[EventRequest]:
        requests = []
        for id in evaluation.judged(ids):
            event = self.step.child_events.passed
            if id in evaluation.failed:
                event = self.step.child_events.failed
            if event:
                requests.append(EventRequest(id, event, {}, evaluation.failed.get(id, "")))
        return requests

    def _result_of(
        self,
        evaluation: Evaluation,
        token: Token,
        records: Sequence[UUID],
        judges_children: bool,
    ) -> _TokenResult:
        failures = []
        verdicts: list[Mapping[str, Any]] = []
        judged = evaluation.judged(records)

        for id in judged:
            verdicts.extend(evaluation.history(id, with_id=judges_children))
            if id in evaluation.failed:
                failures.append(evaluation.failed[id])

        if failures:
            return _TokenResult(token, records, "failed", join_reasons(failures), verdicts)
        if judged:
            return _TokenResult(token, records, "passed", "", verdicts)

        reason = f"not for {self.step.filter}" if records else "nothing to judge"
        return _TokenResult(token, records, "skipped", reason)

    def _raise_subject_events(
        self, context: StepContext, flow: ExecutableFlow, results: Sequence[_TokenResult]
    ) -> dict[UUID, str]:
        """Raise the events on the subjects; return why some were refused, by subject."""
        events = {"passed": self.step.events.passed, "failed": self.step.events.failed}
        requests = []
        for result in results:
            event = events.get(result.port)
            if event:
                requests.append(EventRequest(result.token.subject_id, event, {}, result.reason))

        return context.raise_events(flow, flow.subject, requests)

    def _leave(self, context: StepContext, result: _TokenResult, objection: str) -> None:
        if objection:
            why = f"the event after {result.port} was refused"
            context.stop(result.token, StepFailure(what=objection, why=why), result.details)
        elif result.port == "failed":
            context.refuse(result.token, result.reason, result.details)
        else:
            port, reason = self._port_of(result)
            context.leave(result.token, port, reason, result.details)

    def _port_of(self, result: _TokenResult) -> tuple[str, str]:
        """Return the port and the reason of a result; a step need not have the port `skipped`."""
        if result.port == "skipped" and "skipped" not in self.step.to:
            return "passed", f"skipped: {result.reason}"
        return result.port, result.reason


@dataclass(frozen=True)
class _PolicyBatch:
    """Evaluates policies one after the other; each sees what the ones before have set."""

    context: StepContext
    flow: ExecutableFlow
    entity: str
    fields: frozenset[str] | None
    evaluation: Evaluation

    def fail_unknown(self, ids: Sequence[UUID]) -> None:
        """Fail the records that do not exist."""
        known = self.context.facts.load(self.entity, ids, self.fields)
        for id in ids:
            if id not in known:
                self.evaluation.failed[id] = f"the {self.entity} no longer exists"

    def filter(self, name: str, policy: CompiledPolicy, ids: Sequence[UUID]) -> None:
        """Skip the records that the filter policy does not let pass."""
        for id, verdict in self._judge(policy, ids):
            if verdict.error:
                self.evaluation.failed[id] = f"{name}: {verdict.error}"
            elif not verdict.passed:
                self.evaluation.skipped.add(id)

    def apply(self, name: str, policy: CompiledPolicy, ids: Sequence[UUID]) -> None:
        """Judge the undecided records and write what the policy sets."""
        values: dict[UUID, Mapping[str, Any]] = {}
        for id, verdict in self._judge(policy, ids):
            self._note(name, policy.document, id, verdict)
            if verdict.sets:
                values[id] = verdict.sets
        if values:
            self.context.set_fields(self.flow, self.entity, values)

    def _note(self, name: str, document: PolicyDocument, id: UUID, verdict: Verdict) -> None:
        """Note a verdict; a record that fails a critical policy fails the step."""
        self.evaluation.add_history(id, history_of(name, verdict))
        if not verdict.passed and document.criticality == "critical":
            self.evaluation.failed[id] = f"{document.title or name}: {verdict.reason}"

    def _judge(self, policy: CompiledPolicy, ids: Sequence[UUID]) -> list[tuple[UUID, Verdict]]:
        judged = self.evaluation.undecided(ids)
        known = self.context.facts.load(self.entity, judged, self.fields)
        records = [known[id] for id in judged]
        verdicts = self.context.evaluator.verdicts(policy, records)
        return list(zip(judged, verdicts, strict=True))


def history_of(policy: str, verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the step's history shows it."""
    entry: dict[str, Any] = {
        "policy": policy,
        "passed": verdict.passed,
        "reason": verdict.reason,
        "values": verdict.values,
    }
    if verdict.matched_row is not None:
        entry["row"] = verdict.matched_row.number

    if verdict.sets:
        entry["sets"] = verdict.sets

    return entry


def _first_refusal(records: Sequence[UUID], refusals: Mapping[UUID, str]) -> str:
    for id in records:
        if id in refusals:
            return refusals[id]
    return ""
