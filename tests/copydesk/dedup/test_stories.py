from __future__ import annotations

import random

from copydesk.dedup.stories import Edge, Node, Tie, assign


def edge(a: int, b: int, tie: Tie, jaccard: float = 0.5, longer: int | None = None) -> Edge:
    return Edge(a, b, tie, (jaccard,), a if longer is None else longer)


def new(*sizes: int) -> list[Node]:
    return [Node(f"n{i}", size) for i, size in enumerate(sizes)]


def together(nodes: list[Node], edges: list[Edge]) -> list[object]:
    """A label for each node: the published story, or the first node it shares a new story with."""
    places = assign(nodes, edges)
    shuffled = random.Random(1).sample(edges, len(edges))
    assert assign(nodes, shuffled) == places
    first: dict[int, int] = {}
    labels: list[object] = []
    for i, place in enumerate(places):
        first.setdefault(place.group, i)
        labels.append(
            f"s{place.story}" if place.story is not None else first[place.group] if place.group >= 0 else None
        )
    return labels


def test_strong_pairs_chain() -> None:
    assert together(new(9, 9, 9, 9), [edge(0, 1, "strong"), edge(1, 2, "strong")]) == [0, 0, 0, 3]


def test_links_join_nothing() -> None:
    assert together(new(9, 9), [edge(0, 1, "overlap")]) == [0, 1]


def test_a_weak_pair_attaches_to_the_stronger_of_two_and_joins_none() -> None:
    edges = [edge(0, 1, "strong"), edge(2, 3, "strong"), edge(4, 0, "weak", 0.3), edge(4, 2, "weak", 0.35)]
    assert together(new(9, 9, 9, 9, 5), edges) == [0, 0, 2, 2, 2]
    assert together(new(9, 9, 9, 9), [*edges[:2], edge(0, 2, "weak")]) == [0, 0, 2, 2]


def test_cuts_attach_to_the_whole_and_not_to_each_other() -> None:
    whole_and_cuts = new(3, 9, 4)
    assert together(whole_and_cuts, [edge(1, 0, "weak", 0.33), edge(1, 2, "weak", 0.44)]) == [0, 0, 0]
    chain = [edge(1, 0, "weak", 0.44), edge(2, 1, "weak", 0.33)]  # 1 attached to 0; 2 knows only 1
    assert together(new(9, 5, 3), chain) == [0, 0, 2]


def test_the_earliest_published_story_is_joined() -> None:
    nodes = [*new(9, 9), Node("p", 9, story=7), Node("q", 9, story=3)]
    edges = [edge(0, 1, "strong"), edge(0, 2, "strong"), edge(1, 3, "strong")]
    assert together(nodes, edges) == ["s3", "s3", "s7", "s3"]


def test_the_same_text_outweighs_an_earlier_story() -> None:
    nodes = [Node("n", 9, fixed=7), Node("m", 9), Node("q", 9, story=3)]
    assert together(nodes, [edge(0, 1, "strong"), edge(1, 2, "strong")]) == ["s7", "s7", "s3"]


def test_weak_pairs_attach_to_the_core_of_a_published_story_only() -> None:
    weak = [edge(0, 1, "weak")]
    assert together([Node("n", 5), Node("p", 9, story=2)], weak) == ["s2", "s2"]
    assert together([Node("n", 5), Node("p", 9, story=2, core=False)], weak) == [0, "s2"]


def test_revisions_attract_by_strong_pairs_and_join_nothing() -> None:
    nodes = [Node("a", 9), Node("b", 9), Node("r", 9, base=False, item=0)]
    assert together(nodes, [edge(1, 2, "strong")])[:2] == [0, 0]
    assert together(nodes, [edge(1, 2, "weak")])[:2] == [0, 1]
    two = [*nodes, Node("s", 9, base=False, item=1)]
    assert together(two, [edge(2, 3, "strong")])[:2] == [0, 1]
    published = [Node("a", 9), Node("r", 9, base=False, story=4)]
    assert together(published, [edge(0, 1, "strong")])[0] == "s4"
    assert together(published, [edge(0, 1, "weak")])[0] == 0


def test_one_published_story_is_not_joined_to_another_by_a_revision() -> None:
    nodes = [Node("a", 9), Node("p", 9, story=5), Node("r", 9, base=False, story=1)]
    assert together(nodes, [edge(0, 1, "strong", 0.5), edge(0, 2, "strong", 0.9)])[0] == "s5"


def test_an_embedding_text_attaches_unless_it_holds_a_second_story() -> None:
    one = [edge(0, 1, "embeds", longer=0)]
    assert together(new(9, 4, 4), one) == [0, 0, 2]
    for second in ("embeds", "weak", "overlap"):
        assert together(new(9, 4, 4), [*one, edge(0, 2, second, 0.3, longer=0)]) == [0, 1, 2]  # type: ignore[arg-type]
    copies = [*one, edge(0, 2, "embeds", 0.3, longer=0), edge(1, 2, "strong")]
    assert together(new(9, 4, 4), copies) == [0, 0, 0]


def test_an_embedding_text_and_published_stories() -> None:
    assert together([Node("n", 9), Node("p", 4, story=6)], [edge(0, 1, "embeds", longer=0)]) == ["s6", "s6"]
    assert together([Node("n", 4), Node("p", 9, story=6)], [edge(0, 1, "embeds", longer=1)]) == [0, "s6"]


def test_most_of_a_group_brings_the_rest() -> None:
    """Two cuts of one story, each a weak match of the whole; one that is not is not enough."""
    cuts = [edge(0, 1, "strong", 0.9), edge(2, 3, "strong", 0.9), edge(0, 2, "weak", 0.3), edge(0, 3, "weak", 0.3)]
    assert together(new(9, 9, 3, 3), cuts) == [0, 0, 0, 0]
    assert together(new(9, 9, 3, 3), cuts[:3]) == [0, 0, 2, 2]


def test_a_text_that_most_of_a_group_embeds_joins_it() -> None:
    new_leads = [edge(0, 1, "strong", 0.9), edge(0, 2, "embeds"), edge(1, 2, "embeds")]
    assert together(new(9, 8, 4), new_leads) == [0, 0, 0]
    assert together(new(9, 8, 4), new_leads[:2]) == [0, 0, 2]


def test_most_of_a_group_joins_a_published_story_as_well() -> None:
    nodes = [*new(3, 3), Node("p", 9, story=4)]
    cuts = [edge(0, 1, "strong", 0.9), edge(0, 2, "weak", 0.3), edge(1, 2, "weak", 0.3)]
    assert together(nodes, cuts) == ["s4"] * 3
    assert together(nodes, cuts[:2]) == [0, 0, "s4"]
