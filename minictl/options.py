"""Flags that many commands share."""

from __future__ import annotations

from minictl.flags import Flag

FILES = (
    Flag("filename", "strings", "f", help="file, folder or URL with manifests; - for standard input"),
    Flag("kustomize", "string", "k", help="folder with a kustomization"),
    Flag("recursive", "bool", "R", help="read the folders below those named with -f, too"),
)
SELECTOR = Flag("selector", "string", "l", help="label selector: key=value, key!=value, key in (a,b), !key")
FIELD_SELECTOR = Flag("field-selector", "string", help="field selector, such as metadata.name=web")
ALL_NAMESPACES = Flag("all-namespaces", "bool", "A", help="in every namespace")
IGNORE_NOT_FOUND = Flag("ignore-not-found", "bool", help="take a missing object for no error")
OUTPUT = (
    Flag("output", "string", "o", help="json, yaml, name, jsonpath=..., go-template=..., custom-columns=..., wide"),
    Flag("template", "string", help="the template of -o go-template or -o jsonpath"),
    Flag("show-managed-fields", "bool", help="keep metadata.managedFields in JSON and YAML"),
    Flag("allow-missing-template-keys", "bool", default=True, help="ignore keys a template misses"),
)
DRY_RUN = Flag(
    "dry-run", "string", default="none", bare="unchanged", help="none, client (send nothing) or server (store nothing)"
)
FIELD_MANAGER = Flag("field-manager", "string", help="name under which the server records changed fields")
