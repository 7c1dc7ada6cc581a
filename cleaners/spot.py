"""One pass over the bytes of a batch that finds the lines which have all that a rule needs (see triggers.py).

The automaton of A. Aho and M. Corasick ("Efficient String Matching", 1975) over folded characters tells where a text
ends that rules need (`walk`); trees of the texts that must open a line, or close it, are followed from its first word
on, or from its last word back, and the rules of a line are those of which it has all needs (`choose`). Plain loops over
whole numbers, compiled by numba.
"""

from __future__ import annotations

from typing import Any

# Bits of the table of traits: a capital, a mark that may stand before a line's first word, one that may stand behind
# its last.
CAPITAL, MARK, CLOSER = 1, 2, 4
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


def walk(data: Any, middle: Any, kinds: Any, step: Any, first: Any, first_text: Any, places: Any, states: Any) -> Any:
    """Note where texts end: `places` in the data, one past the last byte, and the automaton's `states` there.

    A step must wait for the one before; so the two halves of the data, which part at the line break `middle`, are
    walked in turns, and what is found in the second is noted from there on. kinds: classes of characters by code point
    below 2**16. step: the next state (its row's offset) by state and class. first: state; first_text: states from here
    on are ends of texts. Returns how many are noted in the first half, and up to where in the second.
    """
    size = len(data)
    near = 0
    far = middle
    near_count = 0
    far_count = middle
    near_state = first
    far_state = first
    while near < middle or far < size:
        if near < middle:
            byte = data[near]
            if byte < 0x80:
                near_state = step[near_state + kinds[byte]]
                near += 1
            else:
                code, length = code_at(data, near, middle)
                near_state = step[near_state + kinds[code]]
                near += length
            if near_state >= first_text:
                places[near_count] = near
                states[near_count] = near_state
                near_count += 1
        if far < size:
            byte = data[far]
            if byte < 0x80:
                far_state = step[far_state + kinds[byte]]
                far += 1
            else:
                code, length = code_at(data, far, size)
                far_state = step[far_state + kinds[code]]
                far += length
            if far_state >= first_text:
                places[far_count] = far
                states[far_count] = far_state
                far_count += 1
    return near_count, far_count


def char_before(data: Any, begin: Any, end: Any) -> Any:
    """(code point of the character that ends at `end`, where it begins)."""
    position = end - 1
    while position > begin and data[position] & 0xC0 == 0x80:
        position -= 1
    code = data[position] + 0
    if code >= 0x80:
        code, _ = code_at(data, position, end)
    return code, position


def opened_at(data: Any, begin: Any, end: Any, traits: Any) -> Any:
    """Where a line begins behind its marks."""
    position = begin
    while position < end:
        code = data[position] + 0
        length = 1
        if code >= 0x80:
            code, length = code_at(data, position, end)
        if not traits[code] & MARK:
            break
        position += length
    return min(position, end)


def closed_at(data: Any, begin: Any, end: Any, traits: Any) -> Any:
    """Where a line ends before its closers."""
    position = end
    while position > begin:
        code, before = char_before(data, begin, position)
        if not traits[code] & CLOSER:
            break
        position = before
    return position


def edges(
    data: Any,
    begin: Any,
    end: Any,
    kinds: Any,
    traits: Any,
    step: Any,
    opening: Any,
    closing: Any,
    start: Any,
    first_text: Any,
    places: Any,
    states: Any,
) -> Any:
    """Note the texts that a line opens with and closes with, as `walk` does; returns how many. kinds, step, first_text:
    see there. opening, closing: first states of the trees, 0 their dead end; the latter is of texts read backwards,
    with the class `start` for one that is all of a line.
    """
    count = 0
    opened = opened_at(data, begin, end, traits)
    position = opened
    state = opening
    while position < end and state != 0:
        code = data[position] + 0
        length = 1
        if code >= 0x80:
            code, length = code_at(data, position, end)
        position += length
        state = step[state + kinds[code]]
        if state >= first_text:
            places[count] = position
            states[count] = state
            count += 1
    closed = closed_at(data, begin, end, traits)
    position = closed
    state = closing
    while state != 0:
        if position == opened and step[state + start] >= first_text:
            places[count] = closed
            states[count] = step[state + start]
            count += 1
        if position <= begin:
            break
        code, position = char_before(data, begin, position)  # a text may begin with marks, and so before `opened`
        state = step[state + kinds[code]]
        if state >= first_text:
            places[count] = closed
            states[count] = state
            count += 1
    return count


def capitals_at(data: Any, begin: Any, end: Any, traits: Any, asked: Any) -> Any:
    """Whether the characters before `end` are capitals where `asked` has a bit, the lowest for the last one."""
    position = end
    while asked > 0 and position > begin:
        code, position = char_before(data, begin, position)
        if asked & 1 and not traits[code] & CAPITAL:
            return False
        asked >>= 1
    return asked == 0


def choose(
    data: Any,
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
    closing: Any,
    start: Any,
    first_text: Any,
    texts: Any,
    capitals: Any,
    met: Any,
    given: Any,
    limits: Any,
    had: Any,
    edge_places: Any,
    edge_states: Any,
    chosen: Any,
) -> Any:
    """Fill `chosen` with (rule, number of its line), line by line from number `line` on, and `place` in `places`.

    It stops before a line when `chosen` might not hold what is in it; returns (how many, next line, next place).
    ends, stands: of the lines. places, states: `placed` of them, see `walk`. texts: where the rows of each begin in
    `capitals`, which a text must have, and in `met`: the set of rules whose first need it is then, and that of those
    whose second. given: the same two of any line, for rules that need less. limits: least bytes and most characters by
    rule, and where its lines stand. had, edge_places, edge_states: room for the two, and for what `edges` notes of a
    line. The other parameters are those of `edges`.
    """
    count = 0
    numbers = len(given) // 2
    while line < len(ends) and count + len(limits) <= len(chosen):
        begin = 0 if line == 0 else ends[line - 1] + 1
        end = ends[line]
        for n in range(len(had)):
            had[n] = given[n]
        edge = 0
        edged = edges(
            data, begin, end, kinds, traits, step, opening, closing, start, first_text, edge_places, edge_states
        )
        while edge < edged or (place < placed and places[place] <= end):
            if edge < edged:
                text = (edge_states[edge] - first_text) // width
                last = edge_places[edge]
                edge += 1
            else:
                text = (states[place] - first_text) // width
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
    place = 0
    for number in range(len(begins)):
        part = data[begins[number] : stops[number]]
        room = joined[place : place + len(part)]
        for k in range(len(part)):  # as of two arrays of their own numba copies many bytes at a time
            room[k] = part[k]
        place += len(part)
        joined[place] = LINE_FEED
        place += 1
