"""Formats that write a tool's name as it is and its arguments as JSON: DeepSeek, Kimi, Mistral."""

from toolverify.formats.engines.named_json import NamedJson
from toolverify.protocols import Format

_DEEPSEEK_SECTION = ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
_DEEPSEEK_STOP = "<｜end▁of▁sentence｜>"

#: DeepSeek V3-0324 and R1-0528: the arguments stand in a Markdown fence.
DEEPSEEK_V3 = NamedJson(
    name="deepseek-v3",
    section=_DEEPSEEK_SECTION,
    start="<｜tool▁call▁begin｜>",
    lead="function<｜tool▁sep｜>",
    arguments="\n```json\n",
    close="\n```",
    end="<｜tool▁call▁end｜>",
    between="\n",
    stop=_DEEPSEEK_STOP,
)

#: DeepSeek V3.1: the same markers, without the fence. Its prompt opens the reasoning.
DEEPSEEK_V31 = NamedJson(
    name="deepseek-v31",
    section=_DEEPSEEK_SECTION,
    start="<｜tool▁call▁begin｜>",
    arguments="<｜tool▁sep｜>",
    end="<｜tool▁call▁end｜>",
    stop=_DEEPSEEK_STOP,
)

#: Kimi K2: the name is part of an id that counts the calls.
KIMI_K2 = NamedJson(
    name="kimi-k2",
    section=("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
    start="<|tool_call_begin|>",
    arguments="<|tool_call_argument_begin|>",
    end="<|tool_call_end|>",
    identifier="indexed",
    stop="<|im_end|>",
)

#: Mistral Small 3, Magistral, Devstral and later: a call ends with its arguments.
MISTRAL_V11 = NamedJson(
    name="mistral-v11",
    start="[TOOL_CALLS]",
    arguments="[ARGS]",
    call_id="[CALL_ID]",
    stop="</s>",
    think_start="[THINK]",
    think_end="[/THINK]",
)

FORMATS: list[Format] = [DEEPSEEK_V3, DEEPSEEK_V31, KIMI_K2, MISTRAL_V11]
