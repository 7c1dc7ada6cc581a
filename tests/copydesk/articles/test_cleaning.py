"""The rules of a run: the user's own, what is switched off, and what the books say of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import copydesk
from cleaners import compiler, reader
from copydesk.articles import cleaning
from copydesk.errors import UsageError
from copydesk.settings import Settings, load
from copydesk.upkeep.reclean import preview, reclean
from copydesk.upkeep.verify import verify
from tests.copydesk.corpus import ingest, rows, story, write_jsonl

RULE = """
[[rule]]
id = "{id}"
scope = "line"
max_length = 60
pattern = '''Ring the bell at \\w+'''
takes = ["Ring the bell at noon", "Ring the bell at night"]
leaves = ["Ring the bell", "They ring the bell at noon."]
"""
TEXT = f"{story(1)}\n\nRing the bell at noon\n\n{story(2)}\n\nAdvertisement\n\n{story(3)}"


@pytest.fixture
def bells(tmp_path: Path) -> Path:
    path = tmp_path / "bells.toml"
    path.write_text(RULE.format(id="bells"))
    return path


def settings(*paths: Path, **more: Any) -> Settings:
    return Settings(rules=paths, **more)


def test_the_same_rules_are_compiled_once(bells: Path) -> None:
    first = cleaning.cleaner(settings(bells))
    assert cleaning.cleaner(settings(bells, workers=1)) is first
    assert cleaning.cleaner(settings()) is not first
    one, other = settings(without=("bio", "nav")), settings(without=("nav", "bio", "nav"))
    assert cleaning.cleaner(one) is cleaning.cleaner(other)
    assert cleaning.digest(one) == cleaning.digest(other)
    bells.write_text(bells.read_text() + "# a comment\n")
    assert cleaning.cleaner(settings(bells)) is not first


def test_a_folder_of_packs_with_words_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "_words.toml").write_text("[words]\nbell = 'bell|gong'\n")
    (tmp_path / "a.toml").write_text(RULE.format(id="a").replace("the bell at", "the {{bell}} at"))
    (tmp_path / "b.toml").write_text(RULE.format(id="b"))
    (tmp_path / ".hidden.toml").write_text("no rules")
    (tmp_path / "notes.txt").write_text("no rules")
    assert [(rule.id, rule.category) for rule in cleaning.own_rules([tmp_path])] == [("a", "a"), ("b", "b")]
    assert len(cleaning.own_rules([tmp_path, tmp_path / "a.toml"])) == 2  # a file named twice is read once


def test_the_digest_tells_of_every_change_but_that_of_an_example(bells: Path) -> None:
    digests = {cleaning.digest(settings()), cleaning.digest(settings(without=("bio",)))}
    digests.add(cleaning.digest(settings(bells)))
    bells.write_text(bells.read_text().replace("at night", "at seven"))
    digests.add(cleaning.digest(settings(bells)))
    assert len(digests) == 3
    bells.write_text(bells.read_text().replace("max_length = 60", "max_length = 61"))
    assert cleaning.digest(settings(bells)) not in digests


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[rule]", "bells.toml"),
        ("", "no rule in it"),
        ("[[rule]]\nid = 'x'\n", "rule 'x': missing keys"),
        (RULE.format(id="ad-word"), "rule 'ad-word': copydesk has a rule of that id"),
        (RULE.format(id="x") * 2, "'x' is used twice"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_name(content: str, said: str, bells: Path) -> None:
    bells.write_text(content)
    with pytest.raises(UsageError, match=said) as error:
        cleaning.cleaner(settings(bells))
    assert str(bells) in str(error.value)


def test_files_that_are_not_there(tmp_path: Path, bells: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: cannot be read: No such file"):
        cleaning.cleaner(settings(tmp_path / "nowhere.toml"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no \.toml file"):
        cleaning.cleaner(settings(tmp_path / "empty"))
    (tmp_path / "latin.toml").write_bytes("# \xe4".encode("latin-1"))
    with pytest.raises(UsageError, match="not UTF-8"):
        cleaning.cleaner(settings(tmp_path / "latin.toml"))
    (tmp_path / "more.toml").write_text(bells.read_text())
    with pytest.raises(UsageError, match=r"more\.toml: rule id 'bells' is used by .*bells\.toml too"):
        cleaning.cleaner(settings(bells, tmp_path / "more.toml"))


def test_a_file_of_words_has_no_rules(tmp_path: Path) -> None:
    (tmp_path / "_words.toml").write_text(RULE.format(id="a"))
    (tmp_path / "b.toml").write_text(RULE.format(id="b"))
    with pytest.raises(UsageError, match=r"_words\.toml: there are rules in it"):
        cleaning.own_rules([tmp_path])


def test_what_is_switched_off_must_be_there() -> None:
    with pytest.raises(UsageError, match="no rule or category 'ad-marker'; did you mean 'ad_marker'"):
        cleaning.cleaner(settings(without=("ad-marker",)))
    assert cleaning.cleaner(settings(without=("model:caption", "first-line", "headline", "bio")))


def test_a_run_cleans_with_them_and_its_books_say_so(tmp_path: Path, bells: Path) -> None:
    file = write_jsonl(tmp_path / "in.jsonl", [{"text": TEXT}])
    books = ingest(tmp_path / "out", file, rules=(bells,), without=("ad_marker", "model"))
    assert [(r["rules"], r["category"]) for r in rows(tmp_path / "out", "removals")] == [(["bells"], "bells")]
    assert rows(tmp_path / "out", "articles")[0]["text"] == TEXT.replace("Ring the bell at noon\n\n", "")
    told = json.loads(books.settings)
    assert (told["rules"], told["without"]) == ([str(bells)], ["ad_marker", "model"])
    other = ingest(tmp_path / "other", file)
    assert json.loads(other.versions)["rules"] != json.loads(books.versions)["rules"]


def test_worker_processes_know_them(tmp_path: Path, bells: Path) -> None:
    files = [write_jsonl(tmp_path / f"{n}.jsonl", [{"text": TEXT.replace("Mill", f"Hill{n}")}]) for n in range(2)]
    ingest(tmp_path / "out", *files, rules=(bells,), workers=2)
    assert sum(r["rules"] == ["bells"] for r in rows(tmp_path / "out", "removals")) == 2


def test_rules_that_are_wrong_end_a_run_before_it_begins(tmp_path: Path, bells: Path) -> None:
    bells.write_text("[[rule]]")
    with pytest.raises(UsageError):
        ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", [{"text": TEXT}]), rules=(bells,))
    assert not (tmp_path / "out" / "articles").exists()


def test_rules_that_change_during_a_run_end_it(tmp_path: Path, bells: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = cleaning.digest
    told = iter(["before", real(settings(bells)), "after"])
    monkeypatch.setattr(cleaning, "digest", lambda _: next(told))
    with pytest.raises(UsageError, match="changed during the run"):
        ingest(tmp_path / "out", write_jsonl(tmp_path / "in.jsonl", [{"text": TEXT}]), rules=(bells,))
    assert not list((tmp_path / "out").glob("articles/**/*.parquet"))


def test_reclean_takes_the_same_settings(tmp_path: Path, bells: Path) -> None:
    out = tmp_path / "out"
    ingest(out, write_jsonl(tmp_path / "in.jsonl", [{"text": TEXT}]))
    chosen = load({"rules": [str(bells)], "without": ["ad_marker", "model"]})
    assert preview(out, chosen).rules == {
        "ad-word": {"takes_more": 0, "takes_less": 1},
        "bells": {"takes_more": 1, "takes_less": 0},
    }
    assert reclean(out, chosen).changed == 1
    assert rows(out, "articles")[0]["text"] == TEXT.replace("Ring the bell at noon\n\n", "")
    assert verify(out, read_data=True) == []
    assert reclean(out).changed == 1


def test_all_that_texts_are_read_with_tells_whether_it_is_compiled() -> None:
    """Who changes one of the modules has it compiled once, not by several processes at a time."""
    root = Path(copydesk.__file__).parent
    call = re.compile(r"compiler\.compiled\(\s*globals\(\)")
    compiling = [path for path in root.rglob("*.py") if call.search(path.read_text("utf-8"))]
    assert {Path(str(module.__file__)) for module in cleaning.READ_WITH} == set(compiling)


def test_it_is_compiled_before_processes_are_told_that_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[str] = []
    monkeypatch.setattr(compiler, "fill", lambda name, modules, rehearse: filled.append(name))
    cleaning.warm(reader.COMPILE_BYTES - 1)
    assert filled == []
    cleaning.warm(reader.COMPILE_BYTES)
    assert filled == ["texts", "cleaning"]
