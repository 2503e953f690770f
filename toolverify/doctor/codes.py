"""Every code that the core's checks give, with what it means and how to mend it. Backends have codes of their own."""

from __future__ import annotations

from toolverify.findings import Code

CODES: dict[str, Code] = {
    "plugins.broken": Code(
        "A plugin that is installed does not load, so whatever it brings is missing.",
        "Mend its import, uninstall it, or leave it out with TOOLVERIFY_DISABLE.",
    ),
    "plugins.hook": Code(
        "A hook of a plugin raised, or returned what it should not; its parts are left out.",
        "Update or uninstall the plugin, or report it to its author.",
    ),
    "plugins.twins": Code(
        "Two plugins bring parts of one name, so no profile that needs such a part can be made.",
        "Uninstall one, or leave one out with TOOLVERIFY_DISABLE.",
    ),
    "profile.broken": Code(
        "The profile cannot be made ready, so nothing else was looked at.", "Do as the message says."
    ),
    "parts.requirement": Code(
        "A distribution that brings parts of the profile wants something else than is installed.",
        "Install what it wants.",
    ),
    "versions.missing": Code("The trainer, or what it needs, is not installed here.", "Install it."),
    "versions.old": Code("The installed version is older than the backend works with.", "Update it."),
    "versions.untried": Code(
        "The installed version is newer than those the backend was tried on.",
        "Watch the first steps, or install one that was tried.",
    ),
    "versions.excluded": Code(
        "The installed version is one that the backend does not work with.", "Install another one."
    ),
    "tokenizer.missing_file": Code(
        "The folder lacks a file of a tokenizer.", "Name the folder of the model."
    ),
    "tokenizer.unreadable": Code(
        "A file of the tokenizer is no JSON object.", "Copy it from the model again."
    ),
    "tokenizer.special_marker": Code(
        "A marker of the format is a special token: decoding with skip_special_tokens=True takes it out of every "
        "completion, and nothing can pass.",
        'Set "special": false for it in tokenizer.json and tokenizer_config.json, and take it out of '
        "additional_special_tokens; or use a format without it.",
    ),
    "tokenizer.prefilled_reasoning": Code(
        "The chat template ends the prompt with the marker that opens the reasoning, so that it is missing in every "
        "completion.",
        "Set reasoning_open, in rows or in the adapter; or take the marker out of the template's end.",
    ),
    "tokenizer.no_chat_template": Code(
        "There is no chat template, so prompts that are messages cannot be rendered.",
        "Add chat_template.jinja, or give prompts as text.",
    ),
    "tokenizer.no_tools": Code(
        "The chat template does not know `tools`: the model is never told of them.",
        "Write the tools into the system message, or use a template that shows them.",
    ),
    "rows.none": Code("The file holds no row.", "Name the file that holds the data."),
    "rows.unreadable": Code("A line is no JSON object.", "Write one JSON object a line."),
    "rows.no_answer": Code(
        "A row has no key `answer`.", "Write the answer under `answer`, or name the trainer with --backend."
    ),
    "rows.null_answer": Code(
        "The answer is null, which says nothing: Arrow makes null of an answer that is lost.",
        "Write [] where no call is expected, and look for what lost the answer.",
    ),
    "rows.answer": Code("The answer of a row cannot be read.", "Do as the message says."),
    "rows.tools": Code("The tools of a row cannot be read.", "Do as the message says."),
    "rows.gold": Code("A row holds no gold that the backend can read.", "Do as the message says."),
    "rows.null_filled": Code(
        "Arguments or parameters that no tool declares stand there as null: Arrow gives every object the keys of all "
        "others.",
        "Write answer and tools as JSON texts (toolverify.training.write_label) before Arrow sees them.",
    ),
    "rows.structs": Code(
        "Calls stand as structs where Arrow can bend them: rows with other arguments get nulls, mixed types fail.",
        "Write answer and tools as JSON texts (toolverify.training.write_label).",
    ),
    "rows.grading_shown": Code(
        "The prompt shows x-toolverify, which tells the model how it is graded.",
        "Render tools with toolverify.schema.without_grading.",
    ),
    "rows.duplicate_id": Code(
        "Several rows have one id, so logs and `toolverify explain` cannot tell them apart.",
        "Give each its own.",
    ),
    "gold.unwritten": Code(
        "The profile's format cannot write the gold, so no completion can be right.",
        "Use another format, or leave the row out.",
    ),
    "gold.fails": Code(
        "The gold itself, written in the profile's format, does not pass: the model cannot earn this row.",
        "Mend the row, or take another profile: the mend depends on the reason.",
    ),
    "gold.unscorable": Code(
        "The gold cannot be scored, because a part of the profile raised.", "Report it to the part's author."
    ),
    "gold.wrong_passes": Code(
        "A wrong reply passes, though the profile's matcher does not take its calls for the expected ones.",
        "Make a rule a gate that judges the calls, such as `calls`, or take another profile.",
    ),
    "gold.wrong_pays": Code(
        "A wrong reply does not pass, and yet earns as much as the gold: the reward cannot teach the difference.",
        "Give the rules that tell them apart a weight, or combine by `all`.",
    ),
    "gold.nothing_fails": Code(
        "Whatever was tried in place of the gold passes as well.",
        "Look at the row's comparisons (`ignore`, `regex`), at its schema's x-toolverify, and at the profile's rules.",
    ),
    "backend.raised": Code(
        "The backend itself failed on the set-up.", "Update it, or report it to its author."
    ),
}

#: Which checks there are, in their order, and what each looks at.
FAMILIES: dict[str, str] = {
    "plugins": "The plugins that are installed.",
    "profile": "The profile.",
    "parts": "What the distributions that bring its parts want to be installed.",
    "versions": "What the backend wants to be installed.",
    "tokenizer": "The tokenizer's folder, read as files.",
    "rows": "The rows, as the backend or `toolverify score` reads them.",
    "gold": "The dry run: each row's gold is written in the profile's format and scored, and so are wrong replies.",
    "backend": "The backend's own checks, whose codes its page lists.",
}


def as_markdown() -> str:
    """The tables of docs/commands/doctor.md."""
    return "\n".join([_section(family, about) for family, about in FAMILIES.items()])


def _section(family: str, about: str) -> str:
    rows = [
        f"| `{name}` | {code.meaning} | {code.mend} |"
        for name, code in CODES.items()
        if name.partition(".")[0] == family
    ]
    return "\n".join(
        [f"### {family}", "", about, "", "| code | what is wrong | mend |", "|---|---|---|", *rows, ""]
    )
