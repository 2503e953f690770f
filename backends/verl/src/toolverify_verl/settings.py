"""verl's configuration as a set-up holds it: overrides of a command line, or a configuration that hydra has composed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from toolverify.checkup import Setup
from toolverify_verl.options import KEY

OLDEST, NEWEST = (0, 7, 1), (0, 10)
FUNCTION, MANAGER = "pkg://toolverify_verl.reward", "pkg://toolverify_verl.manager"
MANAGER_NAME, MANAGER_CLASS = "toolverify", "ToolverifyRewardManager"
_NOTHING = {"", "null", "none"}


class Settings(Struct, frozen=True):
    """Keys and values, and how they were written.

    Attributes:
        values: The values by dotted key, without hydra's `+`; nulls are left out.
        written: The keys as they were written.
        version: The installed version of verl; None where it is not known.
    """

    values: Mapping[str, Any]
    written: frozenset[str]
    version: tuple[int, ...] | None = None

    def get(self, key: str) -> Any:
        """A value, or None."""
        return self.values.get(key)

    def text(self, key: str) -> str:
        """A value as text, empty where there is none."""
        return str(self.values.get(key, ""))

    def under(self, prefix: str) -> dict[str, Any]:
        """The values under a key, by the rest of their keys."""
        start = f"{prefix}."
        return {key[len(start) :]: value for key, value in self.values.items() if key.startswith(start)}

    @property
    def overrides(self) -> bool:
        """Whether this is what someone typed, and not what hydra made of it."""
        return any(key.startswith("+") for key in self.written) or "reward.num_workers" not in self.values

    @property
    def uses_manager(self) -> bool:
        """Whether our reward manager is asked for."""
        key = "reward.reward_manager"
        by_name = self.text(f"{key}.name") == MANAGER_NAME
        return by_name or "toolverify_verl" in self.text(f"{key}.module.path").replace("/", ".")

    @property
    def uses_function(self) -> bool:
        """Whether our reward function is asked for, however it is spelt."""
        spelt = self.text("reward.custom_reward_function.path").replace("/", ".")
        return "toolverify_verl" in spelt

    @property
    def options(self) -> dict[str, Any]:
        """The options of the adapter."""
        return self.under(KEY)


def settings_of(setup: Setup) -> Settings:
    """The configuration of a set-up, flat."""
    flat = dict(_flat(setup.config))
    values = {key.lstrip("+"): _unquoted(value) for key, value in flat.items() if not _is_nothing(value)}
    return Settings(values, frozenset(flat), read_version(setup.versions.get("verl")))


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def _unquoted(value: Any) -> Any:
    """A value without the quotes that hydra takes off."""
    if isinstance(value, str) and len(value) > 1 and value[0] in "'\"" and value[0] == value[-1]:
        return value[1:-1].replace(f"\\{value[0]}", value[0])
    return value


def is_true(value: Any) -> bool:
    """Whether a value means yes, also as the text that a command line carries."""
    return str(value).strip().lower() in {"true", "1", "yes", "on"}


def read_version(text: str | None) -> tuple[int, ...] | None:
    """The numbers at the start of a version."""
    found = re.match(r"\d+(?:\.\d+)*", text or "")
    return tuple(int(number) for number in found.group().split(".")) if found else None
