"""What OpenRLHF imports from vllm.utils."""

from uuid import uuid4


def random_uuid():
    """A number for a request."""
    return uuid4().hex
