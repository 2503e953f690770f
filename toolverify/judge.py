"""Comparing calls with expected calls as a profile says."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from msgspec import Struct

from toolverify.calls import ArgumentVerdict, Choice, ExpectedCall, Fields, Items, ToolCall
from toolverify.protocols import Comparison, KeyedComparison


class CallJudge(Struct, frozen=True):
    """The judge a verifier hands to matchers and rules."""

    comparison: Comparison
    options: Mapping[str, Any]
    value_key: Callable[[Any], Hashable | None] | None = None

    def key(self, call: ToolCall | ExpectedCall) -> tuple[str, Hashable] | None:
        """A key equal for equal calls, or None where the comparison has none for this one."""
        if self.value_key is None:
            return None
        key = self.value_key(call.arguments)
        return None if key is None else (call.name, key)

    def value(self, got: Any, want: Any) -> bool:
        """Whether a value is as good as an expected value or one of its alternatives."""
        if isinstance(want, Choice):
            return any(self.value(got, alternative) for alternative in want.values)
        if isinstance(want, Fields):
            return isinstance(got, dict) and self._members(got, want.members)
        if isinstance(want, Items):
            return (
                isinstance(got, list)
                and len(got) == len(want.elements)
                and all(self.value(*pair) for pair in zip(got, want.elements, strict=True))
            )
        return self.comparison.equal(got, want, self.options)

    def equal(self, got: ToolCall, want: ExpectedCall) -> bool:
        """Whether name and all arguments are as expected."""
        if got.name != want.name:
            return False
        if want.plain:
            return self.comparison.equal(got.arguments, want.arguments, self.options)
        return self._members(got.arguments, want.arguments)

    def _members(self, got: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
        return all(key in want for key in got) and all(
            self.value(got[key], value) if key in got else _may_be_left_out(value)
            for key, value in want.items()
        )

    def arguments(self, got: ToolCall, want: ExpectedCall) -> tuple[ArgumentVerdict, ...]:
        """How each argument fared: first the expected ones, then the surplus ones."""
        expected = [self._argument(name, got, value) for name, value in want.arguments.items()]
        surplus = [
            ArgumentVerdict(name, "surplus", got=value)
            for name, value in got.arguments.items()
            if name not in want.arguments
        ]
        return (*[verdict for verdict in expected if verdict], *surplus)

    def _argument(self, name: str, got: ToolCall, want: Any) -> ArgumentVerdict | None:
        if name not in got.arguments:
            return None if _may_be_left_out(want) else ArgumentVerdict(name, "missing", expected=shown(want))
        value = got.arguments[name]
        if self.value(value, want):
            return ArgumentVerdict(name, "equal", value, value, self.comparison.name)
        return ArgumentVerdict(name, "differs", value, shown(want), self.comparison.name)


def make_judge(comparison: Comparison) -> CallJudge:
    """A judge that compares values so."""
    return CallJudge(comparison, {}, comparison.key if isinstance(comparison, KeyedComparison) else None)


def _may_be_left_out(want: Any) -> bool:
    return isinstance(want, Choice) and want.optional


def shown(want: Any) -> Any:
    """An expected value as plain JSON: alternatives become `{"any_of": […]}`."""
    if isinstance(want, Choice):
        values = [shown(value) for value in want.values]
        return values[0] if len(values) == 1 else {"any_of": values}
    if isinstance(want, Fields):
        return {key: shown(value) for key, value in want.members.items()}
    if isinstance(want, Items):
        return [shown(element) for element in want.elements]
    return want
