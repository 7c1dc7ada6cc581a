from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk import sketch

from .news import WORDS, story


def signature_by_datasketch(text: str) -> np.ndarray:
    from datasketch import MinHash

    made = MinHash(num_perm=sketch.K, hashfunc=lambda value: value)
    made.update_batch((sketch.shingles(text) >> np.uint64(32)).tolist())
    return made.hashvalues


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join), min_size=1, max_size=5))
def test_signatures_are_those_of_datasketch(texts: list[str]) -> None:
    made = sketch.sketch(texts).signature
    assert made.dtype == np.uint32
    for text, signature in zip(texts, made, strict=True):
        assert np.array_equal(signature, signature_by_datasketch(text))


def test_signatures_load_in_datasketch() -> None:
    from datasketch import MinHash

    a, b = story(1), story(1)[:900]
    first, second = (
        MinHash(hashvalues=signature, scheme="affine32", seed=sketch.SEED)
        for signature in sketch.sketch([a, b]).signature
    )
    shared = len(np.intersect1d(sketch.shingles(a), sketch.shingles(b)))
    exact = shared / (len(sketch.shingles(a)) + len(sketch.shingles(b)) - shared)
    assert first.jaccard(second) == pytest.approx(exact, abs=0.15)


def test_batches_do_not_matter() -> None:
    texts = [story(i, words) for i, words in enumerate((0, 1, 2, 3, 40, 5000, 60000, 7, 30))]
    together = sketch.sketch(texts)
    for i, text in enumerate(texts):
        alone = sketch.sketch([text])
        assert np.array_equal(alone.signature[0], together.signature[i])
        assert np.array_equal(alone.lead_signature[0], together.lead_signature[i])
        assert alone.text_hash[0] == together.text_hash[i]
        assert alone.shingle_count[0] == together.shingle_count[i] == len(sketch.shingles(text))


def test_the_same_in_every_process_and_version() -> None:
    """Stored segments rest on these values: if this fails, raise sketch.VERSION."""
    text = "The “quick” brown fox naïvely jumped — über den 懶惰的狗跳過去 fence."
    program = f"from copydesk import sketch; print(sketch.sketch([{text!r}]).text_hash[0].hex())"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    here = sketch.sketch([text]).text_hash[0]
    assert here is not None
    assert other.strip() == here.hex()
    assert int(sketch.shingles("one two three")[0]) == SHINGLE_OF_ONE_TWO_THREE


SHINGLE_OF_ONE_TWO_THREE = 2388513943340316382


def test_shingles_are_sorted_and_distinct() -> None:
    found = sketch.shingles("a b c a b c a b c")
    assert len(found) == 3
    assert np.all(found[1:] > found[:-1])
    assert len(sketch.shingles_in_order("a b c a b c a b c")) == 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“It’s over,” she said", '"It\'s over," she said'),
        ("STRASSE in Köln heute", "straße in Ko\u0308ln heute"),
        ("ﬁrst oﬀer of the day", "first offer of the day"),
        ("hyphen\u00adated words go here", "hyphenated words go here"),
        ("ＡＢＣ １２３ def", "ABC 123 def"),
    ],
)
def test_typography_makes_no_difference(one: str, other: str) -> None:
    assert sketch.tokens(one) == sketch.tokens(other)
    assert sketch.sketch([one]).text_hash == sketch.sketch([other]).text_hash


def test_order_of_words_makes_a_difference() -> None:
    assert not np.array_equal(sketch.shingles("dog bites old man"), sketch.shingles("man bites old dog"))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("新华社北京电", ["新华社", "华社北", "社北京", "北京电"]),
        ("他说：“好。”", ["他说好"]),
        ("好", ["好"]),
        ("iPhone 发布会 today", ["iphone", "发布会", "today"]),
        ("カタカナ", ["カタカ", "タカナ"]),
        ("ไทยรัฐ", ["ไทย", "ทยร", "ยรั", "รัฐ"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("한국어 뉴스", ["한국어", "뉴스"]),
    ],
)
def test_scripts(text: str, tokens: list[str]) -> None:
    assert sketch.tokens(text) == tokens


def test_unspaced_text_is_found_again_after_an_edit() -> None:
    rng = np.random.default_rng(3)
    text = "".join(chr(0x4E00 + int(i)) for i in rng.integers(0, 2000, 300))
    other = text[:100] + "改" + text[101:]
    a, b = sketch.shingles(text), sketch.shingles(other)
    assert len(np.intersect1d(a, b)) / len(np.union1d(a, b)) > 0.9


def test_short_and_empty_texts() -> None:
    made = sketch.sketch(["", "  \n", "word", "two words", "🙂🙂", "🙂", "word!"])
    assert made.text_hash[0] is None
    assert made.text_hash[1] is None
    assert len({*made.text_hash[2:6]}) == 4
    assert made.text_hash[2] == made.text_hash[6]
    assert made.shingle_count.tolist() == [0] * 7
    assert (made.signature == 0xFFFFFFFF).all()


def test_hostile_texts() -> None:
    for text in ("x" * 1_000_000, "\ud800 lone surrogate \udfff here", "\u0301" * 1000, "\x00 " * 100, "ﷺ" * 200):
        made = sketch.sketch([text])
        assert made.shingle_count[0] == len(sketch.shingles(text))


def test_no_sketches() -> None:
    made = sketch.sketch([])
    assert made.signature.shape == (0, sketch.K)
    assert sketch.keys_of(pa.table(made.columns())).shape == (0, sketch.KEYS)


def test_columns_are_those_of_the_schema() -> None:
    made = pa.table(sketch.sketch([story(1), "", story(2)]).columns())
    assert made.schema == sketch.SKETCH


def test_keys_of_different_bands_do_not_meet() -> None:
    same = np.zeros((1, sketch.K), np.uint32)
    assert len(set(sketch.band_keys(same)[0].tolist())) == sketch.BANDS
    lead = sketch.band_keys(same[:, : sketch.LEAD_K], first=sketch.BANDS)
    assert not set(lead[0].tolist()) & set(sketch.band_keys(same)[0].tolist())


def test_a_cut_copy_shares_keys_of_its_lead() -> None:
    text = story(5, 2000)
    keys = sketch.keys_of(pa.table(sketch.sketch([text, text[:600]]).columns()))
    assert (keys[0] == keys[1])[sketch.BANDS :].all()


def test_the_vocabulary_is_only_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sketch.sketch([story(1)])
    monkeypatch.setattr(sketch, "_CACHED_TOKENS", 3)
    sketch.sketch([story(2)])
    assert np.array_equal(sketch.sketch([story(1)]).signature, before.signature)
