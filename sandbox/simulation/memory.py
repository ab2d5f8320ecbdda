"""A store without a file, for what is gone with its process: documents in dictionaries, no SQL."""

from __future__ import annotations

import marshal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_Kept = tuple[int, bytes]
"""A place in `list`, and the document: as bytes, which nobody changes by changing what they were given."""


class Memory(Store):
    """For one thread. Raises ValueError for what is no JSON; a number that JSON lacks stays one."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str], dict[str, _Kept]] = {}
        self._places = 0
        self._undo: list[tuple[dict[str, _Kept], str, _Kept | None]] | None = None
        """In a transaction: the documents of a kind, a name among them, and what stood there before."""

    def get(self, scope: str, kind: str, name: str) -> dict[str, Any] | None:
        kept = self._of(scope, kind).get(name.lower())
        return None if kept is None else _body(kept)

    def has(self, scope: str, kind: str, name: str) -> bool:
        return name.lower() in self._of(scope, kind)

    def put(self, scope: str, kind: str, name: str, body: Mapping[str, Any]) -> None:
        documents, name = self._kinds.setdefault((scope.lower(), kind.lower()), {}), name.lower()
        before = self._changing(documents, name)
        if before is None:
            self._places += 1
        documents[name] = (before[0] if before else self._places, marshal.dumps(dict(body)))

    def delete(self, scope: str, kind: str, name: str) -> bool:
        documents, name = self._of(scope, kind), name.lower()
        existed = self._changing(documents, name) is not None
        documents.pop(name, None)
        return existed

    def select(
        self, scope: str, kind: str, where: str, values: Sequence[str], *, order: str, limit: int
    ) -> list[dict[str, Any]]:
        """There is nothing to select from when a process begins; later it is not asked for."""
        if self._of(scope, kind):
            raise NotImplementedError(where, values, order, limit)
        return []

    def list(self, scope: str, kind: str) -> list[dict[str, Any]]:
        return [_body(kept) for kept in sorted(self._of(scope, kind).values())]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            for documents, name, before in reversed(self._undo):
                documents.pop(name, None)
                if before is not None:
                    documents[name] = before
            raise
        finally:
            self._undo = None

    def close(self) -> None:
        self._kinds.clear()

    def _of(self, scope: str, kind: str) -> dict[str, _Kept]:
        return self._kinds.get((scope.lower(), kind.lower()), {})

    def _changing(self, documents: dict[str, _Kept], name: str) -> _Kept | None:
        """What is there, noted where the change may have to be undone."""
        before = documents.get(name)
        if self._undo is not None:
            self._undo.append((documents, name, before))
        return before


def _body(kept: _Kept) -> dict[str, Any]:
    body: dict[str, Any] = marshal.loads(kept[1])  # noqa: S302 - what `put` wrote
    return body
