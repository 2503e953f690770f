"""Python expressions, read by hand into a small tree: nothing is evaluated, compiled, or handed to Python's parser.

Enough of the grammar to tell where an expression ends and what kind it is. Depth, digits and length are bounded by
`Limits`, so no text can exhaust a stack or memory. Of operations only the kind is kept, for they are never worked out.
"""

from __future__ import annotations

import keyword
import re
from typing import Any

from toolverify.formats.engines.python_bulk import plain_container, plain_run
from toolverify.formats.engines.python_reader import TokenReader
from toolverify.formats.engines.python_tokens import (
    FormattedString,
    TokenError,
    count_digits,
    identifier,
    number_value,
    string_value,
)
from toolverify.formats.engines.python_tree import Argument, Expression, Fault
from toolverify.limits import Limits

#: Arguments of one call: more than any tool has, and few enough to be read in no time.
MOST_ARGUMENTS = 1_000
_CONSTANTS = {"True": True, "False": False, "None": None}
_PREFIXES = frozenset(("-", "+", "~", "not", "await"))
_BINARY = frozenset("+ - * / // % @ ** << >> & | ^ < > <= >= == != and or in is".split())  # noqa: SIM905  # a list is a page
_RESERVED = frozenset(keyword.kwlist) - frozenset(_CONSTANTS)
_KEYWORD_ARGUMENT = re.compile(r"([^\W\d]\w*+)[ \t\f\r\n]*+=(?!=)")
_LITERAL_KINDS = frozenset(("number", "string"))
_DELIMITER = re.compile(r"[ \t\f\r\n]*+[,)\]}]")


def read_expression(text: str, limits: Limits) -> Expression:
    """Read a text that is one expression, or several with commas between them, which are a tuple.

    Raises:
        Fault: It is none, or beyond the limits.
    """
    parser = ExpressionParser(text, 0, limits)
    expression = parser.sequence()
    if parser.kind != "end" or parser.stop < len(text):
        raise parser.unexpected()
    return expression


class ExpressionParser(TokenReader):
    """Reads expressions from a position of a text on."""

    def sequence(self) -> Expression:
        """Elements up to the end of the text: one alone is itself, several are a tuple."""
        start = self.begin
        elements, several = self._row("")
        if any(element.kind == "starred" for element in elements):
            raise Fault("invalid", "unexpected '*'", start)
        return self._make("tuple", start, parts=tuple(elements)) if several else elements[0]

    def _row(self, closing: str) -> tuple[list[Expression], bool]:
        """Elements with commas between them, and whether there was a comma."""
        elements = self._run()
        if elements and self.word == closing:
            return elements, True
        elements.append(self.element())
        several = self.word == "," or len(elements) > 1
        while self.word == ",":
            self.advance()
            if self.word == closing:
                break
            elements.append(self.element())
        return elements, several

    def element(self) -> Expression:
        """One element: an expression, perhaps starred or named."""
        start = self.begin
        if self.kind in _LITERAL_KINDS and _DELIMITER.match(self.text, self.position, self.stop):
            return self._number() if self.kind == "number" else self._strings()
        if self.word == "*":
            self.advance()
            return self._make("starred", start, parts=(self._operations(),))
        first = self._lambda() if self.word == "lambda" else self._operations()
        if self.word == "if":
            return self._conditional(start)
        if self.word == ":=" and first.kind == "name":
            self.advance()
            self._operations()
            return self._make("named", start)
        return first

    def _run(self) -> list[Expression]:
        """Plain strings and numbers at the beginning of a list, many at once; the rest goes one by one."""
        run = plain_run(self.text, self.begin, self.stop, self.limits) if self.kind in _LITERAL_KINDS else []
        if run:
            self.position = run[-1][2]
            self.advance()
        return [Expression("constant", self.text, *span, value) for value, span, _ in run]

    def _lambda(self) -> Expression:
        """The parameters are passed over; only where it ends matters."""
        start = self.begin
        self.nest()
        self.advance()
        while self.word != ":":
            if self.kind == "end" or self.word in ("(", "[", "{", "lambda"):
                raise self.unexpected()
            self.advance()
        self.advance()
        self.element()
        self.depth -= 1
        return self._make("lambda", start)

    def _conditional(self, start: int) -> Expression:
        while self.word == "if":
            self.advance()
            self._operations()
            self.expect("else")
            if self.word == "lambda":
                self._lambda()
            else:
                self._operations()
        return self._make("conditional", start)

    def _comprehension(self, start: int) -> Expression:
        while self.word == "for":
            self.advance()
            self._primary()
            while self.word == ",":
                self.advance()
                if self.word != "in":
                    self._primary()
            self.expect("in")
            self._operations()
            while self.word == "if":
                self.advance()
                self._operations()
        return self._make("comprehension", start)

    def _operations(self) -> Expression:
        """Operands with operators between them, or one operand alone."""
        start = self.begin
        operators: list[str] = []
        operands: list[Expression] = []
        while True:
            negatable = not operators or operators[-1] in ("and", "or")
            prefixes = self._prefixes(negatable=negatable) if self.word in _PREFIXES else ""
            operand = self._primary()
            operands.append(operand)
            if self.word not in _BINARY and self.word != "not":
                break
            operators.append(self.word)
            negated, asked = self.word == "not", self.word == "is"
            self.advance()
            if negated:
                self.expect("in")
            elif asked and self.word == "not":
                self.advance()
        if operators:
            return self._make("operation", start, value=tuple(operators), parts=tuple(operands))
        return self._make("unary", start, value=prefixes, parts=(operand,)) if prefixes else operand

    def _prefixes(self, *, negatable: bool) -> str:
        signs: list[str] = []
        while self.word in _PREFIXES:
            if self.word == "not" and not (negatable and set(signs) <= {"not"}):
                raise self.unexpected()
            signs.append(self.word)
            if len(signs) > self.limits.depth:
                raise self.too_deep()
            self.advance()
        return " ".join(signs)

    def _primary(self) -> Expression:
        """An atom and what is taken from it: attributes, items, results of calls."""
        start = self.begin
        made = self._atom()
        links = 0
        while self.word in (".", "(", "["):
            links += 1
            if links > self.limits.depth:
                raise self.too_deep()
            if self.word == ".":
                self.advance()
                if self.kind != "name" or self.word in keyword.kwlist:
                    raise self.unexpected()
                name = identifier(self.word)
                self.advance()
                made = self._make("attribute", start, value=name, parts=(made,))
            elif self.word == "(":
                arguments = self.call_arguments()
                self.advance()
                made = self._make("call", start, parts=(made,), arguments=arguments)
            else:
                made = self._make("subscript", start, parts=(made, self._slices()))
        return made

    def _atom(self) -> Expression:
        start, token, kind = self.begin, self.word, self.kind
        if kind == "string":
            return self._strings()
        if kind == "number":
            return self._number()
        if kind == "name" and token not in _RESERVED:
            self.advance()
            if token in _CONSTANTS:
                return self._make("constant", start, value=_CONSTANTS[token])
            return self._make("name", start, value=identifier(token))
        if token in ("(", "[", "{"):
            return self._bracket()
        self.expect("...")
        return self._make("constant", start, value=...)

    def _strings(self) -> Expression:
        """String tokens beside each other are one string."""
        start = self.begin
        values: list[Any] = []
        while self.kind == "string":
            try:
                values.append(string_value(self.word))
            except TokenError as error:
                raise Fault("invalid", str(error), self.begin) from None
            self.advance()
        if len({isinstance(value, bytes) for value in values}) > 1:
            raise Fault("invalid", "bytes beside a string", start)
        if any(isinstance(value, FormattedString) for value in values):
            return self._make("fstring", start)
        return self._make(
            "constant", start, value=values[0] if len(values) == 1 else type(values[0])().join(values)
        )

    def _number(self) -> Expression:
        start, token = self.begin, self.word
        if len(token) > self.limits.digits and count_digits(token) > self.limits.digits:
            raise Fault("limit_exceeded", f"a number of over {self.limits.digits} digits", start)
        try:
            value = number_value(token)
        except TokenError as error:
            raise Fault("invalid", str(error), start) from None
        self.advance()
        if self.kind in ("name", "number") and self.begin == self.ended:
            raise self.unexpected()
        return self._make("constant", start, value=value)

    def _bracket(self) -> Expression:
        """A list, a tuple, a set, a dict, or an expression in brackets."""
        self.nest()
        start, opening = self.begin, self.word
        self.advance()
        if opening == "{":
            kind, known = self._braced()
        elif opening == "[":
            kind, known = self._listed("]")
        else:
            kind, known = self._parenthesised()
        self.depth -= 1
        if kind == "itself":
            itself: Expression = known["expression"]
            return itself
        return self._make(kind, start, **known)  # type: ignore[arg-type]  # "itself" is gone

    def _parenthesised(self) -> tuple[str, dict[str, Any]]:
        if self.word == ")":
            self.advance()
            return "tuple", {}
        start = self.begin
        elements, several = self._row(")")
        inner = self._comprehension(start) if self.word == "for" else elements[0]
        self.expect(")")
        return ("tuple", {"parts": tuple(elements)}) if several else ("itself", {"expression": inner})

    def _listed(self, closing: str) -> tuple[str, dict[str, Any]]:
        elements = self._run()
        while self.word != closing:
            elements.append(self.element())
            if self.word == "for" and len(elements) == 1:
                self._comprehension(self.begin)
                self.expect(closing)
                return "comprehension", {}
            if self.word != closing:
                self.expect(",")
        self.advance()
        return "list" if closing == "]" else "set", {"parts": tuple(elements)}

    def _braced(self) -> tuple[str, dict[str, Any]]:
        """A dict, unless its first element has neither a colon behind it nor two stars before it."""
        entries: list[tuple[Expression | None, Expression]] = []
        while self.word != "}":
            if self.word == "**":
                self.advance()
                entries.append((None, self._operations()))
            else:
                key = self.element()
                if not entries and self.word != ":":
                    return self._set(key)
                self.expect(":")
                entries.append((key, self.element()))
            if self.word == "for" and len(entries) == 1:
                self._comprehension(self.begin)
                self.expect("}")
                return "comprehension", {}
            if self.word != "}":
                self.expect(",")
        self.advance()
        return "dict", {"entries": tuple(entries)}

    def _set(self, first: Expression) -> tuple[str, dict[str, Any]]:
        if self.word == "for":
            self._comprehension(self.begin)
            self.expect("}")
            return "comprehension", {}
        if self.word != "}":
            self.expect(",")
        kind, known = self._listed("}")
        return kind, {"parts": (first, *known.get("parts", ()))}

    def _slices(self) -> Expression:
        """What stands between the brackets of a subscript."""
        self.nest()
        self.advance()
        start, colons, elements = self.begin, 0, []
        while self.word != "]":
            if self.word == "," and (self.begin == start or self.text[self.ended - 1] == ","):
                raise self.unexpected()
            if self.word in (":", ","):
                colons += 1
                self.advance()
            else:
                elements.append(self.element())
                if self.word not in (":", ",", "]"):
                    raise self.unexpected()
        if not elements and not colons:
            raise self.unexpected()
        made = self._make("slice", start, parts=tuple(elements)) if colons else elements[0]
        self.advance()
        self.depth -= 1
        return made

    def call_arguments(self) -> tuple[Argument, ...]:
        """The arguments of a call, from the opening bracket at hand to the closing one, which is then at hand."""
        self.nest()
        self.expect("(")
        arguments: list[Argument] = []
        while self.word != ")":
            if len(arguments) == MOST_ARGUMENTS:
                raise Fault("limit_exceeded", f"more than {MOST_ARGUMENTS} arguments", self.begin)
            arguments.append(self._argument())
            if self.word != ")":
                self.expect(",")
        self.depth -= 1
        return tuple(arguments)

    def _argument(self) -> Argument:
        found = _KEYWORD_ARGUMENT.match(self.text, self.begin, self.stop) if self.kind == "name" else None
        if found:
            self.position = found.end()
            value = self._plain_container()
            if value is None:
                self.advance()
                value = self.element()
            return Argument(identifier(found[1]), value)
        if self.word == "**":
            self.advance()
            return Argument(None, self._operations(), "**")
        start = self.begin
        value = self.element()
        if self.word == "for":
            value = self._comprehension(start)
        if value.kind == "starred":
            return Argument(None, value.parts[0], "*")
        return Argument(None, value)

    def _plain_container(self) -> Expression | None:
        """A list or dict of plain values, all at once."""
        found = plain_container(self.text, self.position, self.stop, self.limits)
        if found is None:
            return None
        value, start, self.position = found
        self.advance()
        return Expression("constant", self.text, start, self.ended, value=value)
