"""Artifacts (files of runs and models, by origin and container) and the blob endpoint of their URLs."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from aiohttp import web

from sandbox.errors import NotEmulated
from sandbox.machinelearning.blobs import CONTAINER, Blob, Blobs
from sandbox.machinelearning.errors import BadRequest
from sandbox.machinelearning.operations import Call, Operations
from sandbox.routing import arm, public

if TYPE_CHECKING:
    from sandbox.machinelearning.models import Document, Workspace
    from sandbox.machinelearning.workspaces import Workspaces

_BLOB = f"/{CONTAINER}/{{path:.+}}"


class ArtifactRoutes:
    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def add_routes(self, app: web.Application, workspaces: Workspaces) -> None:
        area = Operations(app, workspaces, "/artifact/v2.0")
        area.add("POST", "/artifacts/metadata", self.create)
        area.add("POST", "/artifacts/batch/metadata/{origin}/{container}", self.create_batch)
        area.add("GET", "/artifacts/prefix/contentinfo/{origin}/{container}/{path:.*}", self.below)
        area.add("GET", "/artifacts/contentinfo/{origin}/{container}/{path:.+}", self.content)
        area.add("GET", "/artifacts/metadata/{origin}/{container}/{path:.+}", self.metadata)
        area.add("GET", "/artifacts/content/{origin}/{container}/{path:.+}", self.download)
        area.add("GET", "/artifacts/{origin}/{container}", self.list_all)
        history = Operations(app, workspaces, "/history/v1.0")
        run = "/experiments/{experiment}/runs/{run}/artifacts"
        history.add("GET", run, self.list_all)
        history.add("GET", run + "/path/{path:.+}", self.list_all)
        history.add("GET", run + "/contentinfo/{path:.+}", self.content)
        history.add("GET", run + "/artifacturi/{path:.+}", self.address)
        history.add("GET", run + "/prefix/contentinfo/{path:.*}", self.below)
        history.add("POST", run + "/batch/metadata", self.create_batch)
        app.add_routes([arm(method, _BLOB, public(self.blob)) for method in ("GET", "HEAD", "PUT")])

    def create(self, call: Call) -> Document:
        body = call.document()
        return artifact(body["origin"], body["container"], body["path"])

    def create_batch(self, call: Call) -> Document:
        """Where to upload: an artifact exists once its bytes are here."""
        origin, container = _place(call)
        paths = [one["path"] for one in call.document()["paths"]]
        places = {path: self._content(call.workspace, origin, container, path, "rcw") for path in paths}
        return {
            "artifacts": {path: artifact(origin, container, path) for path in paths},
            "artifactContentInformation": places,
            "errors": {},
        }

    def below(self, call: Call) -> Document:
        origin, container = _place(call)
        found = self._paths(call.workspace, origin, container, call.path["path"])
        contents = [self._content(call.workspace, origin, container, path, "r") for path in found]
        return {"value": contents, "continuationToken": None}

    def content(self, call: Call) -> Document:
        origin, container = _place(call)
        self._blobs.existing(call.workspace, _folder(origin, container) + call.path["path"])
        return self._content(call.workspace, origin, container, call.path["path"], "r")

    def address(self, call: Call) -> str:
        uri: str = self.content(call)["contentUri"]
        return uri

    def metadata(self, call: Call) -> Document:
        origin, container = _place(call)
        self._blobs.existing(call.workspace, _folder(origin, container) + call.path["path"])
        return artifact(origin, container, call.path["path"])

    def download(self, call: Call) -> web.FileResponse:
        origin, container = _place(call)
        blob = self._blobs.existing(call.workspace, _folder(origin, container) + call.path["path"])
        return web.FileResponse(blob.file)

    def list_all(self, call: Call) -> Document:
        origin, container = _place(call)
        found = self._paths(call.workspace, origin, container, call.path.get("path", ""))
        return {"value": [artifact(origin, container, path) for path in found], "continuationToken": None}

    async def blob(self, request: web.Request) -> web.StreamResponse:
        """PUT (whole, block or block list), HEAD and GET (with ranges), permitted by the URL's signature."""
        path, query = request.match_info["path"], dict(request.query)
        blob = self._blobs.opened(path, query, "w" if request.method == "PUT" else "r")
        match request.method, query.get("comp"):
            case "PUT", None:
                await self._blobs.write(blob, request.content.iter_chunked(1 << 20))
            case "PUT", "block":
                await self._blobs.write_block(
                    blob, query.get("blockid", ""), request.content.iter_chunked(1 << 20)
                )
                return web.Response(status=201, headers=_HEADERS)
            case "PUT", "blocklist":
                blocks = _block_list(await request.read())
                await asyncio.to_thread(self._blobs.commit_blocks, blob, blocks)
            case "PUT", other:
                raise NotEmulated(f"Put Blob with comp={other}")
        return _uploaded(blob) if request.method == "PUT" else _file(blob)

    def _paths(self, workspace: Workspace, origin: str, container: str, prefix: str) -> list[str]:
        folder = _folder(origin, container)
        found = self._blobs.files(workspace, folder + prefix.rstrip("/"))
        return [path.removeprefix(folder) for path, _ in found]

    def _content(
        self, workspace: Workspace, origin: str, container: str, path: str, permissions: str
    ) -> Document:
        blob = self._blobs.blob(workspace, _folder(origin, container) + path)
        uri = self._blobs.url(blob, permissions)
        return {"contentUri": uri, "origin": origin, "container": container, "path": path}


_HEADERS = {"x-ms-version": "2021-08-06", "x-ms-blob-type": "BlockBlob"}


def artifact(origin: str, container: str, path: str) -> Document:
    return {
        "artifactId": f"{origin}/{container}/{path}",
        "origin": origin,
        "container": container,
        "path": path,
        "etag": None,
        "createdTime": None,
        "dataPath": None,
    }


def _place(call: Call) -> tuple[str, str]:
    """A run's artifacts are asked for both by its data container and by its id."""
    if "run" in call.path:
        return "ExperimentRun", f"dcid.{call.path['run']}"
    return call.path["origin"], call.path["container"]


def _folder(origin: str, container: str) -> str:
    return f"artifacts/{origin}/{container}/"


def _block_list(body: bytes) -> list[str]:
    try:
        return [element.text or "" for element in ET.fromstring(body)]  # noqa: S314 - our own clients' lists
    except ET.ParseError as error:
        raise BadRequest(f"The block list is not XML: {error}.") from error


def _file(blob: Blob) -> web.StreamResponse:
    if not blob.file.is_file():
        headers = {**_HEADERS, "x-ms-error-code": "BlobNotFound"}
        return web.Response(status=404, text="BlobNotFound", headers=headers)
    return web.FileResponse(blob.file, headers={**_HEADERS, "Content-Type": "application/octet-stream"})


def _uploaded(blob: Blob) -> web.Response:
    status = blob.file.stat()
    headers: dict[str, Any] = {
        **_HEADERS,
        "ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"',
        "Last-Modified": formatdate(status.st_mtime, usegmt=True),
        "x-ms-request-server-encrypted": "true",
    }
    return web.Response(status=201, headers=headers)
