"""Rewards that stand ready in the package, for a command line that names one by a dotted path."""

from __future__ import annotations

import os
from functools import cache

from toolverify.errors import ProfileError
from toolverify.plugins import registry
from toolverify_trl.adapter import Reward

#: Options of the ready rewards, by the environment variable that sets them.
VARIABLES = {
    "format": "TOOLVERIFY_FORMAT",
    "log": "TOOLVERIFY_LOG",
    "tokenizer": "TOOLVERIFY_TOKENIZER",
}
PROFILE = "TOOLVERIFY_PROFILE"


@cache
def ready(name: str) -> Reward | None:
    """The reward called so: `reward` for the profile of the environment, else the profile of that name; None for none.

    Raises:
        ProfileError: The environment names no profile, or one that there is not.
    """
    if name == "reward":
        return Reward(_profile_of_environment(), name=name, **_options())  # type: ignore[arg-type]
    profile = known_profiles().get(name)
    return None if profile is None else Reward(profile, name=name, **_options())  # type: ignore[arg-type]


def known_profiles() -> dict[str, str]:
    """The installed profiles by the names that Python can write: `toolrl_withlength`."""
    return {as_name(profile): profile for profile in registry().all("profile")}


def as_name(profile: str) -> str:
    """A profile's name as an attribute of the package."""
    return "".join([letter if letter.isalnum() else "_" for letter in profile])


def _profile_of_environment() -> str:
    profile = os.environ.get(PROFILE)
    if not profile:
        raise ProfileError(
            "toolverify_trl.reward has no profile",
            path=PROFILE,
            mend=f"set {PROFILE} to a profile's name or the path of a TOML file",
        )
    return profile


def _options() -> dict[str, str]:
    given = {option: os.environ.get(variable) for option, variable in VARIABLES.items()}
    return {option: value for option, value in given.items() if value}
