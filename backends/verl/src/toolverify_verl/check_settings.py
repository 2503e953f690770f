"""What can be wrong with verl's configuration and with what is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from toolverify.checkup import Fault, Setup
from toolverify.errors import ProfileError
from toolverify.suggest import closest
from toolverify.training import ERROR, PASSED, UNSCORABLE
from toolverify_verl.options import KEY, read_options
from toolverify_verl.scorer import SCORE
from toolverify_verl.settings import (
    FUNCTION,
    MANAGER,
    MANAGER_CLASS,
    MANAGER_NAME,
    NEWEST,
    OLDEST,
    Settings,
    is_true,
)

_PLUGINS_SINCE = (0, 9)  # the first version that looks for entry points, and that ignores the old keys
_MANAGERS = ("naive", "dapo", "gdpo", "rate_limited", "remote", MANAGER_NAME)
_MOVED = {  # the longest key first
    "reward_model.reward_manager": "reward.reward_manager.name",
    "reward_model.reward_loop_source": "reward.reward_manager.source",
    "reward_model.reward_loop_module_path": "reward.reward_manager.module.path",
    "reward_model.reward_loop_class_name": "reward.reward_manager.name",
    "reward_model.num_workers": "reward.num_workers",
    "custom_reward_function.": "reward.custom_reward_function.",
    "reward_manager.": "reward.reward_manager.",
    "reward_model.": "reward.reward_model.",
    "sandbox_fusion.": "reward.sandbox_fusion.",
}
_VERLS_OWN_METRICS = {"reward", "seq_reward", "seq_final_reward"}


def check_settings(setup: Setup, settings: Settings) -> Iterator[Fault]:
    """Everything that the configuration tells, and the installed version."""
    yield from _version(setup, settings)
    yield from _moved_keys(settings)
    if not settings.values:
        return
    yield from _plugged_in(settings)
    yield from _function(settings)
    yield from _manager(settings)
    yield from _options(setup, settings)
    yield from _metrics(setup, settings)


def _version(setup: Setup, settings: Settings) -> Iterator[Fault]:
    if "verl" not in setup.versions:
        return
    told = setup.versions["verl"]
    if told is None:
        mend = "pip install 'verl>=0.7.1,<0.10' where the training runs"
        yield Fault("verl.missing", "verl is not installed here", mend, "warning")
    elif settings.version is None or not OLDEST <= settings.version < NEWEST:
        message = f"verl {told} is none of the versions this adapter was tried on: 0.7.1 to 0.9"
        yield Fault("verl.version", message, "install verl 0.9.1, or try a short run first", "warning")


def _moved_keys(settings: Settings) -> Iterator[Fault]:
    ignored = settings.version is None or settings.version >= _PLUGINS_SINCE
    for key in settings.values:
        old = next((old for old in _MOVED if key == old or (old.endswith(".") and key.startswith(old))), None)
        if old is None:
            continue
        mend = f"write {_MOVED[old]}{key.removeprefix(old)}"
        if ignored:
            message = "verl 0.9 takes this key and ignores it"
            yield Fault("config.ignored_key", message, mend, where=key)
        else:
            message = "an old key, which verl 0.9 ignores"
            yield Fault("config.old_key", message, mend, "warning", where=key)


def _plugged_in(settings: Settings) -> Iterator[Fault]:
    if settings.uses_manager and settings.uses_function:
        message = "the manager scores by itself, so the function is never called"
        where = "reward.custom_reward_function.path"
        yield Fault("config.function_unused", message, "leave the path out", "warning", where)
    if not settings.uses_manager and not settings.uses_function:
        message = "neither the reward manager nor the reward function of toolverify is asked for"
        yield Fault("config.no_reward", message, "add reward.reward_manager.name=toolverify")
    if is_true(settings.get("reward.reward_model.enable")) and not settings.uses_function:
        message = "with a reward model and no function verl asks the model alone"
        mend = "set reward.reward_model.enable=False"
        yield Fault("config.reward_model", message, mend, where="reward.reward_model.enable")


def _function(settings: Settings) -> Iterator[Fault]:
    if not settings.uses_function:
        return
    key = "reward.custom_reward_function"
    path, name = settings.text(f"{key}.path"), settings.text(f"{key}.name") or "compute_score"
    if path.endswith(".py") and Path(path.removeprefix("file://")).is_absolute():
        message = "loaded by its path, a module has no name by which other processes find it"
        yield Fault("config.file_path", message, f"write {FUNCTION}", "warning", f"{key}.path")
    elif path.replace("/", ".") != FUNCTION.replace("/", "."):
        message = f"verl finds no module under {path!r}"
        yield Fault("config.module_path", message, f"write {FUNCTION}", where=f"{key}.path")
    if name != "compute_score":
        message = f"there is no function {name!r}"
        yield Fault("config.function_name", message, "leave it out", where=f"{key}.name")
    if not settings.uses_manager and is_true(settings.get("actor_rollout_ref.rollout.multi_turn.enable")):
        message = "a function gets several turns as one text, in which tools speak too"
        mend = "use the manager: reward.reward_manager.name=toolverify"
        yield Fault("config.function_turns", message, mend, "warning", f"{key}.path")


def _manager(settings: Settings) -> Iterator[Fault]:
    name = settings.text("reward.reward_manager.name") or "naive"
    if settings.text("reward.reward_manager.source") == "importlib":
        yield from _manager_by_module(settings, name)
    elif name not in _MANAGERS:
        message = f"verl knows no reward manager {name!r}"
        yield Fault("config.manager", message, closest(name, _MANAGERS), where="reward.reward_manager.name")
    elif name == MANAGER_NAME:
        yield from _manager_by_name(settings)
    elif name == "rate_limited" and settings.get("reward.max_concurrent") is None:
        message = "this manager scores one sample at a time unless it is told otherwise"
        mend = "add +reward.max_concurrent=64, or use the manager toolverify"
        yield Fault("config.one_at_a_time", message, mend, "warning", "reward.max_concurrent")


def _manager_by_module(settings: Settings, name: str) -> Iterator[Fault]:
    where = "reward.reward_manager.module.path"
    path = settings.text(where)
    if "toolverify_verl" not in path.replace("/", "."):
        return
    if path.replace("/", ".") != MANAGER.replace("/", "."):
        yield Fault(
            "config.module_path", f"verl finds no module under {path!r}", f"write {MANAGER}", where=where
        )
    if name != MANAGER_CLASS:
        message = f"by a module's path the manager is named by its class, not {name!r}"
        mend = f"write reward.reward_manager.name={MANAGER_CLASS}"
        yield Fault("config.manager", message, mend, where="reward.reward_manager.name")


def _manager_by_name(settings: Settings) -> Iterator[Fault]:
    where = "reward.reward_manager.name"
    if "toolverify_verl.manager" in os.environ.get("VERL_USE_EXTERNAL_MODULES", "").split(","):
        return
    by_module = (
        f"write reward.reward_manager.source=importlib reward.reward_manager.module.path={MANAGER} "
        f"reward.reward_manager.name={MANAGER_CLASS}"
    )
    if settings.version is not None and settings.version < _PLUGINS_SINCE:
        message = "verl before 0.9 looks for no entry points, so it does not know this name"
        yield Fault("config.entry_point", message, by_module, where=where)
    elif not metadata.entry_points(group="verl.plugins", name=MANAGER_NAME):
        message = "the entry point that registers the manager is not to be seen here"
        yield Fault("config.entry_point", message, "install toolverify-verl again", where=where)
    elif not _allowed(os.environ.get("VERL_USE_EXTERNAL_PLUGINS", "auto")):
        message = "VERL_USE_EXTERNAL_PLUGINS keeps verl from loading the manager"
        yield Fault("config.entry_point", message, "unset it, or add toolverify to it", where=where)


def _allowed(policy: str) -> bool:
    return policy.strip().lower() == "auto" or MANAGER_NAME in {
        name.strip() for name in policy.lower().split(",")
    }


def _options(setup: Setup, settings: Settings) -> Iterator[Fault]:
    if not settings.uses_manager and not settings.uses_function:
        return
    yield from _plus_signs(settings)
    try:
        options = read_options(settings.options)
    except ProfileError as error:
        yield Fault("config.option", error.problem, error.mend, where=error.path)
        return
    if options.profile != setup.verifier.profile.name and not options.profile.endswith(".toml"):
        message = f"training uses {options.profile!r}, looked at is {setup.verifier.profile.name!r}"
        yield Fault("config.other_profile", message, "look at the profile of the training", "warning", KEY)
    for key in ("profile", "log"):
        path = getattr(options, key) or ""
        if path.endswith((".toml", ".jsonl")) and not Path(path).is_absolute():
            message = f"{path!r} is found from wherever a worker happens to run"
            yield Fault("config.relative_path", message, "write the whole path", "warning", f"{KEY}.{key}")


def _plus_signs(settings: Settings) -> Iterator[Fault]:
    """The key of our options is not in verl's own files, so hydra wants it added."""
    for key in sorted(settings.written):
        if settings.overrides and key.startswith(KEY):
            message = "on the command line hydra refuses a key that verl's files do not have"
            yield Fault("config.no_plus", message, f"write +{key}", where=key)


def _metrics(setup: Setup, settings: Settings) -> Iterator[Fault]:
    names = {SCORE, PASSED, *setup.verifier.rules, ERROR, UNSCORABLE}
    asked = [("algorithm.filter_groups.metric", settings.get("algorithm.filter_groups.metric"))]
    asked = asked if is_true(settings.get("algorithm.filter_groups.enable")) else []
    asked += [
        ("algorithm.gdpo_reward_keys", key) for key in _listed(settings.get("algorithm.gdpo_reward_keys"))
    ]
    for where, metric in asked:
        if metric is not None and str(metric) not in names | _VERLS_OWN_METRICS:
            message = f"the reward has no component {str(metric)!r}"
            yield Fault("config.metric", message, closest(str(metric), sorted(names)), where=where)


def _listed(value: object) -> list[str]:
    """A list, also as the text that a command line carries."""
    if isinstance(value, str):
        return [name.strip(" '\"") for name in value.strip("[] ").split(",") if name.strip()]
    return [str(name) for name in value] if isinstance(value, list | tuple) else []
