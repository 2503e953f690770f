"""The hooks of toolverify: each returns a list of values, none changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from toolverify.profile import Profile
    from toolverify.protocols import (
        AnswerReader,
        Backend,
        Coercion,
        Combiner,
        Comparison,
        Format,
        Matcher,
        Prompt,
        Rule,
    )

hookspec = pluggy.HookspecMarker("toolverify")
hookimpl = pluggy.HookimplMarker("toolverify")


@hookspec
def toolverify_formats() -> Sequence[Format]:  # type: ignore[empty-body]
    """Wire formats."""


@hookspec
def toolverify_answers() -> Sequence[AnswerReader]:  # type: ignore[empty-body]
    """Answer readers."""


@hookspec
def toolverify_comparisons() -> Sequence[Comparison]:  # type: ignore[empty-body]
    """Comparisons of values."""


@hookspec
def toolverify_coercions() -> Sequence[Coercion]:  # type: ignore[empty-body]
    """Coercions of arguments."""


@hookspec
def toolverify_matchers() -> Sequence[Matcher]:  # type: ignore[empty-body]
    """Pairings of calls with expected calls."""


@hookspec
def toolverify_rules() -> Sequence[Rule]:  # type: ignore[empty-body]
    """Rules."""


@hookspec
def toolverify_combiners() -> Sequence[Combiner]:  # type: ignore[empty-body]
    """Combiners of scores."""


@hookspec
def toolverify_profiles() -> Sequence[Profile | Path]:  # type: ignore[empty-body]
    """Profiles: values, or paths of TOML files whose names are the profiles' names."""


@hookspec
def toolverify_prompts() -> Sequence[Prompt]:  # type: ignore[empty-body]
    """Prompts: how a task is put to a model."""


@hookspec
def toolverify_backends() -> Sequence[Backend]:  # type: ignore[empty-body]
    """Adapters for trainers."""


@hookspec
def toolverify_commands() -> Sequence[Callable[..., Any]]:  # type: ignore[empty-body]
    """Commands of the command line: functions that typer understands."""
