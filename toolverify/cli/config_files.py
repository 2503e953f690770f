"""A trainer's configuration as flat keys: from YAML, JSON and TOML files, and from the overrides of a shell script."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from toolverify.cli.override_text import read_override, read_script
from toolverify.errors import ConfigError

_MEND = "mend the line it names"


def read_config(files: Sequence[Path], settings: Sequence[str]) -> dict[str, Any]:
    """All keys of all files, the later ones over the earlier ones, and the settings over all.

    Raises:
        ConfigError: A file or a setting cannot be read.
    """
    config: dict[str, Any] = {}
    for path in files:
        config.update(_read_file(path))
    for setting in settings:
        found = read_override(setting)
        if found is None:
            raise ConfigError(f"--set {setting!r} is no setting", path="--set", mend="write --set key=value")
        config.update([found])
    return config


def _read_file(path: Path) -> dict[str, Any]:
    text = _text(path)
    kind = path.suffix.lower()
    if kind in {".yaml", ".yml"}:
        return dict(flat(_object(_yaml(text, path), path)))
    if kind in {".json", ".toml"}:
        read = json.loads if kind == ".json" else tomllib.loads
        try:
            value: Any = read(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"not {kind[1:].upper()}: {error}", path=str(path), mend=_MEND) from error
        return dict(flat(_object(value, path)))
    return read_script(text, str(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"no file {str(path)!r}", mend="name the trainer's configuration") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {str(path)!r}: {error}", mend="give a text in UTF-8") from error


def _yaml(text: str, path: Path) -> Any:
    try:
        yaml: Any = import_module("yaml")
    except ModuleNotFoundError as error:
        raise ConfigError(
            "reading YAML needs pyyaml, which is not installed",
            path=str(path),
            mend="pip install pyyaml, or give JSON, TOML or the script that starts the training",
        ) from error
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"not YAML: {error}", path=str(path), mend=_MEND) from error


def _object(value: Any, path: Path) -> Mapping[str, Any]:
    if value is None:  # an empty YAML file
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"expected keys, got {type(value).__name__}", path=str(path), mend="write key: value"
        )
    return value


def flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested keys as dotted ones; lists, and objects without keys, are values."""
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from flat(inner, f"{name}.")
        else:
            yield name, inner
