"""x"""

from toolverify.limits import Limits
from toolverify_bfcl.decoded import DecodedCall


def read_java_calls(text: str, limits: Limits) -> list[DecodedCall] | None:
    """x"""
    raise NotImplementedError
