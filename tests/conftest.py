"""What every test shares: the settings of hypothesis, and this folder as a place to import from."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

# The same examples on every run; TOOLVERIFY_EXAMPLES asks for that many fresh ones instead.
settings.register_profile(
    "steady",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.register_profile(
    "search",
    settings.get_profile("steady"),
    derandomize=False,
    max_examples=int(os.environ.get("TOOLVERIFY_EXAMPLES", "100")),
)
settings.load_profile("search" if "TOOLVERIFY_EXAMPLES" in os.environ else "steady")
