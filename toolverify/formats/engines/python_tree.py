"""Python expressions as small trees: what reading them gives, and what says that they cannot be read."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

ExpressionKind = Literal[
    "constant",
    "fstring",
    "name",
    "attribute",
    "subscript",
    "call",
    "list",
    "tuple",
    "set",
    "dict",
    "unary",
    "operation",
    "conditional",
    "lambda",
    "comprehension",
    "starred",
    "named",
    "slice",
]
#: `pending` is a text that ends inside the expression; whether it was cut off is for the caller to say.
FaultStatus = Literal["invalid", "pending", "limit_exceeded"]


class Expression(Struct, frozen=True, gc=False):
    """One expression of a text.

    Attributes:
        kind: What it is.
        source: The text it stands in, from `start` to `end`.
        start: Where it begins.
        end: Where it ends.
        value: A constant's value; the name of a name or an attribute; the operators of a unary or other operation.
        parts: What it consists of: elements; the object of an attribute or a subscript; the function of a call.
        arguments: Of a call, in order.
        entries: Of a dict: keys and values; the key is None where another dict is unpacked.
    """

    kind: ExpressionKind
    source: str
    start: int
    end: int
    value: Any = None
    parts: tuple[Expression, ...] = ()
    arguments: tuple[Argument, ...] = ()
    entries: tuple[tuple[Expression | None, Expression], ...] = ()

    @property
    def text(self) -> str:
        """The text of the expression."""
        return self.source[self.start : self.end]


class Argument(Struct, frozen=True, gc=False):
    """One argument of a call: by name, or by position; `stars` where it is unpacked."""

    name: str | None
    value: Expression
    stars: Literal["", "*", "**"] = ""


class Fault(Exception):  # noqa: N818  # what is wrong with a text, not an error of this program
    """Where and why reading stopped."""

    def __init__(self, status: FaultStatus, detail: str, position: int) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.position = position
