"""The options of the adapter: from verl's configuration, else from the environment; checked before the first sample."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import isfinite
from typing import Any

import msgspec
from msgspec import Struct

from toolverify.errors import ProfileError
from toolverify.suggest import closest
from toolverify.training import OnError

KEY = "reward.custom_reward_function.reward_kwargs"
PREFIX = "TOOLVERIFY_VERL_"
_FROM_VERL = {"reward_router_address", "reward_model_tokenizer"}  # what verl adds where a reward model runs


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run may set.

    Attributes:
        profile: A profile's name, or the path of a TOML file.
        format: The wire format the model speaks, where it is not the profile's own.
        on_error: What a row that cannot be read does: `zero` counts it and goes on, `raise` raises.
        fallback: The reward of a sample that cannot be scored.
        log: A JSON Lines file that gets a line a sample; `{host}` and `{pid}` in it are filled in.
        reasoning_open: Whether the prompt opens the reasoning; the manager sees that itself.
        endings: Tokens that end a turn, beside those that the tokenizer and its chat template tell.
    """

    profile: str
    format: str | None = None
    on_error: OnError = "zero"
    fallback: float = 0.0
    log: str | None = None
    reasoning_open: bool | None = None
    endings: tuple[str, ...] = ()


def read_options(given: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Options:
    """The options of a run: what is given, and for the rest `TOOLVERIFY_VERL_…`.

    Raises:
        ProfileError: An option is unknown, malformed or missing; it names the key and the mend.
    """
    here = os.environ if environment is None else environment
    found = {name: here[PREFIX + name.upper()] for name in _names() if here.get(PREFIX + name.upper())}
    found |= {key: _plain(value) for key, value in given.items() if key not in _FROM_VERL}
    _refuse_unknown(found)
    try:
        options = msgspec.convert(found, Options, strict=False)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        raise ProfileError(problem, path=f"{KEY}.{path.rstrip('`')}", mend="mend the value") from error
    if not isfinite(options.fallback):
        raise ProfileError(
            f"fallback is {options.fallback}", path=f"{KEY}.fallback", mend="use a finite number"
        )
    return options


def _names() -> tuple[str, ...]:
    return Options.__struct_fields__


def _refuse_unknown(found: Mapping[str, Any]) -> None:
    for key in found:
        if key not in _names():
            raise ProfileError(f"unknown option {key!r}", path=f"{KEY}.{key}", mend=closest(key, _names()))
    if not found.get("profile"):
        raise ProfileError(
            "no profile is named",
            path=f"{KEY}.profile",
            mend=f"add +{KEY}.profile=typed, or set {PREFIX}PROFILE",
        )


def _plain(value: Any) -> Any:
    """A scalar as it is, any sequence as a tuple: hydra's own lists are none that msgspec knows."""
    if value is None or isinstance(value, str | int | float | bool):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    try:
        return tuple(value)
    except TypeError:
        return value


def options_key(given: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Options as a key of a cache; what is no option of ours is left out."""
    return tuple(sorted((key, _plain(value)) for key, value in given.items() if key not in _FROM_VERL))


def look_up(config: Any, path: str) -> Any:
    """A value in nested configuration by its dotted path; None where the path ends early."""
    for name in path.split("."):
        get = getattr(config, "get", None)
        config = None if get is None else get(name)
    return config
