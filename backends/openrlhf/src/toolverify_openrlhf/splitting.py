"""Where the response begins: OpenRLHF hands over prompt and response as one decoded text.

Cutting off as many characters as the prompt has is wrong where a tokenizer does not give a prompt back as it was, and
where the prompt was cut on its left to make room: then it gives half a response, or none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from toolverify.training import opens_reasoning

#: How common chat templates open the turn of the assistant.
HEADERS = (
    "<|im_start|>assistant\n",
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "<start_of_turn>model\n",
    "<|turn>model\n",
    "<|im_assistant|>assistant<|im_middle|>",
    "<|start_of_role|>assistant<|end_of_role|>",
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
    "<｜Assistant｜>",
    "<|start|>assistant",
    "<|assistant|>",
    "[|assistant|]",
    "[/INST]",
)
_LEAST_OVERLAP = 16  # characters; a shorter piece of a prompt may stand anywhere by chance
_MOST_BEFORE = 64  # characters that a tokenizer may put before a prompt: a space, a token for the beginning
_MOST_TRIES = 64
_HALF_CHARACTER = "\ufffd"  # what is left of a character when the cut goes through it

Way = Literal["exact", "repaired", "failed"]


class Split(Struct, frozen=True):
    """A response.

    Attributes:
        response: What the model wrote.
        way: Whether the prompt stood before it as it was given, differently, or could not be found: then the
            response is the whole text.
    """

    response: str
    way: Way


def split(query: str, prompt: Any) -> Split:
    """The response in a text that holds the prompt and the response. Work is linear in the text."""
    if not isinstance(prompt, str):
        return _behind(query, _last_header(query))
    if query.startswith(prompt):
        return Split(query[len(prompt) :], "exact")
    for end in _ends_of(prompt, query):
        if end is not None:
            return Split(query[end:], "repaired")
    return _behind(query, _known_header(query, prompt))


def opened(prompt: Any, way: Way, marker: str = "<think>") -> bool:
    """Whether the prompt has opened the reasoning, so that its marker does not stand in the response."""
    return way != "failed" and isinstance(prompt, str) and opens_reasoning(prompt, marker)


def _behind(query: str, end: int | None) -> Split:
    return Split(query, "failed") if end is None else Split(query[end:], "repaired")


def _ends_of(prompt: str, query: str) -> Iterator[int | None]:
    """Where the prompt ends, each way of looking for it; the cheap ones first."""
    yield _end_of_shifted(prompt, query)
    yield _end_of_cut(prompt, query)
    if not prompt.isascii():
        for form in ("NFC", "NFKC", "NFD", "NFKD"):
            other = unicodedata.normalize(form, prompt)
            yield _end_of_shifted(other, query)
            yield _end_of_cut(other, query)


def _end_of_shifted(prompt: str, query: str) -> int | None:
    """The prompt stands there, behind a little that the tokenizer has put before it."""
    place = query.find(prompt, 0, len(prompt) + _MOST_BEFORE)
    return None if place < 0 else place + len(prompt)


def _end_of_cut(prompt: str, query: str) -> int | None:
    """The end of the prompt stands there: what came before was cut off. The longest piece that fits is taken."""
    begin = len(query[:3]) - len(query[:3].lstrip(_HALF_CHARACTER))
    key = query[begin : begin + _LEAST_OVERLAP]
    place = prompt.find(key) if len(key) == _LEAST_OVERLAP else -1
    for _ in range(_MOST_TRIES):
        if place < 0:
            return None
        if query.startswith(prompt[place:], begin):
            return begin + len(prompt) - place
        place = prompt.find(key, place + 1)
    return None


def _last_header(query: str) -> int | None:
    ends = [query.rfind(header) + len(header) for header in HEADERS if header in query]
    return max(ends, default=None)


def _known_header(query: str, prompt: str) -> int | None:
    """Behind the header that ends the prompt, and not behind one that the model wrote, where they can be told apart."""
    places = [(prompt.rfind(header), header) for header in HEADERS if header in prompt]
    if not places:
        return _last_header(query)
    place, header = max(places)
    end = _end_of_nth(query, header, prompt.count(header))
    return None if end is None else _past(query, end, prompt[place + len(header) :].strip())


def _end_of_nth(query: str, header: str, number: int) -> int | None:
    """Behind the header that has this number, or the last one where there are fewer."""
    end = None
    place = query.find(header)
    while place >= 0 and number:
        end, number = place + len(header), number - 1
        place = query.find(header, end)
    return end


def _past(query: str, end: int, prefilled: str) -> int:
    """Also behind what the prompt has written into the turn already, as `<think>`."""
    if not prefilled:
        return end
    place = query.find(prefilled, end, end + len(prefilled) + _MOST_BEFORE)
    return end if place < 0 or query[end:place].strip() else place + len(prefilled)
