"""Answers as the released data has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from toolverify.answers import CallsAnswer
from toolverify.calls import Expected
from toolverify.errors import AnswerError
from toolverify.formats.engines import load_python_json
from toolverify.limits import Limits
from toolverify.schema import ToolSpec

_LIMITS = Limits(depth=950)


@dataclass(frozen=True)
class ReleasedAnswer:
    """The core's `calls`, whose JSON text is read as Python reads it, and once more where it holds a text."""

    name: ClassVar[str] = "tool-n1-answer"

    def read(self, answer: Any, tools: Mapping[str, ToolSpec] | None) -> Expected:
        """Read the calls that are expected."""
        for _ in range(2):
            if isinstance(answer, str):
                answer = _loaded(answer)
        return CallsAnswer().read(answer, tools)


def _loaded(text: str) -> Any:
    loaded = load_python_json(text, _LIMITS)
    if loaded.status != "ok":
        raise AnswerError("the text is not JSON", path="answer", mend="give a list of calls")
    return loaded.value
