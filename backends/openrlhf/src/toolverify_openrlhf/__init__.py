"""toolverify as the reward of OpenRLHF.

A reward file of one's own is three lines:

    from toolverify_openrlhf import make_reward_func

    reward_func = make_reward_func(profile="typed", format="hermes")
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toolverify import hookimpl
from toolverify.protocols import Backend
from toolverify_openrlhf.backend import OpenRLHF

if TYPE_CHECKING:
    from toolverify_openrlhf.reward import make_reward_func

__all__ = ["make_reward_func"]


@hookimpl
def toolverify_backends() -> Sequence[Backend]:
    """OpenRLHF."""
    return [OpenRLHF()]


def __getattr__(name: str) -> Any:
    """The maker of reward functions, when it is asked for: the program does not wait for what it imports."""
    if name == "make_reward_func":
        from toolverify_openrlhf.reward import make_reward_func

        return make_reward_func
    raise AttributeError(f"module 'toolverify_openrlhf' has no attribute {name!r}")
