"""Python's own `json.loads`, without its ways to die: for leaves that copy a scorer which calls it.

Accepted and refused are the same texts, NaN and lone surrogates included. Where `json.loads` runs out of the
interpreter's stack or meets an integer it will not convert, that is told and not raised. RecursionError leaves this
module only for text within the limit on depth, and then scoring goes on with a stack of its own.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolverify.formats.engines.json_value import deeper_than, json_space, nests_beyond, scan_once
from toolverify.limits import Limits


class Loaded(Struct, frozen=True, gc=False):
    """A value; or that the text is not JSON; or the exception `json.loads` would end the step with."""

    value: Any = None
    status: Literal["ok", "invalid", "raises"] = "ok"
    raised: str = ""


_decode = msgspec.json.decode
_INVALID = Loaded(status="invalid")


def load_python_json(text: str, limits: Limits) -> Loaded:
    """Load one JSON text as `json.loads` would; what msgspec accepts, it reads alike and faster."""
    try:
        value = _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _load_slowly(text, limits)
    return _in_bounds(value, text, limits)


def _load_slowly(text: str, limits: Limits) -> Loaded:
    try:
        scan_once(text, json_space(text, 0))  # refuses most broken text sooner than json.loads
        value = json.loads(text)
    except (json.JSONDecodeError, StopIteration):
        return _INVALID
    except RecursionError:
        if not deeper_than(limits.depth, text):
            raise  # the caller stands near the end of its stack
        return Loaded(status="raises", raised="RecursionError")
    except ValueError:  # more digits than int() converts
        return Loaded(status="raises", raised="ValueError")
    return _in_bounds(value, text, limits)


def _in_bounds(value: Any, text: str, limits: Limits) -> Loaded:
    if len(text) > 2 * limits.depth and nests_beyond(limits.depth, text):
        return Loaded(status="raises", raised="RecursionError")
    return Loaded(value)
