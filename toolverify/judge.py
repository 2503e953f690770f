"""Comparing calls with expected calls as a profile says."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from toolverify.calls import ArgumentVerdict, Case, Choice, Compared, ExpectedCall, Fields, Items, ToolCall
from toolverify.protocols import Comparison, KeyedComparison

_NOTHING: Mapping[str, Any] = {}


class CallJudge(Struct, frozen=True):
    """The judge a verifier hands to matchers and rules.

    Attributes:
        comparison: The profile's comparison, for values that have none of their own.
        options: Its options, where it takes them with every question.
        value_key: Its keys, where it has them.
        defaults: For each tool, the arguments that may be left out and what they are then.
    """

    comparison: Comparison
    options: Mapping[str, Any]
    value_key: Callable[[Any], Hashable | None] | None = None
    defaults: Mapping[str, Mapping[str, Any]] = _NOTHING

    def for_case(self, case: Case) -> CallJudge:
        """The judge of one case's calls."""
        return self.with_defaults(case.defaults)

    def with_defaults(self, defaults: Mapping[str, Mapping[str, Any]]) -> CallJudge:
        """A judge that knows what arguments are when they are left out."""
        return replace(self, defaults=defaults) if defaults else self

    def key(self, call: ToolCall | ExpectedCall) -> tuple[str, Hashable] | None:
        """A key equal for equal calls, or None where the comparison has none for this one."""
        if self.value_key is None:
            return None
        arguments = call.arguments
        if self.defaults:
            arguments = self._without_defaults(call.name, arguments)
        key = self.value_key(arguments)
        return None if key is None else (call.name, key)

    def _without_defaults(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments without those that are what they would be anyway."""
        defaults = self.defaults.get(name)
        if not defaults:
            return arguments
        return {
            key: value
            for key, value in arguments.items()
            if key not in defaults or not self.comparison.equal(value, defaults[key], self.options)
        }

    def value(self, got: Any, want: Any) -> bool:
        """Whether a value is as good as an expected value or one of its alternatives."""
        if not isinstance(want, Struct):
            return self.comparison.equal(got, want, self.options)
        if isinstance(want, Choice):
            return any(self.value(got, alternative) for alternative in want.values)
        if isinstance(want, Compared):
            return bool(want.comparison.equal(got, want.want, want.options))
        if isinstance(want, Fields):
            return isinstance(got, dict) and self._members(got, want.members, _NOTHING)
        return (
            isinstance(want, Items)
            and isinstance(got, list)
            and len(got) == len(want.elements)
            and all(self.value(*pair) for pair in zip(got, want.elements, strict=True))
        )

    def equal(self, got: ToolCall, want: ExpectedCall) -> bool:
        """Whether name and all arguments are as expected."""
        return got.name == want.name and self._members(got.arguments, want.arguments, self._defaults(want))

    def _defaults(self, want: ExpectedCall) -> Mapping[str, Any]:
        return self.defaults.get(want.name, _NOTHING)

    def _members(self, got: Mapping[str, Any], want: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
        """Whether what is there is as expected, and what is not may be left out."""
        return all(
            [
                self.value(got[name], value) if name in got else self._may_be_left_out(name, value, defaults)
                for name, value in want.items()
            ]
        ) and all([name in want or self._is_default(name, got[name], defaults) for name in got])

    def _may_be_left_out(self, name: str, want: Any, defaults: Mapping[str, Any]) -> bool:
        if isinstance(want, Choice) and want.optional:
            return True
        return name in defaults and self.value(defaults[name], want)

    def _is_default(self, name: str, got: Any, defaults: Mapping[str, Any]) -> bool:
        return name in defaults and self.comparison.equal(got, defaults[name], self.options)

    def share(self, got: ToolCall, want: ExpectedCall) -> float:
        """The share of right arguments, whatever the names of the calls: 1 where all are right and no others."""
        if want.plain and want.name not in self.defaults:
            given, wanted, equal = got.arguments, want.arguments, self.comparison.equal
            right = sum([name in given and equal(given[name], wanted[name], self.options) for name in wanted])
            every = len(wanted) + sum([name not in wanted for name in given])
        else:
            outcomes = [verdict.outcome for verdict in self.arguments(got, want)]
            right, every = outcomes.count("equal"), len(outcomes)
        return right / every if every else 1.0

    def arguments(self, got: ToolCall, want: ExpectedCall) -> tuple[ArgumentVerdict, ...]:
        """How each argument fared: first the expected ones, then the surplus ones."""
        defaults = self._defaults(want)
        verdicts = [self._expected(name, got, value, defaults) for name, value in want.arguments.items()]
        verdicts += [
            self._surplus(name, value, defaults)
            for name, value in got.arguments.items()
            if name not in want.arguments
        ]
        return tuple([verdict for verdict in verdicts if verdict is not None])

    def _expected(
        self, name: str, got: ToolCall, want: Any, defaults: Mapping[str, Any]
    ) -> ArgumentVerdict | None:
        if name not in got.arguments:
            if not self._may_be_left_out(name, want, defaults):
                return ArgumentVerdict(name, "missing", expected=shown(want))
            if name not in defaults:
                return None
            return ArgumentVerdict(name, "equal", defaults[name], shown(want), left_out=True)
        value = got.arguments[name]
        comparison = self.comparison if not isinstance(want, Struct) else _decider(want) or self.comparison
        if self.value(value, want):
            return ArgumentVerdict(name, "equal", value, value, comparison.name)
        return ArgumentVerdict(name, "differs", value, shown(want), comparison.name)

    def _surplus(self, name: str, value: Any, defaults: Mapping[str, Any]) -> ArgumentVerdict:
        if self._is_default(name, value, defaults):
            return ArgumentVerdict(name, "equal", value, value, self.comparison.name)
        return ArgumentVerdict(name, "surplus", got=value)


def make_judge(comparison: Comparison, options: Mapping[str, Any] = _NOTHING) -> CallJudge:
    """A judge that compares values so."""
    key = comparison.key if isinstance(comparison, KeyedComparison) and not options else None
    return CallJudge(comparison, options, key)


def _decider(want: Any) -> Comparison | None:
    """The comparison of its own that a value has."""
    while isinstance(want, Choice) and want.values:
        want = want.values[0]
    return want.comparison if isinstance(want, Compared) else None


def shown(want: Any) -> Any:
    """An expected value as plain JSON: alternatives become `{"any_of": […]}`."""
    if isinstance(want, Choice):
        values = [shown(value) for value in want.values]
        return values[0] if len(values) == 1 else {"any_of": values}
    if isinstance(want, Compared):
        return want.want
    if isinstance(want, Fields):
        return {key: shown(value) for key, value in want.members.items()}
    if isinstance(want, Items):
        return [shown(element) for element in want.elements]
    return want
