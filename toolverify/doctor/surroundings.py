"""What stands around the rows: plugins, the profile and what brings its parts, the trainer's version."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from importlib import metadata

from toolverify.checkup import Fault, Setup
from toolverify.doctor.faults import fault, warning
from toolverify.doctor.looking import Look
from toolverify.errors import PluginError, ToolverifyError
from toolverify.plugins import KINDS, Registry
from toolverify.verifier import Verifier
from toolverify.versions import Fit, fit, installed_versions

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*\(?(?P<wanted>[^;()]*)\)?\s*"
)


def look_at_plugins(parts: Registry) -> Look:
    """Every plugin loads, and every hook gives its parts."""
    disabled = [info.name for info in parts.plugins if info.error.startswith("left out by")]
    faults = [
        warning(
            "plugins.broken",
            f"plugin {info.name!r} is not loaded: {info.error}",
            where=f"{info.distribution} {info.version}",
        )
        for info in parts.plugins
        if info.error and info.name not in disabled
    ]
    faults += list(_twins(parts))
    faults += [warning("plugins.hook", told) for told in dict.fromkeys(parts.faults)]
    foreign = sorted(
        {info.name for info in parts.plugins if info.distribution != "toolverify" and not info.error}
    )
    told = f"{len(foreign)} beside the core: {', '.join(foreign)}" if foreign else "none beside the core"
    return Look("plugins", told + (f"; left out: {', '.join(disabled)}" if disabled else ""), tuple(faults))


def _twins(parts: Registry) -> Iterator[Fault]:
    """Asking for every kind of parts; what hooks do wrong is told here, and not as a warning beside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for kind in KINDS:
            try:
                parts.all(kind)
            except PluginError as error:
                yield fault("plugins.twins", error.problem, mend=error.mend)


def look_at_profile(profile: str, format_: str | None) -> tuple[Look, Verifier | None]:
    """The profile, ready to score; None where it cannot be made so."""
    try:
        verifier = Verifier(profile, format=format_)
    except ToolverifyError as error:
        broken = fault(
            "profile.broken", error.problem, where=error.path or f"profile {profile}", mend=error.mend
        )
        return Look("profile", profile, (broken,)), None
    told = f"{verifier.profile.name} ({verifier.hash}), format {verifier.profile.format.use}"
    return Look("profile", told), verifier


def look_at_parts(setup: Setup) -> Look:
    """The distributions that bring the profile's parts have what they want."""
    owners = setup.verifier.distributions
    faults = [found for owner in owners for found in _unmet(owner)]
    return Look("parts", f"from {', '.join(owners)}", tuple(faults))


def _unmet(owner: str) -> Iterator[Fault]:
    name = owner.partition(" ")[0]
    for text in _requirements(name):
        requirement = _REQUIREMENT.fullmatch(text)
        if requirement is None:  # an extra, or a requirement for some machines alone
            continue
        other = requirement["name"]
        installed = installed_versions([other])[other]
        if installed is None:
            told = f"{owner} wants {text.strip()}, which is not installed"
            yield fault("parts.requirement", told, where=name)
        elif not _allows(requirement["wanted"], installed):
            told = f"{owner} wants {text.strip()}; installed is {installed}"
            yield fault("parts.requirement", told, where=name)


def _allows(wanted: str, installed: str) -> bool:
    """Whether a requirement allows a version; one that names a file or an address allows any."""
    try:
        return fit(installed, wanted) == "fits"
    except PluginError:
        return True


def _requirements(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # an entry point that no distribution owns
        return []


def look_at_versions(setup: Setup) -> Look:
    """The trainer is installed, in a version that the backend was tried on."""
    backend = setup.backend
    if backend is None:
        return Look("versions", "no --backend", skipped=True)
    if getattr(backend, "checks_versions", False):
        return Look("versions", f"{backend.name} tells of them itself", skipped=True)
    faults = []
    for name, wanted in backend.requires.items():
        found = _version_fault(backend.name, name, wanted, setup.versions.get(name))
        faults += [] if found is None else [found]
    known = ", ".join([f"{name} {version}" for name, version in setup.versions.items() if version])
    return Look("versions", known or f"what {backend.name} wants", tuple(faults))


_MEANING: dict[Fit, tuple[str, str]] = {
    "older": ("versions.old", "is older than the backend works with"),
    "excluded": ("versions.excluded", "is a version that the backend does not work with"),
    "newer": ("versions.untried", "is newer than the backend was tried on"),
}


def _version_fault(backend: str, name: str, wanted: str, installed: str | None) -> Fault | None:
    install = f"pip install '{name}{wanted}'"
    if installed is None:
        return warning(
            "versions.missing",
            f"not installed here; the backend {backend} wants {wanted or 'any version'}",
            where=name,
            mend=install,
        )
    state = fit(installed, wanted)
    if state == "fits":
        return None
    code, told = _MEANING[state]
    give = warning if state == "newer" else fault
    return give(code, f"{installed} {told}: {wanted}", where=name, mend=install)
