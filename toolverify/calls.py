"""The values that travel between the stages: all frozen, all picklable.

Those made for every sample are trees, so the garbage collector need not follow them (`gc=False`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from toolverify.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from toolverify.schema import ToolSpec

Status = Literal[
    "ok",
    "invalid_json",
    "truncated",
    "unclosed",
    "missing_name",
    "non_object_args",
    "in_reasoning",
    "wrong_dialect",
    "limit_exceeded",
]
SegmentKind = Literal["reasoning", "content", "block"]
Level = Literal["error", "note"]
#: What a model wrote: a text, a chat message, or a list of chat messages.
Completion = str | Mapping[str, Any] | list[Any]


class ToolCall(Struct, frozen=True, gc=False):
    """One call as the model wrote it: `arguments` is the wire value."""

    name: str
    arguments: dict[str, Any]


class Attempt(Struct, frozen=True, gc=False):
    """One place where the model tried to call.

    Attributes:
        status: What its syntax is worth. Whether the tool exists is no question of syntax.
        raw: The text of the attempt.
        span: Where `raw` stands in a completion that is a text; None in a message.
        call: The call, when and only when the status is `ok`.
        name: The name of the tool, also where the rest of the attempt is broken.
        flags: Oddities that a profile may price: `duplicate_keys`, `extra_keys`, `ambiguous`.
        detail: What is wrong, in words.
        wire: The arguments as they stood in the text, where that gives them no types: texts, by name. Those of `call`
            are then typed by the tool's schema.
    """

    status: Status
    raw: str
    span: tuple[int, int] | None = None
    call: ToolCall | None = None
    name: str | None = None
    flags: tuple[str, ...] = ()
    detail: str = ""
    wire: Mapping[str, Any] | None = None


class Segment(Struct, frozen=True, gc=False):
    """A stretch of the completion with its markers; all segments joined are the completion again."""

    kind: SegmentKind
    text: str


class Reply(Struct, frozen=True, gc=False):
    """A completion, read.

    Attributes:
        reasoning: What stands between the reasoning markers; None where there was no reasoning.
        content: The text outside reasoning and calls.
        attempts: Every place where the model tried to call, in order.
        segments: The completion cut into pieces; nothing is lost between them.
        flags: Deviations from the format's frame: `reasoning_unclosed`, `reasoning_not_opened`,
            `several_blocks`, `single_object`.
        parsed: The calls came ready-made, so there is no text whose form could be judged.
    """

    reasoning: str | None
    content: str
    attempts: tuple[Attempt, ...]
    segments: tuple[Segment, ...]
    flags: tuple[str, ...] = ()
    parsed: bool = False

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls of the attempts that are `ok`, in order."""
        return tuple([attempt.call for attempt in self.attempts if attempt.call is not None])


class Context(Struct, frozen=True):
    """What else is known of one completion."""

    step: int = 0
    category: str | None = None
    finish_reason: str | None = None
    reasoning_open: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


class Choice(Struct, frozen=True):
    """An expected value with alternatives; `optional` means that it may be left out."""

    values: tuple[Any, ...]
    optional: bool = False


class Fields(Struct, frozen=True):
    """An expected object whose members are `Choice`s."""

    members: dict[str, Choice]


class Items(Struct, frozen=True):
    """An expected list some of whose elements are `Fields`."""

    elements: tuple[Any, ...]


class Compared(Struct, frozen=True):
    """An expected value that is compared in its own way: as its task or its tool's schema says, not its profile."""

    want: Any
    comparison: Any
    options: Mapping[str, Any] = field(default_factory=dict)


class ExpectedCall(Struct, frozen=True):
    """A call of the answer.

    Attributes:
        name: The tool's name.
        arguments: Plain JSON values, or patterns: `Choice`, `Compared`, `Fields`, `Items`.
        plain: Whether they are all plain.
        key: What `Judge.key` gives for a call that equals this one; set when a case is compiled.
    """

    name: str
    arguments: dict[str, Any]
    plain: bool = True
    key: tuple[str, Hashable] | None = None


class Expected(Struct, frozen=True):
    """An answer, read.

    Attributes:
        options: The acceptable lists of calls; one list, unless the answer is an `any_of`.
        text: The gold completion, where the answer is one.
        extra: Whatever an answer reader wants to hand to the other parts of its own leaf.
    """

    options: tuple[tuple[ExpectedCall, ...], ...]
    text: str | None = None
    extra: Any = None


class Case(Struct, frozen=True):
    """An answer and its tools, compiled once and used for every completion of a group.

    Attributes:
        expected: The answer, read.
        profile: The hash of the profile it was compiled for.
        limits: The profile's limits, widened where the answer has many calls.
        keys: For each option, how often each call is expected, by key; None where a call has no key.
        sole_key: The key of the one call of the one option, where that is all.
        given_tools: The tools as they were given.
        specs: The tools, read, where the profile reads them.
        defaults: The documented defaults of the expected tools' arguments, where the profile calls them equivalent.
        sure: Whether every rule scores 1 where the calls equal the answer's, as far as that depends on the case.
    """

    expected: Expected
    profile: str = ""
    limits: Limits = DEFAULT_LIMITS
    keys: tuple[dict[Hashable, int] | None, ...] = ()
    sole_key: tuple[str, Hashable] | None = None
    given_tools: Any = None
    specs: Mapping[str, Any] | None = None
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sure: bool = True

    @property
    def tools(self) -> Mapping[str, ToolSpec] | None:
        """The tools by name, or None where none were given; a profile that reads none reads them when asked."""
        if self.specs is not None or self.given_tools is None:
            return self.specs
        from toolverify.schema import read_tools

        return read_tools(self.given_tools)


class Change(Struct, frozen=True, gc=False):
    """One change that coercion made to one value.

    Attributes:
        path: The value, such as `arguments.days`; in a View, `calls[0].arguments.days`.
        before: The wire value.
        after: What it was read as.
        reason: What kind of change it is, in one word; its finding is `coercion.` and that word.
    """

    path: str
    before: Any
    after: Any
    reason: str


class Coerced(Struct, frozen=True, gc=False):
    """A call after coercion, with every change that led to it.

    Attributes:
        call: The call, typed.
        changes: What was changed.
        steps: How many values were looked at: the work on one reply is bounded by it.
        capped: There was too much to look at, so that the call stays as it was.
    """

    call: ToolCall
    changes: tuple[Change, ...] = ()
    steps: int = 0
    capped: bool = False


class ArgumentVerdict(Struct, frozen=True, gc=False):
    """How one argument of a paired call fared; `left_out` where it was not written, and its default is as good."""

    name: str
    outcome: Literal["equal", "differs", "missing", "surplus"]
    got: Any = None
    expected: Any = None
    comparison: str | None = None
    left_out: bool = False


class Pair(Struct, frozen=True, gc=False):
    """A call and the expected call it was paired with; None where it has no partner.

    `score` is what the matcher paired by; with the core's matchers, the share of right arguments.
    """

    call: int | None
    expected: int | None
    equal: bool = False
    score: float = 0.0


class Match(Struct, frozen=True, gc=False):
    """The pairing of calls with the expected calls of one option of the answer.

    Attributes:
        pairs: Every call and every expected call, each once.
        exact: Whether the calls are the expected ones, as the matcher sees it.
        option: Which option of the answer this is.
        capped: Whether there were too many calls to find the best pairing.
        surplus_is_free: Whether calls beyond the expected ones cost nothing.
    """

    pairs: tuple[Pair, ...]
    exact: bool
    option: int = 0
    capped: bool = False
    surplus_is_free: bool = False


class Finding(Struct, frozen=True, omit_defaults=True, gc=False):
    """One reason for a score.

    Attributes:
        code: What happened, from the list in `toolverify.findings`.
        level: `error` costs, `note` explains.
        path: The value it is about, such as `calls[1].arguments.city`.
        message: One sentence.
        expected: What the answer has there, if anything.
        got: What the model wrote there, if anything.
        comparison: The comparison that decided.
        source_code: The error type of the reference scorer whose rule this is.
    """

    code: str
    level: Level
    path: str
    message: str
    expected: Any = None
    got: Any = None
    comparison: str | None = None
    source_code: str | None = None


class Outcome(Struct, frozen=True, gc=False):
    """What a rule says: a score from 0 to 1 and its reasons."""

    score: float
    findings: tuple[Finding, ...] = ()


class View(Struct, frozen=True, gc=False):
    """What a rule sees.

    `calls` are the calls after coercion, in the order of `reply.calls`, which hold the wire values.
    """

    reply: Reply
    calls: tuple[ToolCall, ...]
    case: Case
    match: Match
    context: Context
    judge: Any
    changes: tuple[Change, ...] = ()

    @property
    def expected(self) -> tuple[ExpectedCall, ...]:
        """The expected calls of the option of the answer that matched best."""
        return self.case.expected.options[self.match.option]


class Verdict(Struct, frozen=True, gc=False):
    """The judgement on one completion.

    `scores` and `parts` have the same keys on every sample of a profile. `reward`, `passed` and their values
    are None when the completion could not be scored: never a silent 0 or 1.
    """

    reward: float | None
    passed: bool | None
    scores: dict[str, float | None]
    parts: dict[str, float | None]
    findings: tuple[Finding, ...]
    pairs: tuple[Pair, ...]

    def explain(self) -> str:
        """Tell in words why the reward is what it is."""
        from toolverify.explain import explain

        return explain(self)
