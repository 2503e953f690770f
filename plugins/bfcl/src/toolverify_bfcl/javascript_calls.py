"""x"""

from toolverify.limits import Limits
from toolverify_bfcl.decoded import DecodedCall


def read_javascript_calls(text: str, limits: Limits) -> list[DecodedCall] | None:
    """x"""
    raise NotImplementedError
