"""Golds, and completions that are nearly right: seeded, so that a number is a case."""

import json
from random import Random

from n1_oracle import LLAMA, QWEN

VALUES = (
    *(0, 1, -1, 1.0, 0.0, -0.0, 1.5, 1e300, 10**25, True, False, None, float("nan"), float("inf")),
    *("", "1", "a", "Paris", "paris", "é", "e\u0301", "\U0001f600", "a\nb", '"', "\\", "<think>", "</think>"),
    *("</tool_call>", "<tool_call>[]</tool_call>", QWEN, "\u2028", "null", "NaN", "\u00a0"),
    *(
        [],
        {},
        [1, 2],
        [2, 1],
        [1.0, True],
        {"a": 1},
        {"a": 1.0},
        {"a": {"b": [None, {}]}},
        {"b": 2, "a": [1]},
    ),
)
NAMES = ("f", "g", "get_weather", "a.b", "é")
KEYS = ("x", "y", "city", "")
FRAGMENTS = (
    *(
        "<think>",
        "</think>",
        "<tool_call>",
        "</tool_call>",
        "<tool_call",
        "/tool_call>",
        QWEN,
        LLAMA,
        "<|im_end|>",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        "\\",
        "[]",
        "5",
        "-1.5",
        "true",
        "null",
        "NaN",
        '"5"',
        '"[]"',
        '""',
        "'",
    ),
    *(
        " ",
        "\n",
        "\u00a0",
        "\x1c",
        "\ufeff",
        "\ud800",
        '"\\ud800"',
        "1e999",
        "9" * 5000,
        '"name": 5, ',
        '"id": 1, ',
    ),
    *('"name"', '"arguments"', '"parameters"', '{"name": "f", "arguments": {}}', "```json", "assistant", "0"),
)
THOUGHTS = (
    "",
    "t",
    "a < b",
    "<" * 7,
    "<" * 12,
    "<think>",
    "<tool_call>[]</tool_call>",
    "</tool_call>",
    QWEN,
    LLAMA,
)
BODIES = (
    "5",
    "true",
    "-0.5",
    "null",
    '"5"',
    '"x"',
    '""',
    '"\\"\\""',
    '"null"',
    '"[1]"',
    "",
    "[[]]",
    '["f"]',
    "{}",
    "NaN",
)


def arguments(random: Random) -> dict:
    """A few arguments."""
    return {random.choice(KEYS): random.choice(VALUES) for _ in range(random.choice((0, 1, 1, 2, 3)))}


def gold(random: Random) -> list:
    """The calls that are expected."""
    count = random.choice((0, 1, 1, 1, 2, 2, 3))
    return [{"name": random.choice(NAMES), "arguments": arguments(random)} for _ in range(count)]


def _other_call(random, call):
    kind = random.randrange(8)
    args = dict(call["arguments"]) if isinstance(call.get("arguments"), dict) else {}
    if kind == 0:
        return {"name": random.choice((*NAMES, 5, None, ["f"], {})), "arguments": args}
    if kind == 1:
        return {"name": call.get("name"), "arguments": random.choice((json.dumps(args), [], None, 1))}
    if kind == 2:
        return {"name": call.get("name"), "parameters": args}
    if kind == 3:
        return {"arguments": args, "name": call.get("name"), "id": 7}
    if kind == 4 and args:
        args.pop(random.choice(list(args)))
    else:
        args[random.choice(KEYS)] = random.choice(VALUES)
    return {"name": call.get("name"), "arguments": args}


def _other_calls(random, calls):
    calls = list(calls)
    for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
        kind = random.randrange(6)
        place = random.randrange(len(calls) + 1)
        if kind == 0:
            random.shuffle(calls)
        elif kind == 1 or place == len(calls):
            calls.insert(place, {"name": random.choice(NAMES), "arguments": arguments(random)})
        elif kind == 2:
            calls.pop(place)
        elif kind == 3:
            calls.append(calls[place])
        else:
            calls[place] = _other_call(random, calls[place])
    return calls * 150 if random.random() < 0.003 else calls


def _body(random, calls):
    if random.random() < 0.08:
        return random.choice(BODIES)
    value = _other_calls(random, calls)
    if value and random.random() < 0.06:
        value = value[0]
    text = json.dumps(
        value,
        ensure_ascii=random.random() < 0.5,
        indent=random.choice((None, None, 2)),
        separators=random.choice((None, (",", ":"))),
    )
    return json.dumps(text) if random.random() < 0.06 else text


def _block(random, calls):
    space = random.choice(("", "", "\n", " \u00a0"))
    return f"<tool_call>{space}{_body(random, calls)}{space}</tool_call>"


def _frame(random, calls):
    block = _block(random, calls)
    kind = random.randrange(24)
    frames = {
        0: block,
        1: f"{block}<think>t</think>",
        2: f"<think>{block}</think>",
        3: f"<think>t{block}",
        4: f"t</think>{block}",
        5: f"<think>t</think>{_block(random, calls)}{block}",
        6: f"<think>t</think>{block} done <tool_call>[",
        7: f"</think>{block}<think>",
        8: f"<think>t</think>{_block(random, calls)}{QWEN}\n{block}",
        9: f"user: <think>x</think>{LLAMA}\n<think>t</think>{block}",
        10: "<think>t</think>I cannot.",
        11: f"<think>a < b, </thin <|im_end|></think> so: {block} done",
        12: f"{QWEN}\n<think>t</think>\n{block}<|im_end|>",
    }
    return frames.get(kind, f"<think>{random.choice(THOUGHTS)}</think>\n{block}")


def completion(random: Random, calls: list) -> str:
    """A text that is right, or nearly."""
    text = _frame(random, calls)
    for _ in range(random.choice((0, 0, 0, 0, 1, 1, 2))):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(("", *FRAGMENTS)) + text[at + random.choice((0, 0, 1, 5)) :]
    return text
