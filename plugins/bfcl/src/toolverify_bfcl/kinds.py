"""The type names of BFCL's tools, and the Python types that values of them must have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from toolverify_bfcl import java_values, javascript_values

LanguageName = Literal["python", "java", "javascript"]

_PYTHON: dict[str, type] = {
    **dict.fromkeys(("string", "any"), str),
    "integer": int,
    "float": float,
    "boolean": bool,
    **dict.fromkeys(("array", "tuple"), list),
    "dict": dict,
}


class Language(Struct, frozen=True):
    """How values of a language are typed.

    Attributes:
        name: Its name.
        types: The Python type of each type name; any other name makes the reference raise.
        nested: The type names whose element type is looked at.
        convert: What turns the text of a value into a value; None where values come as they are.
        text_error: The reference's error type for a value that is no text, where texts are due.
    """

    name: LanguageName
    types: Mapping[str, type]
    nested: frozenset[str]
    convert: Callable[[str, str, str | None], Any] | None = None
    text_error: str = ""


PYTHON = Language("python", _PYTHON, frozenset(("array", "tuple")))
JAVA = Language(
    "java", java_values.TYPES, frozenset(("Array", "ArrayList")), java_values.java_value, "type_error:java"
)
JAVASCRIPT = Language(
    "javascript",
    javascript_values.TYPES,
    frozenset(("array",)),
    javascript_values.javascript_value,
    "type_error:js",
)


def language_of(category: str | None) -> Language:
    """The language of a category of BFCL."""
    if category and "javascript" in category:
        return JAVASCRIPT
    return JAVA if category and "java" in category else PYTHON
