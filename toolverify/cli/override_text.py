"""Overrides and flags as they stand in the script that starts a training; nothing of it is run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from toolverify.errors import ConfigError

_OVERRIDE = re.compile(r"(?P<sign>\+\+|\+|~)?(?P<key>[A-Za-z_][\w./@-]*)(?:=(?P<value>.*))?", re.DOTALL)
_FLAG = re.compile(r"--?(?P<key>[A-Za-z][\w.-]*)(?:=(?P<value>.*))?", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_SHELL_WORDS = {"export", "local", "declare", "readonly"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_LONGEST_LINE = 20_000


def read_script(text: str, path: str) -> dict[str, Any]:
    """`a.b=value` and `--flag value` of a shell script, or of a text with one override a line.

    A variable that the script itself sets is filled in; any other stays as it is written.

    Raises:
        ConfigError: A quotation is not closed.
    """
    variables: dict[str, str] = {}
    config: dict[str, Any] = {}
    for words in _commands(text, path):
        if _sets_variables(words):
            variables.update(_assignments(words, variables))
        else:
            config.update(_settings([_filled(word, variables) for word in words]))
    return {**_dotted(variables), **config}


def _commands(text: str, path: str) -> Iterator[list[str]]:
    """The words of each command: lines that a backslash or an open quotation joins are one."""
    begun, number = "", 0
    for index, line in enumerate(text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines(), 1):
        number = number if begun else index
        begun = f"{begun}\n{line}" if begun else line
        try:
            words = shlex.split(begun, comments=True)
        except ValueError:  # a quotation goes on in the next line
            if len(begun) > _LONGEST_LINE:
                break
            continue
        begun = ""
        if words:
            yield words
    if begun:
        raise ConfigError(
            f"a quotation is not closed: {begun[:60]!r}", path=path, mend="close it, or give YAML"
        )


def _sets_variables(words: list[str]) -> bool:
    named = [word for word in words if word not in _SHELL_WORDS]
    return bool(named) and all(re.fullmatch(r"\w+=.*", word, re.DOTALL) for word in named)


def _assignments(words: list[str], variables: dict[str, str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words if word not in _SHELL_WORDS]
    return {key: _filled(value, variables) for key, _, value in pairs}


def _dotted(variables: dict[str, str]) -> dict[str, Any]:
    """A line `key=value` alone sets a key, too, where it is not written as a script writes its variables."""
    return {key: read_value(value) for key, value in variables.items() if key != key.upper()}


def _filled(word: str, variables: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), word)


def _settings(words: list[str]) -> Iterator[tuple[str, Any]]:
    """The overrides and flags of one command; a flag without a value is true."""
    flag: str | None = None
    values: list[str] = []
    for word in [*words, "--"]:
        found = _FLAG.fullmatch(word) if not _NUMBER.fullmatch(word) else None
        override = read_override(word) if found is None and ("=" in word or word[:1] == "~") else None
        if found is None and override is None and word != "--":
            values.append(word)
            continue
        if flag is not None:
            yield flag, _flag_value(values)
        flag, values = None, []
        if override is not None:
            yield override
        elif found is not None and found["value"] is not None:
            yield found["key"], read_value(found["value"])
        elif found is not None:
            flag = found["key"]


def _flag_value(values: list[str]) -> Any:
    if not values:
        return True
    return read_value(values[0]) if len(values) == 1 else [read_value(value) for value in values]


def read_override(word: str) -> tuple[str, Any] | None:
    """`key=value` with Hydra's signs; None for what is none. A plus stays with its key; what `~key` takes away is null."""
    found = _OVERRIDE.fullmatch(word)
    if found is None or (found["value"] is None and found["sign"] != "~"):
        return None
    if found["sign"] == "~":
        return found["key"], None
    return f"{found['sign'] or ''}{found['key']}", read_value(found["value"])


def read_value(text: str) -> Any:
    """A value as a configuration means it: a number, a word such as true, JSON, a plain list, or a text."""
    bare = text.strip()
    if bare in _WORDS:
        return _WORDS[bare]
    if _NUMBER.fullmatch(bare):
        return int(bare) if re.fullmatch(r"[+-]?\d{1,300}", bare) else float(bare)
    if bare[:1] in {"[", "{", '"'}:
        try:
            return json.loads(bare)
        except (ValueError, RecursionError):
            return _plain_list(bare)
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == "'" else text


def _plain_list(text: str) -> Any:
    """`[a, b]` as Hydra writes it: a list of texts; what nests stays a text."""
    inner = text[1:-1]
    if text[0] != "[" or text[-1] != "]" or any(mark in inner for mark in "[]{}"):
        return text
    return [read_value(item.strip()) for item in inner.split(",")] if inner.strip() else []
