"""Parts and their parents."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ancestors", "circle_in", "depth_first"]


def circle_in(parents: Mapping[str, str]) -> tuple[str, ...]:
    """Names that are each other's parents in turn, the first one twice; empty where none are."""
    for name in parents:
        seen = [name]
        while (up := parents.get(seen[-1], "")) in parents:
            if up in seen:
                return (*seen[seen.index(up) :], up)
            seen.append(up)
    return ()


def ancestors(name: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    """A part's parent, its parent and so on; there must be no circle."""
    found: list[str] = []
    up = parents.get(name, "")
    while up:
        found.append(up)
        up = parents.get(up, "")
    return tuple(found)


def depth_first(parents: Mapping[str, str]) -> list[str]:
    """All names, each directly followed by all that is below it."""
    children: dict[str, list[str]] = {}
    for name, up in parents.items():
        children.setdefault(up if up in parents else "", []).append(name)
    order: list[str] = []
    waiting = list(reversed(children.get("", [])))
    while waiting:
        name = waiting.pop()
        order.append(name)
        waiting += reversed(children.get(name, []))
    return order
