"""A dataset's place in the lake, and reading it over the DFS endpoint with the factory's identity."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from sandbox.datafactory.activities.call import Request
from sandbox.datafactory.activities.linked import Linked, dataset
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.datafactory.activities.call import Call, Response
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_AUDIENCE = "https://storage.azure.com"
_VERSION = "2023-11-03"
_TRIES = 10  # the lake starts a moment after the triggers
_FAILURES = {"Copy": "2200", "Delete": "3700", "Script": "2011"}
_STORE_SETTINGS = frozenset({"type", "recursive", "enablePartitionDiscovery", "maxConcurrentConnections"})


def check_lake_dataset(activity: Json, view: View, target: str, types: frozenset[str]) -> Json:
    """The activity's dataset is of one of `types` and lies in the lake; its properties."""
    reference = (activity.get("typeProperties") or {}).get("dataset")
    return check_dataset(activity, reference, view, target, types)


def check_dataset(
    activity: Json, reference: JsonValue, view: View, target: str, types: frozenset[str]
) -> Json:
    """A dataset that the activity refers to is of one of `types` and lies in the lake; its properties."""
    if not isinstance(reference, dict) or reference.get("type") != "DatasetReference":
        raise BadRequest(f"Activity '{activity['name']}': dataset must be a DatasetReference.", target=target)
    found = view.referenced("datasets", reference, target)
    what = (
        f"Activity '{activity['name']}' ({activity['type']}) over the dataset '{reference['referenceName']}'"
    )
    if found["type"] not in types:
        raise NotRun(f"{what} of type {found['type']}")
    service = view.referenced("linkedservices", found.get("linkedServiceName"), target)
    if service["type"] != "AzureBlobFS":
        raise NotRun(f"{what} in a linked service of type {service['type']}")
    location = (found.get("typeProperties") or {}).get("location") or {}
    if location.get("type") != "AzureBlobFSLocation":
        raise NotRun(f"{what} at a location of type {location.get('type')!r}")
    return found


def check_store_settings(settings: Json | None, what: str) -> None:
    """Plain reads only: no wildcards, lists of files or filters."""
    for name, value in (settings or {}).items():
        if name not in _STORE_SETTINGS and value is not None:
            raise NotRun(f"{what} with storeSettings.{name}")
    if (settings or {}).get("enablePartitionDiscovery"):
        raise NotRun(f"{what} with storeSettings.enablePartitionDiscovery")


@dataclass(frozen=True)
class Place:
    """A file or folder in the lake; `path` is without slashes at its ends and may be empty (the root)."""

    dataset: Json
    type: str
    account_url: str
    file_system: str
    path: str
    has_file: bool

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2] or self.file_system

    def at(self, path: str, file_system: str | None = None) -> Place:
        """Another path beside it."""
        return replace(self, path=path, file_system=file_system or self.file_system, has_file=True)

    def url(self) -> str:
        return f"{self.account_url}/{quote(self.file_system)}/{quote(self.path)}"


def place(call: Call, reference: JsonValue = None) -> Place:
    """Where a dataset, by default the activity's only one, points to in this run."""
    view = call.services.view()
    found, service = dataset(call.frame, view, reference or call.properties.get("dataset"))
    return place_of(call, found, service)


def place_of(call: Call, found: Linked, service: Linked) -> Place:
    """Where an evaluated dataset points to."""
    location = found.type_properties["location"]
    segments = [str(location.get(one) or "").strip("/") for one in ("folderPath", "fileName")]
    file_system = str(location.get("fileSystem") or "")
    if not file_system:
        raise ActivityFailed(
            "2103", f"Please provide value for the required property 'fileSystem' of '{found.name}'."
        )
    path = "/".join(one for one in segments if one)
    url = _account_url(call, service)
    return Place(found.type_properties, found.type, url, file_system, path, bool(segments[1]))


def lake_place(call: Call, service: Linked, file_system: str, path: str) -> Place:
    """A file that no dataset names."""
    return Place({}, "Binary", _account_url(call, service), file_system, path, has_file=True)


def _account_url(call: Call, service: Linked) -> str:
    """Checked in the run: an address may be an expression, and a factory be looked at before it is moved."""
    lake_url, url = call.services.view().lake_url, service.text("url").rstrip("/")
    if not url.lower().startswith(lake_url.lower() + "/"):
        raise ActivityFailed("2108", f"The local Azure reads its own lake at {lake_url} only, not {url}.")
    return url


async def read_file(call: Call, where: Place) -> bytes:
    response = await send(call, "GET", where.url())
    if response.status >= 400:
        raise refusal(call, response, where)
    return response.body


async def status_of(call: Call, where: Place) -> Response:
    """HEAD; the caller decides what a 404 means."""
    if not where.path:
        return await send(call, "HEAD", f"{where.account_url}/{quote(where.file_system)}?resource=filesystem")
    return await send(call, "HEAD", f"{where.url()}?action=getStatus")


async def children(call: Call, where: Place, *, recursive: bool = False) -> list[Json]:
    """The entries inside a folder: directly, or at any depth."""
    base = f"{where.account_url}/{quote(where.file_system)}?resource=filesystem"
    base += f"&recursive={str(recursive).lower()}"
    base += f"&directory={quote(where.path, safe='')}" if where.path else ""
    entries: list[Json] = []
    continuation = ""
    while True:
        more = f"&continuation={quote(continuation, safe='')}" if continuation else ""
        response = await send(call, "GET", base + more)
        if response.status >= 400:
            raise refusal(call, response, where)
        entries += json.loads(response.body)["paths"]
        continuation = response.headers.get("x-ms-continuation", "")
        if not continuation:
            return entries


def refusal(call: Call, response: Response, where: Place) -> ActivityFailed:
    code = response.headers.get("x-ms-error-code") or _code(response)
    at = f"{where.file_system}/{where.path}"
    if response.status == 404:
        message = f"ErrorCode=UserErrorFileNotFound,'The required file or folder is missing: {at} ({code}).'"
    elif response.status == 412:
        message = f"ErrorCode=UserErrorFileChanged,'{at} was changed while it was used ({code}).'"
    else:
        message = (
            f"ErrorCode=AdlsGen2OperationFailed,'ADLS Gen2 operation failed for {at}: "
            f"http status code {response.status}, error code {code}.'"
        )
    return ActivityFailed(failure_code(call), message)


def failure_code(call: Call) -> str:
    """The code of what goes wrong in an activity's own work, by its type."""
    return _FAILURES.get(str(call.activity["type"]), "2100")


def _code(response: Response) -> JsonValue:
    try:
        return json.loads(response.body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return "unknown"


async def send(
    call: Call, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
) -> Response:
    """A request that may be sent again: it changes nothing, or the same the second time."""
    own = {"Authorization": f"Bearer {call.services.token(_AUDIENCE)}", "x-ms-version": _VERSION}
    request = Request(method, url, {**own, **(headers or {})}, content, tries=_TRIES)
    try:
        return await call.services.send(request)
    except OSError as error:
        raise ActivityFailed(
            "2108", f"The lake does not answer at {url}: {error}.", failure_type="SystemError"
        ) from error
