"""What one reward is set to: frozen, and all that travels to another process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolverify.errors import ProfileError
from toolverify.profile import Profile
from toolverify.suggest import closest
from toolverify.training import OnError


class Columns(Struct, frozen=True):
    """The columns of the dataset that hold what a row expects."""

    answer: str = "answer"
    tools: str = "tools"
    meta: str = "meta"
    compare: str = "compare"
    id: str = "id"
    category: str = "category"


class Settings(Struct, frozen=True):
    """The options of a reward; `Reward` explains each."""

    profile: str | Profile
    format: str | None = None
    on_error: OnError = "zero"
    fallback: float | None = None
    log: str | None = None
    log_completions: int = 0
    log_with: Mapping[str, Any] = {}
    columns: Columns = Columns()
    tokenizer: Any = None
    reasoning_open: bool | None = None
    max_completion_length: int | None = None
    endings: tuple[str, ...] = ()
    prefix: str = ""


def make_settings(
    profile: str | os.PathLike[str] | Profile,
    *,
    log: str | os.PathLike[str] | None = None,
    columns: Mapping[str, str] | None = None,
    endings: Sequence[str] = (),
    **options: Any,
) -> Settings:
    """The settings, checked.

    Raises:
        ProfileError: An option is wrong; the error says how to mend it.
    """
    _check_options(options)
    source = profile if isinstance(profile, Profile) else os.fspath(profile)
    return Settings(
        source, log=_log_file(log), columns=_columns(columns or {}), endings=_endings(endings), **options
    )


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse what would only show in the middle of a run."""
    fallback, most = options.get("fallback"), options.get("max_completion_length")
    if fallback is not None and (
        not isinstance(fallback, int | float) or isinstance(fallback, bool) or not isfinite(fallback)
    ):
        raise ProfileError(
            f"{fallback!r} is no number", path="fallback", mend="use a number, or leave it out"
        )
    if most is not None and (type(most) is not int or most < 1):
        mend = "use the number of tokens that the trainer's config has"
        raise ProfileError(f"{most!r} is no length", path="max_completion_length", mend=mend)
    kept = options.get("log_completions", 0)
    if type(kept) is not int or kept < 0:
        raise ProfileError(
            f"{kept!r} is no number of completions", path="log_completions", mend="use 0 or more"
        )
    if options.get("reasoning_open") not in {None, True, False}:
        raise ProfileError("neither true nor false", path="reasoning_open", mend="use True or False")
    if not isinstance(options.get("prefix", ""), str):
        raise ProfileError("no text", path="prefix", mend='write a text such as "typed/"')


def _log_file(log: str | os.PathLike[str] | None) -> str | None:
    """Where the log goes, as a path that another process finds too."""
    if log is None:
        return None
    path = Path(log).absolute()
    if path.is_dir() or not path.parent.is_dir():
        problem = "is a folder" if path.is_dir() else "stands in no folder"
        raise ProfileError(f"{str(log)!r} {problem}", path="log", mend="name a file in a folder that exists")
    return str(path)


def _columns(columns: Mapping[str, str]) -> Columns:
    for key, column in columns.items():
        if key not in Columns.__struct_fields__:
            mend = closest(key, Columns.__struct_fields__)
            raise ProfileError(f"unknown column {key!r}", path="columns", mend=mend)
        if not isinstance(column, str):
            raise ProfileError(f"{column!r} is no name", path=f"columns.{key}", mend="name a column")
    return Columns(**columns)


def _endings(endings: Sequence[str]) -> tuple[str, ...]:
    if isinstance(endings, str) or not all([isinstance(ending, str) for ending in endings]):
        raise ProfileError(f"{endings!r} is no list of texts", path="endings", mend='write ["<|im_end|>"]')
    return tuple(endings)
