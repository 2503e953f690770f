"""`toolverify backends`: the adapters for trainers, the lines that plug each in, and the file a trainer is pointed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from toolverify.cli.listing import as_json, as_table, origin
from toolverify.errors import ProfileError
from toolverify.plugins import Part, registry

Action = Annotated[
    str | None,
    typer.Argument(
        help="`show` shows one, `path` prints the file a trainer is pointed at; nothing lists all.",
        metavar="show|path",
    ),
]
Name = Annotated[str | None, typer.Argument(help="Which one.", metavar="NAME")]
_ACTIONS = {None, "show", "path"}


def backends(
    action: Action = None,
    name: Name = None,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="The profile that the shown lines name.")
    ] = "tool-n1",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the trainers that the reward plugs into, show the lines that plug it in, or print the file they name."""
    if action not in _ACTIONS:
        raise ProfileError(
            f"unknown word {action!r}",
            mend="type toolverify backends, backends show NAME, or backends path NAME",
        )
    if action is None:
        print(as_json(_rows()) if json else as_table(_rows()))
        return
    if name is None:
        raise ProfileError("which one?", mend=f"type toolverify backends {action} NAME")
    part = registry().get("backend", name)
    if action == "path":
        path = _path(part)
        print(as_json({"name": part.name, "path": path}) if json else path)
    else:
        print(as_json(_shown(part, profile)) if json else _as_text(_shown(part, profile)))


def _rows() -> list[dict[str, Any]]:
    return [_row(part) for _, part in sorted(registry().all("backend").items())]


def _row(part: Part) -> dict[str, Any]:
    requires = part.value.requires
    return {
        "name": part.name,
        "from": origin(part),
        "works with": [f"{name} {wanted}".strip() for name, wanted in requires.items()],
        "installed": [f"{name} {found or 'not'}" for name, found in _installed(requires).items()],
        "summary": part.value.summary,
    }


def _installed(requires: Mapping[str, str]) -> dict[str, str | None]:
    from toolverify.versions import installed_versions

    return installed_versions(requires)


def _path(part: Part) -> str:
    """The file a trainer is pointed at.

    Raises:
        ProfileError: There is none: this trainer takes the reward in another way.
    """
    path = part.value.path
    if path is None:
        raise ProfileError(
            f"the backend {part.name!r} has no file to point at",
            mend=f"toolverify backends show {part.name} prints how its reward gets in",
        )
    return str(path)


def _shown(part: Part, profile: str) -> dict[str, Any]:
    from toolverify.profile import load_profile

    load_profile(profile)  # lines that name a profile nobody has would fail in the trainer
    backend = part.value
    return {
        "name": part.name,
        "from": origin(part),
        "summary": backend.summary,
        "requires": dict(backend.requires),
        "installed": _installed(backend.requires),
        "path": None if backend.path is None else str(backend.path),
        "profile": profile,
        "usage": backend.usage(profile),
    }


def _as_text(shown: Mapping[str, Any]) -> str:
    """The lines of configuration, under a head of comments: what is printed may be pasted whole."""
    wanted = ", ".join([f"{name} {versions}".strip() for name, versions in shown["requires"].items()])
    found = ", ".join([f"{name} {version or 'not'}" for name, version in shown["installed"].items()])
    head = [
        f"# {shown['name']} ({shown['from']}): {shown['summary']}",
        *([f"# works with {wanted}; installed: {found}"] if wanted else []),
    ]
    return "\n".join([*head, shown["usage"].rstrip("\n")])
