"""`toolverify profiles`, `formats`, `plugins`: what there is, and each thing shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated, Any

import typer

from toolverify.errors import ProfileError
from toolverify.plugins import KINDS, Part, registry
from toolverify.suggest import closest

Action = Annotated[str | None, typer.Argument(help="`show` shows one; nothing lists all.", metavar="show")]
Name = Annotated[str | None, typer.Argument(help="Which one to show.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
_EXAMPLE = [{"name": "get_weather", "arguments": {"city": "Oslo", "days": 3}}]


def profiles(action: Action = None, name: Name = None, json: AsJson = False) -> None:
    """List the profiles, or show one: a TOML file to read, or to keep and change."""
    _list_or_show("profiles", action, name, json, _profile_rows, _show_profile)


def formats(action: Action = None, name: Name = None, json: AsJson = False) -> None:
    """List the wire formats, or show one with an example."""
    _list_or_show("formats", action, name, json, _format_rows, _show_format)


def plugins(action: Action = None, name: Name = None, json: AsJson = False) -> None:
    """List the plugins, or show one with everything it brings."""
    _list_or_show("plugins", action, name, json, _plugin_rows, _show_plugin)


def _list_or_show(
    command: str,
    action: str | None,
    name: str | None,
    json: bool,
    rows: Callable[[], list[dict[str, Any]]],
    show: Callable[[str], tuple[str, dict[str, Any]]],
) -> None:
    if action not in {None, "show"}:
        raise ProfileError(
            f"unknown word {action!r}", mend=f"type toolverify {command}, or {command} show NAME"
        )
    if action == "show" and name is None:
        raise ProfileError("which one?", mend=f"type toolverify {command} show NAME")
    if action == "show" and name is not None:
        text, data = show(name)
        print(as_json(data) if json else text)
    else:
        print(as_json(rows()) if json else as_table(rows()))


def as_json(value: Any) -> str:
    """A value as JSON to read."""
    import json

    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def as_table(rows: list[dict[str, Any]]) -> str:
    """Rows under their keys, every column as wide as it needs; the last one is not padded."""
    if not rows:
        return "none"
    keys = list(rows[0])
    lines = [[key.upper() for key in keys], *[[_cell(row[key]) for key in keys] for row in rows]]
    widths = [max(len(line[index]) for line in lines) for index in range(len(keys))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def origin(part: Part) -> str:
    """The distribution that brings a part."""
    return f"{part.plugin.distribution} {part.plugin.version}"


def _profile_rows() -> list[dict[str, Any]]:
    return [_profile_row(name, part) for name, part in sorted(registry().all("profile").items())]


def _profile_row(name: str, part: Part) -> dict[str, Any]:
    """A line of the list; one broken profile does not hide the others."""
    from toolverify.profile import load_profile

    try:
        profile = load_profile(name)
    except ProfileError as error:
        return {"name": name, "format": "-", "from": origin(part), "summary": f"broken: {error}"}
    return {"name": name, "format": profile.format.use, "from": origin(part), "summary": profile.summary}


def _show_profile(name: str) -> tuple[str, dict[str, Any]]:
    from toolverify.cli.toml_text import to_toml
    from toolverify.verifier import Verifier

    verifier = Verifier(name)
    data = verifier.profile.model_dump(mode="json", exclude_none=True)
    head = f"# profile {verifier.profile.name}, hash {verifier.hash}; a copy is named after its file"
    body = {key: value for key, value in data.items() if key != "name"}
    return f"{head}\n{to_toml(body)}", {**data, "hash": verifier.hash}


def _format_rows() -> list[dict[str, Any]]:
    return [
        {"name": name, "from": origin(part), "example": _example(part.value).replace("\n", "⏎")}
        for name, part in sorted(registry().all("format").items())
    ]


def _example(format_: Any) -> str:
    from toolverify.wire import render

    return render(_EXAMPLE, format=format_.name, reasoning="Weather.")


def _show_format(name: str) -> tuple[str, dict[str, Any]]:
    part = registry().get("format", name)
    value = part.value
    options = (
        dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else {}
    )
    example = _example(value)
    data = {"name": name, "from": origin(part), "options": options, "example": example}
    told = [f"  {key} = {setting!r}" for key, setting in options.items() if key != "name"]
    return "\n".join([f"{name} ({origin(part)})", *told, "", example]), data


def _plugin_rows() -> list[dict[str, Any]]:
    return [
        {
            "name": info.name,
            "from": f"{info.distribution} {info.version}",
            "brings": ", ".join(
                f"{len(names)} {kind}{'s' * (len(names) > 1)}" for kind, names in _brings(info).items()
            ),
            "state": info.error or "loaded",
        }
        for info in registry().plugins
    ]


def _brings(info: Any) -> dict[str, list[str]]:
    """What a plugin brings, by kind."""
    offered = {
        kind: sorted(name for name, part in registry().all(kind).items() if part.plugin is info)
        for kind in KINDS
    }
    return {kind: names for kind, names in offered.items() if names}


def _show_plugin(name: str) -> tuple[str, dict[str, Any]]:
    known = {info.name: info for info in registry().plugins}
    if name not in known:
        raise ProfileError(f"unknown plugin {name!r}", mend=closest(name, known))
    info = known[name]
    brings = _brings(info)
    head = f"{info.name} ({info.distribution} {info.version}), module {info.module}"
    lines = [f"  {kind}: {', '.join(names)}" for kind, names in brings.items()]
    if info.error:
        lines.append(f"  not loaded: {info.error}")
    return "\n".join([head, *lines]), {
        "name": info.name,
        "module": info.module,
        "brings": brings,
        "error": info.error,
    }
