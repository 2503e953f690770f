"""The conformance of profiles: one reward on both ways, for whatever is written, and the gold earns the most."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import process_time
from typing import Any

from hypothesis import strategies as st

from toolverify.calls import Case, Context, ToolCall, Verdict
from toolverify.errors import ToolverifyError
from toolverify.rows import to_json, verdict_to_dict
from toolverify.testing.hostile import hostile_texts
from toolverify.testing.mutations import every_mutation, mutations, plain, retyped
from toolverify.testing.replies import samples, tools_for
from toolverify.testing.schemas import Task, tasks
from toolverify.testing.staging import AnswerWriter, ProfileSource, Stage, stage
from toolverify.testing.trying import Named, Subject, explore, same
from toolverify.testing.values import arguments, calls, contexts, json_values, messages, thoughts
from toolverify.verifier import Verifier

_RIGHT = [ToolCall("f", {"y": 2}), ToolCall("g", {"tags": ["a"], "inner": {"deep": None}})]
#: Arguments that a schema wants in one way of writing, so that calls may be equal and yet not satisfy it.
_STRICT = [ToolCall("f", {"unit": "celsius", "day": "2024-03-05", "count": 3, "on": True})]
_STRICT_TOOLS = [
    {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
                "count": {"type": "integer", "maximum": 3},
                "on": {"type": "boolean"},
            },
            "required": ["unit"],
            "additionalProperties": False,
        },
    }
]
_FOREIGN = ToolCall("no_tool_has_this_name", {"x": 1})
_SIZES, _SECONDS = (1_000, 8_000, 64_000), 2.0


@dataclass(frozen=True)
class _Trial:
    """A profile that is tried."""

    tried: Subject
    verifier: Verifier
    stage: Stage
    reasons: bool

    def case(self, made: Sequence[ToolCall], tools: Any) -> Case | None:
        return self.stage.case(made, tools)

    def written(self, made: Sequence[ToolCall], thought: str = "t") -> str | None:
        """The calls in the profile's format; None where it cannot express them."""
        try:
            return self.stage.parts.format.render(list(made), reasoning=thought)
        except ToolverifyError:
            return None

    def reward(self, made: Sequence[ToolCall], case: Case) -> float | None:
        """What a reply with these calls earns."""
        text = self.written(made)
        return None if text is None else self.verdict(text, case).reward

    def verdict(
        self, completion: Any, case: Case, context: Context | None = None, *, ready: bool = False
    ) -> Verdict:
        """The verdict on a completion, or on ready-made calls, checked."""
        given = {"calls": completion} if ready else {"completion": completion}

        def score() -> Verdict:
            return self.verifier.score(**given, case=case, context=context)

        verdict = self.tried.ask("score", score, on=completion)
        _is_whole(self, verdict, completion)
        if not ready:
            contexts_ = None if context is None else [context]
            short = self.verifier.rewards([completion], [case], contexts=contexts_)
            self.tried.require(
                short == [verdict.reward], f"score says {verdict.reward}, rewards {short[0]}", completion
            )
        return verdict


def check_profile(
    profile: ProfileSource,
    *,
    examples: int = 50,
    monotone: bool = True,
    unordered: bool = True,
    reasons: bool = True,
    gold_passes: bool = True,
    answer: AnswerWriter | None = None,
) -> None:
    """Check a profile: its name, the path of its file, or a Profile.

    It loads, pickles and keeps its hash; every completion gets a verdict with the same keys, and `rewards` gives the
    verdict's reward; what the answer itself would write passes, and nothing earns more.

    Args:
        profile: The profile.
        examples: How many examples each law is tried on.
        monotone: A wrong call beside the right ones never raises the reward, and leaving out a right one neither. Say
            False for a reference reward that pays for more calls.
        unordered: Where the matcher is `unordered`, the order of calls and arguments changes nothing. Say False for a
            reference reward with rules that look at the order.
        reasons: Whatever does not pass has a finding that says why. Say False for a reward that tells no reasons.
        gold_passes: What the answer itself would write passes. Say False for a reference reward that knows the tools of
            its own data alone.
        answer: Calls as an answer, where the profile's answer reader has a form of its own.

    Raises:
        AssertionError: A law is broken, on a completion that is shown.
        ProfileError: There is no such profile, or it is malformed.
    """
    verifier = Verifier(profile)
    trial = _Trial(Subject("profile", verifier.profile), verifier, stage(profile, answer), reasons)
    _stays_the_same(trial, profile)
    if gold_passes:
        _pays_plain_gold(trial)
    _scores_what_schemas_tell_apart(trial)
    _scores_hostile_texts(trial)
    if gold_passes:
        explore(lambda *drawn: _gold_earns_the_most(trial, *drawn), _tasks(), thoughts(), examples=examples)
    explore(
        lambda *drawn: _scores_texts(trial, *drawn),
        samples(trial.stage.parts.format),
        contexts(),
        examples=examples,
    )
    explore(lambda *drawn: _scores_messages(trial, *drawn), _shapes(), contexts(), examples=examples)
    explore(lambda made: _scores_ready_calls(trial, made), _ready(), examples=examples)
    explore(lambda *drawn: _scores_mutations(trial, *drawn), _mutated(), thoughts(), examples=examples)
    if monotone:
        explore(lambda *drawn: _surplus_never_pays(trial, *drawn), _tasks(), arguments(), examples=examples)
    if unordered and trial.stage.parts.matcher.name == "unordered":
        explore(lambda drawn: _order_is_nothing(trial, *drawn), _shuffled(), examples=examples)


def _tasks() -> st.SearchStrategy[Task]:
    return st.one_of(tasks(), calls().map(lambda made: Task(tools_for(made), made)))


def _mutated() -> st.SearchStrategy[tuple[Task, list[dict[str, Any]]]]:
    return _tasks().flatmap(lambda task: mutations(task.calls).map(lambda mutation: (task, mutation.calls)))


def _shuffled() -> st.SearchStrategy[tuple[Task, list[ToolCall], list[ToolCall]]]:
    def shuffle(task: Task) -> st.SearchStrategy[tuple[Task, list[ToolCall], list[ToolCall]]]:
        made = st.one_of(
            st.just(plain(task.calls)), mutations(task.calls).map(lambda mutation: mutation.calls)
        )
        return made.flatmap(
            lambda given: st.permutations(given).map(
                lambda order: (
                    task,
                    [ToolCall(**call) for call in given],
                    [_reversed(call) for call in order],
                )
            )
        )

    return _tasks().flatmap(shuffle)


def _reversed(call: dict[str, Any]) -> ToolCall:
    return ToolCall(call["name"], dict(reversed(call["arguments"].items())))


def _shapes() -> st.SearchStrategy[Any]:
    return st.one_of(messages(), st.lists(messages(), max_size=3), json_values())


def _ready() -> st.SearchStrategy[Any]:
    return st.one_of(
        json_values().filter(lambda made: made is not None), calls().map(plain), st.lists(arguments())
    )


def _stays_the_same(trial: _Trial, profile: ProfileSource) -> None:
    """Another verifier of the profile, and one that was pickled, are this one."""
    tried, verifier = trial.tried, trial.verifier
    again, copied = Verifier(profile), pickle.loads(pickle.dumps(verifier))  # noqa: S301  # our own bytes
    for other in (again, copied):
        tried.require(other.hash == verifier.hash, f"its hash changes: {verifier.hash}, then {other.hash}")
        tried.require(other.part_names == verifier.part_names, f"its parts change: {other.part_names}")
    text, case = trial.written(_RIGHT), trial.case(_RIGHT, tools_for(_RIGHT))
    if text is not None and case is not None:
        twin_case = pickle.loads(pickle.dumps(case))  # noqa: S301  # our own bytes
        verdicts = [verifier.score(text, case=case), copied.score(text, case=twin_case)]
        tried.require(same(*verdicts), "after pickling it judges differently", text)


def _pays_plain_gold(trial: _Trial) -> None:
    """Without this, the laws about golds could hold because no gold was ever scored."""
    for right in (_RIGHT, _RIGHT[:1]):
        text, case = trial.written(right), trial.case(right, tools_for(right))
        trial.tried.require(text is not None, "its format cannot write two plain calls", plain(right))
        unread = (
            "its answer reader reads neither calls nor a gold completion; give answer=, calls as an answer"
        )
        trial.tried.require(case is not None, unread, plain(right))
        if text is not None and case is not None:
            _passes(trial, text, case)


def _scores_what_schemas_tell_apart(trial: _Trial) -> None:
    """The right calls, and everything next to them, where equal to a comparison need not be right to a schema."""
    case = trial.case(_STRICT, _STRICT_TOOLS)
    right = plain(_STRICT)
    other = [{**call, "arguments": retyped(call["arguments"])} for call in right]
    for made in (right, other, *[mutation.calls for mutation in every_mutation(right)]):
        text = trial.written([ToolCall(**call) for call in made])
        if text is not None and case is not None:
            trial.verdict(text, case)


def _passes(trial: _Trial, text: str, case: Case) -> Verdict:
    verdict = trial.verdict(text, case)
    told = "; ".join(f"{finding.code}: {finding.message}" for finding in verdict.findings)
    trial.tried.require(
        verdict.passed is True, f"the gold itself does not pass ({told or 'no finding'})", text
    )
    return verdict


def _is_whole(trial: _Trial, verdict: Verdict, on: Any) -> None:
    tried = trial.tried
    first = verdict.findings[0].message if verdict.findings else "no finding"
    tried.require(verdict.reward is not None, f"the completion is not scorable ({first})", on)
    keys = (tuple(verdict.scores), tuple(verdict.parts))
    wanted = (trial.verifier.rules, trial.verifier.part_names)
    tried.require(keys == wanted, f"the verdict has the keys {keys}, where {wanted} are due", on)
    finite = math.isfinite(verdict.reward or 0.0)
    total = math.isclose(
        sum(part or 0.0 for part in verdict.parts.values()), verdict.reward or 0.0, abs_tol=1e-9
    )
    tried.require(finite and total, f"the reward {verdict.reward} is not the sum of {verdict.parts}", on)
    told = bool(verdict.passed) or any(finding.level == "error" for finding in verdict.findings)
    tried.require(told or not trial.reasons, "it does not pass, and no finding of level error says why", on)
    tried.require(
        bool(verdict.explain() and to_json(verdict_to_dict(verdict))), "the verdict cannot be told", on
    )


def _scores_hostile_texts(trial: _Trial) -> None:
    """Hostile texts of growing size, so that what takes the square of their length is told before it takes minutes."""
    case = trial.case(_RIGHT, tools_for(_RIGHT))
    if case is None:
        return
    for size in _SIZES:
        for what, text in hostile_texts(trial.stage.parts.format, size):
            start = process_time()
            verdict = trial.verifier.score(text, case=case)
            took = process_time() - start
            slow = f"{what} ({size:,} characters) took {took:.1f} s"
            trial.tried.require(took < _SECONDS, f"a verdict is slow: {slow}")
            _is_whole(trial, verdict, Named(what, text))
            if size == _SIZES[0]:
                trial.verdict(text, case)


def _gold_earns_the_most(trial: _Trial, task: Task, thought: str) -> None:
    text, case = trial.written(task.calls, thought), trial.case(task.calls, task.tools)
    if text is not None and case is not None:
        _passes(trial, text, case)


def _scores_texts(trial: _Trial, sample: Any, context: Context) -> None:
    case = trial.case(sample.answer, tools_for(sample.answer))
    if case is not None:
        trial.verdict(sample.text, case)
        trial.verdict(sample.text, case, context)


def _scores_messages(trial: _Trial, completion: Any, context: Context) -> None:
    case = trial.case(_RIGHT[:1], tools_for(_RIGHT))
    if case is not None:
        trial.verdict(completion, case, context)


def _scores_ready_calls(trial: _Trial, made: Any) -> None:
    case = trial.case(_RIGHT[:1], tools_for(_RIGHT))
    if case is not None:
        trial.verdict(made, case, ready=True)


def _scores_mutations(trial: _Trial, pair: tuple[Task, list[dict[str, Any]]], thought: str) -> None:
    task, made = pair
    case = trial.case(task.calls, task.tools)
    right, wrong = (
        trial.written(task.calls, thought),
        trial.written([ToolCall(**call) for call in made], thought),
    )
    if case is None or right is None or wrong is None:
        return
    most, got = trial.verdict(right, case).reward, trial.verdict(wrong, case).reward
    pays = most is not None and got is not None and got > most + 1e-9
    trial.tried.require(not pays, f"it earns {got}, more than the gold's {most}", (wrong, plain(task.calls)))


def _surplus_never_pays(trial: _Trial, task: Task, extra: dict[str, Any]) -> None:
    """Beside all right calls, a wrong one never pays, nor a second wrong one; and a right one left out neither."""
    case = trial.case(task.calls, task.tools)
    if case is None:
        return
    wrong = [ToolCall(call.name, {**extra, "no tool takes this": 1}) for call in task.calls[:1]]
    steps: list[list[ToolCall]] = [task.calls, [*task.calls, _FOREIGN], [*wrong, *task.calls, _FOREIGN]]
    for before, after in [*pairwise(steps), (task.calls, task.calls[1:])]:
        most, got = trial.reward(before, case), trial.reward(after, case)
        pays = most is not None and got is not None and got > most + 1e-9
        what = "a right call less" if len(after) < len(before) else "a wrong call more"
        trial.tried.require(
            not pays, f"{what} raises the reward from {most} to {got}", (plain(before), plain(after))
        )


def _order_is_nothing(trial: _Trial, task: Task, made: list[ToolCall], shuffled: list[ToolCall]) -> None:
    case = trial.case(task.calls, task.tools)
    texts = [trial.written(order) for order in (made, shuffled)]
    if case is None or texts[0] is None or texts[1] is None:
        return
    one, other = [trial.verdict(text, case) for text in texts]
    alike = math.isclose(one.reward or 0.0, other.reward or 0.0, abs_tol=1e-9) and one.passed == other.passed
    trial.tried.require(
        alike, f"the order of calls changes the reward from {one.reward} to {other.reward}", texts
    )
