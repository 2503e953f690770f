"""The conformance kit: all parts that are installed pass it, and every fault that is planted is found and named."""

from __future__ import annotations

import pickle
import random
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolverify as tv
from toolverify import testing
from toolverify.answers import CallsAnswer
from toolverify.calls import Change, Coerced, Expected, ExpectedCall, Match, Outcome, Pair, ToolCall
from toolverify.combine import AllGates, Weighted
from toolverify.compare import JsonComparison
from toolverify.errors import ProfileError, RenderError
from toolverify.formats.engines import JsonBlocks
from toolverify.match import UnorderedMatcher
from toolverify.plugins import KINDS, Part, registry
from toolverify.profile import Profile
from toolverify.schema import fits, read_tool, read_tools
from toolverify.testing.soundness import PROTOCOLS

FEW = 12
#: What a part needs to be tried, where the defaults are not its own.
SETTINGS = {
    "combiner": {
        "weighted": {"combiner": Weighted({"format": 0.5, "calls": 1.0})},
        "tool-n1-table": {"rules": ("survives", "think", "read", "items", "calls")},
        "toolrl-scale": {"rules": ("format", "judged", "correctness", "length")},
    },
    "answer reader": {"toolrl-text": {"format": "toolrl"}},
    "rule": {},
    # The reference raises for tools that are not written as BFCL writes its own; the leaf's tests have those.
    "profile": {name: {"gold_passes": False} for name in ("bfcl-ast", "bfcl-ast-fc")},
}
PROFILE_OF_A_LEAF = {"toolverify-tool-n1": "tool-n1-v0", "toolverify-toolrl": "toolrl"}
CHECKS = {
    "format": testing.check_format,
    "answer reader": testing.check_answer_reader,
    "comparison": testing.check_comparison,
    "coercion": testing.check_coercion,
    "matcher": testing.check_matcher,
    "rule": testing.check_rule,
    "combiner": testing.check_combiner,
    "prompt": testing.check_prompt,
    "profile": testing.check_profile,
}
INSTALLED = [(kind, name) for kind in CHECKS for name in sorted(registry().all(kind))]


def test_there_is_a_check_for_every_kind_of_parts():
    assert set(CHECKS) == set(KINDS) - {"command", "backend"}
    assert set(PROTOCOLS) == set(KINDS) - {"command", "profile", "backend"}


def test_every_name_of_the_kit_is_documented():
    page = (Path(__file__).resolve().parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")
    for name in testing.__all__:
        assert re.search(rf"`{name}\b", page), name


@pytest.mark.parametrize(("kind", "name"), INSTALLED, ids=lambda value: value)
def test_every_installed_part_passes(kind, name):
    given_settings = dict(SETTINGS.get(kind, {}).get(name, {}))
    owner = registry().all(kind)[name].plugin.distribution
    if kind == "rule" and owner in PROFILE_OF_A_LEAF:
        given_settings["profile"] = PROFILE_OF_A_LEAF[owner]
    part = given_settings.pop("combiner", name)
    CHECKS[kind](part, examples=FEW, **given_settings)


# Planted faults. Each class has one, and the words that must name it.


class NoSegments(JsonBlocks):
    def read(self, completion, case, context):
        reply = super().read(completion, case, context)
        return tv.calls.Reply(
            reply.reasoning, reply.content, reply.attempts, reply.segments[:-1], reply.flags
        )


class DropsCalls(JsonBlocks):
    def render(self, calls, *, reasoning=None, content=""):
        return super().render(list(calls)[:2], reasoning=reasoning, content=content)


class Dies(JsonBlocks):
    def read(self, completion, case, context):
        if completion.count("[") > 500:
            raise RecursionError("maximum recursion depth exceeded")
        return super().read(completion, case, context)


class QuickLies(JsonBlocks):
    def quick(self, completion, case):
        made = super().quick(completion, case)
        return made and [(name, {}) for name, _ in made]


class Shouts(JsonBlocks):
    def render(self, calls, *, reasoning=None, content=""):
        return super().render(calls, reasoning=reasoning and reasoning.upper(), content=content)


class Refuses(JsonBlocks):
    def render(self, calls, *, reasoning=None, content=""):
        raise RenderError("not today")


class OffByOne(JsonBlocks):
    def read(self, completion, case, context):
        reply = super().read(completion, case, context)
        attempts = tuple(
            tv.calls.Attempt(
                each.status, each.raw, each.span and (each.span[0] + 1, each.span[1]), each.call, each.name
            )
            for each in reply.attempts
        )
        return tv.calls.Reply(reply.reasoning, reply.content, attempts, reply.segments, reply.flags)


class Backtracks(JsonBlocks):
    def read(self, completion, case, context):
        if "</tool_call>" not in completion:
            sum(completion.count(completion[place : place + 7]) for place in range(0, len(completion), 8))
        return super().read(completion, case, context)


FORMATS = [
    (NoSegments, "text is lost or changed: the segments join to"),
    (DropsCalls, "read gives back .* and .* was written"),
    (Dies, "read raised RecursionError"),
    (QuickLies, "quick gives .*, read gives"),
    (Shouts, "read gives back the reasoning"),
    (Refuses, "render refuses plain calls"),
    (OffByOne, "span .* not the raw"),
    (Backtracks, "read is slow: .* took"),
]


@pytest.mark.parametrize(("planted", "words"), FORMATS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_faulty_format_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^format 'planted': {words}"):
        testing.check_format(planted("planted"), examples=60)


def error(code="planted.fault", path="reply", level="error"):
    return (tv.Finding(code, level, path, "a fault"),)


@tv.rule("planted")
def two(view):
    return 2.0


@tv.rule("planted")
def not_a_number(view):
    return float("nan")


@tv.rule("planted")
def needs_reasoning(view):
    return float(view.reply.reasoning.isupper())


@tv.rule("planted")
def needs_a_partner(view):
    for pair in view.match.pairs:
        view.calls[pair.call]
    return 1.0


@tv.rule("planted")
def points_nowhere(view):
    return Outcome(0.0, error(path=f"calls[{len(view.calls)}].arguments"))


@tv.rule("planted")
def points_at_no_root(view):
    return Outcome(0.0, error(path="call[0]"))


@tv.rule("planted")
def costs_nothing(view):
    return Outcome(1.0, error())


@tv.rule("planted")
def no_code(view):
    return Outcome(0.0, error(code="It is wrong"))


@tv.rule("planted")
def no_level(view):
    return Outcome(0.0, error(level="warning"))


@tv.rule("planted")
def not_json(view):
    return Outcome(0.0, (tv.Finding("planted.fault", "error", "reply", "a fault", got=1j),))


@tv.rule("planted")
def takes_away(view):
    for call in view.calls:
        call.arguments.clear()
    return 1.0


@tv.rule("planted")
def throws_dice(view):
    return random.random()


@tv.rule("planted")
def reads_tools_unsaid(view):
    return float(view.case.tools is None or len(view.case.tools) >= 0)


@dataclass(frozen=True)
class Sure:
    name: ClassVar[str] = "planted"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view):
        return Outcome(float(not (view.reply.reasoning or "").isupper()))


@dataclass(frozen=True)
class SureForAll(Sure):
    sure_when_equal: ClassVar[bool] = False

    def sure_for(self, case):
        return True

    def __call__(self, view):
        return Outcome(float(view.match.exact and len(view.calls) != 2))


@dataclass(frozen=True)
class Fails:
    name: ClassVar[str] = "planted"
    gate: ClassVar[bool] = True
    fails_when_unequal: ClassVar[bool] = True

    def __call__(self, view):
        return Outcome(float(len(view.calls) == len(view.expected)))


@dataclass
class Thawed:
    name: str = "planted"
    gate: bool = False

    def __call__(self, view):
        return Outcome(1.0)


class Counts:
    name = "planted"
    gate = False

    def __init__(self):
        self.seen = Counter()

    def __call__(self, view):
        self.seen[len(view.calls)] += 1
        return Outcome(1.0)


@dataclass(frozen=True)
class HoldsALambda:
    name: str = "planted"
    gate: bool = False
    judge: object = field(default=lambda view: 1.0)

    def __call__(self, view):
        return Outcome(self.judge(view))


class NoGate:
    name = "planted"

    def __call__(self, view):
        return Outcome(1.0)


RULES = [
    (two, "a score is from 0 to 1, not 2.0"),
    (not_a_number, "a score is from 0 to 1, not nan"),
    (needs_reasoning, "the rule raised AttributeError: 'NoneType'"),
    (needs_a_partner, "the rule raised TypeError"),
    (points_nowhere, r"planted.fault: the path 'calls\[\d+\].arguments' points at nothing: calls has no"),
    (points_at_no_root, r"planted.fault: the path 'call\[0\]' begins with none of calls, expected"),
    (costs_nothing, "planted.fault: an error that costs nothing"),
    (no_code, "the code 'It is wrong' does not look like rule.reason"),
    (no_level, "planted.fault: the level 'warning' is no level"),
    (not_json, "planted.fault: `got` or `expected` cannot be written as JSON"),
    (takes_away, "the rule changed what it was given"),
    (throws_dice, "the rule is not deterministic"),
    (reads_tools_unsaid, "it reads case.tools and does not say reads_tools = True"),
    (Sure(), "sure_when_equal, yet it scores 0.0"),
    (SureForAll(), "sure_for says True, yet it scores 0.0"),
    (Fails(), "fails_when_unequal, yet it scores 1"),
    (Thawed(), "its dataclass can be changed"),
    (Counts(), "it changed while it was used: .*seen"),
    (HoldsALambda(), "it cannot be pickled"),
    (NoGate(), "it lacks gate, so it is no Rule"),
]


def _named(value):
    return "" if isinstance(value, str) else getattr(value, "function", type(value)).__name__


@pytest.mark.parametrize(("planted", "words"), RULES, ids=_named)
def test_a_faulty_rule_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^rule 'planted': {words}"):
        testing.check_rule(planted, examples=60)


def test_a_sound_rule_passes_and_a_class_is_told_apart():
    testing.check_rule(tv.rules.CallsRule(), examples=FEW)
    with pytest.raises(AssertionError, match="it is a class; give an instance of it"):
        testing.check_rule(tv.rules.CallsRule)
    with pytest.raises(ProfileError, match="unknown rule 'cals'; did you mean 'calls'"):
        testing.check_rule("cals")


@tv.rule("sound")
def sound(view):
    return float(view.match.exact)


def test_a_decorated_rule_pickles_as_what_it_stands_for():
    testing.check_rule(sound, examples=FEW)
    configured = replace(sound, gate=True)
    again = pickle.loads(pickle.dumps(configured))  # noqa: S301  # our own bytes
    assert (again, again.gate, again.function) == (configured, True, sound.function)


def test_a_rule_within_a_function_is_told_to_move():
    @tv.rule("local")
    def local(view):
        return 1.0

    with pytest.raises(
        AssertionError, match=r"rule 'local': it cannot be pickled .* define it at the top of its module"
    ):
        testing.check_rule(local, examples=FEW)


class Comparison:
    name = "planted"

    def equal(self, got, want, options):
        return JsonComparison().equal(got, want, options)


class KeyLies(Comparison):
    def key(self, value):
        return repr(value) if self.equal(value, value, {}) else None


class KeyIsAList(Comparison):
    def key(self, value):
        return [value]


class OneWay(Comparison):
    def equal(self, got, want, options):
        return got == want or want is None

    def key(self, value):
        return None


class RaisesOnBigNumbers(Comparison):
    def equal(self, got, want, options):
        return bool(got == want) or (
            isinstance(got, int) and isinstance(want, int) and float(got) == float(want)
        )


class Truthy(Comparison):
    def equal(self, got, want, options):
        return got and want


class NeverItself(Comparison):
    def equal(self, got, want, options):
        return False

    def key(self, value):
        return "one"


COMPARISONS = [
    (KeyLies(), "equal says .*, the keys are"),
    (KeyIsAList(), "its key .* cannot be hashed"),
    (OneWay(), "a comparison with a key goes both ways"),
    (RaisesOnBigNumbers(), "equal raised OverflowError"),
    (Truthy(), "equal gives .*, not True or False"),
    (NeverItself(), "a value that has a key does not equal itself"),
]


@pytest.mark.parametrize(("planted", "words"), COMPARISONS, ids=_named)
def test_a_faulty_comparison_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^comparison 'planted': {words}"):
        testing.check_comparison(planted, examples=60)


class Matcher(UnorderedMatcher):
    name: ClassVar[str] = "planted"


class LosesCalls(Matcher):
    def pair(self, got, want, judge):
        match = super().pair(got, want, judge)
        return Match(tuple(pair for pair in match.pairs if pair.expected is not None), match.exact)


class PairsTwice(Matcher):
    def pair(self, got, want, judge):
        match = super().pair(got, want, judge)
        return Match((*match.pairs, *match.pairs[:1]), match.exact)


class AlwaysExact(Matcher):
    def pair(self, got, want, judge):
        return Match(super().pair(got, want, judge).pairs, exact=True)


class NeverExact(Matcher):
    def pair(self, got, want, judge):
        return Match(super().pair(got, want, judge).pairs, exact=False)


class ByPlace(Matcher):
    def pair(self, got, want, judge):
        pairs = [Pair(index, index, equal=True) for index in range(min(len(got), len(want)))]
        rest = [Pair(index, None) for index in range(len(want), len(got))]
        rest += [Pair(None, index) for index in range(len(got), len(want))]
        return Match((*pairs, *rest), exact=not rest)


MATCHERS = [
    (LosesCalls(), "every call stands in exactly one pair: of 3 calls these do"),
    (PairsTwice(), "every call stands in exactly one pair"),
    (AlwaysExact(), "exact, yet not all pairs are equal"),
    (NeverExact(), "calls against themselves do not match exactly"),
    (ByPlace(), ".* is called equal, and the judge says otherwise"),
]


@pytest.mark.parametrize(("planted", "words"), MATCHERS, ids=_named)
def test_a_faulty_matcher_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^matcher 'planted': {words}"):
        testing.check_matcher(planted, examples=60)


class Combiner:
    name = "planted"

    def __call__(self, scores, context):
        return {"all": 1.0}


class NamesChange(Combiner):
    def __call__(self, scores, context):
        return {name: score for name, score in scores.items() if score or not any(scores.values())}


class Divides(Combiner):
    def __call__(self, scores, context):
        return {
            "ratio": scores["format"] / (scores["calls"] - 0.5) if scores["calls"] != 0.5 else float("inf")
        }


class OnlyGatesLies(AllGates):
    name: ClassVar[str] = "planted"

    def __call__(self, scores, context):
        return {"all": scores["calls"]}


class StepsLie(AllGates):
    name: ClassVar[str] = "planted"

    def __call__(self, scores, context):
        return {"all": super().__call__(scores, context)["all"] * (1 + context.step)}


COMBINERS = [
    (NamesChange(), r"its parts are \[.*\] here and"),
    (Divides(), "the part 'ratio' is inf, no finite number"),
    (OnlyGatesLies(), "only_gates, yet other scores or another context"),
    (StepsLie(), "only_gates, yet other scores or another context"),
]


@pytest.mark.parametrize(("planted", "words"), COMBINERS, ids=_named)
def test_a_faulty_combiner_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^combiner 'planted': {words}"):
        testing.check_combiner(planted, examples=60)


class NullIsSilence(CallsAnswer):
    name: ClassVar[str] = "planted"

    def read(self, answer, tools):
        return Expected(((),)) if answer is None else super().read(answer, tools)


class RaisesAnything(CallsAnswer):
    name: ClassVar[str] = "planted"

    def read(self, answer, tools):
        if answer is None:
            return super().read(answer, tools)
        return Expected((tuple(ExpectedCall(call["name"], call["arguments"]) for call in answer),))


class NoOptions(CallsAnswer):
    name: ClassVar[str] = "planted"

    def read(self, answer, tools):
        expected = super().read(answer, tools)
        return Expected(tuple(option for option in expected.options if option))


class NoPath(CallsAnswer):
    name: ClassVar[str] = "planted"

    def read(self, answer, tools):
        try:
            return super().read(answer, tools)
        except tv.errors.AnswerError as error:
            raise tv.errors.AnswerError(error.problem) from error


READERS = [
    (NullIsSilence(), "it reads null"),
    (RaisesAnything(), "read raised (TypeError|KeyError)"),
    (NoOptions(), "it reads no acceptable list of calls"),
    (NoPath(), "the path of an AnswerError begins with answer, not ''"),
]


@pytest.mark.parametrize(("planted", "words"), READERS, ids=_named)
def test_a_faulty_answer_reader_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^answer reader 'planted': {words}"):
        testing.check_answer_reader(planted, examples=60)


class Coercion:
    name = "planted"

    def coerce(self, call, tool):
        return Coerced(call)


class Silent(Coercion):
    def coerce(self, call, tool):
        return Coerced(
            ToolCall(call.name, {key: value for key, value in call.arguments.items() if value != "5"})
        )


class Spoils(Coercion):
    def coerce(self, call, tool):
        changes = [Change(f"arguments.{key}", value, str(value), "text") for key, value in call.arguments.items()
                   if not isinstance(value, str)]  # fmt: skip
        return Coerced(
            ToolCall(call.name, {key: str(value) for key, value in call.arguments.items()}), tuple(changes)
        )


class EvalsNumbers(Coercion):
    def coerce(self, call, tool):
        for value in call.arguments.values():
            if isinstance(value, str) and value.isdigit():
                int(value)
        return Coerced(call)


COERCIONS = [
    (Silent(), "a change to .* that is not told"),
    (Spoils(), "arguments that fit their schema became"),
    (EvalsNumbers(), "coerce raised ValueError"),
]


@pytest.mark.parametrize(("planted", "words"), COERCIONS, ids=_named)
def test_a_faulty_coercion_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^coercion 'planted': {words}"):
        testing.check_coercion(planted, examples=60)


def profile(**keys):
    return Profile.model_validate({"name": "planted", "format": "hermes", "rules": ["calls"], **keys})


PROFILES = [
    (profile(rules=["reasoning", "calls"], combine={"use": "weighted", "weights": {"reasoning": 1.0, "calls": -1.0}}),
     "it earns .*, more than the gold's"),
    (profile(rules=["calls", {"use": "count", "gate": True}], format="tool-n1", limits={"call": 30}),
     "its answer reader reads neither calls nor a gold completion|the gold itself does not pass"),
]  # fmt: skip


@pytest.mark.parametrize(("planted", "words"), PROFILES)
def test_a_faulty_profile_is_found(planted, words):
    with pytest.raises(AssertionError, match=f"(?s)^profile 'planted': {words}"):
        testing.check_profile(planted, examples=60)


class Loose:
    """A sound comparison with a key."""

    name = "loose"

    def equal(self, got, want, options):
        return JsonComparison().equal(_lower(got), _lower(want), options)

    def key(self, value):
        return JsonComparison.key(_lower(value))


def _lower(value):
    if isinstance(value, dict):
        return {key: _lower(member) for key, member in value.items()}
    return value.casefold() if isinstance(value, str) else value


@dataclass(frozen=True)
class WantsSmallLetters:
    """It takes equal calls for the same calls, and by a comparison such as the one above they are not."""

    name: ClassVar[str] = "small"
    gate: ClassVar[bool] = True
    sure_when_equal: ClassVar[bool] = True

    def __call__(self, view):
        shouts = [call for call in view.calls if str(call.arguments.get("unit")).isupper()]
        return Outcome(0.0, error()) if shouts else Outcome(1.0)


def test_two_ways_that_disagree_are_found_where_equal_is_not_the_same(monkeypatch):
    for kind, part in (("comparison", Loose()), ("rule", WantsSmallLetters())):
        table = registry().all(kind)
        known = next(iter(table.values()))
        monkeypatch.setitem(table, part.name, Part(part.name, part, known.plugin))
    testing.check_comparison(Loose(), examples=FEW)
    with pytest.raises(AssertionError, match=r"profile 'planted': score says 0.0, rewards 1.0"):
        testing.check_profile(profile(rules=["calls", "small"], comparison="loose"), examples=FEW)


def test_a_profile_that_pays_for_surplus_calls_is_found_and_may_say_so():
    pays = profile(
        rules=["calls", "count"], combine={"use": "weighted", "weights": {"calls": 0.0, "count": -1.0}}
    )
    with pytest.raises(
        AssertionError, match=r"a wrong call more raises the reward|it earns .*, more than the gold's"
    ):
        testing.check_profile(pays, examples=60)


def test_every_mutation_is_one():
    right = [
        {"name": "f", "arguments": {"a": 1, "b": {"c": [True, None, "x"]}}},
        {"name": "g", "arguments": {}},
    ]
    made = list(testing.every_mutation(right))
    assert len(made) > 30
    assert right not in [mutation.calls for mutation in made]
    kinds = {mutation.what for mutation in made}
    assert {
        "call dropped",
        "call twice",
        "call renamed",
        "member added",
        "member dropped",
        "member renamed",
    } <= kinds


@settings(max_examples=60)
@given(task=testing.tasks())
def test_arguments_fit_the_schemas_that_they_are_made_for(task):
    tools = read_tools(task.tools)
    assert len(tools) == len(task.tools)
    assert all(fits(tools[call.name], call.arguments) for call in task.calls)


@settings(max_examples=60)
@given(data=st.data(), schema=testing.schemas())
def test_arguments_for_is_no_wider_than_the_schema(data, schema):
    assert jsonschema_rs.is_valid(schema, data.draw(testing.arguments_for(schema)))
    assert read_tool({"name": "f", "parameters": schema}).parameters


def test_arguments_for_refuses_what_it_would_pass_over():
    with pytest.raises(ValueError, match="knows no pattern"):
        testing.arguments_for({"type": "string", "pattern": "^a$"})


@settings(max_examples=60)
@given(text=testing.completions("hermes"))
def test_completions_are_texts(text):
    assert isinstance(text, str)


def test_without_hypothesis_the_kit_says_what_to_install():
    code = "import sys; sys.modules['hypothesis'] = None; import toolverify.testing"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "toolverify.testing needs hypothesis: pip install 'toolverify[testing]'" in result.stderr
