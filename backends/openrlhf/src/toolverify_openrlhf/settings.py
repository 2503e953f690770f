"""The training's options, whichever version they are written for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from toolverify_openrlhf.option_names import DOTTED_NAMES, FLAT_NAMES
from toolverify_openrlhf.versions import DOTTED, ONE_LENGTH, Version, parsed

_OFF = {None, False, "", "0", "false", "False", "no"}


class Settings(Struct, frozen=True):
    """Options by the names they were given, and the version they are for.

    Attributes:
        given: Names without dashes in front, to values.
        version: OpenRLHF's, as far as it is known.
    """

    given: Mapping[str, Any]
    version: Version | None = None

    def get(self, dotted: str) -> Any:
        """An option by its dotted name, however it was written; None where it was not given."""
        value = self.given.get(dotted)
        return self.given.get(FLAT_NAMES.get(dotted, dotted)) if value is None else value

    def written(self, dotted: str) -> str:
        """An option as one would write it here."""
        flat = FLAT_NAMES.get(dotted)
        return f"--{flat}" if flat and not self.dotted else f"--{dotted}"

    def text(self, dotted: str) -> str:
        """An option that is a text; empty where it was not given."""
        value = self.get(dotted)
        return "" if value is None else str(value)

    def number(self, dotted: str) -> float | None:
        """An option that is a number; None where it was not given, or is none."""
        return as_number(self.get(dotted))

    def on(self, dotted: str) -> bool:
        """Whether a switch is on."""
        value = self.get(dotted)
        return not (isinstance(value, bool | str | None) and value in _OFF)

    @property
    def dotted(self) -> bool:
        """Whether options have dots here: the version says so, or else the options that were given."""
        if self.version is not None:
            return self.version >= DOTTED
        return not any(name in DOTTED_NAMES for name in self.given)

    @property
    def room_for_prompt(self) -> float | None:
        """How many tokens a prompt may have before it is cut on its left."""
        prompt_max_len = as_number(self.given.get("prompt_max_len"))
        if prompt_max_len is not None and not (self.version and self.version >= ONE_LENGTH):
            return prompt_max_len
        whole, response = self.number("data.max_len"), self.number("rollout.max_new_tokens")
        return None if whole is None or response is None else whole - response


def as_number(value: Any) -> float | None:
    """A number, also one that is written as a text."""
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def as_numbers(value: Any) -> list[float]:
    """Numbers in a row: a list of them, or a text that holds them."""
    words = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(words, Sequence):
        return []
    return [number for word in words if (number := as_number(word)) is not None]


def settings_of(config: Mapping[str, Any], version: str | None) -> Settings:
    """Settings from a configuration whose names may have dashes in front."""
    return Settings({str(name).lstrip("-"): value for name, value in config.items()}, parsed(version))


def read_command(text: str) -> dict[str, Any]:
    """The options in a command line, as a shell script holds it: the last `train_ppo_ray` and what follows it."""
    words = shlex.split(text.replace("\\\n", " "), comments=True)
    starts = [index for index, word in enumerate(words) if "train_ppo_ray" in word]
    options: dict[str, list[str]] = {}
    values: list[str] = []
    for word in words[starts[-1] + 1 :] if starts else words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            values = options.setdefault(name, [])
            values[:] = [value] if equals else []
        else:
            values.append(word)
    return {name: _plain(found) for name, found in options.items()}


def _plain(values: list[str]) -> Any:
    return True if not values else values[0] if len(values) == 1 else values
