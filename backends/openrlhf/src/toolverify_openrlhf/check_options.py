"""Checks of the version, and of what the options are called in it."""

from __future__ import annotations

from collections.abc import Iterator

from toolverify.checkup import Fault
from toolverify_openrlhf.option_names import BEGUN, DOTTED_NAMES, ENDED, FLAT_NAMES
from toolverify_openrlhf.settings import Settings
from toolverify_openrlhf.versions import DOTTED, NEWEST, OLDEST, Version


def check_version(version: Version | None) -> Iterator[Fault]:
    """A version whose reward functions are called as this adapter expects it."""
    if version is not None and version < OLDEST:
        yield Fault(
            "openrlhf.version_old",
            f"OpenRLHF {_told(version)} wants a bare tensor of its reward function",
            f"install {_told(OLDEST)} or later",
        )
    elif version is not None and version >= NEWEST:
        yield Fault(
            "openrlhf.version_untried",
            f"OpenRLHF {_told(version)} was not tried",
            f"watch the first steps, or install a version before {_told(NEWEST)}",
            level="warning",
        )


def check_names(settings: Settings) -> Iterator[Fault]:
    """Options that this version has under another name, no longer, or not yet: its parser stops at them."""
    if settings.version is None:
        yield from _mixture(settings)
        return
    for name in settings.given:
        mend = _mend(name, settings.version)
        if mend:
            yield Fault(
                "openrlhf.option_name",
                f"OpenRLHF {_told(settings.version)} has no option --{name}",
                mend,
                where=f"--{name}",
            )


def _mend(name: str, version: Version) -> str:
    """What to write instead; nothing where the name is right."""
    if name in ENDED and version >= ENDED[name][0]:
        return f"write --{ENDED[name][1]}"
    if version >= DOTTED:
        new = DOTTED_NAMES.get(name)
        if new:
            return f"write --{new}"
    elif name in FLAT_NAMES:
        return f"write --{FLAT_NAMES[name]}"
    if name in BEGUN and version < BEGUN[name]:
        return f"leave it out, or install {_told(BEGUN[name])} or later"
    return ""


def _mixture(settings: Settings) -> Iterator[Fault]:
    flat = [name for name in settings.given if name in DOTTED_NAMES or (name in ENDED and "." not in name)]
    dotted = [name for name in settings.given if "." in name]
    if flat and dotted:
        yield Fault(
            "openrlhf.option_name",
            f"--{flat[0]} is of versions before {_told(DOTTED)}, --{dotted[0]} of later ones",
            "write all options for one version",
            where=f"--{flat[0]}",
        )


def check_filtering_bug(settings: Settings) -> Iterator[Fault]:
    """0.11.0 loses samples that it has accepted, when the prompts run out."""
    if settings.version == (0, 11, 0) and settings.on("algo.dynamic_filtering_enable"):
        yield Fault(
            "openrlhf.filtering_loses",
            "dynamic filtering in 0.11.0 loses accepted samples when the prompts run out",
            "install 0.11.1 or later",
            level="warning",
            where="--algo.dynamic_filtering_enable",
        )


def _told(version: Version) -> str:
    return ".".join(map(str, version))
