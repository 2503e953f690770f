"""Whether the installed TRL is one that the adapter works with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from toolverify.checkup import Fault


def check_versions(versions: Mapping[str, str | None], requires: Mapping[str, str]) -> Iterator[Fault]:
    """A fault for each distribution that is missing, or outside its range; what was not asked about is left out."""
    for name, wanted in requires.items():
        if name not in versions:
            continue
        installed = versions[name]
        if installed is None:
            mend = f"pip install '{name}{wanted}', or the set in toolverify-trl[train]"
            yield Fault("version.missing", f"{name} is not installed here", mend, "warning", name)
        elif not in_range(installed, wanted):
            message = f"{name} {installed} is installed, {wanted} was tried"
            yield Fault("version.untried", message, f"pip install '{name}{wanted}'", where=name)


def in_range(installed: str, wanted: str) -> bool:
    """Whether a version satisfies bounds such as `>=1.0,<2`; one before a release belongs to it."""
    version = _numbers(installed)
    for bound in wanted.split(","):
        number = _numbers(bound)
        if bound.startswith(">=") and version < number:
            return False
        if bound.startswith("<") and version >= number:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    found = re.search(r"\d+(?:\.\d+)*", version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
