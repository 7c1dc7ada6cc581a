"""From cuts to removals: their union, in code points. Loops, as in layout.py."""

from __future__ import annotations

from typing import Any

from cleaners.cut import CUT_END, CUT_RULE, CUT_START
from cleaners.spot import code_at


def unite(cuts: Any, order: Any, vetoes: Any, starts: Any, ends: Any, leads: Any, rules_to: Any, rules: Any) -> Any:
    """Removals: cuts that overlap are one. Returns how many there are.

    order: of the cuts, by start, end and rule. vetoes: starts and ends of parts that must stay, in order of starts; a
    removal that touches one is none. Fills starts, ends; leads: the cut that covers most of each (ties: the earliest,
    then by rule); rules, and up to where in it are those of each in rules_to: all that agree on it, in order.
    """
    count = 0
    used = 0
    veto = 0
    kept_to = -1  # end of the vetoes that begin before the end of a removal
    first = 0
    while first < len(order):
        start = cuts[order[first]][CUT_START] + 0
        reach = cuts[order[first]][CUT_END] + 0
        last = first + 1
        while last < len(order) and cuts[order[last]][CUT_START] < reach:
            reach = max(reach, cuts[order[last]][CUT_END])
            last += 1
        while veto < len(vetoes) and vetoes[veto][0] < reach:
            kept_to = max(kept_to, vetoes[veto][1])
            veto += 1
        if kept_to <= start:
            starts[count] = start
            ends[count] = reach
            lead = order[first]
            begin = used
            for k in range(first, last):
                cut = cuts[order[k]]
                if cut[CUT_END] - cut[CUT_START] > cuts[lead][CUT_END] - cuts[lead][CUT_START]:
                    lead = order[k]
                used = put(rules, begin, used, cut[CUT_RULE] + 0)
            leads[count] = lead
            rules_to[count] = used
            count += 1
        first = last
    return count


def put(rules: Any, begin: Any, used: Any, rule: Any) -> Any:
    """Put a rule in its place among those from `begin` to `used`, once; returns up to where they are then."""
    place = used
    while place > begin and rules[place - 1] > rule:
        place -= 1
    if place > begin and rules[place - 1] == rule:
        return used
    for k in range(used, place, -1):
        rules[k] = rules[k - 1]
    rules[place] = rule
    return used + 1


def points(data: Any, places: Any, begins: Any, out: Any) -> None:
    """Fill `out` with the code points before each of `places` (bytes, in order) in its text, which starts at `begins`.

    In bytes that are no character of UTF-8, but half of a pair of UTF-16, it counts as Python decodes them.
    """
    position = -1
    begin = -1
    count = 0
    for k in range(len(places)):
        if begins[k] != begin:
            begin = begins[k] + 0
            position = begin
            count = 0
        if position < places[k]:
            for byte in data[position : places[k]]:  # all at once, once compiled
                count += 1 if byte & 0xC0 != 0x80 else 0
            position = places[k] + 0
        out[k] = count


def count_words(data: Any, ends: Any, blanks: Any, words: Any, chars: Any) -> None:
    """Fill words and chars (code points) of texts that stand one behind the other. blanks: by code point below 2**16,
    whether it parts words.
    """
    position = 0
    for text in range(len(ends)):
        end = ends[text] + 0
        count = 0
        points = 0
        within = 0
        while position < end:
            code = data[position] + 0
            step = 1
            if code >= 0x80:
                code, step = code_at(data, position, end)
            inside = 0 if blanks[code] else 1
            if inside > within:
                count += 1
            within = inside
            points += 1
            position += step
        words[text] = count
        chars[text] = points
