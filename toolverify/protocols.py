"""What a plugin implements. These shapes are the contract with outsiders; docs/plugins.md explains each.

Every part is immutable and free of side effects: verifiers are shared between threads and pickled. A part whose
behaviour has options is a frozen dataclass whose fields are the options; a profile sets them by name.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from toolverify.calls import (
    ArgumentVerdict,
    Case,
    Coerced,
    Context,
    Expected,
    ExpectedCall,
    Match,
    Outcome,
    Reply,
    ToolCall,
    View,
)
from toolverify.schema import ToolSpec

if TYPE_CHECKING:
    from toolverify.checkup import Fault, Setup
    from toolverify.rendered import Rendered, Run
    from toolverify.tasks.task import Task


@runtime_checkable
class Format(Protocol):
    """Reads and writes one wire format."""

    @property
    def name(self) -> str:
        """The name a profile uses."""
        ...

    def read(self, completion: Any, case: Case, context: Context) -> Reply:
        """Read one assistant turn. Never raises: whatever the model wrote becomes a Reply.

        `completion` is text, unless the format has `reads_messages = True` and gets chat messages as they are. A
        format that reads with Python's own `json` says `python_json = True`: then answers may hold what only that reads.
        """
        ...

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write calls so that `read` gives them back; RenderError for what the format cannot express."""
        ...


@runtime_checkable
class QuickFormat(Protocol):
    """A format that also offers the short way (optional)."""

    def quick(self, completion: str, case: Case) -> list[tuple[str, dict[str, Any]]] | None:
        """Names and arguments of a text in the format's canonical frame; None for any other text.

        The canonical frame: one closed reasoning block first, then nothing but well-formed calls without flags.
        On None the long way is taken, so None is always right.
        """
        ...


@runtime_checkable
class AnswerReader(Protocol):
    """Turns an answer as found in data into what is expected."""

    @property
    def name(self) -> str:
        """The name a profile uses."""
        ...

    def read(self, answer: Any, tools: Mapping[str, ToolSpec] | None) -> Expected:
        """Read one answer; AnswerError with path and mend for a wrong one."""
        ...


@runtime_checkable
class Comparison(Protocol):
    """Decides whether a value equals an expected value. It is asked of single arguments, as whole values.

    Optional:
        same_value: True where equal values are one JSON value, so that whatever holds for one holds for the other.
        may_be_left_out: True where an argument compared so need not be there at all.
        check(want): Refuses an expected value that this comparison cannot work with, by raising a ProfileError.
    """

    @property
    def name(self) -> str:
        """The name a profile uses."""
        ...

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether `got` is as good as `want`. Never raises for what a model wrote."""
        ...


@runtime_checkable
class KeyedComparison(Protocol):
    """A comparison that is an equivalence and can name the class of a value (optional)."""

    def key(self, value: Any) -> Hashable | None:
        """Two values have the same key if and only if they are equal; None where a value has no key."""
        ...


@runtime_checkable
class Coercion(Protocol):
    """Turns wire values into what the tool's schema says.

    Optional:
        keeps_equal: True where equal calls become equal ones, and coercing twice changes no more than once; this
            opens the short way.
    """

    @property
    def name(self) -> str:
        """The name a profile uses."""
        ...

    def coerce(self, call: ToolCall, tool: ToolSpec) -> Coerced:
        """The call with its arguments typed, and every change made. Applying it twice changes nothing more."""
        ...


class Judge(Protocol):
    """Compares calls as the profile says. Made by the verifier, used by matchers and rules."""

    def key(self, call: ToolCall) -> tuple[str, Hashable] | None:
        """The name, and the key of the arguments; None where they have none."""
        ...

    def value(self, got: Any, want: Any) -> bool:
        """Whether a value is as good as an expected value or one of its alternatives."""
        ...

    def equal(self, got: ToolCall, want: ExpectedCall) -> bool:
        """Whether name and all arguments are as expected."""
        ...

    def share(self, got: ToolCall, want: ExpectedCall) -> float:
        """The share of right arguments, whatever the names of the calls; 1 where all are right and none is surplus."""
        ...

    def arguments(self, got: ToolCall, want: ExpectedCall) -> tuple[ArgumentVerdict, ...]:
        """How each argument fared, whatever the names of the calls."""
        ...


@runtime_checkable
class Matcher(Protocol):
    """Pairs calls with expected calls.

    Optional:
        bind(case, context): Called before the calls of a completion are paired; returns the matcher that pairs them. For a
            matcher that must know the tools, or what else is known of the completion.
    """

    @property
    def name(self) -> str:
        """The name a profile uses."""
        ...

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Pair them; every call and every expected call stands in exactly one pair."""
        ...


@runtime_checkable
class Rule(Protocol):
    """Judges one aspect of a reply.

    Optional attributes, all False where absent, that open the short way and speed up compiling:
        reads_tools: The rule reads `case.tools`, so wrong tools are refused when an answer is compiled.
        sure_when_equal: It scores 1 on every reply in the canonical frame whose calls equal the answer's.
        sure_for(case): A method, for a rule that is as sure only for some answers; asked when a case is compiled.
        fails_when_unequal: It scores less than 1 on every reply whose calls differ from the answer's.
        judges_reply: It looks at `view.reply` and `view.case.limits` alone.

    A rule that has any of the last four vouches that it never raises; where a rule has none, it is always asked.
    """

    @property
    def name(self) -> str:
        """The name a profile uses."""
        ...

    @property
    def gate(self) -> bool:
        """Whether a score under 1 means that the reply did not pass. A profile may decide otherwise."""
        ...

    def __call__(self, view: View) -> Outcome:
        """Judge."""
        ...


@runtime_checkable
class Combiner(Protocol):
    """Turns the rules' scores into the priced parts, whose sum is the reward.

    Optional:
        only_gates: True where the parts depend on nothing but whether every gate rule scores 1.
        bind(gates): Called once with the names of the gate rules; returns the combiner to use.
    """

    @property
    def name(self) -> str:
        """The name a profile uses."""
        ...

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """Price the scores. The keys are the same whatever the scores and the context."""
        ...


@runtime_checkable
class Prompt(Protocol):
    """Puts a task to a model.

    Optional:
        shows_tools: True where the tools are given to the model's own chat template, which shows them.
    """

    @property
    def name(self) -> str:
        """The name a plan uses."""
        ...

    def messages(self, task: Task, format_: Format) -> list[dict[str, Any]]:
        """The conversation that the model goes on with; `format_` is the wire format it is asked to write.

        Where the last message is the assistant's, the model goes on writing it.
        """
        ...


@runtime_checkable
class Backend(Protocol):
    """A trainer's adapter: how the reward gets in, and what could keep it from working.

    Optional, all False where absent:
        checks_versions: True where `check` tells of versions itself.
        keeps_special_tokens: True where completions are decoded with their special tokens, or where `check` itself
            tells of markers that decoding strips.
        sees_prompts: True where the adapter sees by itself that a prompt opens the reasoning.
    """

    @property
    def name(self) -> str:
        """The name of the backend."""
        ...

    @property
    def summary(self) -> str:
        """One line."""
        ...

    @property
    def requires(self) -> Mapping[str, str]:
        """The distributions it works with, and the versions it was tried on: `{"trl": ">=1.0,<2"}`."""
        ...

    @property
    def path(self) -> Path | None:
        """The file a trainer is pointed at, where it wants one."""
        ...

    def usage(self, profile: str) -> str:
        """The lines of configuration that plug the reward in."""
        ...

    def gold(self, row: Mapping[str, Any]) -> Any:
        """The `toolverify.training.Gold` of a row of training data; ToolverifyError where it holds none."""
        ...

    def check(self, setup: Setup) -> Iterable[Fault]:
        """What is wrong with a set-up, as far as the backend can tell. Never starts anything."""
        ...


@runtime_checkable
class TrainingBackend(Protocol):
    """A backend that also runs plans (optional)."""

    def render(self, run: Run) -> Rendered:
        """What would be run; PlanError for what this trainer cannot do. Never starts anything, and needs no trainer."""
        ...

    def train(self, run: Run, *, resume: bool) -> bool:
        """Run it, or with `resume` what is left of it; False where its budget ended it before its end.

        PlanError where the run's folder holds a run and `resume` is False, or one of another plan.
        """
        ...
