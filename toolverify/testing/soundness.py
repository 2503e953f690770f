"""What every part keeps, whatever its kind: its protocol, its state, and itself when it is pickled."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
from functools import cached_property
from typing import Any

from toolverify import protocols
from toolverify.testing.trying import Subject, find

#: The protocol of each kind of parts.
PROTOCOLS: dict[str, type] = {
    "format": protocols.Format,
    "answer reader": protocols.AnswerReader,
    "comparison": protocols.Comparison,
    "coercion": protocols.Coercion,
    "matcher": protocols.Matcher,
    "rule": protocols.Rule,
    "combiner": protocols.Combiner,
    "prompt": protocols.Prompt,
}


def subject(kind: str, part: Any) -> Subject:
    """A part that has what its protocol wants, and is immutable as far as that can be seen."""
    tried = Subject(kind, find(kind, part))
    _has_protocol(tried)
    _is_frozen(tried)
    return tried


def _has_protocol(tried: Subject) -> None:
    part, protocol = tried.part, PROTOCOLS[tried.kind]
    tried.require(not inspect.isclass(part), "it is a class; give an instance of it")
    wanted = [name for name in vars(protocol) if not name.startswith("_") or name == "__call__"]
    lacking = [name for name in wanted if not hasattr(part, name)]
    tried.require(not lacking, f"it lacks {', '.join(lacking)}, so it is no {protocol.__name__}")
    tried.require(isinstance(part.name, str) and part.name != "", "its name is no text, or empty")
    for name in wanted:
        value = inspect.getattr_static(protocol, name)
        if not isinstance(value, property):
            tried.require(callable(getattr(part, name)), f"its {name} cannot be called")


def _is_frozen(tried: Subject) -> None:
    parameters = getattr(type(tried.part), "__dataclass_params__", None)
    if parameters is not None:
        tried.require(parameters.frozen, "its dataclass can be changed; write @dataclass(frozen=True)")


def state(part: Any) -> str:
    """What a part holds, as text: its fields, or all its attributes but those that are computed once."""
    if dataclasses.is_dataclass(part):
        return repr({field.name: getattr(part, field.name) for field in dataclasses.fields(part)})
    held = getattr(part, "__dict__", {})
    computed = {name for name in held if isinstance(getattr(type(part), name, None), cached_property)}
    return repr({name: value for name, value in held.items() if name not in computed})


def unchanged(tried: Subject, before: str) -> None:
    """Fail where using a part has changed what it holds."""
    after = state(tried.part)
    tried.require(after == before, f"it changed while it was used: {before[:200]} became {after[:200]}")


def twin(tried: Subject) -> Any:
    """The part after pickling, as another process would get it."""
    try:
        other = pickle.loads(pickle.dumps(tried.part))  # noqa: S301  # our own bytes
    except Exception as error:  # pickling runs foreign code: whatever it raises is told
        raise AssertionError(
            f"{tried}: it cannot be pickled ({type(error).__name__}: {str(error)[:200]}); "
            "define it at the top of its module, and hold neither lambdas nor open files"
        ) from error
    alike = state(other) == state(tried.part) or "object at 0x" in state(other)
    tried.require(alike, f"pickling changed it: {state(tried.part)[:200]} became {state(other)[:200]}")
    return other
