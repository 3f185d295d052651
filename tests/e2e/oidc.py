"""A small OpenID provider on this computer: discovery, keys, and the code flow with PKCE, as strict as a real one."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "winnow", "what the provider and the app know"
PEOPLE = {
    "ada": {"sub": "1", "email": "ada@lab.example", "name": "Ada Lovelace"},
    "mary": {"sub": "2", "name": "Mary Somerville"},
}


class Provider:
    """Knows one app and two people; `claims` replace what an identity token says, `key` signs it."""

    def __init__(self, app: str) -> None:
        """Serve an app at this address on a free port."""
        self.back, self.claims, self.refused = f"{app}/oauth2callback", dict[str, Any](), list[str]()
        self.key = self.published = RSAKey.generate_key(2048, {"kid": "first"})
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def discovery(self) -> dict[str, Any]:
        """What a client has to know of the provider."""
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        places["end_session_endpoint"] = "leave"
        return {
            "issuer": self.url, "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            **{name: f"{self.url}/{place}" for name, place in places.items()},
        }  # fmt: skip

    def page(self, asked: Mapping[str, str]) -> str:
        """Who is it? A link for each person back to the app with a code, which is good for one token."""
        wanted = {"client_id": CLIENT, "redirect_uri": self.back, "response_type": "code"}
        wanted["code_challenge_method"] = "S256"
        self._hold({name: asked.get(name) for name in wanted}, wanted)
        self._hold("openid" in asked["scope"].split() and all(asked[k] for k in ("state", "nonce", "code_challenge")))
        links = []
        for person in PEOPLE:
            code = secrets.token_urlsafe()
            self._codes[code] = {**asked, "person": person}
            back = f"{self.back}?{urlencode({'code': code, 'state': asked['state']})}"
            links.append(f'<a href="{back.replace("&", "&amp;")}">{person}</a>')
        return f"<h1>The lab's login</h1>{' '.join(links)}"

    def token(self, sent: Mapping[str, str], authorization: str) -> dict[str, Any]:
        """The identity token of a code, for the app that proves it asked for it."""
        known = ":".join(quote(part, safe="") for part in (CLIENT, SECRET))
        said = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        self._hold(":".join(quote(unquote(part), safe="") for part in said.split(":", 1)), known)
        asked = self._codes.pop(sent["code"])
        self._hold((sent["grant_type"], sent["redirect_uri"]), ("authorization_code", self.back))
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        self._hold(base64.urlsafe_b64encode(digest).decode().rstrip("="), asked["code_challenge"])
        now = int(time.time())
        times = {"iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {"iss": self.url, "aud": CLIENT, **times, **PEOPLE[asked["person"]], **self.claims}
        identity = jwt.encode({"alg": "RS256", "kid": "first"}, claims, self.key)
        return {
            "access_token": secrets.token_urlsafe(),
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": identity,
        }

    def farewell(self, asked: Mapping[str, str]) -> str:
        """Where a browser goes after it has signed out here."""
        self._hold((asked["client_id"], asked["post_logout_redirect_uri"]), (CLIENT, self.back))
        jwt.decode(asked["id_token_hint"], self.published)
        return self.back

    def _hold(self, found: object, wanted: object = True) -> None:
        if found != wanted:
            self.refused.append(f"{found} instead of {wanted}")
            raise ValueError(self.refused[-1])


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    import json

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            if place.path == "/.well-known/openid-configuration":
                self._send(json.dumps(provider.discovery()), "application/json")
            elif place.path == "/jwks":
                keys = {"keys": [provider.published.as_dict(private=False)]}
                self._send(json.dumps(keys), "application/json")
            elif place.path == "/authorize":
                self._send(provider.page(asked), "text/html")
            elif place.path == "/leave":
                self.send_response(302)
                self.send_header("Location", provider.farewell(asked))
                self.end_headers()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            self._send(json.dumps(provider.token(sent, self.headers["Authorization"])), "application/json")

        def _send(self, text: str, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
