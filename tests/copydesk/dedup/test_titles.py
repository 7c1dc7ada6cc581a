from __future__ import annotations

import numpy as np

from copydesk.dedup.titles import at_odds, other_year, title_containment


def test_years_of_titles() -> None:
    assert other_year("Pictures of 2031", "Pictures of 2032")
    assert not other_year("Pictures of 2031", "Pictures of 2031, again")
    assert not other_year("Budget 2031-2032", "Budget 2032")
    assert not other_year("Pictures of the year", "Pictures of 2032")
    assert not other_year("Fined 20310 crowns", "Fined 20320 crowns")
    assert not other_year(None, "2032")


def test_titles() -> None:
    assert title_containment("Mill Lane floods", "Mill Lane floods again") == 1
    assert title_containment("Mill Lane floods", None) == 0
    assert title_containment("!", "Mill") == 0


def odds(a: str | None, b: str | None) -> int:
    found, turned = at_odds([a, b], np.array([0, 1]), np.array([1, 0]))
    assert found == turned
    return int(found)


def test_titles_at_odds_have_no_telling_word_in_common() -> None:
    assert odds("Ferry strike ends early", "Museum roof stolen again in Mill Lane") == 4
    assert odds("Ferry strike ends", "Museum roof stolen again in Mill Lane") == 3
    assert odds("Ferry strike ends", "Harbour pilots end FERRY dispute") == 0
    assert odds("Ferry to be let off in May", "Museum has a new roof in May") == 1  # "ferry"


def test_a_title_that_says_nothing_is_at_odds_with_none() -> None:
    assert odds("Ferry strike ends early", None) == odds(None, None) == odds("Up or out?", "Ferry strike ends") == 0
    assert odds("東京で地震が発生した", "ロンドンの株式市場が下落") == 0
