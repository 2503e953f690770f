"""Calls in JavaScript's syntax, `order(item="book", options={gift: true})`, with the values as they stand."""

from __future__ import annotations

from collections.abc import Iterable

from toolverify.calls import ToolCall
from toolverify.formats.engines import Fault
from toolverify.limits import Limits
from toolverify_bfcl.curly_expressions import CurlyParser
from toolverify_bfcl.curly_tokens import SCRIPT_TOKEN
from toolverify_bfcl.curly_tree import Node, NodeKind
from toolverify_bfcl.decoded import DecodedCall
from toolverify_bfcl.java_calls import UNNAMED

_RESERVED = frozenset(
    [
        "break",
        "case",
        "catch",
        "const",
        "continue",
        "debugger",
        "default",
        "do",
        "else",
        "enum",
        "export",
        "extends",
        "finally",
        "for",
        "if",
        "return",
        "switch",
        "throw",
        "try",
        "var",
        "while",
        "with",
        "in",
        "instanceof",
    ]
)
_SIGNS = frozenset(("+", "-", "!", "~", "++", "--", "typeof", "void", "delete", "await", "new"))


def read_javascript_calls(text: str, limits: Limits) -> list[DecodedCall] | None:
    """The call that a text in brackets is; None where it is sound, but anything else.

    Raises:
        Fault: It is not sound, or the reference would fail on it.
    """
    parser = ScriptParser(text[1:-1], SCRIPT_TOKEN, limits)
    found = None
    while parser.kind != "end" and found is None:
        found = parser.statement()
    parser.rest()
    if found is None:
        return None
    call = ToolCall(found.function, _arguments(found.arguments))
    return [DecodedCall(call, (found.start + 1, found.end + 1))]


def _arguments(nodes: Iterable[Node]) -> dict[str, str]:
    arguments: dict[str, str] = {}
    for node in nodes:
        if node.kind == "assignment" and node.left is not None and node.right is not None:
            _add(arguments, node.left.text, _unquoted(node.right.text))
        elif node.kind in ("identifier", "true"):
            _add(arguments, UNNAMED, node.text)
    return arguments


def _add(arguments: dict[str, str], name: str, value: str) -> None:
    if name in arguments:
        raise Fault("invalid", f"several arguments named {name!r}", 0)
    arguments[name] = value


def _unquoted(text: str) -> str:
    """A text without the quotes at its ends, whatever stands between them."""
    quoted = any(text.startswith(quote) and text.endswith(quote) for quote in "\"'")
    return text[1:-1] if quoted else text


class ScriptParser(CurlyParser):
    """Expressions of JavaScript, each with its text as it stands."""

    signs = _SIGNS
    binary = CurlyParser.binary | {"**", "===", "!==", "??", "in"}
    assigning = CurlyParser.assigning | {"**=", "&&=", "||=", "??="}

    def node(self, kind: NodeKind, start: int, text: str, **known: object) -> Node:
        """An expression that ends before the token at hand; its text is that of the source."""
        del text
        return Node(kind, start, self.ended, self.text[start : self.ended], **known)  # type: ignore[arg-type]  # the same

    def statement(self) -> Node | None:
        """One statement that is an expression; the call that it is, if it is one."""
        if self.word == ";":
            self.advance()
            return None
        if self.word == "{":  # an object, for a call stands in no block
            self._object()
            return None
        if self.word in ("return", "let", "const", "var"):
            self.advance()
        first = self.expression()
        alone = self.word != ","
        while self.word == ",":
            self.advance()
            self.expression()
        self._end_of_statement()
        return first if alone and first.kind == "call" else None

    def _end_of_statement(self) -> None:
        """A semicolon, a new line, or the end."""
        if self.word == ";":
            self.advance()
        elif self.kind != "end" and "\n" not in self.text[self.ended : self.begin]:
            raise self.unexpected()

    def rest(self) -> None:
        """Whatever statements follow are passed over, as long as they are sound."""
        while self.kind != "end":
            self.statement()

    def argument(self) -> Node:
        """An argument, perhaps spread."""
        if self.word != "...":
            return self.expression()
        start = self.begin
        self.advance()
        self.expression()
        return self.node("other", start, "")

    def assignable(self, node: Node) -> bool:
        """Names, members, and patterns of them."""
        return node.kind == "identifier" or node.text.endswith(("]", "}")) or "." in node.text

    def atom(self) -> Node:
        """A literal, a name, a function, a class, or something in brackets."""
        if self.kind in ("string", "template", "number"):
            return self.leaf("string" if self.kind == "string" else "other")
        if self.word == "/" and self.as_regular():
            return self.leaf("other")
        if self.word in ("(", "[", "{"):
            return self._bracketed()
        if self.kind != "name" or self.word in _RESERVED:
            raise self.unexpected()
        if self.word in ("function", "class", "async"):
            return self._defined()
        if self.word == "true":
            return self.leaf("true")
        words = ("false", "null", "this", "super", "undefined", "import")
        return self.leaf("other" if self.word in words else "identifier")

    def _defined(self) -> Node:
        """A function or a class, whose body is passed over, or just the name `async`."""
        start, word = self.begin, self.word
        self.advance()
        if word == "async" and (self.word != "function" and self.kind != "name"):
            return self.node("identifier", start, "")
        if word == "async" and self.word != "function":
            self.advance()
            return self.node("other", start, "")
        while self.word not in ("(", "{"):
            if self.kind == "end":
                raise self.unexpected()
            self.advance()
        if self.word == "(":
            self._parameters()
        self._body()
        return self.node("other", start, "")

    def _parameters(self) -> None:
        self.advance()
        while self.word != ")":
            self.argument()
            if self.word != ")":
                self.expect(",")
        self.advance()

    def _body(self) -> None:
        """What stands between braces is passed over."""
        if self.word != "{":
            raise self.unexpected()
        self.balanced()

    def _bracketed(self) -> Node:
        self.nest()
        start, opening = self.begin, self.word
        if opening == "{":
            self._object()
        elif opening == "[":
            self._array()
        else:
            self._group()
        self.depth -= 1
        return self.node("other", start, "")

    def _group(self) -> None:
        """Expressions in brackets, or the parameters of a function."""
        before = self.position
        self._parameters()
        empty = not self.text[before : self.ended - 1].strip()
        if empty and self.word != self.arrow:
            raise self.unexpected()

    def _array(self) -> None:
        """Elements, some of which may be missing."""
        self.advance()
        while self.word not in ("]", ")"):
            if self.word != ",":
                self.argument()
            if self.word not in ("]", ")"):
                self.expect(",")
        self.closed()

    def _object(self) -> None:
        self.nest()
        self.advance()
        while self.word != "}":
            self._member()
            if self.word != "}":
                self.expect(",")
        self.advance()
        self.depth -= 1

    def _member(self) -> None:
        """A member with a value, a method, a name alone, or a spread object."""
        if self.word == "...":
            self.argument()
            return
        alone = self.kind == "name"
        if self.word == "[":
            self._array()
        elif self.kind in ("name", "string", "number"):
            self.advance()
        else:
            raise self.unexpected()
        if self.word == ":":
            self.advance()
            self.expression()
        elif self.word == "(":
            self._parameters()
            self._body()
        elif not alone or self.word not in (",", "}"):
            raise self.unexpected()
