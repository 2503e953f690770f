"""Formats whose calls are JSON in a wrapper."""

from toolverify.formats.engines.json_blocks import JsonBlocks
from toolverify.formats.engines.json_calls import JsonCalls
from toolverify.formats.engines.python_calls import PythonCalls

#: LongCat-Flash: as Hermes, with markers of its own.
LONGCAT = JsonBlocks(name="longcat", start="<longcat_tool_call>", end="</longcat_tool_call>", padding="\n")

#: Granite 4: as Hermes.
GRANITE4 = JsonBlocks(name="granite4", padding="\n")

#: Jamba 1.5 and later: one list.
JAMBA = JsonBlocks(name="jamba", container="list", start="<tool_calls>", end="</tool_calls>")

#: Granite 3.0 to 3.3: a list behind one of two markers; some releases close it, the template does not.
GRANITE3 = JsonCalls(
    name="granite3",
    container="list",
    starts=("<tool_call>", "<|tool_call|>"),
    ends=("", "</tool_call>"),
)

#: Granite-20B-functioncalling: a marker before each call.
GRANITE_20B_FC = JsonCalls(
    name="granite-20b-fc",
    starts=("<function_call>",),
    declined="<no_function>",
    lead=" ",
)

#: Mistral 7B v0.3, Mixtral, Nemo, Ministral: a list behind one marker.
MISTRAL_V3 = JsonCalls(
    name="mistral-v3",
    container="list",
    starts=("[TOOL_CALLS]",),
    spare_keys=("id",),
    lead=" ",
)

#: Nemotron Nano v2 and Llama-Nemotron: a list, of JSON objects or of calls in Python's syntax.
NEMOTRON_TOOLCALL = JsonCalls(
    name="nemotron-toolcall",
    container="list",
    starts=("<TOOLCALL>",),
    ends=("</TOOLCALL>",),
    python=PythonCalls("nemotron-toolcall", start="<TOOLCALL>", end="</TOOLCALL>"),
)

#: xLAM 1 and 2: a bare list, also fenced or behind the markers of others.
XLAM = JsonCalls(
    name="xlam",
    container="list",
    starts=("", "<tool_call>", "[TOOL_CALLS]"),
    ends=("", "</tool_call>"),
)

#: Llama 3.1 to 3.3 and Llama 4 where they write JSON: bare objects.
LLAMA3_JSON = JsonCalls(
    name="llama3-json",
    starts=("", "<|python_tag|>"),
    ends=("", "<|eom_id|>", "<|eot_id|>"),
    joints=("; ", ", "),
    arguments_key="parameters",
    spare_keys=("type",),
)

#: Hunyuan-A13B: a list, inside the answer that follows the reasoning.
HUNYUAN_A13B = JsonCalls(
    name="hunyuan-a13b",
    container="list",
    starts=("<tool_calls>",),
    ends=("</tool_calls>",),
    think_padding="\n",
    frames=(("<answer>", "</answer>"),),
    frame_padding="\n",
    frame_holds="all",
)

#: ERNIE 4.5 thinking: as Hermes, with a frame around the content.
ERNIE45 = JsonCalls(
    name="ernie45",
    ends=("</tool_call>",),
    frames=(("<response>", "</response>"),),
    frame_padding="\n",
    lead="\n",
    tail="\n",
)

#: Phi-4-mini: a list behind a word.
PHI4_MINI = JsonCalls(name="phi4-mini", container="list", starts=("functools[",))

#: InternLM 2, 2.5 and 3: a plug-in's action; the end marker is often left out.
INTERNLM2 = JsonCalls(
    name="internlm2",
    starts=("<|action_start|><|plugin|>",),
    ends=("<|action_end|>", ""),
    arguments_key="parameters",
    lead="\n",
)

#: Apertus: a list of objects with the name as their key.
APERTUS = JsonCalls(
    name="apertus",
    container="list",
    starts=("<|tools_prefix|>",),
    ends=("<|tools_suffix|>",),
    name_key="",
    think_start="<|inner_prefix|>",
    think_end="<|inner_suffix|>",
)

#: Command A: actions with numbers, and markers around everything.
COHERE4 = JsonCalls(
    name="cohere4",
    container="list",
    starts=("<|START_ACTION|>",),
    ends=("<|END_ACTION|>",),
    name_key="tool_name",
    arguments_key="parameters",
    id_key="tool_call_id",
    think_start="<|START_THINKING|>",
    think_end="<|END_THINKING|>",
    frames=(("<|START_TEXT|>", "<|END_TEXT|>"), ("<|START_RESPONSE|>", "<|END_RESPONSE|>")),
    separator="",
)

FORMATS = [
    LONGCAT,
    GRANITE3,
    GRANITE4,
    GRANITE_20B_FC,
    MISTRAL_V3,
    NEMOTRON_TOOLCALL,
    XLAM,
    LLAMA3_JSON,
    JAMBA,
    HUNYUAN_A13B,
    ERNIE45,
    PHI4_MINI,
    INTERNLM2,
    APERTUS,
    COHERE4,
]
