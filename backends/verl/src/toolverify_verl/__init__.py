"""The reward inside verl, as a function and as a reward manager."""

from collections.abc import Sequence

from toolverify import hookimpl
from toolverify.protocols import Backend
from toolverify_verl.backend import VerlBackend


@hookimpl
def toolverify_backends() -> Sequence[Backend]:
    """verl 0.7.1 and later."""
    return [VerlBackend()]
