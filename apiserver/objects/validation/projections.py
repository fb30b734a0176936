"""Validation of projected volumes: several sources in one directory, whose paths must not collide."""

from __future__ import annotations

from collections.abc import Callable

from apiserver.objects.validation import Causes, Object, forbidden, invalid, not_supported, required
from apiserver.objects.validation.meta import validate_label_selector
from apiserver.objects.validation.names import dns_subdomain, http_path, problems
from apiserver.objects.validation.paths import validate_file_path
from apiserver.objects.validation.podlayout import on_one_line

TOKEN_MIN_SECONDS = 10 * 60
TOKEN_MAX_SECONDS = 1 << 32
CERTIFICATE_MIN_SECONDS = 60 * 60
CERTIFICATE_MAX_SECONDS = 91 * 24 * 60 * 60
KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
CONFLICT = "conflicting duplicate paths"

Check = Callable[[str, Object], Causes]


def validate_projected(at: str, sources: list[Object], check_key: Check, check_file: Check) -> Causes:
    """`at` is the volume's projected field; `check_key` and `check_file` validate one item of a ConfigMap or Secret and
    of the downward API."""
    paths: set[str] = set()
    causes: Causes = []
    for index, source in enumerate(sources):
        here = f"{at}.sources[{index}]"
        for name in ("secret", "configMap"):
            if (files := source.get(name)) is not None:
                causes += _validate_files(at, f"{here}.{name}", files, check_key, paths)
        for item in (source.get("downwardAPI") or {}).get("items") or ():
            causes += check_file(f"{here}.downwardAPI", item)
            causes += _claim_path(at, item.get("path", ""), paths, item.get("path", ""))
        if (token := source.get("serviceAccountToken")) is not None:
            causes += _validate_token(at, f"{here}.serviceAccountToken", token)
        if (bundle := source.get("clusterTrustBundle")) is not None:
            causes += _validate_bundle(f"{here}.clusterTrustBundle", bundle)
            causes += _claim_path(at, bundle.get("path", ""), paths, bundle.get("path", ""))
        if (certificate := source.get("podCertificate")) is not None:
            causes += _validate_certificate(at, f"{here}.podCertificate", certificate, paths)
        if len(source) > 1:
            causes.append(forbidden(here, "may not specify more than 1 volume type per source"))
    return causes


def _claim_path(at: str, path: str, paths: set[str], shown: str) -> Causes:
    if not path:
        return []
    if path in paths:
        return [invalid(at, shown, CONFLICT)]
    paths.add(path)
    return []


def _validate_files(volume: str, at: str, files: Object, check_key: Check, paths: set[str]) -> Causes:
    name = files.get("name", "")
    causes = [] if name else [required(f"{at}.name")]
    for index, item in enumerate(files.get("items") or ()):
        causes += check_key(f"{at}.items[{index}]", item)
        causes += _claim_path(volume, item.get("path", ""), paths, name)
    return causes


def _validate_token(volume: str, at: str, token: Object) -> Causes:
    seconds, path = token.get("expirationSeconds", 0), token.get("path", "")
    causes: Causes = []
    if seconds < TOKEN_MIN_SECONDS:
        text = "may not specify a duration less than 10 minutes"
        causes.append(invalid(f"{at}.expirationSeconds", seconds, text))
    elif seconds > TOKEN_MAX_SECONDS:
        text = "may not specify a duration larger than 2^32 seconds"
        causes.append(invalid(f"{at}.expirationSeconds", seconds, text))
    # Kubernetes reports the token's path at the volume, not at the source.
    return causes + (validate_file_path(f"{volume}.path", path) if path else [required(f"{volume}.path")])


def _validate_bundle(at: str, bundle: Object) -> Causes:
    name, signer, path = bundle.get("name"), bundle.get("signerName"), bundle.get("path", "")
    causes: Causes = []
    if name is not None and signer is not None:
        causes.append(invalid(at, on_one_line("Bundle", bundle), "only one of name and signerName may be used"))
    elif name is not None:
        if not name:
            causes.append(required(f"{at}.name", "must be a valid object name"))
        found = dns_subdomain(name.rpartition(":")[2])
        causes += [invalid(f"{at}.name", name, f"not a valid clustertrustbundlename: {text}") for text in found]
        if bundle.get("labelSelector") is not None:
            text = "labelSelector must be unset if name is specified"
            causes.append(invalid(f"{at}.labelSelector", bundle["labelSelector"], text))
    elif signer is not None:
        if not signer:
            causes.append(required(f"{at}.signerName", "must be a valid signer name"))
        causes += validate_signer_name(f"{at}.signerName", signer)
        causes += validate_label_selector(f"{at}.labelSelector", bundle.get("labelSelector"))
    else:
        causes.append(required(at, "either name or signerName must be specified"))
    if not path:
        causes.append(required(f"{at}.path"))
    return causes + validate_file_path(f"{at}.path", path)


def validate_signer_name(at: str, signer: str) -> Causes:
    """`example.com/name`."""
    if not signer:
        return [required(at)]
    domain, slash, path = signer.partition("/")
    if not slash:
        return [invalid(at, signer, 'must be a fully qualified domain and path of the form "example.com/signer-name"')]
    causes = problems(at, signer, dns_subdomain(domain))
    if "." not in domain:
        causes.append(invalid(at, signer, "should be a domain with at least two segments separated by dots"))
    return causes + problems(at, signer, http_path(path))


def _validate_certificate(volume: str, at: str, certificate: Object, paths: set[str]) -> Causes:
    get = certificate.get
    causes = validate_signer_name(f"{at}.signerName", get("signerName", ""))
    key_type, seconds = get("keyType", ""), get("maxExpirationSeconds")
    if key_type not in KEY_TYPES:
        causes.append(not_supported(f"{at}.keyType", key_type, KEY_TYPES))
    if seconds is not None and not CERTIFICATE_MIN_SECONDS <= seconds <= CERTIFICATE_MAX_SECONDS:
        text = f"if provided, maxExpirationSeconds must be between {CERTIFICATE_MIN_SECONDS} and "
        causes.append(invalid(f"{at}.maxExpirationSeconds", seconds, text + str(CERTIFICATE_MAX_SECONDS)))
    named = [name for name in ("credentialBundlePath", "keyPath", "certificateChainPath") if get(name)]
    if not named:
        text = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
        causes.append(required(at, text))
    for name in named:
        path = certificate[name]
        causes += validate_file_path(f"{at}.{name}", path) + _claim_path(volume, path, paths, path)
    return causes
