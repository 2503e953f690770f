"""`toolverify new plugin NAME`: a complete plugin to start from, which passes its own tests."""

from __future__ import annotations

import keyword
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata, resources
from pathlib import Path
from typing import Annotated

import typer

from toolverify.errors import PluginError
from toolverify.plugins import KINDS, LEAVES, registry

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
#: Where each file of the template goes; PLUGIN and PACKAGE stand for the names, in paths and in texts.
_FILES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "gitignore.txt": ".gitignore",
    "rows.jsonl.txt": "rows.jsonl",
    "init.py.txt": "src/PACKAGE/__init__.py",
    "rules.py.txt": "src/PACKAGE/rules.py",
    "comparisons.py.txt": "src/PACKAGE/comparisons.py",
    "profile.toml.txt": "src/PACKAGE/profiles/PLUGIN.toml",
    "test.py.txt": "tests/test_PACKAGE.py",
}
_EMPTY = ("src/PACKAGE/py.typed",)
_MEND = "type toolverify new plugin NAME"


def new(
    kind: Annotated[str, typer.Argument(help="What to make: plugin.", metavar="plugin")],
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and dashes.", metavar="NAME")],
    out: Annotated[Path, typer.Option(help="The folder in which the plugin's own folder is made.")] = Path(),
) -> None:
    """Make a plugin to start from: a rule, a comparison, a profile and tests, all of which work.

    It writes a folder NAME with the distribution toolverify-NAME, and says what to type next.
    """
    if kind != "plugin":
        raise PluginError(f"cannot make a {kind!r}", mend=_MEND)
    _check_name(name)
    folder = out / name
    _write(folder, _texts(name))
    print(_next_steps(folder, name))


def _check_name(name: str) -> None:
    """Refuse what is no name, and what somebody else has.

    Raises:
        PluginError: With the name and a way to mend it.
    """
    if name.startswith("toolverify"):
        raise PluginError(f"the name {name!r} begins with toolverify", mend="leave that out: it is added")
    if not _NAME.fullmatch(name):
        mend = "use small letters, digits and single dashes, a letter first, as in my-rewards"
        raise PluginError(f"{name!r} is no name for a plugin", mend=mend)
    if len(name) > _LONGEST:
        raise PluginError(f"the name has {len(name)} letters", mend=f"use up to {_LONGEST}")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise PluginError(f"{name!r} is a word of Python", mend="take another name")
    taken = next(_owners(name), "")
    if taken:
        raise PluginError(f"the name {name!r} is taken: {taken}", mend="take another name")


def _owners(name: str) -> Iterator[str]:
    """What already has the name, or the name of a part that the plugin would bring."""
    parts = registry()
    yield from (f"a plugin of {info.distribution}" for info in parts.plugins if info.name == name)
    with suppress(metadata.PackageNotFoundError):
        yield f"the installed distribution {metadata.distribution(f'toolverify-{name}').name}"
    yield from (f"the plugin in {leaf}" for leaf in LEAVES.values() if leaf.rpartition("/")[2] == name)
    own = {name, f"{name}-brevity", f"{name}-text"}
    for kind in KINDS:
        yield from (
            f"{'an' if kind[0] == 'a' else 'a'} {kind} of {part.plugin.distribution}"
            for key, part in parts.all(kind).items()
            if key in own
        )


def _texts(name: str) -> dict[str, str]:
    """Every file of the plugin, by its path."""
    package = f"toolverify_{name.replace('-', '_')}"

    def filled(text: str) -> str:
        return text.replace("PLUGIN", name).replace("PACKAGE", package)

    template = resources.files("toolverify.cli") / "plugin_template"
    texts = {target: (template / source).read_text(encoding="utf-8") for source, target in _FILES.items()}
    return {filled(target): filled(text) for target, text in {**texts, **dict.fromkeys(_EMPTY, "")}.items()}


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Write all files into a folder that is new or empty.

    Raises:
        PluginError: There is something in it, or it cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise PluginError(
                f"the folder {str(folder)!r} is not empty", mend="take another name, or another --out"
            )
        for path, text in texts.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"cannot write {str(error.filename or folder)!r}: {error.strerror or error}"
        raise PluginError(problem, mend="name a folder that you may write to with --out") from error


def _next_steps(folder: Path, name: str) -> str:
    place = str(folder) if folder.is_absolute() else f".{os.sep}{folder}"
    return "\n".join(
        [
            f"{place} holds the plugin toolverify-{name}. What to type next:",
            f"  pip install -e {shlex.quote(f'{place}[test]')}",
            f"  pytest {shlex.quote(place)}",
            f"  toolverify score {shlex.quote(f'{place}{os.sep}rows.jsonl')} --profile {name}",
        ]
    )
