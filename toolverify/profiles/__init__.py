"""The profiles of the core: one TOML file each."""

from collections.abc import Sequence
from pathlib import Path

from toolverify.hookspecs import hookimpl


@hookimpl
def toolverify_profiles() -> Sequence[Path]:
    """The paper's reward and our recommendation."""
    return sorted(Path(__file__).parent.glob("*.toml"))
