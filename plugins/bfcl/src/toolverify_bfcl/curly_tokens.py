"""The tokens of Java and JavaScript, walked over within limits."""

from __future__ import annotations

import re

from toolverify.formats.engines import Fault
from toolverify.limits import Limits

_SKIPPED = r"(?:\s++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+"
_NUMBER = (
    r"(?:0[xXbBoO]\w++|(?:[0-9][0-9_]*+(?:\.[0-9_]*+)?+|\.[0-9][0-9_]*+)(?:[eE][+-]?[0-9]++)?+[lLfFdDn]?+)"
)
_OPERATOR = (
    r">>>=|===|!==|\*\*=|<<=|>>=|>>>|\.\.\.|&&=|\|\|=|\?\?=|=>|->|::|\?\.|\?\?|\*\*|\+\+|--|&&|\|\||==|!=|<=|>="
    r"|<<|>>|[-+*/%&|^]=|[-+*/%&|^!~<>=?:;,.()\[\]{}@]"
)
_JAVA_TEXT = r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+"""|"(?!"")[^"\\]*+(?:\\.[^"\\]*+)*+"|""(?!")'
_SCRIPT_TEXT = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|\'[^\'\\\n]*+(?:\\.[^\'\\\n]*+)*+\''
_TEMPLATE = r"`[^`\\]*+(?:\\.[^`\\]*+)*+`"
_REST = rf"(?P<name>[^\W\d][\w$]*+|\$[\w$]*+)|(?P<number>{_NUMBER})|(?P<operator>{_OPERATOR})|(?P<end>\Z)|(?P<strange>.)"
JAVA_TOKEN = re.compile(
    rf"{_SKIPPED}(?:(?P<string>{_JAVA_TEXT})|(?P<character>'(?!')[^'\\\n]*+(?:\\.[^'\\\n]*+)*+')|{_REST})",
    re.DOTALL,
)
SCRIPT_TOKEN = re.compile(
    rf"{_SKIPPED}(?:(?P<string>{_SCRIPT_TEXT})|(?P<template>{_TEMPLATE})|{_REST})", re.DOTALL
)
_REGULAR = re.compile(
    r"/(?:[^/\\\[\n*]|\\.|\[(?:[^\]\\\n]|\\.)*+\])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*+\])*+/[a-z]*+"
)
_PARTNERS = {"(": ")", "[": "]", "{": "}"}


class CurlyReader:
    """Reads a text one token ahead. Mutable, and gone when the text is read."""

    def __init__(self, text: str, token: re.Pattern[str], limits: Limits) -> None:
        if len(text) > limits.call:
            raise Fault("limit_exceeded", f"a call of over {limits.call} characters", limits.call)
        self.text = text
        self.pattern = token
        self.limits = limits
        self.depth = 0
        self.position = 0
        self.begin = 0
        self.ended = 0
        self.word = ""
        self.kind = ""
        self.advance()

    def advance(self) -> None:
        """Go to the next token."""
        self.ended = self.position
        found = self.pattern.match(self.text, self.position)
        kind = found.lastgroup  # type: ignore[union-attr]  # some token, or the end, always matches
        self.kind = kind or ""
        self.begin, self.position = found.span(kind)  # type: ignore[union-attr, arg-type]  # the same
        self.word = self.text[self.begin : self.position] if self.kind != "string" else ""

    @property
    def token(self) -> str:
        """The text of the token at hand, a string too."""
        return self.text[self.begin : self.position]

    def as_regular(self) -> bool:
        """Take the slash at hand for the beginning of a regular expression, where it is one."""
        found = _REGULAR.match(self.text, self.begin)
        if found:
            self.position = found.end()
        return found is not None

    def unexpected(self) -> Fault:
        """What is wrong with the token at hand, where it fits nowhere."""
        if self.kind == "end":
            return Fault("pending", "the text ends inside the call", self.begin)
        return Fault("invalid", f"unexpected {self.token[:20]!r}", self.begin)

    def expect(self, word: str) -> None:
        """Go past this token, which is due."""
        if self.word != word:
            raise self.unexpected()
        self.advance()

    def nest(self) -> None:
        """One level deeper, within the limit."""
        self.depth += 1
        if self.depth > self.limits.depth:
            raise Fault("limit_exceeded", f"nested deeper than {self.limits.depth} levels", self.begin)

    def balanced(self) -> list[str]:
        """The tokens from the bracket at hand up to its partner, whatever they are."""
        closings: list[str] = []
        tokens: list[str] = []
        while True:
            if self.word in _PARTNERS:
                closings.append(_PARTNERS[self.word])
            elif (
                self.word in (")", "]", "}") and (not closings or closings.pop() != self.word)
            ) or self.kind in ("end", "strange"):
                raise self.unexpected()
            tokens.append(self.token)
            self.advance()
            if not closings:
                return tokens
