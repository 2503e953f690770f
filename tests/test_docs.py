"""The documentation: its examples are run, its tables and pages agree with the code."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import toolverify as tv
from toolverify import doctor, hookspecs, protocols
from toolverify.cli import main
from toolverify.doctor.codes import FAMILIES as FAMILIES_OF_FAULTS
from toolverify.doctor.codes import as_markdown as doctors_codes
from toolverify.findings import CODES, FAMILIES, as_markdown
from toolverify.limits import Limits
from toolverify.plugins import LEAVES, registry
from toolverify.profile import Profile, load_profile

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
    *sorted(ROOT.glob("backends/*/README.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SMALLEST_README, LONGEST_README = 60, 150


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def python_blocks() -> list[pytest.param]:
    found = []
    for page in PAGES:
        every = blocks(page)
        for index, (language, code) in enumerate(every):
            if language == "python":
                following = every[index + 1] if index + 1 < len(every) else ("", "")
                output = following[1] if following[0] == "text" else None
                found.append(pytest.param(code, output, id=f"{page.relative_to(ROOT)}-{index}"))
    return found


@pytest.mark.parametrize(("code", "output"), python_blocks())
def test_every_python_example_runs_and_prints_what_it_says(code, output):
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.returncode == 0, result.stderr
    if output is not None:
        assert result.stdout == output


def test_the_readmes_command_prints_what_it_says(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    shown = next(code for language, code in blocks(ROOT / "README.md") if language == "console")
    command, _, expected = shown.partition("\n")
    arguments = (
        command.removeprefix("$ toolverify ")
        .replace("demo-verdicts.jsonl", str(tmp_path / "verdicts.jsonl"))
        .split()
    )
    assert main(arguments) == 0
    printed = re.sub(r"\([0-9a-f]{12}\)", "(…)", capsys.readouterr().err)
    assert printed == expected


@pytest.mark.parametrize("command", ["explain", "compare"])
def test_the_commands_on_their_pages_print_what_they_say(command, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "commands" / f"{command}.md"
    shown = [code for language, code in blocks(page) if language == "console"]
    assert shown
    for code in shown:
        typed, _, expected = code.partition("\n")
        assert main(typed.removeprefix("$ toolverify ").split()) == 0
        assert re.sub(r"\([0-9a-f]{12}\)", "(…)", capsys.readouterr().out) == expected


def test_the_doctors_page_prints_what_it_says_and_lists_every_code(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / "commands" / "doctor.md"
    (shown,) = [code for language, code in blocks(page) if language == "console"]
    typed, _, expected = shown.partition("\n")
    assert main(typed.removeprefix("$ toolverify ").split()) == 1
    printed = re.sub(r"\([0-9a-f]{12}\)", "(…)", capsys.readouterr().out)
    assert (
        re.sub(
            r"plugins     .*?\nfine    profile", "plugins     …\nfine    profile", printed, flags=re.DOTALL
        )
        == expected
    )
    assert page.read_text(encoding="utf-8").partition("## The codes\n\n")[2] == doctors_codes()
    assert {code.partition(".")[0] for code in doctor.CODES} == set(FAMILIES_OF_FAULTS)


@pytest.mark.parametrize("script", sorted(ROOT.glob("examples/*.py")), ids=lambda path: path.name)
def test_every_example_script_runs(script):
    result = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout


def test_the_readme_shows_the_example_that_runs():
    script = (ROOT / "examples" / "score_in_python.py").read_text(encoding="utf-8").partition("\n\n")[2]
    assert script.strip() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_short_and_its_links_lead_somewhere():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert SMALLEST_README < len(lines) <= LONGEST_README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_plugin_of_the_docs_works_as_the_docs_say(tmp_path):
    page = ROOT / "docs" / "plugins.md"
    code = next(code for language, code in blocks(page) if language == "python")
    toml = [code for language, code in blocks(page) if language == "toml"]
    body = [line for line in code.splitlines() if line.strip()]
    assert len(body) <= 15
    (tmp_path / "polite_rules.py").write_text(code, encoding="utf-8")
    (tmp_path / "polite.toml").write_text(toml[1], encoding="utf-8")
    entry = re.search(r"^polite = \"(\w+)\"$", toml[0], re.MULTILINE)
    info = tmp_path / "polite_rules-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: polite-rules\nVersion: 0.1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(f"[toolverify]\npolite = {entry.group(1)}\n", encoding="utf-8")
    row = '{"completion": "<think>%s</think><tool_call>[]</tool_call>", "answer": []}\n'
    (tmp_path / "rows.jsonl").write_text(row % "I DO NOT KNOW" + row % "I do not know", encoding="utf-8")
    command = [sys.executable, "-m", "toolverify", "score", "rows.jsonl", "--profile", "polite.toml"]
    result = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, check=False
    )
    assert result.returncode == 0, result.stderr
    shouted, said = result.stdout.splitlines()
    assert '"reward":0.0' in shouted
    assert "polite.shouting" in shouted
    assert '"reward":1.0' in said


def test_the_keys_of_a_plan_are_those_of_the_page():
    from toolverify.plan import as_markdown

    assert (ROOT / "docs" / "plan.md").read_text(encoding="utf-8") == as_markdown()


def test_the_plan_of_the_docs_loads():
    import tomllib

    from toolverify.plan import make_plan

    (text,) = [code for language, code in blocks(ROOT / "docs" / "training.md") if language == "toml"]
    plan = make_plan(tomllib.loads(text), name="docs", folder=ROOT)
    assert plan.stages[0].told() == "1 epochs of 256 tasks, 8 completions each: 2048 a step"


def test_the_profiles_of_the_docs_load(tmp_path):
    written = [code for language, code in blocks(ROOT / "docs" / "profiles.md") if language == "toml"]
    verifiers = []
    for index, code in enumerate(written):
        (tmp_path / f"own{index}.toml").write_text(code, encoding="utf-8")
        verifiers.append(tv.Verifier(tmp_path / f"own{index}.toml"))
    assert sum(verifiers[0].profile.combine.options["weights"].values()) == pytest.approx(1.0)
    assert verifiers[1].part_names == ("reasoning", "format", "calls", "length")


def test_every_hook_is_documented_with_its_signature():
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    for name, hook in vars(hookspecs).items():
        if name.startswith("toolverify_"):
            assert f"`{name}({', '.join(inspect.signature(hook).parameters)})`" in page


def test_every_method_of_a_protocol_is_documented():
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    for name in (
        "Format",
        "AnswerReader",
        "Comparison",
        "Coercion",
        "Matcher",
        "Rule",
        "Combiner",
        "Prompt",
        "Backend",
        "TrainingBackend",
    ):
        assert f"`{name}`" in page
        for method in vars(getattr(protocols, name)):
            if not method.startswith("_") and callable(getattr(getattr(protocols, name), method)):
                assert method in page


def test_every_part_and_every_key_of_a_profile_is_documented():
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    core = [
        name
        for kind in ("rule", "combiner")
        for name, part in registry().all(kind).items()
        if part.plugin.distribution == "toolverify"
    ]
    for name in [*core, *Profile.model_fields, "extends"]:
        assert f"`{name}`" in page or name == "name"


def test_the_limits_in_the_docs_are_the_limits():
    page = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
    for name in Limits.__struct_fields__:
        assert f"| `{name}` | {getattr(Limits(), name):,} |" in page


def test_the_page_of_findings_is_what_the_code_says():
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == as_markdown()


def test_every_family_of_findings_is_described():
    assert {name.partition(".")[0] for name in CODES} == set(FAMILIES)


def test_every_code_in_the_core_is_listed_and_every_listed_code_is_used():
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in Path(tv.__file__).parent.rglob("*.py")
        if path.name != "findings.py"
    )
    written = set(re.findall(r'Finding\(\s*(?:code=)?f?"([\w.{}]+)"', sources))
    for code in written:
        pattern = re.compile(re.sub(r"\{\w+(\.\w+)?\}", r"[a-z_]+", code))
        assert any(pattern.fullmatch(known) for known in CODES), code
    for known in CODES:
        family = known.partition(".")[0]
        assert (
            known in written
            or any(code.startswith((f"{family}.{{", "{")) for code in written)
            or family == "reasoning"
        ), known


@pytest.mark.parametrize(
    "command",
    ["score", "explain", "compare", "doctor", "profiles", "formats", "plugins", "backends", "new", "bench"],
)
def test_every_command_has_a_page_with_all_its_options(command, capsys):
    page = (ROOT / "docs" / "commands" / f"{command}.md").read_text(encoding="utf-8")
    assert main([command, "--help"]) == 0
    for option in re.findall(r"--[a-z-]+", capsys.readouterr().out):
        if option not in {"--help", "--hostile", "--profile"}:
            assert option in page, option


def test_every_leaf_that_an_error_names_is_there():
    for leaf in LEAVES.values():
        assert (ROOT / leaf / "pyproject.toml").exists()


def test_profiles_of_the_core_explain_themselves():
    for name in ("tool-n1", "typed"):
        assert f"`{name}`" in (ROOT / "README.md").read_text(encoding="utf-8")
        assert load_profile(name).summary


def test_the_changelog_has_the_form_it_names():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    assert "### Added" in text
