"""What carries requests to Resource Manager: the SDK's own transport, prepared for many threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest
    from urllib3.connectionpool import ConnectionPool

MOST_CONNECTIONS = 64


def transport(options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - azure-core's
    """The SDK's, but with a connection for each of many workers, and with one look at the environment.

    Its own keeps ten: of more workers each shakes hands anew for every request. And for every request it
    reads all environment variables four times, in search of proxies, carries cookies, of which Resource
    Manager has none, looks for ~/.netrc, whose password would take the token's place, and three times whether
    the authorities' file is still there.
    """
    from azure.core.pipeline.transport import RequestsTransport

    session = _steady_session()
    session.mount("https://", _steady_adapter())
    settings = {name: value for name, value in options.items() if name.startswith("connection_")}
    return RequestsTransport(session=session, **settings)


def _steady_session() -> Any:  # noqa: ANN401 - requests is imported late
    from requests import PreparedRequest, Request, Session

    known: dict[tuple[Any, ...], Any] = {}

    class SteadySession(Session):
        """The environment is read once for each authority."""

        def merge_environment_settings(self, url: Any, proxies: Any, *given: Any) -> Any:  # noqa: ANN401
            if proxies:
                return super().merge_environment_settings(url, proxies, *given)
            key = (_authority(url), *given)
            if key not in known:
                known[key] = super().merge_environment_settings(url, proxies, *given)
            return dict(known[key])

        def prepare_request(self, request: Request) -> PreparedRequest:
            made = PreparedRequest()
            made.prepare(
                method=request.method,
                url=request.url,
                headers={**self.headers, **request.headers},
                files=request.files,
                data=request.data,
            )
            return made

    return SteadySession()


def _steady_adapter() -> Any:  # noqa: ANN401 - requests is imported late
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    known: dict[tuple[object, ...], ConnectionPool] = {}

    class SteadyAdapter(HTTPAdapter):
        """An authority's connections are found once, and told then whom they trust."""

        def get_connection_with_tls_context(
            self,
            request: PreparedRequest,
            verify: bool | str | None,  # noqa: FBT001 - as requests has it
            proxies: Mapping[str, str] | None = None,
            cert: tuple[str, str] | str | None = None,
        ) -> ConnectionPool:
            if proxies:
                return super().get_connection_with_tls_context(request, verify, proxies, cert)
            key = (_authority(str(request.url)), verify, cert)
            if key not in known:
                found = super().get_connection_with_tls_context(request, verify, proxies, cert)
                super().cert_verify(found, request.url, verify, cert)  # type: ignore[no-untyped-call]
                known[key] = found
            return known[key]

        def cert_verify(self, connections: ConnectionPool, *given: Any) -> None:  # noqa: ANN401
            if connections not in known.values():
                super().cert_verify(connections, *given)  # type: ignore[no-untyped-call]

        def close(self) -> None:
            known.clear()
            super().close()

    never = Retry(total=False, redirect=False, raise_on_status=False)  # that is decided in the SDK's pipeline
    return SteadyAdapter(pool_maxsize=MOST_CONNECTIONS, max_retries=never)


def _authority(url: str) -> str:
    """`https://management.azure.com`."""
    return "/".join(url.split("/", 3)[:3])
