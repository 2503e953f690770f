"""Formats with one tag per parameter: the Qwen3-Coder family, GLM, Hunyuan, MiniMax, DeepSeek's DSML, Step, Kimi K3."""

from dataclasses import replace

from toolverify.formats.engines.nested_tags import NestedTagCalls
from toolverify.formats.engines.tag_calls import TagCalls

_QUOTED = '<parameter name="{name}">'

QWEN3_CODER = TagCalls("qwen3-coder")
NEMOTRON_V3 = replace(QWEN3_CODER, name="nemotron-v3")
STEP3P5 = replace(QWEN3_CODER, name="step3p5")
MIMO = replace(QWEN3_CODER, name="mimo", padding="")
SEED_OSS = replace(
    QWEN3_CODER,
    name="seed-oss",
    block=("<seed:tool_call>", "</seed:tool_call>"),
    think=("<seed:think>", "</seed:think>"),
)

GLM45 = TagCalls(
    "glm45",
    block=("", ""),
    call=("<tool_call>{name}", "</tool_call>"),
    parameter=("<arg_key>{name}</arg_key>{gap}<arg_value>", "</arg_value>"),
    padding="",
)
GLM47 = replace(GLM45, name="glm47", separator="")
HY_V3 = replace(
    GLM45,
    name="hy-v3",
    block=("<tool_calls>", "</tool_calls>"),
    call=("<tool_call>{name}<tool_sep>", "</tool_call>"),
    calls_in_block="all",
    suffixes=True,
)

MINIMAX_M2 = TagCalls(
    "minimax-m2",
    block=("<minimax:tool_call>", "</minimax:tool_call>"),
    call=('<invoke name="{name}">', "</invoke>"),
    parameter=(_QUOTED, "</parameter>"),
    padding="",
    calls_in_block="all",
    end_optional=True,
)

_MM = "]<]minimax[>["
MINIMAX_M3 = NestedTagCalls(
    "minimax-m3",
    block=(f"{_MM}<tool_call>", f"{_MM}</tool_call>"),
    call=(f'{_MM}<invoke name="{{name}}">', f"{_MM}</invoke>"),
    parameter=(f"{_MM}<{{name}}>", f"{_MM}</{{name}}>"),
    padding="",
    calls_in_block="all",
    think=("<mm:think>", "</mm:think>"),
    prefix=_MM,
)

DEEPSEEK_V32 = TagCalls(
    "deepseek-v32",
    block=("<｜DSML｜function_calls>", "</｜DSML｜function_calls>"),
    call=('<｜DSML｜invoke name="{name}">', "</｜DSML｜invoke>"),
    parameter=('<｜DSML｜parameter name="{name}" string="{type}">', "</｜DSML｜parameter>"),
    padding="",
    calls_in_block="all",
    end_optional=True,
    types="flag",
    json_arguments=True,
)
DEEPSEEK_V4 = replace(
    DEEPSEEK_V32, name="deepseek-v4", block=("<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>")
)
DEEPSEEK_V41 = replace(
    DEEPSEEK_V32,
    name="deepseek-v41",
    block=("<｜DSML｜ calls>", "</｜DSML｜ calls>"),
    call=('<｜DSML｜ invoke name="{name}">', "</｜DSML｜ invoke>"),
    parameter=('<｜DSML｜ parameter name="{name}" string="{type}">', "</｜DSML｜ parameter>"),
)

MINICPM5 = TagCalls(
    "minicpm5",
    block=("", ""),
    call=('<function name="{name}">', "</function>"),
    parameter=('<param name="{name}">', "</param>"),
    padding="",
    separator="",
    cdata=True,
)
STEP3 = TagCalls(
    "step3",
    block=("<｜tool_calls_begin｜>", "<｜tool_calls_end｜>"),
    call=(
        '<｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name="{name}">',
        "</steptml:invoke><｜tool_call_end｜>",
    ),
    parameter=('<steptml:parameter name="{name}">', "</steptml:parameter>"),
    padding="",
    separator="",
    between="\n",
    calls_in_block="all",
)
KIMI_K3 = TagCalls(
    "kimi-k3",
    block=("<|open|>tools<|sep|>", "<|close|>tools<|sep|>"),
    call=('<|open|>call tool="{name}" index="{index}"<|sep|>', "<|close|>call<|sep|>"),
    parameter=('<|open|>argument key="{name}" type="{type}"<|sep|>', "<|close|>argument<|sep|>"),
    padding="",
    separator="",
    calls_in_block="all",
    types="name",
    escaped=True,
    think=("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
    content=("<|open|>response<|sep|>", "<|close|>response<|sep|>"),
)

FORMATS = [
    QWEN3_CODER,
    NEMOTRON_V3,
    STEP3P5,
    MIMO,
    SEED_OSS,
    GLM45,
    GLM47,
    HY_V3,
    MINIMAX_M2,
    MINIMAX_M3,
    DEEPSEEK_V32,
    DEEPSEEK_V4,
    DEEPSEEK_V41,
    MINICPM5,
    STEP3,
    KIMI_K3,
]
