"""What was deployed, when, by whom and from which commit: one small file a release, in the lake.

_deployments/<project>/<environment>/releases/000042.json   written once and never changed; two deployments
                                                            that end together get two numbers
_deployments/<project>/<environment>/attempt.json           what deployments since then meant to write

A release holds whole bodies, so that it can be deployed again. An attempt is written before the first change
and removed with the release that ends it: what a deployment that died has left is not taken for the work of
somebody's hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from deployment.canonical import READ_ONLY, canonical
from deployment.drift import seen
from deployment.errors import LakeError, UnknownReleaseError, UnreadableRecordError
from deployment.resources import Address, Written, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deployment.gateways import LakeFiles, LiveEntity
    from deployment.resources import Kind, Observed, Owner

    Key = tuple[Kind, str]

FORMAT = 1
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
    """`kind`, `name`, `properties` and, of a trigger, `started`: all that was ours after the deployment."""
    ml_pipelines: tuple[dict[str, str], ...] = ()
    """`name`, `version` and `fingerprint`."""
    models: tuple[dict[str, str], ...] = ()
    """`name`, the registered `version` that the next run would have scored with, and its `sha256`."""
    of_release: int | None = None
    """The release that this one brought back."""

    @property
    def pipelines(self) -> dict[str, Mapping[str, Any]]:
        """Name → body."""
        return {each["name"]: each["properties"] for each in self.entities if each["kind"] == "pipeline"}

    def published(self) -> list[str]:
        return [each["name"] for each in self.ml_pipelines]

    def bodies(self) -> Mapping[Key, dict[str, Any]]:
        """Canonical, by address without case; a trigger's with its `runtimeState`."""
        return _Bodies({Address(each["kind"], each["name"]).key: each for each in self.entities})


class _Bodies(Mapping["Key", dict[str, Any]]):
    """Each is made canonical when it is asked for: a plan asks for those that are not as they should be."""

    def __init__(self, entities: Mapping[Key, Mapping[str, Any]]) -> None:
        self._entities = entities

    def __getitem__(self, key: Key) -> dict[str, Any]:
        return _seen(self._entities[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entities)

    def __len__(self) -> int:
        return len(self._entities)


def _seen(entity: Mapping[str, Any]) -> dict[str, Any]:
    started = entity.get("started")
    state = {} if started is None else {"runtimeState": "Started" if started else "Stopped"}
    return canonical(entity["properties"]) | state


class Releases:
    def __init__(self, lake: LakeFiles, owner: Owner) -> None:
        self._lake = lake
        self._root = f"_deployments/{owner.project}/{owner.environment}"
        self._folder = f"{self._root}/releases"
        self._attempt = f"{self._root}/attempt.json"
        self._owner = owner

    def last(self, count: int = 1) -> list[Release]:
        """The newest first."""
        return [self._read(number) for number in sorted(self._numbers(), reverse=True)[:count]]

    def back_to(self, instant: str, *, at_least: int) -> list[Release]:
        """The newest first, to the one in force at an ISO instant in UTC; no fewer than `at_least`."""
        found: list[Release] = []
        for number in sorted(self._numbers(), reverse=True):
            if len(found) >= at_least and found[-1].at <= instant:
                break
            found.append(self._read(number))
        return found

    def newest(self) -> Release | None:
        return next(iter(self.last()), None)

    def get(self, number: int) -> Release:
        """Raises UnknownReleaseError."""
        known = self._numbers()
        if number not in known:
            raise UnknownReleaseError(number, sorted(known))
        return self._read(number)

    def record(
        self,
        observed: Observed,
        *,
        at: str,
        by: str,
        commit: str,
        models: Iterable[Mapping[str, str]] = (),
        of_release: int | None = None,
    ) -> Release:
        """Write down what is there now, under the next free number; it ends the attempt."""
        entities = tuple(_entities(observed, self._owner))
        published = tuple(
            {"name": name, "version": live.version, "fingerprint": live.fingerprint}
            for name, live in sorted(observed.ml_pipelines.items())
        )
        known = tuple(dict(each) for each in models)
        number = max(self._numbers(), default=0)
        for _ in range(ATTEMPTS):
            number += 1
            release = Release(number, at, by, commit, entities, published, known, of_release)
            if self._lake.create(self._path(number), _document(asdict(release))):
                self._lake.remove(self._attempt)
                return release
        raise LakeError(f"no free release number after {number} in {self._folder}")

    # ------------------------------------------------------------------------------------------- attempts

    def unrecorded(self, observed: Observed) -> bool:
        """Whether all that a deployment that died left to do is its record.

        Given that no change is left. Where it had written the record too, its attempt ends here.
        """
        if not observed.written.attempted:
            return False
        ours = (live for live in observed.entities if self._owner.owns(live))
        if observed.written.released != {key_of(each): seen(each) for each in ours}:
            return True
        self._lake.remove(self._attempt)
        return False

    def begin(self, bodies: Iterable[tuple[Key, Mapping[str, Any]]]) -> None:
        """Write down what is about to be written, beside what earlier attempts without an end meant to."""
        attempted = {key: list(each) for key, each in self._attempted().items()}
        for key, body in bodies:
            known = attempted.setdefault(key, [])
            if body not in known:
                known.append(dict(body))
        entries = [{"kind": kind, "name": name, "bodies": each} for (kind, name), each in attempted.items()]
        self._lake.replace(self._attempt, _document({"entities": entries}))

    def written(self, release: Release | None) -> Written:
        """What the release, the newest, and the attempts since then wrote."""
        return Written({} if release is None else release.bodies(), self._attempted())

    def _attempted(self) -> dict[Key, list[dict[str, Any]]]:
        content = self._lake.read(self._attempt)
        if content is None:
            return {}
        return {
            (each["kind"], each["name"]): each["bodies"]
            for each in _parsed(content, self._attempt)["entities"]
        }

    # ------------------------------------------------------------------------------------------- files

    def _numbers(self) -> list[int]:
        names = (name.removesuffix(".json") for name in self._lake.names(self._folder))
        return [int(name) for name in names if name.isdigit()]

    def _path(self, number: int) -> str:
        return f"{self._folder}/{number:06}.json"

    def _read(self, number: int) -> Release:
        path = self._path(number)
        content = self._lake.read(path)
        if content is None:
            raise LakeError(f"{path} was listed and cannot be read")
        body = _parsed(content, path)
        lists = {name: tuple(body[name]) for name in ("entities", "ml_pipelines", "models")}
        return Release(**{**body, **lists})


def _entities(observed: Observed, owner: Owner) -> Iterator[dict[str, Any]]:
    for live in observed.entities:
        if owner.owns(live):
            own = {key: value for key, value in live.properties.items() if key not in READ_ONLY}
            yield {"kind": live.kind, "name": live.name, "properties": own} | _state(live)


def _state(live: LiveEntity) -> dict[str, bool]:
    if live.kind != "trigger":
        return {}
    return {"started": live.properties.get("runtimeState") == "Started"}


def _document(body: Mapping[str, Any]) -> bytes:
    return json.dumps({"format": FORMAT, **body}, ensure_ascii=False, indent=1).encode()


def _parsed(content: bytes, path: str) -> dict[str, Any]:
    """Raises UnreadableRecordError for what is damaged, or written by a newer version of this program."""
    try:
        body = dict(json.loads(content))
        version = body.pop("format")
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableRecordError(path, "it is damaged") from error
    if version != FORMAT:
        raise UnreadableRecordError(path, f"it has format {version}, this program writes {FORMAT}")
    return body
