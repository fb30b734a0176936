"""What the benchmarks store."""

from __future__ import annotations

import json
from typing import Any

Object = dict[str, Any]


def pod(name: str, *, node: str = "", labels: dict[str, str] | None = None, **annotations: str) -> Object:
    """A Pod that no scheduler touches; with `node`, one that its kubelet runs."""
    metadata: Object = {"name": name, "labels": labels or {"app": "bench"}}
    if annotations:
        metadata["annotations"] = annotations
    container = {
        "name": "app",
        "image": "nginx:1.27",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "A", "value": "1"}],
    }
    spec: Object = {"schedulerName": "nobody", "containers": [container]}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service(name: str, app: str) -> Object:
    spec = {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def deployment(name: str, replicas: int) -> Object:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": "nginx"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def creating(namespace: str, token: str) -> str:
    """A script for wrk: every request makes another Pod."""
    body = json.dumps(pod("NAME"))
    return _script(token, "POST", f'"/api/v1/namespaces/{namespace}/pods"', f"([[{body}]]):gsub('NAME', 'p' .. n)")


def patching(namespace: str, token: str, pods: int) -> str:
    """A script for wrk: labels of Pods w0, w1, ... in turn."""
    path = f'"/api/v1/namespaces/{namespace}/pods/w" .. n % {pods}'
    body = """'{"metadata":{"labels":{"step":"' .. n .. '"}}}'"""
    return _script(token, "PATCH", path, body, "application/merge-patch+json")


def reading(path: str, token: str, accept: str = "application/json") -> str:
    """A script for wrk: the same GET again and again."""
    return _script(token, "GET", f'"{path}"', "nil", accept=accept)


def _script(
    token: str, method: str, path: str, body: str, content_type: str = "application/json", accept: str = "*/*"
) -> str:
    return f"""
local n = 0
local headers = {{["Authorization"] = "Bearer {token}", ["Content-Type"] = "{content_type}", ["Accept"] = "{accept}"}}
function request()
  n = n + 1
  local body = {body}
  return wrk.format("{method}", {path}, headers, body)
end
"""
