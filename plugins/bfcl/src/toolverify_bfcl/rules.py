"""Judging a reply: the matcher compares as the category says, and the rules tell what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from toolverify import Outcome
from toolverify.calls import Case, Context, ExpectedCall, Match, Pair, ToolCall, View
from toolverify.match import UnorderedMatcher
from toolverify.protocols import Judge
from toolverify_bfcl.calls import Manner
from toolverify_bfcl.decoded import Decoding, decoding_of
from toolverify_bfcl.kinds import language_of
from toolverify_bfcl.lists import judge as judge_calls
from toolverify_bfcl.problems import Problem, as_finding

Wanted = Literal["calls", "no calls", "any call"]

_PASS = Outcome(1.0)
_DECODER: dict[Decoding, str] = {
    "failed": "ast_decoder:decoder_failed",
    "beyond": "ast_decoder:decoder_failed",
    "wrong_format": "ast_decoder:decoder_wrong_output_format",
}


class BfclMatch(Match, frozen=True, gc=False):
    """The comparisons that were made, and the reason against the calls, if there is one."""

    problem: Problem | None = None


def wanted(case: Case, category: str | None) -> Wanted:
    """What a row asks for: the category says it, or an answer without calls."""
    if category and "irrelevance" in category:
        return "no calls"
    if category and "relevance" in category:
        return "any call"
    return "calls" if case.expected.extra else "no calls"


def category_of(case: Case, category: str | None) -> str:
    """The category, or what answer and tools look like: several gold calls are `parallel`, several tools `multiple`."""
    if category is not None:
        return category
    if len(case.expected.extra) > 1:
        return "parallel"
    return "multiple" if len(case.tools or ()) > 1 else "simple"


def tools_of(case: Case) -> list[Any]:
    """The tools as the data has them, which is how the reference reads them."""
    originals = [spec.original for spec in (case.tools or {}).values()]
    return [tool["function"] if isinstance(tool.get("function"), dict) else tool for tool in originals]


@dataclass(frozen=True)
class BfclMatcher:
    """Calls compared as BFCL's checker does: all of them where the category is parallel, else the first alone.

    Attributes:
        underscores: Names have `_` where the tools' names have dots, as APIs for function calling want it. A row whose
            `mode` is `fc` is judged so in any case.
    """

    name: ClassVar[str] = "bfcl"
    underscores: bool = False

    def bind(self, case: Case, context: Context) -> BoundMatcher:
        """The matcher for the completions of a case, seen in a context."""
        underscores = self.underscores or context.extra.get("mode") == "fc"
        return BoundMatcher(case, context, underscores)

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Pair calls of which no more is known than themselves."""
        return UnorderedMatcher().pair(got, want, judge)


@dataclass(frozen=True)
class BoundMatcher:
    """The matcher, with what it must know of a row."""

    case: Case
    context: Context
    underscores: bool
    name: ClassVar[str] = "bfcl"

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Compare the calls with the gold calls."""
        del judge
        if wanted(self.case, self.context.category) != "calls":
            alone = [Pair(index, None) for index in range(len(got))]
            return BfclMatch((*alone, *[Pair(None, index) for index in range(len(want))]), exact=not alone)
        category = category_of(self.case, self.context.category)
        manner = Manner(language_of(self.context.category), self.underscores)
        calls = [_as_texts(call) for call in got] if manner.underscores and manner.language.convert else got
        judged = judge_calls(tools_of(self.case), calls, self.case.expected.extra, category, manner)
        return BfclMatch(judged.pairs, exact=judged.problem is None, problem=judged.problem)


def _as_texts(call: ToolCall) -> ToolCall:
    """A call made by function calling, with its values as the texts that Java and JavaScript are judged by."""
    return ToolCall(call.name, {name: str(value) for name, value in call.arguments.items()})


@dataclass(frozen=True)
class DecodeRule:
    """The reply decodes to a list of calls, be it an empty one. Where no call or any call is due, that is not asked."""

    name: ClassVar[str] = "bfcl-decode"
    gate: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score 1 or 0."""
        decoding, reason = decoding_of(view.reply)
        if decoding == "calls" or wanted(view.case, view.context.category) != "calls":
            return _PASS
        code = "bfcl.limit_exceeded" if decoding == "beyond" else ""
        return Outcome(0.0, (as_finding(Problem(_DECODER[decoding], reason, code=code)),))


@dataclass(frozen=True)
class AstRule:
    """The calls pass BFCL's checker: 1, or the share of gold calls that were met before it gave up."""

    name: ClassVar[str] = "bfcl-ast"
    gate: ClassVar[bool] = True
    reads_tools: ClassVar[bool] = True

    def __call__(self, view: View) -> Outcome:
        """Score the calls; what does not decode scores 0, and the reason stands with `bfcl-decode`."""
        decoding, reason = decoding_of(view.reply)
        asked = wanted(view.case, view.context.category)
        if asked != "calls":
            problem = _relevance(asked, decoding, reason, len(view.calls))
            return _PASS if problem is None else Outcome(0.0, (as_finding(problem),))
        if decoding != "calls":
            return Outcome(0.0)
        match = view.match if isinstance(view.match, BfclMatch) else _match(view)
        if match.problem is None:
            return _PASS
        met = sum([pair.equal for pair in match.pairs]) / max(len(match.pairs), 1)
        return Outcome(met, (as_finding(match.problem),))


def _match(view: View) -> BfclMatch:
    """The comparison, where a profile has another matcher."""
    match = BfclMatcher().bind(view.case, view.context).pair(view.calls, view.expected, view.judge)
    return match if isinstance(match, BfclMatch) else BfclMatch((), exact=False)


def _relevance(asked: Wanted, decoding: Decoding, reason: str, calls: int) -> Problem | None:
    """Where no call is due, whatever does not decode is right; where any is due, whatever decodes to one."""
    called = decoding == "calls" and calls > 0
    if asked == "any call":
        message = reason or "no call is made where one is due"
        return None if called else Problem("relevance_error:decoder_failed", message)
    if decoding == "beyond":
        return Problem("irrelevance_error:decoder_success", reason, code="bfcl.limit_exceeded")
    message = "a call is made where none is due"
    return Problem("irrelevance_error:decoder_success", message, got=calls) if called else None
