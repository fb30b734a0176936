"""Flags that every command takes, and those that many share."""

from __future__ import annotations

from minictl.grammar.flags import Flag

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
RECORD = Flag(
    "record",
    "bool",
    help="keep this command line as the change's cause",
    deprecated="--record will be removed in the future",
)

GLOBAL_FLAGS = (
    Flag("as", help="user to act as"),
    Flag("as-group", "array", help="group to act as; may be repeated"),
    Flag("as-uid", help="UID to act as"),
    Flag("as-user-extra", "array", help="more about the user to act as, KEY=VALUE; may be repeated"),
    Flag("cache-dir", help="folder for cached discovery"),
    Flag("certificate-authority", help="file with the CA certificate of the server"),
    Flag("client-certificate", help="file with a client certificate"),
    Flag("client-key", help="file with the key of the client certificate"),
    Flag("cluster", help="cluster of the kubeconfig; without one, the name of the local cluster"),
    Flag("context", help="context of the kubeconfig"),
    Flag("disable-compression", "bool", help="ignored: nothing is compressed", hidden=True),
    Flag("insecure-skip-tls-verify", "bool", help="do not check the server's certificate"),
    Flag("kuberc", help="file with your defaults and aliases"),
    Flag("kubeconfig", help="kubeconfig file; without one and without $KUBECONFIG, the local cluster is used"),
    Flag("match-server-version", "bool", help="ignored", hidden=True),
    Flag("namespace", "string", "n", help="namespace to work in"),
    Flag("no-start", "bool", help="do not start the local cluster when it is not running"),
    Flag("password", help="password for basic authentication"),
    Flag("profile", default="none", help="ignored", hidden=True),
    Flag("profile-output", default="profile.pprof", help="ignored", hidden=True),
    Flag("log-flush-frequency", "seconds", default=5.0, help="ignored", hidden=True),
    Flag("request-timeout", default="0", help="how long to wait for one answer (1s, 2m, 3h); 0 for ever"),
    Flag("server", "string", "s", help="address of the server"),
    Flag("tls-server-name", help="name to expect in the server's certificate"),
    Flag("token", help="bearer token"),
    Flag("user", help="user of the kubeconfig"),
    Flag("username", help="user name for basic authentication"),
    Flag("v", "int", "v", help="tell what is asked of the server: 6 requests, 7 headers, 8 bodies, 9 all of them"),
    Flag("vmodule", help="ignored", hidden=True),
    Flag("warnings-as-errors", "bool", help="exit with 1 when the server warned"),
)
