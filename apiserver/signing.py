"""Signed tokens: JSON Web Tokens (RFC 7519) with ECDSA on P-256 (ES256, RFC 7518), and the key that signs them.

    base64url(header) . base64url(claims) . base64url(signature)        header: {"alg": "ES256", "kid": ...}

A token says which algorithm signed it, and is not believed: one algorithm and one key are accepted here, so neither
`none` nor a public key taken for a shared secret gets anybody in. What the claims mean is the business of whoever asks.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from apiserver.certificates import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

Claims = dict[str, Any]

ALGORITHM = "ES256"
COORDINATE_BYTES = 32
MAX_TOKEN_CHARACTERS = 16 * 1024
KEPT_TOKENS = 1024
"""Tokens whose signature is remembered to be good."""


class Signer:
    """Signs and verifies with the key in `file`, which is made when there is none, and read when first needed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._verified: dict[str, Claims] = {}

    def sign(self, claims: Claims) -> str:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        header = {"alg": ALGORITHM, "kid": self.key_id}
        signed = f"{_encoded(orjson.dumps(header))}.{_encoded(orjson.dumps(claims))}"
        r, s = utils.decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encoded(_number(r) + _number(s))}"

    def verify(self, token: str) -> Claims | None:
        """The claims of a token that was signed here; None for anything else. Neither time nor claims are looked at."""
        known = self._verified.get(token)
        if known is not None:
            return known
        claims = self._verify(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
        if claims is not None:
            if len(self._verified) >= KEPT_TOKENS:
                self._verified.clear()
            self._verified[token] = claims
        return claims

    def _verify(self, token: str) -> Claims | None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        try:
            head, body, tail = token.split(".")
            header, claims, signature = orjson.loads(_decoded(head)), orjson.loads(_decoded(body)), _decoded(tail)
        except ValueError:
            return None
        if not isinstance(header, dict) or not isinstance(claims, dict) or len(signature) != 2 * COORDINATE_BYTES:
            return None
        if header.get("alg") != ALGORITHM or header.get("kid") != self.key_id or "crit" in header:
            return None
        halves = signature[:COORDINATE_BYTES], signature[COORDINATE_BYTES:]
        r, s = (int.from_bytes(half, "big") for half in halves)
        try:
            self._key.public_key().verify(
                utils.encode_dss_signature(r, s), f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())
            )
        except InvalidSignature:
            return None
        return claims

    def jwks(self) -> Claims:
        """The public key, as a JSON Web Key Set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "use": "sig", "kty": "EC", "kid": self.key_id, "crv": "P-256", "alg": ALGORITHM,
            "x": _encoded(_number(numbers.x)), "y": _encoded(_number(numbers.y)),
        }  # fmt: skip
        return {"keys": [key]}

    @cached_property
    def key_id(self) -> str:
        """A digest of the public key."""
        from cryptography.hazmat.primitives import serialization

        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return _encoded(hashlib.sha256(public).digest())

    @cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        if self._file.exists():
            loaded = serialization.load_pem_private_key(self._file.read_bytes(), None)
            assert isinstance(loaded, ec.EllipticCurvePrivateKey)
            return loaded
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(self._file, pem.decode())
        return key


def _number(value: int) -> bytes:
    return value.to_bytes(COORDINATE_BYTES, "big")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Raises ValueError for what is not base64url without padding, to the last bit: a token has one spelling."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encoded(data) != text:
        raise ValueError("not the canonical text")
    return data
