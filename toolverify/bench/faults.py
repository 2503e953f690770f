"""What a completion does with the right calls: keeps them, reorders them, or gets one thing wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

Calls = list[dict[str, Any]]

#: How often each kind of completion occurs, in thousandths: about half of all are right.
SHARES = {
    "correct": 350,
    "reordered": 155,
    "wrong_value": 120,
    "wrong_type": 75,
    "missing_argument": 75,
    "malformed_json": 70,
    "extra_call": 50,
    "missing_call": 30,
    "wrong_name": 25,
    "no_think": 30,
    "no_call": 20,
}
#: The kinds that the binary reward pays.
RIGHT = frozenset({"correct", "reordered"})


def changed_calls(rng: Random, calls: Calls, label: str) -> Calls:
    """The calls as a completion of this kind has them; the given ones stay as they are."""
    change = _CHANGES.get(label)
    copied = copy.deepcopy(calls)
    return copied if change is None else change(rng, copied)


def _reordered(rng: Random, calls: Calls) -> Calls:
    """Calls, arguments, and the two keys of a call in another order."""
    rng.shuffle(calls)
    return [{"arguments": _shuffled(rng, call["arguments"]), "name": call["name"]} for call in calls]


def _shuffled(rng: Random, members: dict[str, Any]) -> dict[str, Any]:
    return {key: members[key] for key in rng.sample(list(members), len(members))}


def _wrong_value(rng: Random, calls: Calls) -> Calls:
    return _replaced(rng, calls, _another_value)


def _wrong_type(rng: Random, calls: Calls) -> Calls:
    return _replaced(rng, calls, _another_type)


def _replaced(rng: Random, calls: Calls, replace: Callable[[Any], Any]) -> Calls:
    arguments = rng.choice(calls)["arguments"]
    key = rng.choice(list(arguments))
    arguments[key] = replace(arguments[key])
    return calls


def _another_value(value: Any) -> Any:
    """A value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value} area"
    if isinstance(value, list):
        return value[:-1]
    return {**value, next(iter(value)): _another_value(next(iter(value.values())))}


def _another_type(value: Any) -> Any:
    """The same value as a careless model writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(value) if isinstance(value, dict) else [value]


def _missing_argument(rng: Random, calls: Calls) -> Calls:
    arguments = rng.choice(calls)["arguments"]
    del arguments[rng.choice(list(arguments))]
    return calls


def _extra_call(rng: Random, calls: Calls) -> Calls:
    calls.insert(rng.randrange(len(calls) + 1), copy.deepcopy(rng.choice(calls)))
    return calls


def _missing_call(rng: Random, calls: Calls) -> Calls:
    del calls[rng.randrange(len(calls))]
    return calls


def _wrong_name(rng: Random, calls: Calls) -> Calls:
    call = rng.choice(calls)
    call["name"] = call["name"].replace("_", ".", 1)
    return calls


_CHANGES: dict[str, Callable[[Random, Calls], Calls]] = {
    "reordered": _reordered,
    "wrong_value": _wrong_value,
    "wrong_type": _wrong_type,
    "missing_argument": _missing_argument,
    "extra_call": _extra_call,
    "missing_call": _missing_call,
    "wrong_name": _wrong_name,
}


def broken_json(rng: Random, calls: Calls, text: str) -> str:
    """The text of the calls with one of the usual syntax errors."""
    kind = rng.randrange(5)
    if kind == 0:
        return text[:-1]
    if kind == 1:
        return repr(calls)
    if kind == 2:
        return f"{text[:-1]},]"
    if kind == 3:
        return f"{text}]"
    return text[: int(len(text) * 0.6)]
