"""The tokens of Python expressions, and what string and number tokens are worth. Nothing is evaluated."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from msgspec import Struct

_DIGITS = r"[0-9]++(?:_[0-9]++)*+"
_NUMBER = (
    r"0[xX](?:_?[0-9a-fA-F])++|0[oO](?:_?[0-7])++|0[bB](?:_?[01])++"
    rf"|(?:{_DIGITS}(?:\.(?:{_DIGITS})?+)?+|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?+[jJ]?"
)
_STRING = (
    r"(?:[rR][bBfF]?|[bBfF][rR]?|[uU])?(?:"
    r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+"""'
    r"|'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+'''"
    r'|"(?!"")[^"\\\r\n]*+(?:\\(?:\r\n|.)[^"\\\r\n]*+)*+"'
    r"|'(?!'')[^'\\\r\n]*+(?:\\(?:\r\n|.)[^'\\\r\n]*+)*+')"
)
_OPERATOR = r"\.\.\.|\*\*|//|<<|>>|<=|>=|==|!=|:=|[-+*/%@&|^~<>()\[\]{},:.=]"
#: One token after white space, comments and joined lines. Every repetition is possessive: no text makes it go back.
TOKEN = re.compile(
    r"(?:[ \t\f\r\n]++|\\\r?\n|\#[^\r\n]*+)*+"
    rf"(?:(?P<string>{_STRING})|(?P<name>[^\W\d]\w*+)|(?P<number>{_NUMBER})|(?P<operator>{_OPERATOR})"
    r"|(?P<end>\Z)|(?P<strange>.))",
    re.DOTALL,
)
_QUOTED = re.compile(r"([A-Za-z]*+)('''|\"\"\"|'|\")(.*)\2", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|N\{(?P<named>[^{}]{1,100}+)\}|(?P<other>\r\n|.))",
    re.DOTALL,
)
_SIMPLE = {
    **dict.fromkeys(("\n", "\r", "\r\n"), ""),
    **dict(zip("\\'\"abfnrtv", "\\'\"\a\b\f\n\r\t\v", strict=True)),
}
_BASES = {"x": 16, "o": 8, "b": 2}


class FormattedString(Struct, frozen=True):
    """The value of an f-string, which has none before it is run."""


class TokenError(ValueError):
    """A token that Python would refuse."""


def string_value(token: str) -> str | bytes | FormattedString:
    """What a string token says.

    Raises:
        TokenError: An escape in it is malformed, or bytes hold what is not ASCII.
    """
    found = _QUOTED.fullmatch(token)
    if found is None:
        raise TokenError("a string that does not end")
    prefix, body = found[1].lower(), found[3]
    if "f" in prefix:
        return FormattedString()
    is_bytes = "b" in prefix
    if is_bytes and not body.isascii():
        raise TokenError("bytes hold ASCII alone")
    if "\r" in body:  # Python reads every line end as \n
        body = body.replace("\r\n", "\n").replace("\r", "\n")
    if "\\" in body and "r" not in prefix:
        body = _ESCAPE.sub(_escaped_byte if is_bytes else _escaped, body)
    return body.encode("latin-1") if is_bytes else body


def _escaped(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[found.lastgroup or 0]
    if kind == "other":
        if text in "xuUN":
            raise TokenError(f"a malformed escape \\{text}")
        return _SIMPLE.get(text, found[0])
    if kind == "named":
        return _by_name(text)
    number = int(text, 8 if kind == "octal" else 16)
    if number > 0x10FFFF:
        raise TokenError("an escape beyond Unicode")
    return chr(number)


def _by_name(name: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        raise TokenError(f"no character is named {name!r}") from None


def _escaped_byte(found: re.Match[str]) -> str:
    """In bytes only octal, \\x and the one-letter escapes mean something."""
    if found.lastgroup in ("u", "U", "named"):
        return found[0]
    if found.lastgroup == "octal":
        return chr(int(found["octal"], 8) & 0xFF)
    return found[0] if found["other"] in ("u", "U", "N") else _escaped(found)


def count_digits(token: str) -> int:
    """How many digits a number token has, whatever its base."""
    return sum(map(str.isalnum, token)) - (token[1:2] in "xXoObB")


def number_value(token: str) -> Any:
    """What a number token says: an exact integer, a float, or an imaginary number.

    Raises:
        TokenError: A decimal integer with leading zeros, which Python refuses.
    """
    text = token.replace("_", "").lower()
    if text[1:2] in _BASES and text[0] == "0":
        return int(text[2:], _BASES[text[1]])
    if text.endswith("j"):
        return complex(0.0, float(text[:-1]))
    if text.isdigit():
        if text[0] == "0" and text.strip("0"):
            raise TokenError("an integer with leading zeros")
        return int(text)
    return float(text)


def identifier(token: str) -> str:
    """A name as Python knows it: names that look alike are one."""
    return token if token.isascii() else unicodedata.normalize("NFKC", token)
