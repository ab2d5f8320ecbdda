"""What carries requests to Resource Manager: the SDK's own transport, prepared for many threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_CONNECTIONS = 64


def transport(options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The SDK's, but with a connection for each of many workers, and with one look at the environment.

    Its own keeps ten: of more workers each shakes hands anew for every request. And for every request it
    reads all environment variables four times, in search of proxies, carries cookies, of which Resource
    Manager has none, and looks for ~/.netrc, whose password would take the token's place.
    """
    from azure.core.pipeline.transport import RequestsTransport
    from requests import PreparedRequest, Request, Session
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    known: dict[tuple[Any, ...], Any] = {}

    class SteadySession(Session):
        def merge_environment_settings(self, url: Any, proxies: Any, *given: Any) -> Any:  # noqa: ANN401
            if proxies:
                return super().merge_environment_settings(url, proxies, *given)
            key = (*url.split("/", 3)[:3], *given)
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

    never = Retry(total=False, redirect=False, raise_on_status=False)  # that is decided in the SDK's pipeline
    session = SteadySession()
    session.mount("https://", HTTPAdapter(pool_maxsize=MOST_CONNECTIONS, max_retries=never))
    settings = {name: value for name, value in options.items() if name.startswith("connection_")}
    return RequestsTransport(session=session, **settings)
