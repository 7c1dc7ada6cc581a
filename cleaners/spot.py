"""One pass over the bytes of a batch that finds the lines which have all that a rule needs (see triggers.py).

The automaton of A. Aho and M. Corasick ("Efficient String Matching", 1975) over folded characters tells where a text
ends that rules need (`walk`); a tree of the texts that rules open with is followed from the first word of a line, and
the rules of a line are those of which it has all needs (`choose`). Plain loops over whole numbers, compiled by numba.
"""

from __future__ import annotations

from typing import Any

# Bits of the table of traits: a capital, a mark that may stand before a line's first word.
CAPITAL, MARK = 1, 2
LINE_FEED = 10
# A set of rules is some whole numbers, a bit a rule, so many in each.
RULES_A_NUMBER = 62


def code_at(data: Any, position: Any, end: Any) -> Any:
    """(code point of a character beyond ASCII, its bytes); any beyond 2**16 is 0xFFFF."""
    code = data[position] + 0
    if code >= 0xF0:
        return 0xFFFF, 4
    if code >= 0xE0 and position + 2 < end:
        return ((code & 15) << 12) | ((data[position + 1] & 63) << 6) | (data[position + 2] & 63), 3
    if position + 1 < end:
        return ((code & 31) << 6) | (data[position + 1] & 63), 2
    return 0, 1


def walk(
    data: Any,
    starts: Any,
    ends: Any,
    middle: Any,
    kinds: Any,
    step: Any,
    first: Any,
    first_text: Any,
    places: Any,
    states: Any,
) -> Any:
    """Note where texts end in some lines: `places` in the data, one past the last byte, and the automaton's `states`
    there.

    A step must wait for the one before; so the lines before number `middle` and those from it on are walked in turns,
    and what is found in the latter is noted from where the first of them starts. starts, ends: of the lines. kinds:
    classes of characters by code point below 2**16. step: the next state (its row's offset) by state and class. first:
    state; first_text: states from here on are ends of texts. Returns how many are noted of the lines before, and up to
    where of the others.
    """
    near_line = 0
    far_line = middle
    near_count = near = near_end = 0
    far_count = far = far_end = starts[middle] + 0 if middle < len(starts) else 0
    near_state = first
    far_state = first
    while near < near_end or far < far_end or near_line < middle or far_line < len(starts):
        if near < near_end:
            byte = data[near]
            if byte < 0x80:
                near_state = step[near_state + kinds[byte]]
                near += 1
            else:
                code, length = code_at(data, near, near_end)
                near_state = step[near_state + kinds[code]]
                near += length
            if near_state >= first_text:
                places[near_count] = near
                states[near_count] = near_state
                near_count += 1
        elif near_line < middle:
            near = starts[near_line] + 0
            near_end = ends[near_line] + 0
            near_state = first
            near_line += 1
        if far < far_end:
            byte = data[far]
            if byte < 0x80:
                far_state = step[far_state + kinds[byte]]
                far += 1
            else:
                code, length = code_at(data, far, far_end)
                far_state = step[far_state + kinds[code]]
                far += length
            if far_state >= first_text:
                places[far_count] = far
                states[far_count] = far_state
                far_count += 1
        elif far_line < len(starts):
            far = starts[far_line] + 0
            far_end = ends[far_line] + 0
            far_state = first
            far_line += 1
    return near_count, far_count


def capitals_at(data: Any, begin: Any, end: Any, traits: Any, asked: Any) -> Any:
    """Whether the characters before `end` are capitals where `asked` has a bit, the lowest for the last one."""
    position = end
    while asked > 0 and position > begin:
        position -= 1
        while position > begin and data[position] & 0xC0 == 0x80:
            position -= 1
        if asked & 1:
            code = data[position] + 0
            if code >= 0x80:
                code, _ = code_at(data, position, end)
            if not traits[code] & CAPITAL:
                return False
        asked >>= 1
    return asked == 0


def choose(
    data: Any,
    starts: Any,
    ends: Any,
    stands: Any,
    line: Any,
    places: Any,
    states: Any,
    place: Any,
    placed: Any,
    kinds: Any,
    traits: Any,
    step: Any,
    width: Any,
    opening: Any,
    first_text: Any,
    texts: Any,
    capitals: Any,
    met: Any,
    given: Any,
    limits: Any,
    had: Any,
    chosen: Any,
) -> Any:
    """Fill `chosen` with (rule, number of its line), line by line from number `line` on, and `place` in `places`.

    It stops before a line when `chosen` might not hold what is in it; returns (how many, next line, next place).
    starts, ends, stands: of the lines. places, states: `placed` of them, see `walk`. opening: the tree's first state, 0
    its dead end. texts: where the rows of each begin in `capitals`, which a text must have, and in `met`: the set of
    rules whose first need it is then, and that of those whose second. given: the same two of any line, for rules that
    need less. limits: least bytes and most characters by rule, and where its lines stand. had: room for the two. The
    other parameters are those of `walk`.
    """
    count = 0
    numbers = len(given) // 2
    while line < len(ends) and count + len(limits) <= len(chosen):
        begin = starts[line] + 0
        end = ends[line] + 0
        position = begin
        state = opening
        for n in range(len(had)):
            had[n] = given[n]
        while True:
            # The next text that ends in the line: first those that it opens with, then all others.
            text = -1
            while position < end and state != 0 and text < 0:
                code = data[position] + 0
                length = 1
                if code >= 0x80:
                    code, length = code_at(data, position, end)
                position += length
                if state != opening or not traits[code] & MARK:
                    state = step[state + kinds[code]]
                    if state >= first_text:
                        text = (state - first_text) // width + 0
            last = position
            if text < 0:
                if place >= placed or places[place] > end:
                    break
                text = (states[place] - first_text) // width + 0
                last = places[place]
                place += 1
            for k in range(texts[text], texts[text + 1]):
                if capitals[k] and not capitals_at(data, begin, last, traits, capitals[k]):
                    continue
                own = met[k]
                for n in range(len(had)):
                    had[n] |= own[n]
        chars = -1
        for n in range(numbers if end > begin else 0):
            rules = had[n] & had[numbers + n]
            rule = n * RULES_A_NUMBER
            while rules:
                if rules & 0xFF == 0:
                    rules >>= 8
                    rule += 8
                    continue
                if rules & 1 and end - begin >= limits[rule, 0] and limits[rule, 2] & stands[line]:
                    if chars < 0 and end - begin > limits[rule, 1]:
                        chars = 0
                        for k in range(begin, end):
                            chars += 1 if data[k] & 0xC0 != 0x80 else 0
                    if end - begin <= limits[rule, 1] or chars <= limits[rule, 1]:
                        chosen[count, 0] = rule
                        chosen[count, 1] = line
                        count += 1
                rules >>= 1
                rule += 1
        line += 1
    return count, line, place


def join(data: Any, begins: Any, stops: Any, joined: Any) -> None:
    """Fill `joined` with parts of the data, each with a line feed behind it."""
    count = 0
    for number in range(len(begins)):
        for k in range(begins[number], stops[number]):
            joined[count] = data[k]
            count += 1
        joined[count] = LINE_FEED
        count += 1
