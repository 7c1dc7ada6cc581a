from __future__ import annotations

import subprocess
import sys
import types

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.sketches import compiled, loops, shingling, sketch, token_loops, tokens
from copydesk.sketches.shingling import shingle
from tests.copydesk.news import WORDS, story


def shingles(text: str) -> np.ndarray:
    return np.sort(shingle([text]).values)


def signature_by_datasketch(text: str) -> np.ndarray:
    from datasketch import MinHash

    made = MinHash(num_perm=sketch.K, hashfunc=lambda value: value)
    made.update_batch((shingles(text) >> np.uint64(32)).tolist())
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
    shared = len(np.intersect1d(shingles(a), shingles(b)))
    exact = shared / (len(shingles(a)) + len(shingles(b)) - shared)
    assert first.jaccard(second) == pytest.approx(exact, abs=0.15)


def test_batches_do_not_matter() -> None:
    texts = [story(i, words) for i, words in enumerate((0, 1, 2, 3, 40, 5000, 60000, 7, 30))]
    together = sketch.sketch(texts)
    for i, text in enumerate(texts):
        alone = sketch.sketch([text])
        assert np.array_equal(alone.signature[0], together.signature[i])
        assert np.array_equal(alone.lead_signature[0], together.lead_signature[i])
        assert alone.text_hash[0] == together.text_hash[i]
        assert alone.shingle_count[0] == together.shingle_count[i] == len(shingles(text))


def test_the_same_in_every_process_and_version() -> None:
    """Stored segments rest on these values: if this fails, raise sketch.VERSION."""
    text = "The “quick” brown fox naïvely jumped — über den 懶惰的狗跳過去 fence."
    program = f"from copydesk.sketches import sketch; print(sketch.sketch([{text!r}]).text_hash[0].hex())"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    here = sketch.sketch([text]).text_hash[0]
    assert here is not None
    assert other.strip() == here.hex()
    assert int(shingles("one two three")[0]) == SHINGLE_OF_ONE_TWO_THREE


SHINGLE_OF_ONE_TWO_THREE = 10989052026159122306


def test_shingles_are_sorted_and_distinct() -> None:
    found = shingles("a b c a b c a b c")
    assert len(found) == 3
    assert np.all(found[1:] > found[:-1])


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
    assert tokens.tokens(one) == tokens.tokens(other)
    assert sketch.sketch([one]).text_hash == sketch.sketch([other]).text_hash


def test_order_of_words_makes_a_difference() -> None:
    assert not np.array_equal(shingles("dog bites old man"), shingles("man bites old dog"))


@pytest.mark.parametrize(
    ("text", "found"),
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
def test_scripts(text: str, found: list[str]) -> None:
    assert tokens.tokens(text) == found


def test_unspaced_text_is_found_again_after_an_edit() -> None:
    rng = np.random.default_rng(3)
    text = "".join(chr(0x4E00 + int(i)) for i in rng.integers(0, 2000, 300))
    other = text[:100] + "改" + text[101:]
    a, b = shingles(text), shingles(other)
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
        assert made.shingle_count[0] == len(shingles(text))


def test_no_sketches() -> None:
    made = sketch.sketch([])
    assert made.signature.shape == (0, sketch.K)
    assert sketch.keys_of(pa.table(made.columns())).shape == (0, sketch.KEYS)


def test_columns_are_those_of_the_schema() -> None:
    made = pa.table(sketch.sketch([story(1), "", story(2)]).columns())
    assert made.schema == sketch.SKETCH


def test_keys_of_different_bands_do_not_meet() -> None:
    same = sketch.sketch([""]).columns()  # all values of its signatures are the same
    assert len(set(sketch.keys_of(pa.table(same))[0].tolist())) == sketch.KEYS


def test_a_cut_copy_shares_keys_of_its_lead() -> None:
    text = story(5, 2000)
    keys = sketch.keys_of(pa.table(sketch.sketch([text, text[:600]]).columns()))
    assert (keys[0] == keys[1])[sketch.BANDS + sketch.AGAIN :].all()


def test_the_vocabulary_is_only_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sketch.sketch([story(1)])
    monkeypatch.setattr(tokens, "_CACHED_TOKENS", 3)
    sketch.sketch([story(2)])
    assert np.array_equal(sketch.sketch([story(1)]).signature, before.signature)


@given(
    st.text(st.sampled_from("abc ABC-'1é\u0301字กา\u00ad") | st.characters(), max_size=60) | st.text("a ", min_size=60)
)
def test_tokens_of_at_least_so_many_characters(text: str) -> None:
    assert tokens.tokens(text, 4) == [token for token in tokens.tokens(text) if len(token) >= 4]


# ---- compiled and not


@pytest.fixture(params=["plain", "compiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the two ways to work."""
    ready = None if request.param == "plain" else compiled._compiled()
    for module in (compiled, sketch):
        monkeypatch.setattr(module, "loops_for", lambda size: ready)
    assert request.param == "plain" or ready is not None


SCRIPTS = "abc ABC \u00ad.\u0301ß\u4e00\u4e8c\u0e01\u0e38 \u1100\u1161한 ﬁ½…İ™ŉ_9٣\ud800🙂🇩𝐀𠀀\n\u0345ǅ"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.sampled_from(SCRIPTS) | st.characters(), max_size=150), min_size=1, max_size=6))
def test_compiled_tokens_are_those_of_the_definition(texts: list[str]) -> None:
    ready = compiled._compiled()
    assert ready is not None
    found = shingling._tokenized(ready, *shingling._utf8(texts))
    for i, text in enumerate(texts):
        expected = tokens.token_hashes(text)
        assert np.array_equal(found.hashes[found.starts[i] : found.ends[i]], expected), text


def test_long_tokens_and_ends_of_blocks_are_compiled_as_defined() -> None:
    """A token, a character of several bytes and what grows when it is folded, at and over the end of a block."""
    block = token_loops.BLOCK
    texts = ["a" * n for n in (63, 64, 65, 127, 128, 129, 3 * block)]
    texts += [f"{'x' * (block - n)}{end}" for n in range(70) for end in ("é ü", "word next", "“quoted”", "日本", "ŉŉ")]
    texts += [f"{'ab ' * (block // 3 - 3)}{' ' * n}{end}" for n in range(12) for end in ("Éclairß go", "ŉ" * 99)]
    texts += ["ŉ" * 3 * block, "é" * 2 * block, "a" + "\u00ad" * block + "b c", "ﬀ" * block, "ab\u00adcd " * block]
    ready = compiled._compiled()
    assert ready is not None
    found = shingling._tokenized(ready, *shingling._utf8(texts))
    for i, text in enumerate(texts):
        assert np.array_equal(found.hashes[found.starts[i] : found.ends[i]], tokens.token_hashes(text)), ascii(text)


def test_every_character_is_compiled_as_it_is_defined() -> None:
    texts = [
        f"a{chr(code)}b {chr(code)}{chr(code)} c{chr(code)}" for code in [*range(0x3100), *range(0xF900, 0x20000, 7)]
    ]
    ready = compiled._compiled()
    assert ready is not None
    found = shingling._tokenized(ready, *shingling._utf8(texts))
    for i, text in enumerate(texts):
        assert np.array_equal(found.hashes[found.starts[i] : found.ends[i]], tokens.token_hashes(text)), ascii(text)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=400) | st.lists(st.sampled_from(WORDS), max_size=90).map(" ".join), max_size=8))
def test_sketches_are_the_same_compiled(texts: list[str]) -> None:
    made = []
    for ready in (None, compiled._compiled()):
        with pytest.MonkeyPatch.context() as patched:
            for module in (compiled, sketch):
                patched.setattr(module, "loops_for", lambda size, ready=ready: ready)
            one = sketch.sketch(texts)
            made.append((one, sketch.keys_of(pa.table(one.columns()))))
    (plain, plain_keys), (quick, quick_keys) = made
    assert plain.text_hash == quick.text_hash
    assert np.array_equal(plain.shingle_count, quick.shingle_count)
    assert np.array_equal(plain.signature, quick.signature)
    assert np.array_equal(plain.lead_signature, quick.lead_signature)
    assert np.array_equal(plain_keys, quick_keys)


@pytest.mark.usefixtures("way")
def test_arrow_and_python_strings_are_sketched_alike() -> None:
    texts = [story(i, 20 * i) for i in range(9)]
    column = pa.array(["first", *texts, "last"], pa.large_string()).slice(1, 9)
    assert sketch.sketch(column).text_hash == sketch.sketch(texts).text_hash


@pytest.mark.usefixtures("way")
def test_a_text_too_long_for_the_compiled_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [story(1, 300), story(2, 50)]
    before = sketch.sketch(texts)
    monkeypatch.setattr(shingling, "_LONGEST", 100)
    after = sketch.sketch(texts)
    assert np.array_equal(before.signature, after.signature)
    assert np.array_equal(before.shingle_count, after.shingle_count)


def test_rehearsal_calls_all_that_is_compiled() -> None:
    called = set()
    functions = vars(token_loops) | vars(loops)

    def told(name: str) -> object:
        def function(*given: object) -> object:
            called.add(name)
            return functions[name](*given)

        return function

    inner = {"fmix64", "fmix32", "hashed", "put", "decoded", "fold", "stops_in", "replace", "pieces", "tokenize"}
    inner |= {"tokenize_unspaced", "short_run", "shingle", "least_of"}
    with np.errstate(over="ignore"):
        ready = types.SimpleNamespace(**{name: told(name) for name in compiled._FUNCTIONS})
        loops.rehearse(ready, token_loops.scratch())
    assert {*compiled._FUNCTIONS} - inner == called


def test_rehearsal_leaves_nothing_to_compile() -> None:
    """Whatever the texts lie in: bytes that may be written to, as cleaning gives them, or not."""
    ready = compiled._compiled()
    assert ready is not None
    loops.rehearse(ready, token_loops.scratch())
    before = {name: len(getattr(ready, name).signatures) for name in compiled._FUNCTIONS}
    written = np.frombuffer(bytearray(b"A few words of one text."), np.uint8)
    for data in (written, np.frombuffer(written.tobytes(), np.uint8)):
        shingling._tokenized(ready, data, np.array([0, len(data)], np.int64))
    assert {name: len(getattr(ready, name).signatures) for name in compiled._FUNCTIONS} == before
