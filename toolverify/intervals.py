"""How sure a share is."""

from __future__ import annotations

import math

_95 = 1.959963984540054  # the normal distribution's 97.5 % point


def wilson(hits: int, count: int, z: float = _95) -> tuple[float, float]:
    """Wilson's interval of a share, 95 % unless told otherwise; everything where nothing was counted."""
    if count == 0:
        return 0.0, 1.0
    share, weight = hits / count, z * z / count
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / count + weight / (4 * count))
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == count else middle + half
    return low, high
