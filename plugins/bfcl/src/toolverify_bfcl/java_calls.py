"""Calls in Java's syntax, `Shop.order(item="book", count=2)`, with the values written as the reference writes them."""

from __future__ import annotations

from collections.abc import Iterable

from toolverify.calls import ToolCall
from toolverify.formats.engines import Fault
from toolverify.limits import Limits
from toolverify_bfcl.curly_expressions import CurlyParser
from toolverify_bfcl.curly_tokens import JAVA_TOKEN
from toolverify_bfcl.curly_tree import Node
from toolverify_bfcl.decoded import DecodedCall

#: The name under which arguments by position arrive: the reference has None there.
UNNAMED = "None"
#: A statement without its semicolon is refused where it is as short as this: the reference's grammar takes dropping it
#: for a smaller fault than the missing mark.
_SHORT = 10
_RESERVED = frozenset(
    [
        "abstract",
        "boolean",
        "break",
        "byte",
        "case",
        "catch",
        "char",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extends",
        "final",
        "finally",
        "float",
        "for",
        "goto",
        "if",
        "implements",
        "import",
        "int",
        "interface",
        "long",
        "native",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "short",
        "static",
        "strictfp",
        "switch",
        "synchronized",
        "throw",
        "throws",
        "transient",
        "try",
        "void",
        "volatile",
        "while",
    ]
)
_TYPES = frozenset(("boolean", "byte", "char", "double", "float", "int", "long", "short", "void"))


def read_java_calls(text: str, limits: Limits) -> list[DecodedCall] | None:
    """The call that a text in brackets makes; None where it is sound, but makes none.

    Raises:
        Fault: It is not sound, or the reference would fail on it.
    """
    source = text[1:-1]
    parser = JavaParser(source, JAVA_TOKEN, limits)
    if parser.kind == "end":
        return None
    statement_end = parser.statement()
    if not statement_end and len(source.encode("utf-8", "surrogatepass")) <= _SHORT:
        raise Fault("invalid", "a statement too short to lack its semicolon", 0)
    found = parser.outermost
    if found is None:
        return None
    call = ToolCall(found.function, _arguments(found.arguments))
    return [DecodedCall(call, (found.start + 1, found.end + 1))]


def _arguments(nodes: Iterable[Node]) -> dict[str, str]:
    arguments: dict[str, str] = {}
    for node in nodes:
        if node.kind == "assignment" and node.left is not None and node.right is not None:
            _add(arguments, node.left.text, _value(node.right))
        elif node.kind in ("identifier", "class"):
            _add(arguments, UNNAMED, node.text)
    return arguments


def _add(arguments: dict[str, str], name: str, value: str) -> None:
    if name in arguments:
        raise Fault("invalid", f"several arguments named {name!r}", 0)
    arguments[name] = value


def _value(node: Node) -> str:
    if node.kind == "unwritten":
        raise Fault("invalid", "an array without its elements", node.start)
    return node.text[1:-1] if node.kind == "string" else node.text


class JavaParser(CurlyParser):
    """Expressions of Java. White space between tokens is lost, but for that inside of calls."""

    arrow = "->"
    trailing_comma = False

    def slice(self, start: int, end: int) -> str:
        """The text between two places, which the reference counts in bytes and then cuts out by characters."""
        if self.text.isascii():
            return self.text[start:end]
        before = len(self.text[:start].encode("utf-8", "surrogatepass"))
        return self.text[before : before + len(self.text[start:end].encode("utf-8", "surrogatepass"))]

    def called(self, function: Node) -> str:
        """A method, and what it is a method of, as it stands."""
        if function.left is None:
            return self.slice(function.start, function.end)
        of = function.left
        return f"{self.slice(of.start, of.end)}.{function.text.rpartition('.')[2]}"

    def statement(self) -> bool:
        """One statement; whether it ends with a semicolon, behind which anything may stand."""
        if self.word == "return":
            self.advance()
        first = self.expression()
        if self.kind == "name" and first.kind == "identifier":  # a type and a variable
            self.advance()
            if self.word == "=":
                self.advance()
                self.expression()
        if self.word == ";":
            return True
        if self.kind != "end" or self.text[self.ended : self.begin].strip():
            raise self.unexpected()
        return False

    def atom(self) -> Node:
        """A literal, a name, something new, or something in brackets."""
        if self.kind in ("string", "character"):
            return self.leaf("string")
        if self.kind == "number":
            return self.leaf("other")
        if self.word == "new":
            return self._new()
        if self.word == "(":
            return self._bracketed()
        if self.kind != "name" or (self.word in _RESERVED and self.word not in _TYPES):
            raise self.unexpected()
        words = ("true", "false", "null", "this", "super")
        return self.leaf("other" if self.word in words or self.word in _TYPES else "identifier")

    def attribute(self, start: int, node: Node, dot: str) -> Node:
        """A name behind a dot, or `class`."""
        literal = self.word == "class"
        made = super().attribute(start, node, dot)
        return self.node("class", start, self.slice(start, self.ended)) if literal else made

    def _bracketed(self) -> Node:
        """An expression in brackets, the parameters of a function, or a type that is cast to."""
        start = self.begin
        self.advance()
        texts: list[str] = []
        while self.word != ")":
            texts.append(self.expression().text)
            if self.word != ")":
                self.expect(",")
        self.advance()
        text = f"({','.join(texts)})"
        if len(texts) != 1 and self.word != self.arrow:
            raise self.unexpected()
        if self.kind in ("name", "number", "string", "character") or self.word in ("(", "!", "~"):
            text += self.expression().text
        return self.node("other", start, text)

    def _new(self) -> Node:
        """A new object, whose body is passed over, or a new array."""
        start = self.begin
        self.advance()
        made = f"new {self._type()}"
        if self.word == "[":
            return self._new_array(start, made)
        texts = [self._written(node) for node in self.arguments()]
        if self.word == "{":
            self.balanced()
        return self.node("other", start, f"{made}({', '.join(texts)})")

    def _written(self, node: Node) -> str:
        if node.kind == "unwritten":
            raise Fault("invalid", "an array without its elements", node.start)
        return node.text

    def _type(self) -> str:
        """A name, with dots and with types in angle brackets."""
        text = ""
        while self.kind == "name":
            text += self.token
            self.advance()
            if self.word == "<":
                text += self._type_arguments()
            if self.word != ".":
                return text
            text += "."
            self.advance()
        raise self.unexpected()

    def _type_arguments(self) -> str:
        text, level = "", 0
        while True:
            level += self.word.count("<") - self.word.count(">")
            if self.kind not in ("name", "operator") or self.word in ("(", ")", "{", "}", ";", "="):
                raise self.unexpected()
            text += self.token
            self.advance()
            if level <= 0:
                return text

    def _new_array(self, start: int, made: str) -> Node:
        """Dimensions without sizes are written as one, and dimensions with sizes not at all."""
        sized = False
        while self.word == "[":
            self.advance()
            if self.word != "]":
                sized = True
                self.expression()
            self.expect("]")
        if self.word != "{":
            if not sized:
                raise self.unexpected()
            return self.node("unwritten", start, made)
        return self.node("other", start, f"{made}[]{self._elements()}")

    def _elements(self) -> str:
        """What stands between the braces of an array."""
        self.nest()
        self.advance()
        texts: list[str] = []
        while self.word != "}":
            texts.append(self._elements() if self.word == "{" else self._written(self.expression()))
            if self.word != "}":
                self.expect(",")
                if self.word == "}":
                    texts.append("")
        self.advance()
        self.depth -= 1
        return f"{{{','.join(texts)}}}"
