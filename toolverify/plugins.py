"""Plugins: found through entry points, loaded once, and asked for their parts when a profile becomes a verifier."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pluggy
from msgspec import Struct

from toolverify import hookspecs
from toolverify.errors import PluginError, ProfileError
from toolverify.suggest import closest

GROUP = "toolverify"
CORE = "toolverify"
#: The core's own parts enter by the same hooks as everybody else's.
BUILTIN = (
    "toolverify.formats",
    "toolverify.answers",
    "toolverify.compare",
    "toolverify.relax",
    "toolverify.coerce",
    "toolverify.match",
    "toolverify.rules",
    "toolverify.combine",
    "toolverify.profiles",
    "toolverify.prompts",
    "toolverify.cli.commands",
)
#: Kinds of parts, by the hook that brings them.
KINDS = {
    "format": "toolverify_formats",
    "answer reader": "toolverify_answers",
    "comparison": "toolverify_comparisons",
    "coercion": "toolverify_coercions",
    "matcher": "toolverify_matchers",
    "rule": "toolverify_rules",
    "combiner": "toolverify_combiners",
    "profile": "toolverify_profiles",
    "prompt": "toolverify_prompts",
    "backend": "toolverify_backends",
    "command": "toolverify_commands",
}
#: How the names of the formats of plugins/formats begin.
_FAMILIES = (
    "anthropic-",
    "apertus",
    "cohere4",
    "deepseek-",
    "ernie45",
    "functiongemma",
    "gemma4",
    "glm4",
    "granite",
    "harmony",
    "hunyuan-",
    "hy-v3",
    "internlm2",
    "jamba",
    "kimi-",
    "lfm2",
    "llama3-json",
    "llama4-",
    "longcat",
    "mimo",
    "minicpm5",
    "minimax-",
    "mistral-",
    "nemotron-",
    "olmo3",
    "phi4-",
    "pythonic",
    "qwen3-coder",
    "seed-oss",
    "step3",
    "xlam",
)
#: Which leaf of this repository brings a name, for the error that says what to install.
LEAVES = {
    "bfcl": "plugins/bfcl",
    "tool-n1-": "plugins/tool-n1",
    "toolrl": "plugins/toolrl",
    "typed-dates": "plugins/dates",
    "date-meaning": "plugins/dates",
    **dict.fromkeys(_FAMILIES, "plugins/formats"),
    "verl": "backends/verl",
    "openrlhf": "backends/openrlhf",
    "trl": "backends/trl",
}


class PluginInfo(Struct, frozen=True):
    """One plugin: the entry point's name, and the distribution it comes from."""

    name: str
    module: str
    distribution: str
    version: str
    error: str = ""


class Part(Struct, frozen=True):
    """A part and the plugin that brings it."""

    name: str
    value: Any
    plugin: PluginInfo


class Registry:
    """All parts of all plugins. Made once; nothing changes it."""

    def __init__(self, manager: pluggy.PluginManager, plugins: Sequence[PluginInfo]) -> None:
        self.plugins = tuple(plugins)
        self._manager = manager
        self.faults: list[str] = []
        self._tables: dict[str, dict[str, Part]] = {}
        self._by_module = {info.module: info for info in self.plugins}

    def all(self, kind: str) -> Mapping[str, Part]:
        """Every part of one kind, by name; asked of the plugins when first needed."""
        if kind not in self._tables:
            self._tables[kind] = self._table(kind)
        return self._tables[kind]

    def _table(self, kind: str) -> dict[str, Part]:
        table: dict[str, Part] = {}
        for part in self._offered(kind):
            other = table.get(part.name)
            if other is not None:
                raise PluginError(
                    f"two {kind}s are named {part.name!r}: one of {_release(other.plugin)}, one of "
                    f"{_release(part.plugin)}",
                    mend=f"uninstall one, or leave one out with TOOLVERIFY_DISABLE={part.plugin.name}",
                )
            table[part.name] = part
        return table

    def _offered(self, kind: str) -> Iterator[Part]:
        for implementation in getattr(self._manager.hook, KINDS[kind]).get_hookimpls():
            info = self._by_module[implementation.plugin_name]
            try:
                parts = [
                    Part(_part_name(kind, value), _usable(kind, value), info)
                    for value in implementation.function()
                ]
            except Exception as error:  # noqa: BLE001  # a foreign hook may raise anything: it is told, the rest goes on
                fault = f"{KINDS[kind]} of plugin {info.name!r} ({_release(info)}): {type(error).__name__}: {error}"
                self.faults.append(fault)
                warnings.warn(f"left out {fault}", RuntimeWarning, stacklevel=2)
            else:
                yield from parts

    def get(self, kind: str, name: str, *, path: str = "") -> Part:
        """One part.

        Raises:
            ProfileError: There is none of that name; the error says which there are, and which leaf would bring it.
        """
        part = self.all(kind).get(name)
        if part is None:
            raise ProfileError(f"unknown {kind} {name!r}", path=path, mend=self._mend(kind, name))
        return part

    def _mend(self, kind: str, name: str) -> str:
        broken = [f"plugin {info.name!r} is not loaded: {info.error}" for info in self.plugins if info.error]
        broken += self.faults
        leaf = next((leaf for prefix, leaf in LEAVES.items() if name.startswith(prefix)), None)
        installed = {info.distribution for info in self.plugins}
        if leaf and not broken and f"toolverify-{leaf.rpartition('/')[2]}" not in installed:
            return f"the leaf that brings it is not installed: pip install ./{leaf}"
        return "; ".join([closest(name, self.all(kind)), *broken])


def _usable(kind: str, value: Any) -> Any:
    """A part as the registry keeps it; a profile may be given by the path of its file, as text too."""
    if kind == "profile" and isinstance(value, str):
        return Path(value)
    if isinstance(value, type):
        raise TypeError(f"{value.__name__} is a class; return an instance of it")
    return value


def _part_name(kind: str, value: Any) -> str:
    if kind == "command":
        return str(value.__name__).replace("_", "-")
    if kind == "profile" and not hasattr(value, "rules"):
        return Path(value).stem
    if not isinstance(getattr(value, "name", None), str):
        raise TypeError(f"{value!r} has no name")
    return str(value.name)


def _release(info: PluginInfo) -> str:
    return f"{info.distribution} {info.version}"


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The parts of the core and of every plugin that is installed and loads."""
    return load(find_entry_points(), disabled=os.environ.get("TOOLVERIFY_DISABLE", ""))


def find_entry_points() -> list[metadata.EntryPoint]:
    """The entry points of all installed plugins, each once."""
    found = {(point.name, point.value, _owner(point)): point for point in metadata.entry_points(group=GROUP)}
    return sorted(found.values(), key=lambda point: (point.name, point.value))


def load(points: Sequence[metadata.EntryPoint], *, disabled: str = "") -> Registry:
    """Load the core's parts and those of the given entry points.

    A plugin that cannot be imported is a warning, and an error only when something of it is asked for.

    Raises:
        PluginError: Two distributions claim one name, or a hook is misspelt.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    version = metadata.version(CORE)
    plugins = []
    for module in BUILTIN:
        manager.register(import_module(module), name=module)
        plugins.append(PluginInfo(module.rpartition(".")[2], module, CORE, version))
    _refuse_twins(points)
    left_out = {name.strip() for name in disabled.split(",")}
    plugins += [
        _load_one(manager, point) if point.name not in left_out else _left_out(point) for point in points
    ]
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(str(error), mend="spell the hook as docs/plugins.md does") from error
    return Registry(manager, plugins)


def _refuse_twins(points: Sequence[metadata.EntryPoint]) -> None:
    owners: dict[str, tuple[str, str]] = {}
    for point in points:
        owner = _owner(point)
        other = owners.setdefault(point.name, owner)
        if other != owner:
            raise PluginError(
                f"two plugins are named {point.name!r}: {' '.join(other)} and {' '.join(owner)}",
                mend="uninstall one",
            )


def _owner(point: metadata.EntryPoint) -> tuple[str, str]:
    return (
        (point.dist.name, point.dist.version) if point.dist is not None else ("an unknown distribution", "")
    )


def _left_out(point: metadata.EntryPoint) -> PluginInfo:
    return PluginInfo(point.name, point.value, *_owner(point), error="left out by TOOLVERIFY_DISABLE")


def _load_one(manager: pluggy.PluginManager, point: metadata.EntryPoint) -> PluginInfo:
    distribution, version = _owner(point)
    try:
        module = point.load()
    except Exception as error:  # noqa: BLE001  # whatever a foreign import does, it is told and goes on without
        reason = f"{type(error).__name__}: {error}"
        text = f"plugin {point.name!r} ({distribution} {version}) failed to import {point.value!r}: {reason}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        return PluginInfo(point.name, point.value, distribution, version, error=f"{point.value}: {reason}")
    try:
        manager.register(module, name=point.value)
    except (ValueError, pluggy.PluginValidationError) as error:
        raise PluginError(
            f"plugin {point.name!r} ({distribution} {version}): {error}", mend="mend its hooks"
        ) from error
    return PluginInfo(point.name, point.value, distribution, version)
