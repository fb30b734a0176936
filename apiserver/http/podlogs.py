"""pods/log: what can be said of the logs of a Pod whose containers are simulated. A request is checked as Kubernetes
checks it; a Pod on no node has no logs (204); and of a container that runs nothing there is nothing to show (501)."""

from __future__ import annotations

from apiserver import errors
from apiserver.api import API
from apiserver.http.options import integer
from apiserver.http.paths import Target
from apiserver.http.requests import Request, Response
from apiserver.kind import Kind, Object
from apiserver.objects.validation import Causes, forbidden, invalid, not_negative

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


class NotServed(errors.APIError):
    """A part of Kubernetes that needs real containers."""

    code, reason = 501, "NotImplemented"


async def get_log(api: API, request: Request, kind: Kind, place: Target) -> Response:
    """Raises NotFound, Invalid (the options), BadRequest (the container), NotServed."""
    causes = _wrong_options(request)
    if causes:
        raise errors.Invalid("PodLogOptions", place.name, causes)
    pod = api.get(kind, place.namespace, place.name).object
    container = _chosen(pod, request.query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return Response(b"", 204)
    raise NotServed(f"the log of container {container} is not available: containers are simulated and print nothing")


def _wrong_options(request: Request) -> Causes:
    query = request.query
    tail, limit, since = (integer(query, name) for name in ("tailLines", "limitBytes", "sinceSeconds"))
    causes: Causes = [] if tail is None else not_negative("tailLines", tail)
    if limit is not None and limit < 1:
        causes.append(invalid("limitBytes", limit, "must be greater than 0"))
    if since is not None and query.get("sinceTime"):
        # Kubernetes puts this at an empty path, which it prints so.
        causes.append(forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif since is not None and since < 1:
        causes.append(invalid("sinceSeconds", since, "must be greater than 0"))
    if query.get("stream"):
        causes.append(forbidden("stream", "may not be specified"))
    return causes


def _chosen(pod: Object, asked: str) -> str:
    """The container that is meant."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [container["name"] for field in CONTAINER_LISTS for container in spec.get(field) or ()]
    if asked:
        if asked not in names:
            raise errors.BadRequest(f"container {asked} is not valid for pod {name}")
        return asked
    if len(spec["containers"]) == 1:
        return str(spec["containers"][0]["name"])
    text = f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]"
    raise errors.BadRequest(text)
