"""The report of a training run, from a folder as a run writes it; nothing here needs TRL, and little needs matplotlib."""

from __future__ import annotations

import json
import math
import random
import re
import struct
import subprocess
import sys
from html.parser import HTMLParser

import msgspec
import pytest

from toolverify.errors import PlanError
from toolverify.intervals import wilson
from toolverify_trl.report import (
    draw_curve,
    headline,
    read_run,
    standing_after,
    standing_before,
    write_report,
    write_summary,
)
from toolverify_trl.report.examples import all_examples, chosen, turns
from toolverify_trl.report.markup import cut, element, text
from toolverify_trl.report.reading import read_samples
from toolverify_trl.report.series import running_mean, shown_use, timeline
from toolverify_trl.report.standings import progress, standings

SIZE = 40
HASH = "0a1b2c3d4e5f"
SFT = {"name": "warm-start", "use": "sft", "steps": 60}
GRPO = {"name": "grpo", "use": "grpo", "steps": 75}
CATEGORIES = ("single", "several", "none <b>")
CODES = ("argument.differs", "call.missing", "attempt.invalid_json", "my-leaf.odd <i>")
EVIL = "<script>alert('boom')</script>"
ODD = f"<think>\N{GRINNING FACE} {EVIL} \x07\u202e\ud800</think><tool_call>[]</tool_call>"
VOID = {"meta", "img", "source"}


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join([json.dumps(row).encode() + b"\n" for row in rows]))


def samples(rate, seed):
    """Completions of held-out tasks, with odd ones among them; about as many pass as the rate says."""
    chance = random.Random(seed)
    return [sample(index, chance.random() < rate) for index in range(SIZE)]


def sample(index, passed):
    city = f"Bergen {index}"
    arguments = {"city": city if passed else city.lower(), "days": 3}
    calls = json.dumps([{"name": "weather", "arguments": arguments}])
    written = f"<think>The forecast is asked for.</think><tool_call>{calls}</tool_call>"
    oddities = {0: ODD, 1: "x" * 50_000, 2: "", 3: [{"role": "assistant", "content": EVIL}]}
    finding = {
        "code": CODES[index % len(CODES)],
        "level": "error",
        "path": "calls[0].arguments.city",
        "message": f"another value than expected {EVIL if index % 7 == 0 else ''}",
        "expected": city,
        "got": city.lower(),
    }
    return {
        "id": f"t{index}",
        "completion": oddities.get(index, written),
        "answer": [{"name": "weather", "arguments": {"city": city, "days": 3}}] if index % 3 != 2 else [],
        "tools": [],
        "category": CATEGORIES[index % 3],
        "question": f"What will the weather be in {city}? {EVIL if index == 4 else ''}",
        "reward": float(passed),
        "passed": passed,
        "findings": [] if passed else [finding],
    }


def evaluation(folder, stage, step, at, *, rate, decoding):
    """An evaluation's line, and its completions beside it."""
    made = samples(rate, f"{stage}{step}{decoding}")
    write_lines(folder / "evaluations" / f"{stage}-{step}-{decoding}.jsonl", made)
    passed = sum([row["passed"] for row in made])
    low, high = wilson(passed, SIZE)
    parts = {name: [row["passed"] for row in made if row["category"] == name] for name in CATEGORIES}
    found = [finding["code"] for row in made for finding in row["findings"]]
    return {
        "hash": HASH,
        "seed": 3,
        "stage": stage,
        "step": step,
        "at": at,
        "decoding": decoding,
        "n": SIZE,
        "passed": passed / SIZE,
        "low": low,
        "high": high,
        "reward": passed / SIZE,
        "seconds": 3.25,
        "categories": {
            name: {"n": len(part), "passed": sum(part) / len(part)} for name, part in parts.items()
        },
        "codes": {code: found.count(code) for code in CODES if code in found},
    }


def moments(stages):
    """Stage, step, kind and rate of every evaluation."""
    yield stages[0]["name"], 0, "start", 0.02
    for stage in stages:
        grpo = stage["use"] == "grpo"
        if grpo:
            yield from [
                (stage["name"], step, "between", 0.35 + 0.35 * step / stage["steps"])
                for step in range(25, stage["steps"], 25)
            ]
        yield stage["name"], stage["steps"], "end", 0.7 if grpo else 0.35


def log(stages, reward=lambda passed: passed):
    chance = random.Random(1)
    for stage in stages:
        for step in range(1, stage["steps"] + 1):
            line = {"hash": HASH, "seed": 3, "stage": stage["name"], "use": stage["use"], "step": step}
            line |= {"seconds": 1.5 * step, "learning_rate": 1e-4, "grad_norm": 0.8}
            share = step / stage["steps"]
            if stage["use"] == "sft":
                yield {**line, "loss": 2.5 * math.exp(-4 * share) + 0.1, "token_accuracy": 0.4 + 0.5 * share}
                continue
            passed = min(1.0, max(0.0, 0.35 + 0.35 * share + chance.gauss(0, 0.07)))
            components = {"format": 0.9, "calls": passed, "verifier_error": 0.0, "unscorable": 0.0}
            yield {
                **line,
                "loss": 0.01,
                "reward": reward(passed),
                "passed": passed,
                "components": components,
                "completion_tokens": 80 - 20 * share,
                "cut_off": 0.02,
                "entropy": 1 - 0.6 * share,
                "equal_groups": 0.2,
            }


def write_run(folder, stages=(SFT, GRPO), *, finished=True, reward=lambda passed: passed, **changes):
    """A run's folder with believable figures."""
    run = {
        "plan": "demo $x$",
        "summary": f"A small model learns to call tools {EVIL}",
        "hash": HASH,
        "backend": "trl",
        "seed": 3,
        "profile": {"name": "tool-n1", "hash": "f5e4d3c2b1a0", "format": "tool-n1"},
        "prompt": "tool-names",
        "model": {"source": "models/tiny", "parameters": 583_680},
        "device": "cpu",
        "versions": {"toolverify": "0.1.0", "torch": "2.13.0+cpu", "trl": "1.16.0"},
        "threads": 1,
        "stages": list(stages),
        "started": "2026-11-20T20:00:00+00:00",
        "tasks": {"train": {"tasks/train.jsonl": 4000}, "held_out": {"tasks/held-out.jsonl": SIZE}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(run | changes), encoding="utf-8")
    write_lines(folder / "log.jsonl", log(stages, reward))
    judged = [
        evaluation(folder, stage, step, at, rate=rate, decoding=decoding)
        for stage, step, at, rate in moments(stages)
        for decoding in ("sampled", "greedy")
    ]
    write_lines(folder / "evaluations.jsonl", judged)
    if finished:
        took = {stage["name"]: 1.5 * stage["steps"] for stage in stages}
        finished_run = {"seconds": sum(took.values()) + 20.5, "stages": took}
        (folder / "finished.json").write_text(json.dumps(finished_run), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path):
    """A run of a warm start and GRPO."""
    return write_run(tmp_path / "run")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of such a run."""
    return page_of(write_run(tmp_path_factory.mktemp("page") / "run"))


def lines_of(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def summary_of(folder):
    record = read_run(folder)
    write_summary(record, standing_before(record), standing_after(record), folder / "summary.json")
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def page_of(folder):
    pytest.importorskip("matplotlib")
    write_report(read_run(folder), folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def png_size(file):
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    return struct.unpack(">II", content[16:24])


class Outline(HTMLParser):
    """What stands in a page: its elements, well nested, and its text."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.addresses, self.ids, self.words = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        self.addresses += [values[key] for key in ("src", "href", "srcset") if key in values]
        self.ids += [values["id"]] if "id" in values else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def outline(page):
    seen = Outline()
    seen.feed(page)
    seen.close()
    assert seen.open == []
    return seen


def test_the_summary_holds_the_figures_of_the_files(folder):
    summary = summary_of(folder)
    made = {(row["stage"], row["at"], row["decoding"]): row for row in lines_of(folder / "evaluations.jsonl")}
    for side, stage in (("before", "warm-start"), ("after", "grpo")):
        sampled, greedy = [made[stage, "end", decoding] for decoding in ("sampled", "greedy")]
        found = summary[side]
        assert (found["stage"], found["step"], found["n"]) == (stage, sampled["step"], SIZE)
        assert (found["sampled"], found["greedy"]) == (sampled["passed"], greedy["passed"])
        assert found["sampled_interval"] == [sampled["low"], sampled["high"]]
        assert found["greedy_interval"] == [greedy["low"], greedy["high"]]
        assert found["codes"] == sampled["codes"]
        single = {"n": 14, "sampled": sampled["categories"]["single"]["passed"]}
        assert found["categories"]["single"] == {**single, "greedy": greedy["categories"]["single"]["passed"]}
    assert summary["seconds"] == 1.5 * 135 + 20.5
    assert summary["stages"] == {"warm-start": 90.0, "grpo": 112.5}
    assert (summary["seed"], summary["hash"], summary["plan"]) == (3, HASH, "demo $x$")
    assert summary["profile"] == {"name": "tool-n1", "hash": "f5e4d3c2b1a0", "format": "tool-n1"}
    assert summary["versions"]["trl"] == "1.16.0"


def test_the_headline_tells_rates_intervals_categories_and_failures(folder):
    before = summary_of(folder)["before"]["sampled"]
    told = headline(read_run(folder))
    assert told.splitlines()[0] == "demo $x$, tool-n1, seed 3"
    assert "after warm-start, step 60 -> after grpo, step 75" in told
    assert f"sampled: {100 * before:.1f} % [" in told
    assert f"of {SIZE}" in told
    assert "by category, sampled: none <b> " in told
    assert "argument.differs" in told


def test_before_is_the_start_where_grpo_comes_first(tmp_path):
    record = read_run(write_run(tmp_path, [GRPO]))
    before, after = standing_before(record), standing_after(record)
    assert before is not None
    assert after is not None
    assert (before.at, before.step) == ("start", 0)
    assert (after.at, after.step) == ("end", 75)


def test_after_is_the_end_of_the_last_stage(tmp_path):
    stages = [SFT, GRPO, {**GRPO, "name": "grpo 2"}, {**SFT, "name": "last"}]
    record = read_run(write_run(tmp_path, stages))
    before, after = standing_before(record), standing_after(record)
    assert [before and before.stage, after and after.stage] == ["warm-start", "last"]
    assert timeline(record, "grpo").offsets == {"grpo": 0, "grpo 2": 75}


def test_a_run_without_grpo_compares_its_start_with_its_end(tmp_path):
    folder = write_run(tmp_path, [SFT])
    summary = summary_of(folder)
    assert (summary["before"]["step"], summary["after"]["step"]) == (0, 60)
    assert shown_use(read_run(folder)) == "sft"
    assert "Failed before, passes now" in page_of(folder)


def test_a_run_that_is_not_finished_tells_what_there_is(tmp_path):
    folder = write_run(tmp_path, finished=False)
    rows = [
        row for row in lines_of(folder / "evaluations.jsonl") if row["at"] != "end" or row["stage"] != "grpo"
    ]
    write_lines(folder / "evaluations.jsonl", rows)
    summary = summary_of(folder)
    assert summary["finished"] is False
    assert summary["after"]["step"] == 50
    assert summary["seconds"] == 90 + 112.5
    assert "not finished" in headline(read_run(folder))
    assert "not finished" in page_of(folder)


def test_a_run_that_has_only_begun_is_no_error(tmp_path):
    folder = write_run(tmp_path, finished=False)
    for name in ("log.jsonl", "evaluations.jsonl"):
        (folder / name).unlink()
    summary = summary_of(folder)
    assert (summary["before"], summary["after"], summary["seconds"]) == (None, None, 0)
    assert "no held-out tasks have been judged yet" in headline(read_run(folder))
    assert "No held-out tasks have been judged yet." in page_of(folder)


def test_one_evaluation_stands_alone(tmp_path):
    folder = write_run(tmp_path, finished=False)
    write_lines(folder / "evaluations.jsonl", lines_of(folder / "evaluations.jsonl")[:1])
    summary = summary_of(folder)
    assert summary["after"] is None
    assert summary["before"]["greedy"] is None
    page = page_of(folder)
    assert "Fails" in page
    assert "What became of" not in page


def test_a_line_that_was_cut_off_is_left_out_and_told(folder):
    with (folder / "log.jsonl").open("ab") as file:
        file.write(b'{"hash": "0a1b", "stage": "gr')
    record = read_run(folder)
    assert (len(record.steps), record.skipped) == (135, 1)
    assert "What could not be read in the logs is left out: 1 line." in page_of(folder)


def test_steps_that_were_done_again_count_once(folder):
    again = [row for row in lines_of(folder / "log.jsonl") if row["stage"] == "grpo" and row["step"] > 70]
    with (folder / "log.jsonl").open("ab") as file:
        file.write(b"".join([json.dumps({**row, "loss": 7.0}).encode() + b"\n" for row in again]))
    steps = read_run(folder).steps
    assert [step.step for step in steps if step.stage == "grpo"] == list(range(1, 76))
    assert [step.loss for step in steps if step.stage == "grpo"][-6:] == [0.01, *[7.0] * 5]


def test_a_loss_that_is_no_number_is_read_and_not_drawn(folder):
    rows = lines_of(folder / "log.jsonl")
    write_lines(folder / "log.jsonl", [{**row, "loss": math.nan} for row in rows])
    assert read_run(folder).skipped == 0
    assert "<td>loss" not in page_of(folder)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda folder: None, "does not exist"),
        (lambda folder: folder.mkdir(), "holds no run"),
        (lambda folder: folder.write_text("?"), "is a file"),
        (lambda folder: write_run(folder / "seed-1"), "give one of the runs in it"),
        (lambda folder: write_run(folder, seed="one"), r"\$.seed"),
    ],
)
def test_a_folder_without_a_run_is_told(tmp_path, make, told):
    folder = tmp_path / "f"
    make(folder)
    with pytest.raises(PlanError, match=told):
        read_run(folder)


def test_nothing_of_a_model_or_a_dataset_gets_into_the_markup(page):
    seen = outline(page)
    assert EVIL not in page
    assert "script" not in seen.tags
    assert EVIL in "".join(seen.words)
    assert "\\u202e" in page
    assert "\\ud800" in page
    assert "my-leaf.odd &lt;i&gt;" in page


def test_the_page_needs_nothing_beside_it(page):
    seen = outline(page)
    assert all([address.startswith(("data:image/png;base64,", "#")) for address in seen.addresses])
    assert {address[1:] for address in seen.addresses if address.startswith("#")} <= set(seen.ids)
    assert not re.search(r"url\(|@import|https?:", page)


def test_the_page_tells_what_a_person_asks(page, folder):
    words = " ".join(outline(page).words)
    summary = summary_of(folder)
    for side in ("before", "after"):
        assert f"{100 * summary[side]['sampled']:.1f} %" in words
        assert f"{100 * summary[side]['greedy']:.1f} %" in words
    for told in (
        "An argument has another value than expected.",
        "f5e4d3c2b1a0",
        HASH,
        "583,680",
        "Wilson",
        "1 min 52 s",
    ):
        assert told in words
    assert "characters left out" in words


def test_a_page_of_long_texts_is_short(page):
    without_pictures = re.sub(r"data:image/png;base64,[^\"]*", "", page)
    assert len(without_pictures) < 150_000


def test_the_same_folder_gives_the_same_bytes(page, folder):
    summary = summary_of(folder)
    draw_curve(read_run(folder), folder / "one.png")
    draw_curve(read_run(folder), folder / "other.png")
    assert page_of(folder) == page
    assert summary_of(folder) == summary
    assert (folder / "one.png").read_bytes() == (folder / "other.png").read_bytes()


@pytest.mark.parametrize(
    "stages",
    [
        (SFT, GRPO),
        (GRPO,),
        (SFT,),
        ({**GRPO, "steps": 6000},),
        (GRPO, {**GRPO, "name": "$grpo$ \N{GRINNING FACE}"}),
        ({**GRPO, "steps": 1},),
    ],
)
def test_a_picture_can_be_drawn_of_any_run(tmp_path, stages):
    pytest.importorskip("matplotlib")
    folder = write_run(tmp_path / "run", stages, reward=lambda passed: 4 * passed - 3)
    if stages[0]["steps"] > 1000:  # evaluations enough
        write_lines(folder / "evaluations.jsonl", lines_of(folder / "evaluations.jsonl")[::20])
    draw_curve(read_run(folder), folder / "reward.png")
    assert png_size(folder / "reward.png") == (1600, 1000)


def test_a_person_s_own_settings_of_matplotlib_change_nothing_and_stay(folder):
    matplotlib = pytest.importorskip("matplotlib")
    draw_curve(read_run(folder), folder / "one.png")
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9}):
        draw_curve(read_run(folder), folder / "other.png")
        assert matplotlib.rcParams["font.size"] == 30
    assert (folder / "one.png").read_bytes() == (folder / "other.png").read_bytes()


def test_without_matplotlib_the_mend_is_told(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlanError, match=re.escape("pip install 'toolverify-trl[train]'")):
        draw_curve(read_run(folder), folder / "reward.png")


def test_importing_the_report_imports_neither_matplotlib_nor_a_trainer():
    names = ("matplotlib", "numpy", "torch", "trl")
    code = f"import sys, toolverify_trl.report; print([m for m in {names} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_examples_are_those_of_the_turn_and_of_every_category(folder):
    record = read_run(folder)
    made = all_examples(record, progress(record).main())
    assert sum(turns(made).values()) == SIZE
    for turn, count in turns(made).items():
        shown = chosen(made, turn)
        assert {example.turn for example in shown} == {turn}
        assert len(shown) <= count
    won = chosen(made, (False, True))
    assert len({example.after.category for example in won[:3]}) == 3


def test_completions_that_were_not_kept_are_not_shown(folder):
    for file in (folder / "evaluations").iterdir():
        file.unlink()
    record = read_run(folder)
    assert read_samples(record, record.evaluations[0]) == ()
    assert "What the model writes" not in page_of(folder)


def test_what_could_not_be_scored_is_neither_passed_nor_failed(folder):
    record = read_run(folder)
    for judged in progress(record).main():
        file = folder / "evaluations" / f"{judged.standing.stage}-{judged.standing.step}-sampled.jsonl"
        write_lines(file, [{**row, "reward": None, "passed": False} for row in lines_of(file)])
    page = page_of(folder)
    assert "not scorable" in page
    assert '"badge bad"' not in page


def test_tasks_may_be_counted_by_use_alone(tmp_path):
    folder = write_run(tmp_path, tasks={"train": {"tasks/a.jsonl": 7, "tasks/b.jsonl": 8}, "held_out": 1234})
    page = page_of(folder)
    assert all([told in page for told in ("tasks/a.jsonl", "tasks/b.jsonl", "1,234")])


def test_one_moment_holds_both_ways_of_decoding(folder):
    known = standings(read_run(folder))
    assert [(one.stage, one.step, one.at) for one in known] == [
        ("warm-start", 0, "start"),
        ("warm-start", 60, "end"),
        ("grpo", 25, "between"),
        ("grpo", 50, "between"),
        ("grpo", 75, "end"),
    ]
    assert all([one.sampled and one.greedy for one in known])


def test_a_running_mean_looks_to_both_sides():
    assert running_mean([]) == []
    assert running_mean([4.0]) == [4.0]
    assert running_mean([1.0, 2.0, 3.0]) == [1.5, 2.0, 2.5]
    assert running_mean([0.0] * 5 + [6.0]) == [0.0, 0.0, 0.0, 1.2, 1.5, 2.0]


def test_texts_are_escaped_and_markup_is_not():
    assert element("p", "<b>", element("i", "&"), class_='"') == '<p class="&quot;">&lt;b&gt;<i>&amp;</i></p>'
    assert text("a\nb\x00\u202e") == "a\nb\\x00\\u202e"
    assert cut("abcdef", 4, 2) == "abcdef"
    assert cut("<bcdefghij", 1, 1) == '&lt;<span class="cut"> … 8 characters left out … </span>j'


def test_what_was_read_cannot_be_changed(folder):
    with pytest.raises(AttributeError):
        read_run(folder).skipped = 3
    assert msgspec.structs.replace(read_run(folder), skipped=3).skipped == 3
