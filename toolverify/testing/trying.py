"""Trying parts: what they raise, change or forget becomes an AssertionError that names part, law and input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from toolverify.plugins import registry

T = TypeVar("T")
_SHOWN = 300
_NOTHING = object()


@dataclass(frozen=True)
class Named:
    """An input and what it is, for a message."""

    what: str
    value: Any

    def __repr__(self) -> str:
        return f"{self.what}: {self.value!r}" if self.what else repr(self.value)


@dataclass(frozen=True)
class Subject:
    """The part that is tried, and what its failures begin with."""

    kind: str
    part: Any

    def __str__(self) -> str:
        name = getattr(self.part, "name", None)
        return f"{self.kind} {name!r}" if isinstance(name, str) else f"{self.kind} {told(self.part)}"

    def fail(self, problem: str, on: Any = _NOTHING) -> NoReturn:
        """Say what is wrong, and on which input."""
        raise AssertionError(f"{self}: {problem}{'' if on is _NOTHING else f', on {told(on)}'}")

    def require(self, held: bool, problem: str, on: Any = _NOTHING) -> None:
        """Fail unless something held."""
        if not held:
            self.fail(problem, on)

    def ask(
        self,
        what: str,
        function: Callable[..., T],
        *arguments: Any,
        on: Any = _NOTHING,
        may_raise: tuple[type[Exception], ...] = (),
    ) -> T:
        """What a part answers. It must not raise, answers the same again, and leaves its input as it was."""
        before = repr(arguments)
        result = self._called(what, function, arguments, on, may_raise)
        again = self._called(what, function, arguments, on, may_raise)
        self.require(same(result, again), f"{what} is not deterministic: it gave two results", on)
        self.require(repr(arguments) == before, f"{what} changed what it was given", on)
        return result

    def _called(
        self,
        what: str,
        function: Callable[..., T],
        arguments: tuple[Any, ...],
        on: Any,
        may_raise: tuple[type[Exception], ...],
    ) -> T:
        try:
            return function(*arguments)
        except may_raise:
            raise
        except Exception as error:  # whatever a foreign part raises, its author is told where
            shown = f"{self}: {what} raised {type(error).__name__}: {str(error)[:_SHOWN]}"
            raise AssertionError(f"{shown}{'' if on is _NOTHING else f', on {told(on)}'}") from error


def same(one: Any, other: Any) -> bool:
    """Whether two results are the same to a reader: NaN is NaN, 1 is not 1.0."""
    return repr(one) == repr(other) or (type(one) is type(other) and bool(one == other))


def told(value: Any) -> str:
    """A value as text, its beginning where that is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"


def find(kind: str, part: Any) -> Any:
    """A part as it is, or the installed one of that name.

    Raises:
        ProfileError: None of that name is installed.
    """
    return registry().get(kind, part).value if isinstance(part, str) else part


def explore(law: Callable[..., object], *strategies: SearchStrategy[Any], examples: int) -> None:
    """Try a law on what hypothesis makes up: the same examples on every run, the smallest that breaks it is shown."""
    steady = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )

    def lawful(drawn: tuple[Any, ...]) -> None:
        law(*drawn)

    try:
        steady(given(st.tuples(*strategies))(lawful))()
    except Flaky as error:
        raise AssertionError(
            f"not deterministic: one input gave two results, of which one broke a law: {error}"
        ) from error
