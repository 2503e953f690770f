"""The conformance of answer readers: right answers are read, wrong ones raise with a path, and nothing else happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from toolverify.calls import Expected, ExpectedCall, ToolCall
from toolverify.errors import AnswerError, ToolsError, ToolverifyError
from toolverify.protocols import AnswerReader, Format
from toolverify.schema import ToolSpec, read_tools
from toolverify.testing.mutations import plain
from toolverify.testing.replies import exactly, tools_for
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.staging import answer_for, read_with_tools
from toolverify.testing.trying import Subject, explore, find, same
from toolverify.testing.values import calls, json_values, soups

_FEW = [ToolCall("f", {"x": 1, "y": ["a"]}), ToolCall("g", {})]
_WRONG: list[Any] = [
    *(
        5,
        1.5,
        True,
        "",
        "x",
        "[",
        "null",
        "[" * 2_000,
        "5",
        '{"name": "f"}',
        "\ud800",
        {},
        [[]],
        [None],
        [5],
        ["f"],
    ),
    *([{}], [{"name": "f"}], [{"name": 5, "arguments": {}}], [{"name": "", "arguments": {}}]),
    *([{"name": "f", "arguments": 5}], [{"name": "f", "arguments": "{"}], {"any_of": []}, {"any_of": 5}),
    *(
        {"any_of": [[]], "x": 1},
        {"name": "f", "arguments": {}},
        [{"f": 5}],
        [{"f": {"x": 5}}],
        [{"f": {"x": []}}],
    ),
    *([{"f": {}, "g": {}}], "<tool_call>", "<tool_call>\n{bad}\n</tool_call>", b"[]", object),
]


def check_answer_reader(
    reader: AnswerReader | str,
    *,
    answers: Sequence[Any] = (),
    format: Format | str = "tool-n1",  # noqa: A002  # the word of the whole project
    examples: int = 100,
) -> None:
    """Check an answer reader: an instance, or the name of an installed one.

    It reads right answers into lists of calls, refuses a missing one (a silent model must not earn a reward on it), and
    raises `AnswerError` with a path that begins with `answer`, and nothing else, for whatever it cannot read.

    Args:
        reader: The answer reader.
        answers: Right answers of a form that only this reader knows; lists of calls, gold completions and calls with
            alternatives are tried anyway.
        format: The format that gold completions are written in.
        examples: How many answers are tried.

    Raises:
        AssertionError: It does not, on an answer that is shown.
    """
    tried, writer = subject("answer reader", reader), find("format", format)
    before = state(tried.part)
    tried.require(
        _read(tried, None, None) is None, "it reads null: a silent model would earn a reward on a lost answer"
    )
    right = [*answers, *_known_answers(tried, writer)]
    tried.require(bool(right), "it read no answer at all; give right ones as answers=[…]")
    for answer in right:
        tried.require(_read(tried, answer, None) is not None, "it refuses a right answer", answer)
    for answer in [*_WRONG, *right]:
        _read(tried, answer, read_tools(tools_for(_FEW)))
    anything = st.one_of(json_values(), soups(), st.lists(json_values(), max_size=2), calls().map(plain))
    explore(lambda answer: _ignore(_read(tried, answer, None)), anything, examples=examples)
    unchanged(tried, before)
    other = twin(tried)
    for answer in right:
        results = [read_with_tools(part, answer, _FEW) for part in (tried.part, other)]
        tried.require(same(*results), "after pickling it reads otherwise", answer)


def _known_answers(tried: Subject, writer: Format) -> list[Any]:
    found = [answer_for(made, tried.part, writer) for made in (_FEW, _FEW[:1], [])]
    return [answer for answer in found if answer is not None]


def _ignore(_: Expected | None) -> None:
    """A law looks at nothing but what was raised."""


def _read(tried: Subject, answer: Any, tools: dict[str, ToolSpec] | Any) -> Expected | None:
    """What is expected, checked; None where the reader refuses the answer."""
    try:
        expected: Expected = tried.ask(
            "read", tried.part.read, answer, tools, on=answer, may_raise=(ToolverifyError,)
        )
    except AnswerError as error:
        tried.require(bool(error.problem), "an AnswerError says nothing", answer)
        at = error.path == "answer" or error.path.startswith(("answer.", "answer[", "answer:"))
        tried.require(at, f"the path of an AnswerError begins with answer, not {error.path!r}", answer)
        return None
    except ToolsError as error:
        if tools is None:  # it may ask for the tools, and then it gets them
            return _read(tried, answer, read_tools(tools_for(_FEW)))
        tried.fail(f"read raised ToolsError, where AnswerError is due: {error}", answer)
    except ToolverifyError as error:
        tried.fail(f"read raised {type(error).__name__}, where AnswerError is due: {error}", answer)
    tried.require(
        isinstance(expected, Expected), f"read gives {type(expected).__name__}, not Expected", answer
    )
    tried.require(bool(expected.options), "it reads no acceptable list of calls and does not raise", answer)
    for call in (call for option in expected.options for call in option):
        named = (
            isinstance(call, ExpectedCall) and isinstance(call.name, str) and isinstance(call.arguments, dict)
        )
        tried.require(named, f"{call!r} is no expected call with a name and arguments", answer)
        if call.plain:
            exactly(call.arguments)
    return expected
