"""Expressions of Java and JavaScript, read by hand. Nothing is run, and bodies of functions and classes are passed over.

The reference asks a grammar whether a text is sound. What is read here is the part of it that arguments of calls are
written in; a text beyond it is refused.
"""

from __future__ import annotations

import re

from toolverify.formats.engines import Fault
from toolverify.limits import Limits
from toolverify_bfcl.curly_tokens import CurlyReader
from toolverify_bfcl.curly_tree import Node, NodeKind

_BINARY = frozenset(
    "+ - * / % << >> >>> < > <= >= == != & | ^ && || instanceof".split()  # noqa: SIM905  # a list is a page
)
_ASSIGNING = frozenset("= += -= *= /= %= &= |= ^= <<= >>= >>>=".split())  # noqa: SIM905  # the same
_SIGNS = frozenset(("+", "-", "!", "~", "++", "--"))


class CurlyParser(CurlyReader):
    """What Java and JavaScript have in common."""

    signs: frozenset[str] = _SIGNS
    binary: frozenset[str] = _BINARY
    assigning: frozenset[str] = _ASSIGNING
    arrow = "=>"
    trailing_comma = True

    def __init__(self, text: str, token: re.Pattern[str], limits: Limits) -> None:
        self.outermost: Node | None = None  # the first call that stands in no other
        self.inside = 0  # how many calls the expression at hand is an argument of
        super().__init__(text, token, limits)

    def slice(self, start: int, end: int) -> str:
        """The text between two places."""
        return self.text[start:end]

    def node(self, kind: NodeKind, start: int, text: str, **known: object) -> Node:
        """An expression that ends before the token at hand."""
        return Node(kind, start, self.ended, text, **known)  # type: ignore[arg-type]  # its own fields

    def expression(self) -> Node:
        """Operands with operators between them, or one operand alone."""
        self.nest()
        start = self.begin
        first, text = self._operand()
        node = first
        if self.word == self.arrow:
            node = self.node("other", start, text + self._arrow())
        elif self.word in self.assigning:
            node = self._assignment(first)
        else:
            while self.word in self.binary or self.word == "?":
                text += self._rest()
                node = self.node("other", start, text)
        self.depth -= 1
        return node

    def _rest(self) -> str:
        """An operator and its right side."""
        operator = self.token
        self.advance()
        if operator != "?":
            return operator + self._operand()[1]
        text = operator + self.expression().text + ":"
        self.expect(":")
        return text + self.expression().text

    def _assignment(self, left: Node) -> Node:
        if not self.assignable(left):
            raise self.unexpected()
        operator = self.token
        self.advance()
        right = self.expression()
        kind: NodeKind = "assignment" if operator == "=" or self.arrow == "->" else "other"
        return self.node(kind, left.start, left.text + operator + right.text, left=left, right=right)

    def assignable(self, node: Node) -> bool:
        """Whether something can be assigned to it."""
        return node.kind == "identifier" or node.text.endswith("]") or "." in node.text

    def _arrow(self) -> str:
        """The arrow of a function, and its body."""
        arrow = self.token
        self.advance()
        return arrow + ("".join(self.balanced()) if self.word == "{" else self.expression().text)

    def _operand(self) -> tuple[Node, str]:
        """An operand with the signs before and behind it."""
        start = self.begin
        signs = []
        while self.word in self.signs:
            signs.append(self.token)
            self.advance()
            if len(signs) > self.limits.depth:
                raise Fault("limit_exceeded", f"more than {self.limits.depth} signs", self.begin)
        node = self.primary()
        behind = ""
        if self.word in ("++", "--"):
            behind = self.token
            self.advance()
        text = "".join(signs) + node.text + behind
        return (self.node("other", start, text) if signs or behind else node), text

    def primary(self) -> Node:
        """An atom and what is taken from it."""
        start = self.begin
        node = self.atom()
        outermost = None
        links = 0
        while self.word in (".", "(", "[", "::", "?."):
            links += 1
            if links > self.limits.depth:
                raise Fault("limit_exceeded", f"more than {self.limits.depth} links", self.begin)
            node = self._call(start, node) if self.word == "(" else self.link(start, node)
            outermost = node if node.kind == "call" else outermost
        if outermost is not None and self.outermost is None and not self.inside:
            self.outermost = outermost
        return node

    def _call(self, start: int, function: Node) -> Node:
        if function.kind == "string":
            raise self.unexpected()
        arguments = self.arguments()
        called = self.called(function)
        raw = self.slice(start, self.ended)
        return self.node("call", start, raw, function=called, arguments=arguments)

    def called(self, function: Node) -> str:
        """The text of what is called."""
        return self.slice(function.start, function.end)

    def arguments(self) -> tuple[Node, ...]:
        """The arguments between the brackets of a call."""
        self.inside += 1
        self.nest()
        self.expect("(")
        found: list[Node] = []
        while self.word != ")":
            if self.word != "," or not self.trailing_comma:
                found.append(self.argument())
            if self.word != ")":
                self.expect(",")
                if self.word == ")" and not self.trailing_comma:
                    raise self.unexpected()
        self.advance()
        self.depth -= 1
        self.inside -= 1
        return tuple(found)

    def argument(self) -> Node:
        """One argument."""
        return self.expression()

    def link(self, start: int, node: Node) -> Node:
        """An attribute or an item of what stands before."""
        opening = self.word
        self.advance()
        if opening == "[":
            text = f"{node.text}[{self.expression().text}"
            return self.node("other", start, text + self.closed())
        return self.attribute(start, node, opening)

    def closed(self) -> str:
        """The closing bracket; the reference's grammar puts it in where the bracket of a call stands in its place."""
        closing = self.word
        if closing != ")":
            self.expect("]")
        return closing if closing == "]" else ""

    def attribute(self, start: int, node: Node, dot: str) -> Node:
        """A name behind a dot."""
        if self.kind != "name":
            raise self.unexpected()
        text = f"{node.text}{dot}{self.token}"
        self.advance()
        return self.node("other", start, text, left=node)

    def atom(self) -> Node:
        """The smallest of expressions."""
        raise NotImplementedError

    def leaf(self, kind: NodeKind) -> Node:
        """The token at hand, as an expression."""
        start, text = self.begin, self.slice(self.begin, self.position)
        self.advance()
        return self.node(kind, start, text)
