"""What may be set: by arguments, by the environment, and for single rows by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from toolverify.errors import ProfileError
from toolverify.profile import Profile
from toolverify.training import OnError

PREFIX = "TOOLVERIFY_"

#: Tokens that end a turn, or fill up behind one. None of them begins or ends a call in any format.
ENDINGS = (
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "</s>",
    "<eos>",
    "<pad>",
    "<end_of_turn>",
    "<|end|>",
    "<|return|>",
    "<|user|>",
    "<|observation|>",
    "<|END_OF_TURN_TOKEN|>",
    "<｜end▁of▁sentence｜>",
    "<|end_of_sentence|>",
    "[EOS]",
    "[|endofturn|]",
)


class Options(Struct, frozen=True):
    """How the reward is made.

    Attributes:
        profile: A profile's name, the path of a TOML file, or a Profile.
        format: The wire format the model speaks, where it is not the profile's own.
        on_error: What a row that cannot be read does: `zero` counts it and goes on, `raise` stops the training.
        fallback: The reward of a sample that cannot be scored.
        log: A JSON Lines file with a line a sample; None writes none.
        endings: Tokens that end a turn, beside the usual ones.
    """

    profile: str | Profile
    format: str | None = None
    on_error: OnError = "zero"
    fallback: float = 0.0
    log: str | None = None
    endings: tuple[str, ...] = ()


def options_from(environment: Mapping[str, str]) -> Options:
    """The options that the environment sets.

    Raises:
        ProfileError: No profile is named, or a number is none.
    """
    given = {
        name: environment[PREFIX + name.upper()]
        for name in Options.__struct_fields__
        if environment.get(PREFIX + name.upper())
    }
    if "profile" not in given:
        raise ProfileError(
            "which profile? the environment of this process does not say",
            path=f"{PREFIX}PROFILE",
            mend="export it before `ray start`, or pass it as an env_var of Ray's runtime environment",
        )
    return checked(**{**given, **_converted(given)})


def _converted(given: Mapping[str, str]) -> dict[str, Any]:
    """The options that are no texts."""
    converted: dict[str, Any] = {}
    if "endings" in given:
        converted["endings"] = tuple(mark for mark in given["endings"].split(",") if mark)
    if "fallback" in given:
        try:
            converted["fallback"] = float(given["fallback"])
        except ValueError as error:
            raise ProfileError(
                f"not a number: {given['fallback']!r}", path=f"{PREFIX}FALLBACK", mend="write one, as 0.0"
            ) from error
    return converted


def checked(
    profile: str | Profile,
    *,
    format: str | None = None,  # noqa: A002  # the name that every adapter uses
    on_error: str = "zero",
    fallback: float = 0.0,
    log: str | Path | None = None,
    endings: tuple[str, ...] | list[str] = (),
) -> Options:
    """Options that hold.

    Raises:
        ProfileError: The fallback is no finite number, or the log has no folder.
    """
    if isinstance(fallback, bool) or not isinstance(fallback, int | float) or not isfinite(fallback):
        raise ProfileError(f"fallback is {fallback!r}", path="fallback", mend="give a finite number, as 0.0")
    if on_error not in {"zero", "raise"}:
        raise ProfileError(f"on_error is {on_error!r}", path="on_error", mend="use 'zero' or 'raise'")
    return Options(
        profile=profile,
        format=format,
        on_error=cast(OnError, on_error),
        fallback=float(fallback),
        log=None if log is None else _writable(Path(log)),
        endings=tuple(endings),
    )


def _writable(log: Path) -> str:
    """The log's whole path: the processes of a training run stand in different folders."""
    path = log.expanduser().absolute()
    if not path.parent.is_dir():
        raise ProfileError(
            f"no folder {str(path.parent)!r}", path="log", mend="make it, on every node that runs the reward"
        )
    return str(path)
