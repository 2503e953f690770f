"""The versions of OpenRLHF, and what differs between them as far as a reward is concerned."""

from __future__ import annotations

import re
from importlib import metadata

Version = tuple[int, int, int]

#: The first version whose reward functions return a dictionary.
OLDEST: Version = (0, 8, 3)
#: The first one that was not tried.
NEWEST: Version = (0, 12, 0)
#: From here on the rollout actor calls the reward, one sample a call, and swallows its exceptions.
ONE_BY_ONE: Version = (0, 9, 1)
#: From here on the prompt and the response share `max_len`.
ONE_LENGTH: Version = (0, 9, 8)
#: From here on a score of 0 is a score.
ZERO_COUNTS: Version = (0, 10, 1)
#: From here on options have dots in their names.
DOTTED: Version = (0, 10, 2)


def installed(distribution: str) -> str | None:
    """The installed version of a distribution."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def parsed(version: str | None) -> Version | None:
    """The numbers of a version; what comes behind them, as `.post1`, does not count."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version or "")
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def zero_score_is_lost(version: str | None) -> bool:
    """Whether this version takes a score of 0 for none, and puts the reward in its place."""
    numbers = parsed(version)
    return numbers is not None and ONE_BY_ONE <= numbers < ZERO_COUNTS
