"""From verified pairs to stories: merge the strong, then attach.

Strong pairs of articles make components. What is left over attaches, in order of strength: a weaker pair, or a match
with the text of a revision, brings a single article to one story and never joins two. Only the core of a story can be
attached to, so that attachments do not chain. A component that touches published stories joins the earliest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A distinct text. Of this run: `base` (the first version of an item) or a revision of `item`, which is either the
    node of this run that it revises in the end or a historic story. Historic: `story` is set.

    size: shingles. story: number of the historic story it belongs to, else None. fixed: a historic story that has
    exactly this text. core: whether weak pairs may attach to a historic text. name: breaks ties.
    """

    name: str
    size: int
    base: bool = True
    item: int | None = None
    story: int | None = None
    fixed: int | None = None
    core: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """A verified pair of nodes that are one story. strength: larger is attached first."""

    a: int
    b: int
    strong: bool
    strength: tuple[float, ...]


class Forest:
    """Union-find with path halving (Tarjan, van Leeuwen)."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, node: int) -> int:
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def join(self, a: int, b: int) -> None:
        a, b = sorted((self.root(a), self.root(b)))
        self._parent[b] = a


@dataclass(slots=True)
class _Group:
    """A component of base nodes on its way to a story. hub: others attached to it; to: the group it attached to."""

    members: int
    size: int
    name: str
    story: int | None = None
    hub: bool = False
    to: int | None = None

    @property
    def loose(self) -> bool:
        return self.story is None and self.to is None and not self.hub


def assign(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[list[int], list[int | None]]:
    """Group numbers and historic stories of nodes.

    Returns, for every node: the number of its group (base nodes of one new or historic story share it; -1 for others),
    and the precedence of the historic story it joins or belongs to, None if it is of a new story.
    """
    forest = Forest(len(nodes))
    for edge in edges:
        if edge.strong and _new_base(nodes[edge.a]) and _new_base(nodes[edge.b]):
            forest.join(edge.a, edge.b)
    groups = _groups(nodes, forest)
    _join_history(nodes, edges, forest, groups)
    for edge in sorted(edges, key=lambda e: (e.strength, nodes[e.a].name, nodes[e.b].name), reverse=True):
        for a, b in ((edge.a, edge.b), (edge.b, edge.a)):
            if _new_base(nodes[a]):
                _attach(nodes, groups, forest, a, b, edge.strong)
    return _outcome(nodes, groups, forest)


def _new_base(node: Node) -> bool:
    return node.base and node.story is None


def _groups(nodes: Sequence[Node], forest: Forest) -> dict[int, _Group]:
    groups: dict[int, _Group] = {}
    for i, node in enumerate(nodes):
        if _new_base(node):
            group = groups.setdefault(forest.root(i), _Group(0, 0, ""))
            group.members += 1
            group.size, group.name = max((group.size, group.name), (node.size, node.name))
    return groups


def _join_history(nodes: Sequence[Node], edges: Sequence[Edge], forest: Forest, groups: dict[int, _Group]) -> None:
    """A group joins the earliest historic story that has one of its texts exactly, else the earliest strong match."""
    for exact in (True, False):
        found: dict[int, int] = {}
        for i, story in _fixed(nodes) if exact else _strong_history(nodes, edges):
            root = forest.root(i)
            if groups[root].story is None:
                found[root] = min(found.get(root, story), story)
        for root, story in found.items():
            groups[root].story = story


def _fixed(nodes: Sequence[Node]) -> Iterator[tuple[int, int]]:
    for i, node in enumerate(nodes):
        if _new_base(node) and node.fixed is not None:
            yield i, node.fixed


def _strong_history(nodes: Sequence[Node], edges: Sequence[Edge]) -> Iterator[tuple[int, int]]:
    for edge in edges:
        for a, b in ((edge.a, edge.b), (edge.b, edge.a)):
            story = nodes[b].story
            if edge.strong and _new_base(nodes[a]) and nodes[b].base and story is not None:
                yield a, story


def _attach(nodes: Sequence[Node], groups: dict[int, _Group], forest: Forest, a: int, b: int, strong: bool) -> None:
    """Attach the group of `a` to what `b` stands for, if it is loose and that is a core."""
    mine = groups[forest.root(a)]
    if not mine.loose:
        return
    target = nodes[b]
    if target.story is not None:
        if (target.base and target.core) or (strong and not target.base):
            mine.story = target.story
        return
    if mine.members > 1 or (target.item is not None and not strong):
        return
    goal = forest.root(b) if target.item is None else _top(groups, forest.root(target.item))
    other = groups[goal]
    if other is mine or other.to is not None:
        return
    if other.loose and other.members == 1 and target.base and (mine.size, mine.name) > (other.size, other.name):
        return  # the shorter attaches to the longer, which may hold other cuts; its turn comes with the pair reversed
    mine.to = goal
    other.hub = True


def _top(groups: dict[int, _Group], root: int) -> int:
    while (to := groups[root].to) is not None:
        root = to
    return root


def _outcome(nodes: Sequence[Node], groups: dict[int, _Group], forest: Forest) -> tuple[list[int], list[int | None]]:
    numbers: list[int] = []
    stories: list[int | None] = []
    for i, node in enumerate(nodes):
        if _new_base(node):
            top = _top(groups, forest.root(i))
            numbers.append(top)
            stories.append(groups[top].story)
        else:
            numbers.append(-1)
            stories.append(node.story)
    return numbers, stories
