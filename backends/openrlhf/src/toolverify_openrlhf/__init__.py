"""toolverify as the reward of OpenRLHF.

A reward file of one's own is three lines:

    from toolverify_openrlhf import make_reward_func

    reward_func = make_reward_func(profile="typed", format="hermes")
"""

from collections.abc import Sequence

from toolverify import hookimpl
from toolverify.protocols import Backend
from toolverify_openrlhf.backend import OpenRLHF
from toolverify_openrlhf.reward import make_reward_func

__all__ = ["make_reward_func"]


@hookimpl
def toolverify_backends() -> Sequence[Backend]:
    """OpenRLHF."""
    return [OpenRLHF()]
