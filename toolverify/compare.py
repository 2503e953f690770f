"""When a value is as good as another: the comparisons of the core."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar

import msgspec

from toolverify.hookspecs import hookimpl
from toolverify.protocols import Comparison


@dataclass(frozen=True)
class JsonComparison:
    """Numbers by value, booleans only with booleans, strings by code point, objects unordered, lists ordered."""

    name: ClassVar[str] = "json"
    same_value: ClassVar[bool] = True

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether both are the same JSON value; NaN and the infinities are none."""
        del options
        return json_equal(got, want)

    @staticmethod
    def key(value: Any) -> Hashable | None:
        """The value with its containers frozen."""
        return frozen_json(value)


def json_equal(got: Any, want: Any) -> bool:
    """Whether two values are the same JSON value."""
    if type(got) is str or type(want) is str:
        return type(got) is type(want) and bool(got == want)
    if isinstance(got, bool) or isinstance(want, bool):
        return got is want
    if isinstance(got, dict) and isinstance(want, dict):
        return got.keys() == want.keys() and all([json_equal(got[key], want[key]) for key in want])
    if isinstance(got, list | tuple) and isinstance(want, list | tuple):
        return len(got) == len(want) and all([json_equal(*pair) for pair in zip(got, want, strict=True)])
    if isinstance(got, dict | list | tuple) or isinstance(want, dict | list | tuple):
        return False
    return bool(got == want) and not _is_no_number(got)


def _is_no_number(value: Any) -> bool:
    """NaN and the infinities are no JSON values, and equal nothing."""
    return isinstance(value, float) and not isfinite(value)


def frozen_json(value: Any) -> Hashable | None:
    """A hashable twin: equal if and only if the values are the same JSON value; None where NaN or an infinity makes that void.

    A list begins with its own tag and a boolean is a tagged pair, so that nothing else can look like either.
    """
    try:
        return (_freeze(value),)
    except (_NoKeyError, TypeError):
        return None


class _NoKeyError(Exception):
    """The value equals nothing, not even itself."""


def _freeze(value: Any) -> Hashable:
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return frozenset(
            [
                (key, part if type(part) is str or type(part) is int else _freeze(part))
                for key, part in value.items()
            ]
        )
    if kind is list or kind is tuple:
        return ("list", *[_freeze(element) for element in value])
    if kind is bool:
        return ("bool", value)
    if _is_no_number(value):
        raise _NoKeyError
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True)
class JsonTextComparison:
    """Equality of sorted JSON text: 1 differs from 1.0 and -0.0 from 0.0, NaN equals NaN."""

    name: ClassVar[str] = "json-text"
    same_value: ClassVar[bool] = True

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether both are written alike."""
        del options
        if type(got) is str or type(want) is str:
            return type(got) is type(want) and bool(got == want)
        key = json_text(want)
        return key is not None and json_text(got) == key

    @staticmethod
    def key(value: Any) -> Hashable | None:
        """The sorted text itself."""
        return json_text(value)


_sorted_bytes = msgspec.json.Encoder(order="sorted").encode


def json_text(value: Any) -> str | bytes | None:
    """Sorted JSON text, the same for equal values and different for different ones.

    msgspec writes NaN and Infinity as null and refuses surrogates without a partner, so values with any of these, or
    with a null, are written by the standard library: bytes and text never equal each other.
    """
    try:
        text = _sorted_bytes(value)
    except UnicodeEncodeError:
        return _standard_text(value)
    except (TypeError, ValueError):
        return None
    return text if b"null" not in text else _standard_text(value)


def _standard_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class PythonComparison:
    """Python's own `==`: 1, 1.0 and True are equal."""

    name: ClassVar[str] = "python"

    def equal(self, got: Any, want: Any, options: Mapping[str, Any]) -> bool:
        """Whether Python finds both equal."""
        del options
        return bool(got == want)


@hookimpl
def toolverify_comparisons() -> Sequence[Comparison]:
    """The three equalities of the core."""
    return [JsonComparison(), JsonTextComparison(), PythonComparison()]
