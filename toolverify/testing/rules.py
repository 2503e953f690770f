"""The conformance of rules: scores in range, reasons that point somewhere, promises that hold."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from toolverify.calls import Case, Context, Expected, Finding, Outcome, ToolCall, Verdict, View
from toolverify.errors import RenderError
from toolverify.protocols import Rule
from toolverify.reading import ReadyCalls
from toolverify.rows import to_json, verdict_to_dict
from toolverify.testing.hostile import hostile_texts
from toolverify.testing.mutations import mutations, plain
from toolverify.testing.pointing import misdirected
from toolverify.testing.replies import samples, tools_for
from toolverify.testing.schemas import Task, tasks
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.staging import AnswerWriter, ProfileSource, Stage, stage
from toolverify.testing.trying import Named, Subject, explore, same
from toolverify.testing.values import arguments, calls, contexts, json_values, messages, thoughts

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)+")
_RIGHT = [ToolCall("f", {"y": 2}), ToolCall("g", {"tags": ["a"], "inner": {"deep": None}})]
_HOSTILE_SIZE = 1_500
_SMALL = 500
_OTHER_TOOLS = [{"name": "never_called", "parameters": {"type": "object", "required": ["y"]}}]
_BROKEN_TOOLS = [5]
_NO_CASE = Case(Expected(((),)))


def check_rule(
    rule: Rule | str,
    *,
    profile: ProfileSource = "tool-n1",
    answer: AnswerWriter | None = None,
    examples: int = 100,
) -> None:
    """Check a rule: an instance, or the name of an installed one.

    It never raises on a completion, scores from 0 to 1, gives findings whose paths point at something, says the same
    twice, and keeps what it promises: `sure_when_equal`, `sure_for`, `fails_when_unequal`, `reads_tools`.

    Args:
        rule: The rule.
        profile: The profile whose format, answers and matcher make what the rule sees; its own rules do not matter.
        answer: Calls as an answer of that profile, where its answer reader has a form of its own.
        examples: How many completions each law is tried on.

    Raises:
        AssertionError: It does not, on a completion that is shown.
    """
    tried, shown = subject("rule", rule), stage(profile, answer)
    before = state(tried.part)
    _says_what_it_is(tried)
    for what, completion in _fixed(shown):
        for tools in (None, tools_for(_RIGHT), _OTHER_TOOLS):
            _judge(tried, shown, completion, shown.case(_RIGHT, tools), what=what)
            _judge(tried, shown, completion, shown.case([], tools), what=what)
    _tries_replies(tried, shown, examples)
    _tries_promises(tried, shown, examples)
    _needs_no_tools_unsaid(tried, shown)
    unchanged(tried, before)
    _survives_pickling(tried, shown)


def _says_what_it_is(tried: Subject) -> None:
    tried.require(isinstance(tried.part.gate, bool), f"its gate is {tried.part.gate!r}, not True or False")
    for promise in ("reads_tools", "sure_when_equal", "fails_when_unequal"):
        value = getattr(tried.part, promise, False)
        tried.require(isinstance(value, bool), f"its {promise} is {value!r}, not True or False")


def _fixed(shown: Stage) -> list[tuple[str, Any]]:
    """Completions that every rule meets sooner or later."""
    odd: list[tuple[str, Any]] = [
        ("an empty completion", ""),
        ("no completion", None),
        ("text alone", "Hello."),
    ]
    for thought in ("t", "", None):
        try:
            odd.append(("a right reply", shown.parts.format.render(_RIGHT, reasoning=thought)))
        except RenderError:
            continue
    odd += [
        ("ready-made calls", ReadyCalls(plain(_RIGHT))),
        ("no ready-made calls", ReadyCalls([])),
        ("ready-made calls with NaN", ReadyCalls([{"name": "f", "arguments": {"y": math.nan}}])),
        ("no calls at all", ReadyCalls({"name": 5})),
        ("a message without content", {"role": "assistant", "content": None}),
        ("300 calls", ReadyCalls([{"name": "f", "arguments": {"y": index}} for index in range(300)])),
    ]
    return [*odd, *hostile_texts(shown.parts.format, _HOSTILE_SIZE)]


def _judge(
    tried: Subject,
    shown: Stage,
    completion: Any,
    case: Case | None,
    context: Context | None = None,
    *,
    what: str = "",
) -> tuple[Outcome, View] | None:
    """The rule's judgement, checked; None where the profile refuses the answer."""
    if case is None:
        return None
    view = shown.view(completion, case, context or Context())
    on = Named(what, completion)
    outcome = tried.ask("the rule", tried.part, view, on=on)
    tried.require(isinstance(outcome, Outcome), f"it gives {type(outcome).__name__}, not an Outcome", on)
    number = isinstance(outcome.score, int | float)
    tried.require(number and 0 <= outcome.score <= 1, f"a score is from 0 to 1, not {outcome.score!r}", on)
    for finding in _listed(tried, outcome, on):
        _is_sound(tried, finding, outcome, view, on)
    return outcome, view


def _listed(tried: Subject, outcome: Outcome, on: Any) -> Sequence[Finding]:
    tuples = isinstance(outcome.findings, tuple)
    tried.require(tuples, f"its findings are a {type(outcome.findings).__name__}, not a tuple", on)
    return outcome.findings


def _is_sound(tried: Subject, finding: Finding, outcome: Outcome, view: View, on: Any) -> None:
    tried.require(isinstance(finding, Finding), f"{finding!r} is no Finding", on)
    code = finding.code
    tried.require(bool(_CODE.fullmatch(code)), f"the code {code!r} does not look like rule.reason", on)
    tried.require(finding.level in {"error", "note"}, f"{code}: the level {finding.level!r} is no level", on)
    tried.require(bool(finding.message.strip()), f"{code}: the message is empty", on)
    costs = finding.level == "note" or outcome.score < 1
    tried.require(costs, f"{code}: an error that costs nothing; make it a note, or score less than 1", on)
    lost = misdirected(finding.path, view)
    tried.require(not lost, f"{code}: {lost}", on)
    try:
        to_json(verdict_to_dict(Verdict(0.0, False, {}, {}, (finding,), ())))
    except (TypeError, ValueError) as error:
        tried.fail(f"{code}: `got` or `expected` cannot be written as JSON: {error}", on)


def _tries_replies(tried: Subject, shown: Stage, examples: int) -> None:
    """Whatever a model writes, as text, as messages and as calls."""
    format_, one = shown.parts.format, [ToolCall("f", {"x": 1})]
    case = shown.case(one, tools_for(one))

    def texts(sample: Any, context: Context) -> None:
        _judge(tried, shown, sample.text, shown.case(sample.answer, tools_for(sample.answer)), context)

    def others(completion: Any, context: Context) -> None:
        _judge(tried, shown, completion, case, context)

    explore(texts, samples(format_), contexts(), examples=examples)
    ready = st.one_of(json_values(), calls().map(plain), st.lists(arguments(), max_size=3)).map(ReadyCalls)
    explore(
        others, st.one_of(messages(), st.lists(messages(), max_size=3), ready), contexts(), examples=examples
    )


def _tries_promises(tried: Subject, shown: Stage, examples: int) -> None:
    """Replies in the format's canonical frame, right and nearly right, against tools that fit, or do not."""
    loose = calls().map(lambda made: Task(tools_for(made), made))
    pairs = st.one_of(tasks(), loose).flatmap(
        lambda task: st.tuples(
            st.just(task),
            st.one_of(
                st.just(plain(task.calls)),
                st.permutations(plain(task.calls)),
                mutations(task.calls).map(lambda mutation: mutation.calls),
            ),
            st.sampled_from([None, task.tools, _OTHER_TOOLS]),
        )
    )

    def keeps(pair: Any, thought: str) -> None:
        task, made, tools = pair
        text = _canonical(shown, made, thought)
        case = shown.case(task.calls, tools)
        judged = None if text is None else _judge(tried, shown, text, case)
        if judged is not None and shown.parts.matcher.name == "unordered":
            _keeps_promises(tried, *judged, text)

    explore(keeps, pairs, thoughts(), examples=examples)


def _canonical(shown: Stage, made: Any, thought: str) -> str | None:
    """The calls in the frame of which the promises speak; None where the format has no short way to tell."""
    try:
        text = shown.parts.format.render([ToolCall(**call) for call in made], reasoning=thought)
    except RenderError:
        return None
    quick = getattr(shown.parts.format, "quick", None)
    return text if quick is not None and quick(text, _NO_CASE) is not None else None


def _keeps_promises(tried: Subject, outcome: Outcome, view: View, on: Any) -> None:
    exact, promised = view.match.exact, "where the calls equal the answer's"
    if exact and getattr(tried.part, "sure_when_equal", False):
        tried.require(outcome.score == 1, f"sure_when_equal, yet it scores {outcome.score} {promised}", on)
    if hasattr(tried.part, "sure_for"):
        sure = tried.ask("sure_for", tried.part.sure_for, view.case)
        tried.require(isinstance(sure, bool), f"sure_for gives {sure!r}, not True or False")
        broken = exact and sure and outcome.score != 1
        tried.require(not broken, f"sure_for says True, yet it scores {outcome.score} {promised}", on)
    if not exact and getattr(tried.part, "fails_when_unequal", False):
        tried.require(outcome.score < 1, "fails_when_unequal, yet it scores 1 where the calls differ", on)


def _needs_no_tools_unsaid(tried: Subject, shown: Stage) -> None:
    """A rule that reads tools says so; then wrong tools are refused when an answer is compiled, and never met here."""
    case = shown.case(_RIGHT, None)
    if getattr(tried.part, "reads_tools", False) or case is None:
        return
    broken = msgspec.structs.replace(case, given_tools=_BROKEN_TOOLS, specs=None)
    view = shown.view(ReadyCalls(plain(_RIGHT)), case, Context())
    try:
        tried.part(msgspec.structs.replace(view, case=broken))
    except Exception as error:  # whatever it raises, it raises for the tools alone
        problem = "it reads case.tools and does not say reads_tools = True, so wrong tools reach it"
        raise AssertionError(f"{tried}: {problem} ({type(error).__name__}: {error})") from error


def _survives_pickling(tried: Subject, shown: Stage) -> None:
    other = twin(tried)
    case = shown.case(_RIGHT, tools_for(_RIGHT))
    if case is None:
        return
    for _, text in hostile_texts(shown.parts.format, _SMALL):
        view = shown.view(text, case, Context())
        tried.require(same(tried.part(view), other(view)), "after pickling it judges differently", text)
