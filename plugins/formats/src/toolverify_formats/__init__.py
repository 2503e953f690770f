"""Every wire format that open models speak, each a declaration on an engine of the core."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from toolverify import hookimpl
from toolverify.protocols import Format

_FAMILIES = (
    "json_formats",
    "named_formats",
    "tag_formats",
    "python_formats",
    "key_value_formats",
    "channel_formats",
)


@hookimpl
def toolverify_formats() -> Sequence[Format]:
    """All of them, family by family."""
    names = [f"toolverify_formats.{family}" for family in _FAMILIES]
    return [made for name in names if find_spec(name) for made in import_module(name).FORMATS]
