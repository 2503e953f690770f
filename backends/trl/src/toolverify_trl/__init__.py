"""toolverify's rewards in TRL: `Reward("typed")`, or `toolverify_trl.typed` on a command line."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from toolverify import hookimpl

if TYPE_CHECKING:
    from toolverify.protocols import Backend, Prompt
    from toolverify_trl.adapter import Reward
    from toolverify_trl.several import reward_weights, rewards

__all__ = ["Reward", "reward_weights", "rewards"]

_LAZY = {
    "Reward": "toolverify_trl.adapter",
    "reward_weights": "toolverify_trl.several",
    "rewards": "toolverify_trl.several",
}


@hookimpl
def toolverify_backends() -> Sequence["Backend"]:
    """TRL's GRPO trainer."""
    from toolverify_trl.backend import TRL

    return [TRL]


@hookimpl
def toolverify_prompts() -> Sequence["Prompt"]:
    """The demo's prompt."""
    from toolverify_trl.demo.prompt import TOOL_NAMES

    return [TOOL_NAMES]


@hookimpl
def toolverify_commands() -> Sequence[Callable[..., Any]]:
    """The demo."""
    from toolverify_trl.demo.command import demo

    return [demo]


def __getattr__(name: str) -> Any:
    """The public names, and a ready reward for every installed profile: `toolverify_trl.tool_n1`."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    if not name.startswith("_"):
        from toolverify_trl.ready import known_profiles, ready

        found = ready(name)
        if found is not None:
            return found
        known = ", ".join(["reward", *sorted(known_profiles())])
        raise AttributeError(f"toolverify_trl has no reward {name!r}; there are: {known}")
    raise AttributeError(f"module 'toolverify_trl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
