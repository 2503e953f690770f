"""Relaxations: comparisons that let some differences pass. Nothing relaxes by itself; a profile, a task or a schema asks.

Each compares whole JSON values: objects member by member in any order, lists element by element.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from math import isfinite
from typing import Any, ClassVar

from toolverify.compare import json_equal
from toolverify.errors import ProfileError
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Comparison


@dataclass(frozen=True)
class Folded:
    """Values are equal when they are equal after folding; the foldings can be combined.

    Attributes:
        casefold: Upper and lower case are one.
        whitespace: A run of white space is one blank, and none counts at either end.
        unordered: Lists are equal in any order.
        datetime: ISO 8601 texts of one moment are one: zones are reckoned in, a date is its midnight.
    """

    name: str
    casefold: bool = False
    whitespace: bool = False
    unordered: bool = False
    datetime: bool = False

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether both fold into the same value."""
        del options
        key = self.key(want)
        return key is not None and self.key(got) == key

    def key(self, value: Any) -> Hashable | None:
        """The folded value, frozen; None for what equals nothing, as NaN does."""
        try:
            return (self._fold(value),)
        except _NoKeyError:
            return None

    def _fold(self, value: Any) -> Hashable:
        if isinstance(value, str):
            return self._fold_text(value)
        if isinstance(value, dict):
            return frozenset([(name, self._fold(part)) for name, part in value.items()])
        if isinstance(value, list | tuple):
            parts = [self._fold(part) for part in value]
            return ("bag", frozenset(Counter(parts).items())) if self.unordered else ("list", *parts)
        if isinstance(value, bool):
            return ("bool", value)
        if isinstance(value, float) and not isfinite(value):
            raise _NoKeyError
        return value  # type: ignore[no-any-return]

    def _fold_text(self, text: str) -> Hashable:
        moment = read_moment(text) if self.datetime else None
        if moment is not None:
            return ("moment", moment)
        if self.whitespace:
            text = " ".join(text.split())
        return text.casefold() if self.casefold else text


class _NoKeyError(Exception):
    """The value equals nothing, not even itself."""


_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2}|\d{8}(?=[Tt])|\d{4}-W\d{2}-\d)?"
    r"((?:(?<=\d)[Tt ]|\A[Tt]?)(?:\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?|(?<=[Tt])\d{4}(?:\d{2})?)"
    r"(?:[Zz]|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_LONGEST_MOMENT = 40


def read_moment(text: str) -> str | None:
    """The moment that an ISO 8601 text names, in one spelling; None for any other text."""
    text = text.strip()
    found = _ISO.fullmatch(text) if 0 < len(text) <= _LONGEST_MOMENT else None
    if found is None:
        return None
    try:
        return _time(text) if found[1] is None else _date_and_time(text)
    except (ValueError, OverflowError):  # the 30th of February, or a zone that leads out of the calendar
        return None


def _date_and_time(text: str) -> str:
    moment = datetime.fromisoformat(text.upper())
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def _time(text: str) -> str:
    return time.fromisoformat(text.upper()).isoformat()


Leaf = Callable[[Any, Any], bool]


def _walk(got: Any, want: Any, leaf: Leaf) -> bool:
    """Whether two values have one shape, and `leaf` finds what stands in it equal."""
    if isinstance(want, dict):
        return (
            isinstance(got, dict)
            and got.keys() == want.keys()
            and all([_walk(got[name], part, leaf) for name, part in want.items()])
        )
    if isinstance(want, list | tuple):
        return (
            isinstance(got, list | tuple)
            and len(got) == len(want)
            and all([_walk(*pair, leaf) for pair in zip(got, want, strict=True)])
        )
    return leaf(got, want)


@dataclass(frozen=True)
class NumberComparison:
    """Numbers are equal within a tolerance, everything else as in JSON.

    Attributes:
        tol: How far apart two numbers may be.
        relative: How far apart they may be as a share of the expected one.
    """

    name: ClassVar[str] = "number"
    tol: float = 1e-9
    relative: float = 0.0

    def __post_init__(self) -> None:
        """A tolerance is a finite number that is not negative."""
        for option in ("tol", "relative"):
            value = getattr(self, option)
            if not 0 <= value < float("inf"):
                mend = "give a number that is not negative"
                raise ProfileError(f"the tolerance is {value}", path=f"number.{option}", mend=mend)

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether both are equal but for small differences of numbers."""
        del options
        return _walk(got, want, self._near)

    def _near(self, got: Any, want: Any) -> bool:
        if not _is_number(got) or not _is_number(want):
            return json_equal(got, want)
        try:
            return bool(abs(got - want) <= max(self.tol, self.relative * abs(want)))
        except OverflowError:  # an integer beyond every double
            return bool(got == want)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)


def _is_finite(value: float) -> bool:
    return isinstance(value, int) or isfinite(value)


@dataclass(frozen=True)
class OneOfComparison:
    """A value is equal to any of several.

    Attributes:
        values: What is as good as the expected value. Without them the expected value is a list of what is right.
    """

    name: ClassVar[str] = "one-of"
    values: tuple[Any, ...] = ()

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether the value is one of those."""
        del options
        if self.values:
            return json_equal(got, want) or any(json_equal(got, value) for value in self.values)
        if isinstance(want, list | tuple):
            return any(json_equal(got, value) for value in want)
        return json_equal(got, want)


@dataclass(frozen=True)
class RegexComparison:
    """A text is equal when the whole of it matches a pattern; the search is linear in the text, whatever the pattern.

    Attributes:
        pattern: The pattern. Without it the expected value is the pattern.
    """

    name: ClassVar[str] = "regex"
    pattern: str | None = None

    def __post_init__(self) -> None:
        """A pattern that cannot be used is refused at once."""
        if self.pattern is not None:
            check_pattern(self.pattern)

    def check(self, want: Any) -> None:
        """Refuse an expected value that is no usable pattern."""
        for text in _texts(want) if self.pattern is None else ():
            check_pattern(text)

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether texts match; other values are compared as in JSON."""
        del options
        if self.pattern is not None:
            return isinstance(got, str) and matches(self.pattern, got)
        return _walk(got, want, _matches_or_equals)


def _matches_or_equals(got: Any, want: Any) -> bool:
    if not isinstance(want, str):
        return json_equal(got, want)
    return isinstance(got, str) and matches(want, got)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for part in parts for text in _texts(part)]


def check_pattern(pattern: str) -> None:
    """Refuse what is no pattern, or cannot be searched in linear time.

    Raises:
        ProfileError: With the reason.
    """
    try:
        _matcher(pattern)
    except ValueError as error:
        problem = f"not a pattern that can be searched in linear time: {pattern[:80]!r}"
        mend = "use a regular expression without look-around and back-references"
        raise ProfileError(problem, path="regex", mend=mend) from error


@lru_cache(maxsize=512)
def _matcher(pattern: str) -> Callable[[str], bool]:
    """The linear engine that checks the patterns of schemas."""
    import jsonschema_rs

    linear = jsonschema_rs.RegexOptions()
    jsonschema_rs.Draft202012Validator(
        {"pattern": pattern}, pattern_options=linear
    )  # it must be sound alone, too
    whole = {"pattern": rf"\A(?:{pattern})\z"}
    return jsonschema_rs.Draft202012Validator(whole, pattern_options=linear).is_valid


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of a text matches a pattern; a pattern that cannot be used matches nothing."""
    try:
        return _matcher(pattern)(text)
    except ValueError:  # a surrogate without a partner in the text
        return False


@dataclass(frozen=True)
class IgnoreComparison:
    """Everything is equal, and an argument may be left out: it is not judged at all."""

    name: ClassVar[str] = "ignore"
    may_be_left_out: ClassVar[bool] = True

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Always."""
        del got, want, options
        return True


@hookimpl
def toolverify_comparisons() -> Sequence[Comparison]:
    """The relaxations of the core."""
    return [
        Folded("casefold", casefold=True),
        Folded("whitespace", whitespace=True),
        Folded("unordered", unordered=True),
        Folded("datetime", datetime=True),
        NumberComparison(),
        OneOfComparison(),
        RegexComparison(),
        IgnoreComparison(),
    ]
