"""From verified pairs to stories: merge the strong, then attach.

Strong pairs of articles make components; one that touches published stories joins the earliest. Then, in order of
strength, a weaker pair brings a single article, more than half of the members of a component bring the component, and
so does a strong match with the text of a revision, to one story. What has attached once attaches no more, and only the
core of a story is attached to: attachments neither chain nor join two stories. A text that embeds another under a lead
of its own attaches to that one's story, or has it attached if it has copies itself, unless it holds another story as
well. (Pairs of digests with what they hold are left out before, see digests.py.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

WHOLE = 1.05
"""Two parts of a text that are no more than this together do not overlap; some shingles are found in both."""

Tie = Literal["overlap", "embeds", "weak", "strong"]


class Node(NamedTuple):
    """A distinct text. Of this run: `base` (the first version of an item) or a revision of `item`, which is the node of
    this run that it revises in the end. Of, or revising what is in, a published story: `story` is set.

    name: breaks ties. size: shingles. story: number of the published story; smaller is earlier. fixed: number of a
    published story that has exactly this text. core: whether weak pairs may attach to this published text.
    """

    name: str
    size: int
    base: bool = True
    item: int | None = None
    story: int | None = None
    fixed: int | None = None
    core: bool = True

    @property
    def open(self) -> bool:
        """Whether its story is yet to be found."""
        return self.base and self.story is None


class Edge(NamedTuple):
    """A verified pair of nodes. strength: larger is attached first. longer: which of the two has more shingles, -1 if
    it holds less than half of the other."""

    a: int
    b: int
    tie: Tie
    strength: tuple[float, ...]
    longer: int = -1

    @property
    def shorter(self) -> int:
        return self.a if self.longer == self.b else self.b


class Place(NamedTuple):
    """Where a node ended. group: open nodes of one story share it, -1 for others. story: the published story it is of,
    None if new. attached: with others of its kind, to a group that may share no more with it than one of them does."""

    group: int
    story: int | None
    attached: bool = False


class Forest:
    """Union-find with path halving (Tarjan, van Leeuwen 1984)."""

    def __init__(self, parents: Iterable[int]) -> None:
        """parents: of each node one of its set, itself for a root; a root is the smallest of its set."""
        self._parent = list(parents)

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
    """A component on its way to a story. hub: others attached to it; to: the group it attached to."""

    members: int = 0
    size: int = 0
    name: str = ""
    story: int | None = None
    hub: bool = False
    to: int | None = None

    @property
    def rank(self) -> tuple[int, int, str]:
        return self.members, self.size, self.name

    @property
    def loose(self) -> bool:
        return self.story is None and self.to is None and not self.hub


def assign(nodes: Sequence[Node], edges: Sequence[Edge], joined: Sequence[int] | None = None) -> list[Place]:
    """The places of all nodes. Does not depend on the order of edges.

    joined: what strong pairs, which need not be among `edges`, have joined: of each node the smallest of its set.
    """
    return _Assignment(nodes, edges, range(len(nodes)) if joined is None else joined).places()


class _Assignment:
    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], joined: Sequence[int]) -> None:
        self.nodes = nodes
        self.open = [node.open for node in nodes]
        forest = Forest(joined)
        for edge in edges:
            if edge.tie == "strong" and self.open[edge.a] and self.open[edge.b]:
                forest.join(edge.a, edge.b)
        self.root = [forest.root(i) for i in range(len(nodes))]
        self.groups = self._components()
        self._join_published(edges)
        self.support = self._support(edges)
        mixed = self._mixed(edges)
        joining = [e for e in edges if e.tie == "strong" or (e.tie != "overlap" and e.longer not in mixed)]
        joining.sort(key=lambda e: (e.strength, *sorted((nodes[e.a].name, nodes[e.b].name))), reverse=True)
        for edge in joining:
            if edge.tie != "embeds":
                self._attach(edge.a, edge.b, edge.tie == "strong")
                self._attach(edge.b, edge.a, edge.tie == "strong")
        for edge in joining:
            if edge.tie == "embeds":
                self._attach_embedding(edge)

    def places(self) -> list[Place]:
        result = []
        for i, node in enumerate(self.nodes):
            if self.open[i]:
                top = self._top(i)
                mine = self.groups[self.root[i]]
                result.append(Place(top, self.groups[top].story, mine.to is not None and mine.members > 1))
            else:
                result.append(Place(-1, node.story))
        return result

    def _components(self) -> dict[int, _Group]:
        groups: dict[int, _Group] = defaultdict(_Group)
        for i, node in enumerate(self.nodes):
            if self.open[i]:
                group = groups[self.root[i]]
                group.members += 1
                group.size, group.name = max((group.size, group.name), (node.size, node.name))
        return dict(groups)

    def _join_published(self, edges: Sequence[Edge]) -> None:
        """A group joins the earliest published story with exactly one of its texts, else the earliest strong one."""
        exact = ((i, node.fixed) for i, node in enumerate(self.nodes) if self.open[i] and node.fixed is not None)
        for claims in (exact, self._strong_claims(edges)):
            found: dict[int, int] = {}
            for i, story in claims:
                root = self.root[i]
                if self.groups[root].story is None:
                    found[root] = min(found.get(root, story), story)
            for root, story in found.items():
                self.groups[root].story = story

    def _strong_claims(self, edges: Sequence[Edge]) -> Iterator[tuple[int, int]]:
        for edge in edges:
            for a, b in ((edge.a, edge.b), (edge.b, edge.a)):
                story = self.nodes[b].story
                if edge.tie == "strong" and self.open[a] and self.nodes[b].base and story is not None:
                    yield a, story

    def _attach(self, a: int, b: int, strong: bool) -> None:
        """Attach the group of `a`, if it is free to, to what `b` stands for, if that is a core."""
        target = self.nodes[b]
        mine = self.groups[self.root[a]] if self.open[a] else None
        if mine is None or not mine.loose:
            return
        root = self.root[a]
        if target.story is not None:
            if strong if not target.base else target.core and self._may_attach(root, _published(target.story)):
                mine.story = target.story
            return
        goal = self.root[b] if target.item is None else self._top(target.item)
        other = self.groups[goal]
        if other is mine or other.to is not None or not (self._may_attach(root, goal) if target.base else strong):
            return
        if target.base and other.loose and mine.rank > other.rank and self._may_attach(goal, root):
            return  # the shorter attaches to the longer, which may have other cuts; its turn comes with `b`
        mine.to, other.hub = goal, True

    def _support(self, edges: Sequence[Edge]) -> dict[tuple[int, int], int]:
        """Of a group and another, or a published story, how many members of the group are in a pair with a text of the
        other that attaches."""
        members: dict[tuple[int, int], set[int]] = defaultdict(set)
        for edge in edges:
            if edge.tie in ("weak", "embeds"):
                for mine, other in ((edge.a, edge.b), (edge.b, edge.a)):
                    if not self.open[mine] or self.groups[self.root[mine]].members == 1:  # a single one needs none
                        continue
                    node = self.nodes[other]
                    if self.open[other] or (node.base and node.core):
                        goal = self.root[other] if node.story is None else _published(node.story)
                        members[self.root[mine], goal].add(mine)
        return {pair: len(found) for pair, found in members.items()}

    def _may_attach(self, root: int, goal: int) -> bool:
        """A single article may, on one weak pair; of several more than half must be in one."""
        members = self.groups[root].members
        return members == 1 or 2 * self.support.get((root, goal), 0) > members

    def _mixed(self, edges: Sequence[Edge]) -> set[int]:
        """Texts that embed one story and hold another as well."""
        held: dict[int, set[tuple[str, int]]] = {edge.longer: set() for edge in edges if edge.tie == "embeds"}
        for edge in edges:
            if edge.longer in held:
                held[edge.longer].add(self._story_of(edge.shorter))
        return {text for text, stories in held.items() if len(stories) > 1}

    def _story_of(self, i: int) -> tuple[str, int]:
        node = self.nodes[i]
        if node.story is not None:
            return "published", node.story
        top = self._top(i if node.item is None else node.item)
        story = self.groups[top].story
        return ("new", top) if story is None else ("published", story)

    def _attach_embedding(self, edge: Edge) -> None:
        shorter = edge.shorter
        if not self.open[edge.longer] or not self.nodes[shorter].base:
            return
        root = self.root[edge.longer]
        mine = self.groups[root]
        if mine.members > 1:
            self._attach_embedded(shorter, root)
        if not mine.loose or mine.members > 1:
            return
        published = self.nodes[shorter].story
        if published is not None:
            mine.story = published
            return
        goal = self._top(shorter)  # not `mine`: nothing has attached to what is loose
        mine.to = goal
        self.groups[goal].hub = True

    def _attach_embedded(self, shorter: int, goal: int) -> None:
        """Attach a single text to a group most of which holds it: the earlier text of a story that has a new lead."""
        if not self.open[shorter]:
            return
        root = self.root[shorter]
        mine, other = self.groups[root], self.groups[goal]
        if mine.loose and mine.members == 1 and other.to is None and 2 * self.support[goal, root] > other.members:
            mine.to, other.hub = goal, True

    def _top(self, i: int) -> int:
        root = self.root[i]
        while (to := self.groups[root].to) is not None:
            root = to
        return root


def _published(story: int) -> int:
    """A published story among the numbers of groups."""
    return -1 - story
