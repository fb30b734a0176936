"""Kubeconfig files: finding, merging, reading and changing them.

Several files (a list in $KUBECONFIG) are one configuration: of each name the first file's entry wins, and a change is
written to the file that holds the entry, or to the first file for a new one.
"""

from __future__ import annotations

import os

from minictl.errors import CommandError, ConfigurationError, cannot_open
from minictl.texts import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Object = dict[str, Any]

SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
"""The lists of a kubeconfig, and the word under which each entry keeps its content."""


class Place:
    """Where a server is and who asks: what a context comes down to."""

    __slots__ = ("cluster", "cluster_name", "context", "namespace", "user", "user_name")

    def __init__(
        self, context: str, cluster_name: str, cluster: Object, user: Object, namespace: str, user_name: str = ""
    ) -> None:
        self.context = context
        self.cluster_name = cluster_name
        self.cluster = cluster
        self.user = user
        self.user_name = user_name
        self.namespace = namespace


class Kubeconfig:
    """The merged content of `paths`. `explicit`: the one file came from --kubeconfig, so it has to exist to be used."""

    def __init__(self, paths: list[str], explicit: bool = False) -> None:
        self.paths = paths
        self.explicit = explicit
        self.files: dict[str, Object] = {}
        for path in paths:
            content = load(path)
            if content is not None:
                self.files[path] = content

    # --- reading

    def entries(self, section: str, resolve: bool = False) -> dict[str, Object]:
        """name -> content of a section, the first file's where several have it; `resolve`: with whole file names."""
        word = SECTIONS[section]
        found: dict[str, Object] = {}
        for path, content in self.files.items():
            for entry in content.get(section) or []:
                value = dict(entry.get(word) or {})
                if resolve:
                    _absolute(section, value, os.path.dirname(os.path.abspath(path)))
                found.setdefault(entry.get("name", ""), value)
        return found

    def owner(self, section: str, name: str) -> str:
        """The file an entry is in, or the one a new entry belongs to."""
        for path, content in self.files.items():
            if any(entry.get("name") == name for entry in content.get(section) or []):
                return path
        return self.default_path()

    def default_path(self) -> str:
        return next((path for path in self.paths if path in self.files), self.paths[-1])

    @property
    def current_context(self) -> str:
        for content in self.files.values():
            if content.get("current-context"):
                return str(content["current-context"])
        return ""

    def merged(self, resolve: bool = False) -> Object:
        """One document with everything in it, entries in order of their names."""
        document: Object = {"apiVersion": "v1", "kind": "Config", "current-context": self.current_context}
        for section, word in SECTIONS.items():
            entries = self.entries(section, resolve)
            document[section] = [{word: entries[name], "name": name} for name in sorted(entries)] or None
        preferences = next((c["preferences"] for c in self.files.values() if c.get("preferences")), None)
        if preferences:
            document["preferences"] = preferences
        return document

    def place(self, context: str = "", cluster: str = "", user: str = "") -> Place:
        """What a context means, with the cluster and the user replaced where asked.

        Raises:
            ConfigurationError: it names a context, a cluster or a user that is not there.
        """
        if self.explicit and not self.files:
            raise CommandError(f"stat {self.paths[0]}: no such file or directory")
        contexts, clusters, users = (
            self.entries(section, resolve=True) for section in ("contexts", "clusters", "users")
        )
        name = context or self.current_context
        if context and context not in contexts:
            raise ConfigurationError(f"context was not found for specified context: {context}")
        chosen = contexts.get(name, {})
        if name and name not in contexts:
            raise ConfigurationError(f"context was not found for specified context: {name}")
        cluster_name = cluster or chosen.get("cluster", "")
        if cluster and cluster not in clusters:
            raise CommandError(f'no server found for cluster "{cluster}"')
        user_name = user or chosen.get("user", "")
        if user and user not in users:
            raise CommandError(f'auth info "{user}" does not exist')
        return Place(
            name,
            cluster_name,
            clusters.get(cluster_name, {}),
            users.get(user_name, {}),
            chosen.get("namespace", ""),
            user_name,
        )

    # --- changing

    def set_entry(self, section: str, name: str, value: Object) -> None:
        """Adds or replaces an entry; files it names that lie beside or below its own are named as seen from there."""
        path = self.owner(section, name)
        value = _relative(section, value, os.path.dirname(os.path.abspath(path)))
        content = self.files.setdefault(path, _empty())
        word, entries = SECTIONS[section], content.get(section) or []
        for entry in entries:
            if entry.get("name") == name:
                entry[word] = value
                break
        else:
            entries.append({word: value, "name": name})
        content[section] = entries

    def remove_entry(self, section: str, name: str) -> None:
        for content in self.files.values():
            entries = content.get(section) or []
            content[section] = [entry for entry in entries if entry.get("name") != name]

    def set_current_context(self, name: str) -> None:
        holder = next((p for p, c in self.files.items() if c.get("current-context")), self.default_path())
        self.files.setdefault(holder, _empty())["current-context"] = name

    def save(self) -> None:
        """Writes every file back, readable by its owner only.

        Raises:
            CommandError: a file cannot be written.
        """
        from schemas import yamls

        for path, content in self.files.items():
            document = {"apiVersion": "v1", "kind": "Config", "current-context": "", **content}
            document = {key: value for key, value in document.items() if value != {} or key != "preferences"}
            for section in SECTIONS:
                document[section] = sorted(content.get(section) or [], key=lambda e: str(e.get("name", ""))) or None
            write_private(path, yamls.dump(document))


ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a Pod finds the token of its ServiceAccount."""


def inside(environ: Mapping[str, str], account: str = ACCOUNT) -> Place | None:
    """The cluster that this process runs in, as a Pod with its ServiceAccount; None when it does not."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    token = os.path.join(account, "token")
    if not host or not port or not os.path.exists(token):
        return None
    try:
        with open(os.path.join(account, "namespace"), encoding="utf-8") as file:
            namespace = file.read().strip()
    except OSError:
        namespace = ""
    address = f"[{host}]" if ":" in host else host
    cluster = {"server": f"https://{address}:{port}", "certificate-authority": os.path.join(account, "ca.crt")}
    return Place("", "", cluster, {"tokenFile": token}, namespace)


def _empty() -> Object:
    return {"apiVersion": "v1", "kind": "Config", "clusters": None, "contexts": None, "users": None}


NAMING_FILES = {
    "clusters": ("certificate-authority",),
    "users": ("client-certificate", "client-key", "tokenFile"),
    "contexts": (),
}
"""The fields that hold names of files."""


def _relative(section: str, value: Object, folder: str) -> Object:
    value = dict(value)
    for key in NAMING_FILES[section]:
        whole = os.path.normpath(os.path.join(folder, value.get(key) or ""))
        if value.get(key) and whole.startswith(folder.rstrip(os.sep) + os.sep):
            value[key] = os.path.relpath(whole, folder)
    return value


def _absolute(section: str, value: Object, folder: str) -> None:
    """File names in a kubeconfig are relative to it."""
    for key in NAMING_FILES[section]:
        if value.get(key):
            value[key] = os.path.join(folder, value[key])
    command = str((value.get("exec") or {}).get("command") or "") if section == "users" else ""
    if os.sep in command:  # a bare name is looked for on the path
        value["exec"] = {**value["exec"], "command": os.path.join(folder, command)}


def load(path: str) -> Object | None:
    """The content of one file, None when it does not exist.

    Raises:
        CommandError: it cannot be read, or it is no kubeconfig.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(
            f'error loading config file "{path}": open {path}: {(error.strerror or "").lower()}'
        ) from None
    except UnicodeDecodeError:
        raise CommandError(f'error loading config file "{path}": yaml: control characters are not allowed') from None
    simple = plain.read(text)
    if simple is not None:
        return simple  # most are; then the YAML library need not be imported
    from schemas import yamls

    try:
        content = yamls.load(text)
    except yamls.YAMLError as error:
        raise CommandError(f'error loading config file "{path}": {error}') from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise CommandError(f'error loading config file "{path}": couldn\'t get version/kind; json parse error')
    return content


def write_private(path: str, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all.

    Raises:
        CommandError: it cannot be written.
    """
    scratch = f"{path}.{os.getpid()}.tmp"
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(scratch, os.path.realpath(path))
    except OSError as error:
        raise cannot_open(path, error) from None


def paths_from_environment(environ: dict[str, str]) -> list[str]:
    """The files $KUBECONFIG names, without empty and repeated ones."""
    return list(dict.fromkeys(part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part))
