"""Walking over the tokens of a Python expression, within limits."""

from __future__ import annotations

from typing import Any

from toolverify.formats.engines.python_tokens import TOKEN
from toolverify.formats.engines.python_tree import Expression, ExpressionKind, Fault
from toolverify.limits import Limits


class TokenReader:
    """Reads from a position of a text on, one token ahead. Mutable, and gone when the expression is read."""

    def __init__(self, text: str, start: int, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.stop = min(len(text), start + limits.call + 1)
        self.depth = 0
        self.position = start  # where the next token is looked for
        self.begin = start  # where the token at hand begins
        self.ended = start  # where the token before it ended
        self.word = ""
        self.kind = ""
        self.advance()

    def advance(self) -> None:
        """Go to the next token."""
        self.ended = self.position
        found = TOKEN.match(self.text, self.position, self.stop)
        kind = found.lastgroup  # type: ignore[union-attr]  # some token, or the end, always matches
        self.kind = kind or ""
        self.begin, self.position = found.span(kind)  # type: ignore[union-attr, arg-type]  # the same
        self.word = self.text[self.begin : self.position]

    def unexpected(self) -> Fault:
        """What is wrong with the token at hand, where it fits nowhere."""
        if self.kind == "end":
            if self.stop < len(self.text):
                return Fault("limit_exceeded", f"a call of over {self.limits.call} characters", self.position)
            return Fault("pending", "the text ends inside the call", self.position)
        if self.kind == "strange" and self.word in "'\"":
            return self._open_string()
        return Fault("invalid", f"unexpected {self.word[:20]!r}", self.begin)

    def _open_string(self) -> Fault:
        """A quote without a partner: its line ends, or the text does."""
        triple = self.text.startswith(self.word * 3, self.begin)
        if not triple and self.text.find("\n", self.begin, self.stop) >= 0:
            return Fault("invalid", "a line ends inside a string", self.begin)
        if self.stop < len(self.text):
            return Fault("limit_exceeded", f"a call of over {self.limits.call} characters", self.stop)
        return Fault("pending", "the text ends inside a string", self.stop)

    def expect(self, token: str) -> None:
        """Go past this token, which is due."""
        if self.word != token:
            raise self.unexpected()
        self.advance()

    def _make(self, kind: ExpressionKind, start: int, **known: Any) -> Expression:
        return Expression(kind, self.text, start, self.ended, **known)

    def too_deep(self) -> Fault:
        return Fault("limit_exceeded", f"nested deeper than {self.limits.depth} levels", self.begin)

    def nest(self) -> None:
        self.depth += 1
        if self.depth > self.limits.depth:
            raise self.too_deep()
