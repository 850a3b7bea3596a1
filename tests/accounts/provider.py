"""A small OpenID Connect provider: discovery, authorization with PKCE, single-use codes, signed ID tokens, userinfo.

What `lie` holds is done wrong: {"nonce": "x"} puts that into the ID token, {"without": "auth_time"} leaves that out, {"signed_by": "another key"}
signs with one that is not published.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "footfall", "only-for-tests"


@dataclass
class Provider:
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    lie: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}))
    other_key: Any = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    )

    def __post_init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.lie.get("issuer", self.issuer), "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "userinfo_endpoint": f"{self.issuer}/userinfo", "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"], "id_token_signing_alg_values_supported": self.lie.get("algorithms", ["RS256"]),
        }  # fmt: skip

    def authorize(self, address: str) -> str:
        """What the person's browser is sent back to, once they have logged in there."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (
            asked["client_id"] == CLIENT
            and asked["code_challenge_method"] == "S256"
            and asked["response_type"] == "code"
        )
        code, self.asked = secrets.token_urlsafe(), asked
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], client: tuple[str, str]) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or client != (CLIENT, SECRET):
            return None
        if form["redirect_uri"] != asked["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], "auth_time": now, **self.claims,
            **{name: value for name, value in self.lie.items() if name in ("iss", "aud", "exp", "nonce", "auth_time")},
        }  # fmt: skip
        claims.pop(self.lie.get("without"), None)
        key = self.other_key if "signed_by" in self.lie else self.key
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        if "unsigned" in self.lie:
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            signed = f"{head}.{signed.split('.')[1]}."
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": signed}


def handler_of(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self, body: Any, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(self.path))
                self.end_headers()
            elif path == "/.well-known/openid-configuration":
                self.answer(provider.configuration())
            elif path == "/jwks":
                self.answer(KeySet([provider.key]).as_dict(private=False))
            else:
                self.answer({"sub": provider.claims["sub"], **provider.userinfo})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
            name, _, secret = base64.b64decode(encoded).decode().partition(":") if scheme == "Basic" else ("", "", "")
            found = provider.token(form, (name, secret))
            self.answer(found or {"error": "invalid_grant"}, 200 if found else 400)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
