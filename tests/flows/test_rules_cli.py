"""copydesk rules: list, check, test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cleaners.model import Model
from cleaners.vetoes import OF_SPEECH as KEEP_QUOTES
from copydesk.errors import UsageError
from copydesk.inspect import reading, trial
from copydesk.model import Reject
from copydesk.settings import Settings
from tests.cleaners.test_explaining import Doubter
from tests.copydesk.corpus import ingest, story, write_jsonl
from tests.flows.test_cli import command

RULES = """
[[rule]]
id = "bells"
scope = "line"
max_length = 60
pattern = '''Ring the bell at \\w+|Advertisement'''
takes = ["Ring the bell at noon", "Ring the bell at night"]
leaves = ["Ring the bell", "They ring the bell at noon."]

[[rule]]
id = "quoted-bells"
action = "keep"
scope = "line"
max_length = 60
pattern = '''Ring the bell at dawn'''
takes = ["Ring the bell at dawn", "ring the bell at dawn"]
leaves = ["Ring the bell", "They ring the bell at noon."]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("bells.toml").write_text(RULES)
    return tmp_path


@pytest.fixture
def corpus() -> Path:
    texts = [
        f"{story(1)}\n\nRing the bell at noon\n\n{story(2)}",
        f"{story(3)}\n\nAdvertisement\n\n{story(4)}\n\nRing the bell at dawn\n\n{story(5)}",
        story(6),
    ]
    return write_jsonl(Path("in.jsonl"), [{"id": n, "text": text} for n, text in enumerate(texts)] + [{"id": 9}])


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert command(*arguments) == code
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, *arguments, "--json", code=code))
    return found


def test_list_has_every_rule_with_its_category(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "rules", "list").splitlines()
    assert lines[0].split() == ["id", "category", "action", "scope", "languages", "from"]
    assert any(line.split()[:2] == ["ad-word", "ad_marker"] for line in lines)
    assert any(line.split()[:4] == ["menu-line", "nav", "drop", "layout"] for line in lines)
    assert lines[-1] == f"{len(lines) - 2} rules"


def test_list_of_a_language_a_category_and_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    german = told(capsys, "rules", "list", "--language", "de-AT")["rules"]
    english = told(capsys, "rules", "list", "--language", "en")["rules"]
    assert {"de"} in [set(rule["languages"]) for rule in german]
    assert all("en" in rule["languages"] for rule in english if rule["languages"])
    own = told(capsys, "rules", "list", "--category", "bells", "--rules", "bells.toml")["rules"]
    assert [(rule["id"], rule["from"]) for rule in own] == [("bells", "yours"), ("quoted-bells", "yours")]
    assert "ad-word" not in said(capsys, "rules", "list", "--without", "ad_marker", "--without", "menu-line")
    assert command("rules", "list", "--category", "nothing") == 2
    assert "ad_marker" in capsys.readouterr().err


def test_check_runs_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "rules", "check").endswith("rules, all examples hold\n")
    assert said(capsys, "rules", "check", "bells.toml") == "2 rules, all examples hold\n"
    Path("bells.toml").write_text(RULES.replace('"Ring the bell at night"', '"Ring the gong\\u001b"'))
    shown = said(capsys, "rules", "check", "bells.toml", code=1)
    assert "bells: must take 'Ring the gong\ufffd': the rule does not match it" in shown
    assert "1 of 2 rules failed" in shown
    assert told(capsys, "rules", "check", "bells.toml", code=1)["failed"][0]["kind"] == "takes"


def test_check_says_what_is_wrong_with_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bells.toml").write_text(RULES.replace("max_length = 60", "max_length = 0"))
    assert command("rules", "check", "bells.toml") == 2
    assert "rules bells.toml: pack bells, rule 'bells': max_length" in capsys.readouterr().err
    assert command("rules", "check", "nowhere.toml") == 2


def test_what_a_file_of_rules_would_take(capsys: pytest.CaptureFixture[str], corpus: Path) -> None:
    done = told(capsys, "rules", "test", "bells.toml", str(corpus))
    assert (done["articles"], done["rejects"]) == (3, 1)
    bells, quoted, total = done["rules"]["bells"], done["rules"]["quoted-bells"], done["total"]
    assert (bells["articles"], bells["hits"], bells["new"], bells["known"], bells["vetoed"]) == (2, 2, 1, 1, 0)
    assert (bells["lines"], bells["words"], bells["new_lines"], bells["new_words"]) == (2, 6, 1, 5)
    assert bells["new_chars"] == len("Ring the bell at noon\n\n")
    assert (quoted["hits"], quoted["known"]) == (1, 1)  # without these rules nothing would take it
    assert (total["articles"], total["hits"]) == (2, 3)
    assert (done["more_words"], done["less_words"]) == (0, 0)
    assert [(sample["part"], sample["status"], sample["kept"]) for sample in done["samples"]] == [
        ("Ring the bell at noon", "new", False),
        ("Advertisement", "known", False),
        ("Ring the bell at dawn", "known", True),
    ]
    assert done["samples"][1]["others"] == ["ad-word"]


def test_a_rule_by_its_id_and_what_it_leads_to(capsys: pytest.CaptureFixture[str]) -> None:
    caption = "The keeper walks to the shore"
    write_jsonl(Path("in.jsonl"), [{"text": f"{story(1)}\n\nAdvertisement\n{caption}\nAdvertisement\n\n{story(2)}"}])
    alone = ("--without", "model")  # which takes such lines as well
    done = told(capsys, "rules", "test", "ad-word", "in.jsonl", *alone)
    assert (done["total"]["hits"], done["total"]["new"], done["total"]["words"]) == (2, 2, 2)
    assert done["more_words"] == len(caption.split())
    assert told(capsys, "rules", "test", "beside-ad-marker", "in.jsonl", *alone)["total"]["new"] == 1
    assert told(capsys, "rules", "test", "ad-word", "in.jsonl")["total"]["known"] == 2


def test_a_veto_by_its_id(capsys: pytest.CaptureFixture[str], corpus: Path) -> None:
    done = told(capsys, "rules", "test", "quoted-bells", str(corpus), "--rules", "bells.toml")
    assert (done["total"]["hits"], done["total"]["new"], done["less_words"]) == (1, 1, 5)
    shown = said(capsys, "rules", "test", "quoted-bells", str(corpus), "--rules", "bells.toml")
    assert "kept because of it: 5 words" in shown
    assert "[+Ring the bell at dawn+]" in shown
    done = told(capsys, "rules", "test", "bells", str(corpus), "--rules", "bells.toml")
    assert (done["total"]["hits"], done["total"]["vetoed"]) == (3, 1)


def test_what_the_model_saves_is_counted(
    capsys: pytest.CaptureFixture[str], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "scores", Doubter.scores)
    Path("bells.toml").write_text(RULES.replace('id = "bells"', 'id = "bells"\ncategory = "newsletter"'))
    done = told(capsys, "rules", "test", "bells.toml", str(corpus))
    bells = done["rules"]["bells"]
    assert (bells["articles"], bells["hits"], bells["new"], bells["vetoed"]) == (1, 1, 0, 1)
    assert (bells["lines"], bells["words"]) == (0, 0)
    (sample,) = (one for one in done["samples"] if one["rules"] == ["bells"])
    assert sample["part"] == "Ring the bell at noon"
    assert sample["others"][0].startswith("model:0.")
    assert "1 saved by a veto or the model" in said(capsys, "rules", "test", "bells.toml", str(corpus))
    alone = told(capsys, "rules", "test", "bells.toml", str(corpus), "--without", "model")
    assert alone["rules"]["bells"]["vetoed"] == 0


def test_the_veto_that_is_code_is_a_rule_like_others(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "rules", "list").splitlines()
    assert any(line.split()[:4] == ["within-quotation", "keep", "keep", "inline"] for line in lines)
    assert "within-quotation" not in said(capsys, "rules", "list", "--without", "within-quotation")
    assert "within-quotation" not in said(capsys, "rules", "list", "--without", "keep")
    spoken = "“It rained all night. Read more about the storm here. Then you will know,” she told the council."
    write_jsonl(Path("in.jsonl"), [{"text": f"{story(1)}\n\n{spoken}\n\n{story(2)}", "language": "en"}])
    alone = [f"--without={rule}" for rule in KEEP_QUOTES]
    done = told(capsys, "rules", "test", "within-quotation", "in.jsonl", *alone)
    assert (done["total"]["hits"], done["total"]["new"]) == (1, 1)
    assert done["samples"][0]["kept"]


def test_a_rule_that_is_switched_off_can_be_tried(capsys: pytest.CaptureFixture[str], corpus: Path) -> None:
    arguments = ("rules", "test", "bells", str(corpus), "--rules", "bells.toml", "--without", "bells")
    assert told(capsys, *arguments)["total"]["hits"] == 3


def test_what_is_shown_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"{story(1)}\x1b[31m\n\nRing the bell at noon\n\n{story(2)}"
    write_jsonl(Path("in.jsonl"), [{"id": "a\x1b]0;x", "text": text}])
    shown = said(capsys, "rules", "test", "bells.toml", "in.jsonl")
    assert "touches   1 article (100 %), 1 place" in shown
    assert "[-Ring the bell at noon-]" in shown
    assert "nothing else takes it" in shown
    assert "\x1b" not in shown
    assert "[-" not in said(capsys, "rules", "test", "bells.toml", "in.jsonl", "--limit", "0")


def test_samples_are_drawn_the_same_way_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    texts = [f"{story(n)}\n\nRing the bell at {n}\n\n{story(n + 100)}" for n in range(40)]
    write_jsonl(Path("in.jsonl"), [{"text": text} for text in texts])
    first = told(capsys, "rules", "test", "bells.toml", "in.jsonl", "--limit", "5")
    assert first == told(capsys, "rules", "test", "bells.toml", "in.jsonl", "--limit", "5")
    parts = [sample["part"] for sample in first["samples"]]
    assert len(set(parts)) == 5
    assert parts != [f"Ring the bell at {n}" for n in range(5)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("rules", "test", "no-such-rule", "in.jsonl"), "no rule in force"),
        (("rules", "test", "bells.toml", "nowhere"), "nowhere"),
        (("rules", "test", "bells.toml", "in.jsonl", "--limit", "-1"), "--limit"),
        (("rules", "test", "bells.toml"), "CORPUS"),
        (("rules", "list", "--without", "ad-marker"), "ad_marker"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str], corpus: Path) -> None:
    assert command(*arguments) == 2
    captured = capsys.readouterr()
    assert says in captured.out + captured.err


def test_any_format_is_read_and_nothing_is_written(here: Path, corpus: Path) -> None:
    ingest(here / "out", corpus)
    (here / "page.html").write_text(f"<html><body><article><p>{story(7)}</p><p>{story(8)}</p></article></body></html>")
    (here / "a.txt").write_text(story(9))
    before = sorted(p for p in here.rglob("*"))
    settings = Settings(inputs=("page.html", "a.txt", "out/articles", "in.jsonl"), output=here / "out")
    found = list(reading.read(settings))
    assert sum(not isinstance(one, Reject) for one in found) == 2 + 3 + 3
    assert [one.error for one in found if isinstance(one, Reject)] == ["no-text"]
    assert sorted(p for p in here.rglob("*")) == before
    with pytest.raises(UsageError):
        list(reading.read(settings.model_copy(update={"inputs": ("nowhere",)})))


def test_an_id_that_is_a_file_too_is_the_file(corpus: Path) -> None:
    Path("bells").write_text(RULES)
    assert trial.tested("bells", Settings())[1] == ("bells", "quoted-bells")
