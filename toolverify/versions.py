"""Versions against what a requirement allows, as PEP 440 compares them; `packaging` is no dependency."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import metadata
from typing import Literal, NamedTuple

from toolverify.errors import PluginError

Fit = Literal["fits", "older", "newer", "excluded"]
_VERSION = re.compile(
    r"""v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<phase>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<number>\d*))?
    (?:-(?P<bare>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<after>\d*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<early>\d*))?
    (?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?""",
    re.VERBOSE | re.IGNORECASE,
)
_SPECIFIER = re.compile(r"(?P<operator>~=|===|==|!=|<=|>=|<|>)\s*(?P<version>[^\s,]+)")
_PHASES = {"a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1, "pre": -1, "preview": -1}
_FINAL = 0
_BEFORE_ALL = -4  # a development release of a final one comes before its first alpha


class Version(NamedTuple):
    """A version in the order in which versions compare; a local label, such as `+cpu`, counts nothing."""

    epoch: int
    release: tuple[int, ...]
    phase: tuple[int, int]
    post: int
    dev: float

    @property
    def early(self) -> bool:
        """Whether it is an alpha, a beta, a candidate or a development release."""
        return self.phase[0] < _FINAL or self.dev != float("inf")


def read_version(text: str) -> Version | None:
    """A version as it compares; None for what is none."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        return None
    release = [int(number) for number in found["release"].split(".")]
    while release and release[-1] == 0:  # 1.0 is 1
        release.pop()
    phase = (_PHASES[found["phase"].lower()], int(found["number"] or 0)) if found["phase"] else (_FINAL, 0)
    post = int(found["bare"] or found["after"] or 0) if found["bare"] or found["post"] else -1
    dev = float(found["early"] or 0) if found["dev"] else float("inf")
    if found["dev"] and not found["phase"] and post < 0:
        phase = (_BEFORE_ALL, 0)
    return Version(int(found["epoch"] or 0), tuple(release), phase, post, dev)


def fit(installed: str, wanted: str) -> Fit:
    """Whether a version is one that `wanted` allows (`>=1.0,<2`), or on which side of it it lies.

    Raises:
        PluginError: `wanted` says nothing that can be read.
    """
    version = read_version(installed)
    if version is None:
        return "excluded"
    misses = [_miss(version, *specifier) for specifier in read_specifiers(wanted)]
    for worst in ("older", "excluded", "newer"):
        if worst in misses:
            return worst
    return "fits"


def read_specifiers(wanted: str) -> list[tuple[str, str]]:
    """`>=1.0,<2` as operators and versions.

    Raises:
        PluginError: It is not of that form.
    """
    pieces = [piece.strip() for piece in wanted.split(",") if piece.strip()]
    found = [_SPECIFIER.fullmatch(piece) for piece in pieces]
    for piece, match in zip(pieces, found, strict=True):
        if match is None or _bound(match["version"]) is None:
            raise PluginError(f"no version specifier: {piece!r}", mend="write versions as in '>=1.0,<2'")
    return [(match["operator"], match["version"]) for match in found if match is not None]


def _bound(text: str) -> Version | None:
    return read_version(text.removesuffix(".*"))


def _miss(version: Version, operator: str, text: str) -> Fit:
    bound = _bound(text)
    if bound is None or _holds(version, operator, text, bound):
        return "fits"
    if operator == "!=":
        return "excluded"
    newer = operator.startswith("<") or (operator[0] in "=~" and version > bound)
    return "newer" if newer else "older"


def _holds(version: Version, operator: str, text: str, bound: Version) -> bool:
    alike = _starts_with(version, text) if text.endswith(".*") else version == bound
    match operator:
        case "==" | "===":
            return alike
        case "!=":
            return not alike
        case ">=":
            return version >= bound
        case "<=":
            return version <= bound
        case "<":  # 2.0rc1 is no version under 2, though it comes before it
            return version < bound and not (
                _one_release(version, bound) and version.early and not bound.early
            )
        case ">":  # nor is 1.0.post1 one over 1.0
            return version > bound and not (_one_release(version, bound) and version.post >= 0 > bound.post)
        case _:
            return version >= bound and _starts_with(version, f"{text.rpartition('.')[0]}.*")


def _one_release(version: Version, bound: Version) -> bool:
    return (version.epoch, version.release) == (bound.epoch, bound.release)


def _starts_with(version: Version, pattern: str) -> bool:
    start = pattern.removesuffix(".*")
    wanted = [int(number) for number in re.findall(r"\d+", start.rpartition("!")[2])]
    release = [*version.release, *[0] * len(wanted)]
    epoch = int(start.partition("!")[0]) if "!" in start else 0
    return version.epoch == epoch and release[: len(wanted)] == wanted


def installed_versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """The installed version of each distribution; None where it is not installed."""
    return {name: _installed(name) for name in distributions}


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
