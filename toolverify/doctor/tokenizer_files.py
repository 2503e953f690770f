"""The files of a tokenizer, without the library that uses them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

_VOCABULARIES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "tokenizer.model.v3",
)
_JSON_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.json")
_LISTS = ("additional_special_tokens", "extra_special_tokens")
_PROMPT_END = "add_generation_prompt"
_JINJA = re.compile(r"\{[{%#]-?|-?[}%#]\}")


class TokenizerFiles(Struct, frozen=True):
    """What a tokenizer's folder says.

    Attributes:
        folder: The folder.
        names: The files in it.
        special: The special tokens, and the file that makes each one special.
        templates: The chat templates, by the file or the name under which they stand.
        unreadable: Files that hold no JSON object, and why.
    """

    folder: str
    names: frozenset[str]
    special: Mapping[str, str]
    templates: Mapping[str, str]
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def has_vocabulary(self) -> bool:
        """Whether there is a file that a tokenizer can be made from."""
        return any(name in self.names for name in _VOCABULARIES) or any(
            name.endswith(".tiktoken") for name in self.names
        )


def read_tokenizer(folder: Path) -> TokenizerFiles:
    """Read a folder; what cannot be read is told, and the rest goes on."""
    names = frozenset(path.name for path in folder.iterdir())
    read = {name: _read_object(folder / name) for name in _JSON_FILES if name in names}
    objects = {name: value for name, value in read.items() if isinstance(value, dict)}
    special: dict[str, str] = {}
    for name, value in objects.items():
        for token in _special_tokens(value):
            special.setdefault(token, name)
    return TokenizerFiles(
        folder=str(folder),
        names=names,
        special=special,
        templates=dict(_templates(folder, names, objects)),
        unreadable=tuple([(name, value) for name, value in read.items() if isinstance(value, str)]),
    )


def _read_object(path: Path) -> dict[str, Any] | str:
    """The object in a file, or why there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return f"cannot be read: {error}"
    return value if isinstance(value, dict) else f"holds no object, but {type(value).__name__}"


def _special_tokens(value: Mapping[str, Any]) -> Iterator[str]:
    """The special tokens a file declares, in whichever of the ways there are."""
    for added in _members(value.get("added_tokens")) + _members(value.get("added_tokens_decoder")):
        if isinstance(added, dict) and added.get("special") is True:
            yield from _token(added)
    for key in _LISTS:
        for token in _members(value.get(key)):
            yield from _token(token)
    for key, token in value.items():
        if key.endswith("_token") and not isinstance(token, bool):
            yield from _token(token)


def _members(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _token(value: Any) -> Iterator[str]:
    text = value.get("content") if isinstance(value, dict) else value
    if isinstance(text, str) and text.strip():
        yield text


def _templates(
    folder: Path, names: frozenset[str], objects: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """The template file stands before what the configuration says."""
    if "chat_template.jinja" in names:
        yield (
            "chat_template.jinja",
            (folder / "chat_template.jinja").read_text(encoding="utf-8", errors="replace"),
        )
        return
    for name in ("chat_template.json", "tokenizer_config.json"):
        given = objects.get(name, {}).get("chat_template")
        if isinstance(given, str):
            yield name, given
            return
        for each in _members(given):  # several, each with a name
            if isinstance(each, dict) and isinstance(each.get("template"), str):
                yield f"{name}: {each.get('name')}", each["template"]


def leaves_reasoning_open(template: str, opening: str, closing: str) -> bool:
    """Whether the text that a template writes at the end of a prompt opens the reasoning and does not close it."""
    _, found, end = template.rpartition(_PROMPT_END)
    pieces = _JINJA.split(end) if found else []
    return any(piece.rfind(opening) > piece.rfind(closing) for piece in pieces)
