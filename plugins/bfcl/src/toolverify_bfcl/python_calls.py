"""The reference's reading of calls in Python syntax: a whole text or nothing, and odd values as it sees them.

The reference hands the text to Python's parser, and binary operations to `eval`. Here nothing is evaluated: a text with
a binary operation where a value is due is refused.
"""

from __future__ import annotations

import keyword
from typing import Any

from toolverify.calls import ToolCall
from toolverify.formats.engines import Argument, Expression, Fault, read_expression
from toolverify.limits import Limits
from toolverify_bfcl.decoded import DecodedCall

#: The name under which `**` arguments arrive: the reference has None there, which Python admits as no other name.
UNPACKED = "None"
_ARITHMETIC = frozenset(("+", "-", "*", "/", "//", "%", "**", "~", "<<", ">>", "&", "|", "^"))


def read_python_calls(text: str, limits: Limits) -> list[DecodedCall]:
    """The calls of a text that is a list of calls and nothing else.

    Raises:
        Fault: It is none, or the reference would fail on one of its values.
    """
    if "\0" in text or not _is_text(text):
        raise Fault("invalid", "not a text that Python reads", 0)
    body = read_expression(text, limits)
    if body.kind != "list":
        raise _refused(body, "the whole is no list of calls")
    return [_decoded(element) for element in body.parts]


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refused(expression: Expression, why: str) -> Fault:
    return Fault("invalid", f"{why}: {expression.text[:60]!r}", expression.start)


def _decoded(element: Expression) -> DecodedCall:
    if element.kind != "call":
        raise _refused(element, "an element is no call")
    name, arguments = _call(element)
    return DecodedCall(ToolCall(name, arguments), (element.start, element.end))


def _call(expression: Expression) -> tuple[str, dict[str, Any]]:
    """The name and the arguments by name; those by position are dropped."""
    _check_order(expression)
    named = [argument for argument in expression.arguments if argument.name or argument.stars == "**"]
    return _function_name(expression.parts[0]), {
        argument.name or UNPACKED: python_value(argument.value) for argument in named
    }


def _check_order(expression: Expression) -> None:
    """Python wants arguments by position first, and its reserved words are no names."""
    seen = ""
    for argument in expression.arguments:
        if argument.name in keyword.kwlist:
            raise _refused(expression, f"{argument.name!r} is a reserved word")
        kind = "name" if argument.name else argument.stars
        if (kind == "" and seen) or (kind == "*" and seen == "**"):
            raise _refused(expression, "an argument by position after one by name")
        seen = "**" if "**" in (kind, seen) else kind if kind == "name" else seen


def _function_name(expression: Expression) -> str:
    """The dotted name; of anything else but names and attributes, nothing."""
    names: list[str] = []
    while expression.kind == "attribute":
        names.append(expression.value)
        expression = expression.parts[0]
    return ".".join([*([expression.value] if expression.kind == "name" else []), *reversed(names)])


def python_value(expression: Expression) -> Any:
    """What the reference takes an expression for.

    Raises:
        Fault: It would fail there, or evaluate it.
    """
    kind = expression.kind
    if kind == "constant":
        return "..." if expression.value is ... else expression.value
    if kind == "name":
        return expression.value
    if kind == "unary":
        return _negated(expression)
    if kind == "list":
        return [python_value(part) for part in expression.parts]
    if kind == "tuple":
        return tuple([python_value(part) for part in expression.parts])
    if kind == "dict":
        return _dict(expression)
    if kind == "call":
        return _call_value(expression)
    if kind == "subscript":
        return source_text(expression)
    if kind == "operation" and _is_arithmetic(expression):
        raise Fault("limit_exceeded", f"never worked out: {expression.text[:60]!r}", expression.start)
    raise _refused(expression, f"the value is no literal, but of kind {kind}")


def _is_arithmetic(expression: Expression) -> bool:
    """Numbers alone, with operators between them: what the reference would work out, and what is too much here."""
    if expression.kind in ("unary", "operation"):
        operators = expression.value.split() if expression.kind == "unary" else expression.value
        return set(operators) <= _ARITHMETIC and all(map(_is_arithmetic, expression.parts))
    return expression.kind == "constant" and isinstance(expression.value, int | float | complex)


def _negated(expression: Expression) -> Any:
    """Any one sign is taken for a minus, `not` too."""
    operand = expression.parts[0]
    value = operand.value if operand.kind == "constant" else None
    if expression.value not in ("-", "+", "~", "not") or not isinstance(value, bool | int | float | complex):
        raise _refused(expression, "a sign before what is no number")
    return -value


def _dict(expression: Expression) -> dict[Any, Any]:
    members = {}
    for key, value in expression.entries:
        read = None if key is None else python_value(key)
        if key is None or isinstance(read, list | dict) or not _hashable(read):
            raise _refused(expression, "a key that is none")
        members[read] = python_value(value)
    return members


def _hashable(value: Any) -> bool:
    """A tuple is a key where all in it are."""
    if isinstance(value, tuple):
        return all(_hashable(element) for element in value)
    return not isinstance(value, list | dict)


def _call_value(expression: Expression) -> Any:
    """A call is an object of one member, or its text where nothing is given by name."""
    if not any(argument.name or argument.stars == "**" for argument in expression.arguments):
        return source_text(expression)
    name, arguments = _call(expression)
    return {name: arguments}


def source_text(expression: Expression) -> str:
    """The text of an expression as Python would write it; what is rare, as it stands but for its white space."""
    kind, parts = expression.kind, expression.parts
    if kind == "constant":
        return "..." if expression.value is ... else repr(expression.value)
    if kind == "name":
        return str(expression.value)
    if kind == "attribute":
        return f"{source_text(parts[0])}.{expression.value}"
    if kind == "call":
        return f"{source_text(parts[0])}({', '.join([_argument_text(one) for one in expression.arguments])})"
    if kind == "subscript":
        inner = source_text(parts[1])
        return f"{source_text(parts[0])}[{inner[1:-1] if parts[1].kind == 'tuple' else inner}]"
    if kind in ("list", "tuple"):
        return _row_text(kind, [source_text(part) for part in parts])
    if kind == "unary":
        sign = expression.value
        return f"{sign} {source_text(parts[0])}" if sign.isalpha() else sign + source_text(parts[0])
    return " ".join(expression.text.split())


def _row_text(kind: str, texts: list[str]) -> str:
    inner = ", ".join(texts)
    if kind == "list":
        return f"[{inner}]"
    return f"({inner},)" if len(texts) == 1 else f"({inner})"


def _argument_text(argument: Argument) -> str:
    text = source_text(argument.value)
    return f"{argument.name}={text}" if argument.name else argument.stars + text
