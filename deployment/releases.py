"""What was deployed, when, by whom and from which commit: one small file a release, in the lake.

`_deployments/<project>/<environment>/releases/000042.json` is written once and never changed; two
deployments that end together get two numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deployment.canonical import canonical
from deployment.errors import LakeError
from deployment.resources import Address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deployment.gateways import LakeFiles
    from deployment.resources import Kind, Observed, Owner

ATTEMPTS = 20


@dataclass(frozen=True)
class Release:
    number: int
    at: str
    """An ISO instant in UTC."""
    by: str
    commit: str
    """The Git commit of the project's folder, with `+` where it had changes of its own; empty without Git."""
    entities: tuple[dict[str, Any], ...] = ()
    """`kind`, `name` and canonical `properties` of all that was ours after the deployment."""
    ml_pipelines: tuple[dict[str, str], ...] = ()
    """`name`, `version` and `fingerprint`."""

    def bodies(self) -> dict[tuple[Kind, str], object]:
        return {Address(each["kind"], each["name"]).key: each["properties"] for each in self.entities}


class Releases:
    def __init__(self, lake: LakeFiles, owner: Owner) -> None:
        self._lake = lake
        self._folder = f"_deployments/{owner.project}/{owner.environment}/releases"
        self._owner = owner

    def last(self, count: int = 1) -> list[Release]:
        """The newest first."""
        return [self._read(number) for number in sorted(self._numbers(), reverse=True)[:count]]

    def record(self, observed: Observed, *, at: str, by: str, commit: str) -> Release:
        """Write down what is there now, under the next free number."""
        entities = tuple(_entities(observed, self._owner))
        published = tuple(
            {"name": name, "version": live.version, "fingerprint": live.fingerprint}
            for name, live in sorted(observed.ml_pipelines.items())
        )
        number = max(self._numbers(), default=0)
        for _ in range(ATTEMPTS):
            number += 1
            release = Release(number, at, by, commit, entities, published)
            if self._lake.create(self._path(number), _written(release)):
                return release
        raise LakeError(f"no free release number after {number} in {self._folder}")

    def _numbers(self) -> list[int]:
        names = (name.removesuffix(".json") for name in self._lake.names(self._folder))
        return [int(name) for name in names if name.isdigit()]

    def _path(self, number: int) -> str:
        return f"{self._folder}/{number:06}.json"

    def _read(self, number: int) -> Release:
        content = self._lake.read(self._path(number))
        if content is None:
            raise LakeError(f"{self._path(number)} was listed and cannot be read")
        body = json.loads(content)
        body["entities"], body["ml_pipelines"] = tuple(body["entities"]), tuple(body["ml_pipelines"])
        return Release(**body)


def _entities(observed: Observed, owner: Owner) -> Iterable[dict[str, Any]]:
    for live in observed.entities:
        if owner.owns(live):
            yield {"kind": live.kind, "name": live.name, "properties": canonical(live.properties)}


def _written(release: Release) -> bytes:
    body: Mapping[str, Any] = {
        "number": release.number,
        "at": release.at,
        "by": release.by,
        "commit": release.commit,
        "entities": release.entities,
        "ml_pipelines": release.ml_pipelines,
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode()
