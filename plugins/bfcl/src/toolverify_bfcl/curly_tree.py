"""What reading an expression of Java or JavaScript gives: as much as the reference looks at."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

NodeKind = Literal["identifier", "string", "true", "class", "call", "assignment", "unwritten", "other"]


class Node(Struct, frozen=True):
    """One expression.

    Attributes:
        kind: What it is; `unwritten` is an array of Java without its elements, on which the reference fails.
        start: Where it begins.
        end: Where it ends.
        text: It as the reference writes it.
        left: Of an assignment, what is assigned to.
        right: Of an assignment, what is assigned.
        function: Of a call, the text of what is called.
        arguments: Of a call.
    """

    kind: NodeKind
    start: int
    end: int
    text: str
    left: Node | None = None
    right: Node | None = None
    function: str = ""
    arguments: tuple[Node, ...] = ()
