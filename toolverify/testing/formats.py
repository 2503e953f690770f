"""The conformance of formats: nothing raises, nothing is lost, and what was written is read back."""

from __future__ import annotations

import json
from time import process_time
from typing import Any, get_args

from hypothesis import strategies as st

from toolverify.calls import Attempt, Case, Context, Expected, Reply, Status, ToolCall
from toolverify.errors import RenderError
from toolverify.limits import Limits
from toolverify.protocols import Format
from toolverify.testing.hostile import hostile_texts
from toolverify.testing.mutations import plain
from toolverify.testing.replies import completions, describing_tools, exactly
from toolverify.testing.soundness import state, subject, twin, unchanged
from toolverify.testing.trying import Named, Subject, explore, same, told
from toolverify.testing.values import calls, contexts, messages, texts, thoughts

_STATUSES = get_args(Status)
_PLAIN = [ToolCall("get_weather", {"city": "Oslo", "days": 3}), ToolCall("f", {})]
_CASES = (
    Case(Expected(((),))),
    Case(Expected(((),)), limits=Limits(text=300, call=40, attempts=2, depth=4, digits=3)),
)
_HOSTILE_SIZE = 2_000
#: Sizes at which time is taken, and the most that each may take: a tenth of the speed that the core holds itself to.
_SIZES, _SECONDS = (2_000, 8_000, 32_000, 128_000), 1.0


def check_format(format: Format | str, *, examples: int = 100) -> None:  # noqa: A002  # the word of the whole project
    """Check a format: an instance, or the name of an installed one.

    It never raises on a completion, loses no text, reads back the calls it wrote, and takes time that grows with the
    text; where it offers `quick`, that agrees with `read`.

    Raises:
        AssertionError: It does not, on a completion that is shown.
    """
    tried = subject("format", format)
    before = state(tried.part)
    _writes_plain_calls(tried)
    for what, text in hostile_texts(tried.part, _HOSTILE_SIZE):
        for case in _CASES:
            _reads(tried, text, case, Context(), what)
    explore(lambda *drawn: _gives_back(tried, *drawn), calls(), thoughts(), texts(), examples=examples)
    explore(
        lambda text, case, context: _reads(tried, text, case, context),
        completions(tried.part),
        st.sampled_from(_CASES),
        contexts(),
        examples=examples,
    )
    if getattr(tried.part, "reads_messages", False):
        explore(lambda message: _reads(tried, message, _CASES[0], Context()), messages(), examples=examples)
    _keeps_time(tried)
    unchanged(tried, before)
    _survives_pickling(tried)


def _writes_plain_calls(tried: Subject) -> None:
    """RenderError is for what is odd: two plain calls with a thought must be writable."""
    for made in (_PLAIN, _PLAIN[:1], []):
        text = _written(tried, made, "They ask for Oslo.", "")
        tried.require(text is not None, "render refuses plain calls", plain(made))


def _written(tried: Subject, made: list[ToolCall], thought: str | None, content: str) -> str | None:
    """The calls in the format, or None where it cannot express them."""

    def render() -> str:
        return str(tried.part.render(made, reasoning=thought, content=content))

    try:
        return tried.ask("render", render, on=(made, thought, content), may_raise=(RenderError,))
    except RenderError:
        return None


def _gives_back(tried: Subject, drawn: list[ToolCall], thought: str, content: str) -> None:
    typed_by_tools = getattr(tried.part, "typed_by_tools", False)
    made = _one_of_each_name(drawn) if typed_by_tools else drawn
    for reasoning, beside in ((thought, ""), (None, ""), (thought, content)):
        text = _written(tried, made, reasoning, beside)
        if text is not None:
            reply = _reads(tried, text, _case_for(tried, made), Context())
            back, wanted = exactly(plain(reply.calls)), exactly(plain(made))
            tried.require(
                back == wanted, f"read gives back {back[:200]}, and {wanted[:200]} was written", text
            )
            kept = reasoning is None or reply.reasoning in {None, reasoning}
            tried.require(
                kept, f"read gives back the reasoning {told(reply.reasoning)}, not {told(reasoning)}", text
            )
            tried.require(beside.strip() in reply.content, f"the content {told(beside)} is lost", text)


def _one_of_each_name(made: list[ToolCall]) -> list[ToolCall]:
    """One call a tool, so that each has a schema of its own."""
    return list({call.name: call for call in made}.values())


def _case_for(tried: Subject, made: list[ToolCall]) -> Case:
    """Where a wire has no types, the tools must give them: tools that describe these very calls."""
    if not getattr(tried.part, "typed_by_tools", False):
        return _CASES[0]
    return Case(Expected(((),)), given_tools=describing_tools(made))


def _reads(tried: Subject, completion: Any, case: Case, context: Context, what: str = "") -> Reply:
    """Read a completion, and check the reply."""
    on = Named(what, completion)
    reply: Reply = tried.ask("read", tried.part.read, completion, case, context, on=on)
    tried.require(isinstance(reply, Reply), f"read gives {type(reply).__name__}, not a Reply", on)
    for attempt in reply.attempts:
        _is_sound(tried, attempt, completion)
    if isinstance(completion, str) and not getattr(tried.part, "reads_messages", False):
        joined = "".join([segment.text for segment in reply.segments])
        tried.require(
            joined == completion, f"text is lost or changed: the segments join to {told(joined)}", on
        )
        _quick_agrees(tried, completion, case, reply)
    return reply


def _is_sound(tried: Subject, attempt: Attempt, completion: Any) -> None:
    tried.require(attempt.status in _STATUSES, f"unknown status {attempt.status!r}", completion)
    whole = (attempt.call is not None) == (attempt.status == "ok")
    tried.require(
        whole, f"an attempt that is {attempt.status!r} has the call {told(attempt.call)}", completion
    )
    if attempt.call is not None:
        named = isinstance(attempt.call.name, str) and isinstance(attempt.call.arguments, dict)
        tried.require(named, "a call has a text for a name and an object for arguments", completion)
    if attempt.span is not None:
        raw = completion[slice(*attempt.span)]
        tried.require(
            raw == attempt.raw,
            f"span {attempt.span} is {told(raw)}, not the raw {told(attempt.raw)}",
            completion,
        )


def _quick_agrees(tried: Subject, text: str, case: Case, reply: Reply) -> None:
    """The short way gives the calls of the long way, and None for what is odd."""
    if not hasattr(tried.part, "quick"):
        return
    made = tried.ask("quick", tried.part.quick, text, case, on=text)
    if made is None:
        return
    quick = json.dumps([[name, arguments] for name, arguments in made], sort_keys=True)
    slow = json.dumps([[call.name, call.arguments] for call in reply.calls], sort_keys=True)
    tried.require(quick == slow, f"quick gives {quick[:200]}, read gives {slow[:200]}", text)
    broken = [attempt.status for attempt in reply.attempts if attempt.status not in {"ok", "in_reasoning"}]
    tried.require(not broken, f"quick takes a text in which read finds {', '.join(broken)}", text)


def _keeps_time(tried: Subject) -> None:
    """Hostile texts of growing size, so that what takes the square of their length is told before it takes minutes."""
    slow: set[str] = set()
    for size in _SIZES:
        for what, text in hostile_texts(tried.part, size):
            start = process_time()
            tried.part.read(text, _CASES[0], Context())
            took = process_time() - start
            if took > _SECONDS:
                slow.add(f"{what} ({size:,} characters) took {took:.1f} s")
        tried.require(not slow, f"read is slow: {'; '.join(sorted(slow)[:3])}")


def _survives_pickling(tried: Subject) -> None:
    other = twin(tried)
    for _, text in hostile_texts(tried.part, 500):
        replies = [part.read(text, _CASES[0], Context()) for part in (tried.part, other)]
        tried.require(same(*replies), "after pickling it reads another reply", text)
