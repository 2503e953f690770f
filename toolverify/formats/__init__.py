"""The wire formats of the core."""

from collections.abc import Sequence

from toolverify.formats.hermes import HERMES
from toolverify.formats.openai_message import OPENAI_MESSAGE
from toolverify.formats.tool_n1 import TOOL_N1
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Format


@hookimpl
def toolverify_formats() -> Sequence[Format]:
    """The paper's format, Hermes and chat messages."""
    return [TOOL_N1, HERMES, OPENAI_MESSAGE]
