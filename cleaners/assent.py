"""What the model says to the cuts of the rules, and adds to them: whole lines only.

A rule knows a phrase, the model the line it stands in and those around it. What has a form that a story never has (an
ad marker, a credit, a widget) goes as the rules say. Other lines need some assent: without it a rule that was right on
every article it was written from takes a paragraph of the first guide to a trade that names newsletters or affiliates.
Loops, as in layout.py.
"""

from __future__ import annotations

from typing import Any

from cleaners.cut import (
    ANY_SCORE,
    CUT_CATEGORY,
    CUT_END,
    CUT_NEEDS,
    CUT_ROW,
    CUT_SCORE,
    CUT_START,
    NO_HIT,
    cut_line,
    ends_stopped,
    takes_line,
)
from cleaners.registry import ASKED, POINTER, PROSE, WITHIN
from cleaners.scan import CHARS, DOCUMENT, HASH, LETTERS

# How sure the model must be of a line next to one that rules take, and of one that stands alone: of lines shorter than
# 30, 60 and 140 characters, and of all others. As probabilities .75, .75, .85, .93 and .95, .93, .90, .93: short lines
# of a story are subheads, items of lists and who speaks in an interview, which look like boilerplate. With lower bars
# for lines alone (.80) one in ten was wrong of what the model alone takes from scraped articles, a few of each site,
# read one by one; nearly all were below .93. Where some lines of a text go, or are surely boilerplate (.88), its short
# lines mostly do: .85, .88, .90, .93. Models that had not seen the publisher were right there about 82 short lines of
# dumps between .83 and .95, and wrong about 10; in texts with fewer such lines more were wrong than right. Among some
# different lines of which the model is sure, short ones aside, the bars are .80, .88, .94, .95.
SHORT_LINE, MIDDLING, LONG_LINE = 30, 60, 140
BESIDE_BARS = (1099, 1099, 1700, 2587)
ALONE_BARS = (2944, 2587, 2200, 2587)
SOME_BARS = (1700, 2000, 2200, 2587)
AMONG_BARS = (1400, 2000, 2800, 2944)
SURE, SURE_LINES, SOME_LINES = 2000, 3, 4
# A paragraph of so many characters that is boilerplate with a probability below .01 is not taken out whole by any rule:
# as a caption, a reader's comment and the like, and as anything else. (Of 22 lines of the former between the two that
# rules took of labelled texts 21 were right, of the latter all 2; but what is glued to one sentence of the story is of
# this kind.)
STORY_CHARS, STORY_CHARS_ELSE, STORY_BAR = 350, 140, -4595
# A line that a phrase gives away stays if the model's probability is below .04.
DOUBT = -3178
# A pointer that ends as a sentence does must reach .17: guides and reviews have such lines too ("For more lamps, see
# the list of the keepers."). With scores of models that had not seen the publisher, 4 of 5 between the two were theirs.
POINTER_DOUBT = -1600
# Where so many lines of a text go or are surely boilerplate it is taken for the dump of a page: of labelled dumps a
# sixth and more have that many that go, no text has. (With five lines two thirds of the dumps, and texts of sites with
# strips of widgets, lost recall for nothing.) Pages have much that looks like boilerplate and is none, and long lines
# are what is lost there. So the model must say so much to those that a phrase or their place gives away; to captions
# of STORY_CHARS_ELSE as much as to a phrase, as they end with credits, and so do paragraphs that a credit is glued to.
# Models that had not seen the publisher said less to 1 % of the lines of dumps that rules take rightly, and to 92 and
# 98 % of the long lines that stay. Its own bars are .75, .77, .85, .93 next to lines of rules, and .69, .88, .88, .88
# among others of which it is sure.
PAGE_LINES = 12
PAGE_BARS = (1099, 1200, 1700, 2587)
PAGE_AMONG_BARS = (800, 2000, 2000, 2000)
LEAST_BAR = min(BESIDE_BARS + ALONE_BARS + SOME_BARS + AMONG_BARS + PAGE_BARS + PAGE_AMONG_BARS)
PAGE_DOUBTS = (DOUBT, DOUBT, -1600, -1300)

# A line that stands so often in a text goes each time or stays each time: who speaks in an interview, and subheads
# ("Verdict: false"), stay at most places, debris goes at all. So many lines of a text are asked about, to be linear.
REPEATS, MOST_ASKED = 3, 100
# What takes a line whole: nothing, or the model alone.
LEFT, VOTED = -1, -2

# States of a line while a text is looked at.
TAKEN, PLACED, RESUMED, COUNTED = 1, 2, 4, 8


def bar(chars: Any, bars: Any) -> Any:
    """Of a line of so many characters."""
    return bars[0] if chars < SHORT_LINE else bars[1] if chars < MIDDLING else bars[2] if chars < LONG_LINE else bars[3]


def hear(
    table: Any,
    rows: Any,
    ends: Any,
    scores: Any,
    kinds: Any,
    model: Any,
    taken: Any,
    states: Any,
    needed: Any,
    objected: Any,
    cuts: Any,
    count: Any,
) -> Any:
    """Mark in `objected` the cuts that the model does not let go, and add its own; returns how many there are then.

    scores: by line. model: the category of its cuts. taken: room, the category of what takes a line whole, -1 for
    every line, states: room, 0 for every line, needed: room. count: of the cuts, in order of texts.
    """
    total = count
    low = 0
    last = 0
    while low < rows:
        document = table[low][DOCUMENT]
        high = low + 1
        while high < rows and table[high][DOCUMENT] == document:
            high += 1
        first = last
        while last < count and cuts[last][CUT_ROW] < high:
            last += 1
        going = count_going(table, low, high, scores, states, cuts, first, last)
        of_page = going >= PAGE_LINES
        object_to(table, low, high, scores, kinds, of_page, states, needed, objected, cuts, first, last)
        total = vote(
            table,
            low,
            high,
            ends[document] + 0,
            scores,
            kinds,
            model,
            going,
            taken,
            objected,
            cuts,
            first,
            last,
            total,
        )
        low = high
    return total


def object_to(
    table: Any,
    low: Any,
    high: Any,
    scores: Any,
    kinds: Any,
    of_page: Any,
    states: Any,
    needed: Any,
    objected: Any,
    cuts: Any,
    first: Any,
    last: Any,
) -> None:
    """Of one text: objections to what takes out whole a paragraph of the story, or, doubtfully, what a phrase or its
    place gives away.

    Lines below one that stands where boilerplate does and is of the story stay as well, if they are not more likely
    boilerplate than not: it may have gone on there, down to the next line of another rule.
    """
    placed = False
    for k in range(first, last):
        cut = cuts[k]
        row = cut[CUT_ROW] + 0
        score = scores[row] + 0
        if (
            of_page
            and takes_line(table, cut)
            and (cut[CUT_NEEDS] != ANY_SCORE or kinds[cut[CUT_CATEGORY]] & ASKED)
            and score < bar(table[row][CHARS] + 0, PAGE_DOUBTS)
        ):
            objected[k] = 1
        if cut[CUT_NEEDS] != ANY_SCORE:
            placed = True
            states[row] = states[row] | PLACED
            needed[row] = cut[CUT_NEEDS]
            if score < cut[CUT_NEEDS]:
                objected[k] = 1
        elif takes_line(table, cut):
            states[row] = states[row] | TAKEN
            kind = kinds[cut[CUT_CATEGORY]] + 0
            chars = table[row][CHARS] + 0
            strict = of_page and not kind & WITHIN
            most = STORY_CHARS if kind & PROSE and not strict else STORY_CHARS_ELSE
            least = DOUBT if strict else STORY_BAR
            if (cut[CUT_END] - cut[CUT_START] >= most and chars >= most and score < least) or (
                kind & ASKED and score < (POINTER_DOUBT if kind & POINTER and pointing(table[row]) else DOUBT)
            ):
                objected[k] = 1
    if placed:
        on = False
        for row in range(low, high):
            if states[row] & TAKEN:
                on = False
            elif states[row] & PLACED:
                if on and scores[row] < 0:
                    states[row] = RESUMED
                else:
                    on = on or scores[row] < needed[row]
        for k in range(first, last):
            if cuts[k][CUT_NEEDS] != ANY_SCORE and states[cuts[k][CUT_ROW]] == RESUMED:
                objected[k] = 1
    for k in range(first, last):
        states[cuts[k][CUT_ROW]] = 0


def count_going(table: Any, low: Any, high: Any, scores: Any, states: Any, cuts: Any, first: Any, last: Any) -> Any:
    """How many lines of a text go whole, or are surely boilerplate."""
    count = 0
    for k in range(first, last):
        row = cuts[k][CUT_ROW] + 0
        if not states[row] & COUNTED and takes_line(table, cuts[k]):
            states[row] = COUNTED
            count += 1
    for row in range(low, high):
        if scores[row] >= SURE and not states[row] & COUNTED:
            count += 1
    for k in range(first, last):
        states[cuts[k][CUT_ROW]] = 0
    return count


def pointing(row: Any) -> Any:
    """Whether a pointer to another page reads as a sentence: it is not short, and ends with a stop."""
    return row[CHARS] >= SHORT_LINE and ends_stopped(row)


def vote(
    table: Any,
    low: Any,
    high: Any,
    end: Any,
    scores: Any,
    kinds: Any,
    model: Any,
    going: Any,
    taken: Any,
    objected: Any,
    cuts: Any,
    first: Any,
    last: Any,
    count: Any,
) -> Any:
    """Of one text, of which so many lines are going: the model's own cuts, where the rules are silent, if they leave
    anything.
    """
    some = False
    sure = 0  # lines that are not short; one that is like one of the two before does not count again
    one = two = -1
    for row in range(low, high):
        if scores[row] >= LEAST_BAR:
            some = True
        if (
            scores[row] >= SURE
            and table[row][CHARS] >= SHORT_LINE
            and table[row][HASH] != one
            and table[row][HASH] != two
        ):
            sure += 1
            two = one
            one = table[row][HASH] + 0
    if not some:
        return count
    among = PAGE_AMONG_BARS if going >= PAGE_LINES else AMONG_BARS
    apart = SOME_BARS if SOME_LINES <= going < PAGE_LINES else ALONE_BARS
    alone = among if sure >= SURE_LINES else apart
    beside = PAGE_BARS if going >= PAGE_LINES else BESIDE_BARS
    for k in range(first, last):
        if not objected[k] and takes_line(table, cuts[k]):
            taken[cuts[k][CUT_ROW]] = cuts[k][CUT_CATEGORY]
    begin = count
    left = False
    for row in range(low, high):
        if taken[row] >= 0:
            continue
        chars = table[row][CHARS] + 0
        score = scores[row] + 0
        if score >= bar(chars, alone) or (
            score >= bar(chars, beside)
            and (
                (row > low and in_frame(taken[row - 1], kinds)) or (row + 1 < high and in_frame(taken[row + 1], kinds))
            )
        ):
            taken[row] = VOTED
    if going < PAGE_LINES:
        spare_repeated(table, low, high, taken)
    for row in range(low, high):
        if taken[row] == VOTED:
            cuts_row = count
            count = cut_line(table, row, high, end, 0, model, ANY_SCORE, NO_HIT, cuts, count)
            cuts[cuts_row][CUT_SCORE] = scores[row]
        elif taken[row] == LEFT:
            left = True
    return count if left else begin


def spare_repeated(table: Any, low: Any, high: Any, taken: Any) -> None:
    """Of one text: leave what the model alone takes of a line that stands there again and again and stays elsewhere."""
    asked = 0
    for row in range(low, high):
        if taken[row] != VOTED or table[row][LETTERS] == 0:
            continue
        asked += 1
        if asked > MOST_ASKED:
            break
        count = 0
        stays = False
        for other in range(low, high):
            if table[other][HASH] == table[row][HASH]:
                count += 1
                stays = stays or taken[other] == LEFT
        if stays and count >= REPEATS:
            for other in range(row, high):
                if taken[other] == VOTED and table[other][HASH] == table[row][HASH]:
                    taken[other] = LEFT


def in_frame(category: Any, kinds: Any) -> Any:
    """Whether a line that a category takes stands around the story and not within it."""
    return category >= 0 and not kinds[category] & WITHIN
