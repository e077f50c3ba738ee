"""What schemathesis is told of Sluice: how requests are signed, and what every refusal carries.

The installation under test is named in SLUICE_DEV_JSON. Partners' routes are asked with the demo partner's key, the
platform's with the platform's.
"""

import atexit
import collections
import hashlib
import hmac
import json
import os
import secrets
import time
from urllib.parse import urlsplit

import requests.auth
import schemathesis

with open(os.environ["SLUICE_DEV_JSON"], encoding="utf-8") as file:
    DEV = json.load(file)
PLATFORM = ("/v1/partners", "/v1/keys", "/v1/limits", "/v1/restored", "/v1/stops")


class Signed(requests.auth.AuthBase):
    """Signs the bytes that are sent (docs/signing.md)."""

    def __call__(self, request):
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        word = DEV["platform_api_key" if target.startswith(PLATFORM) else "api_key"]
        key, secret = word.split(".", 1)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        timestamp, nonce = str(int(time.time() * 1000)), secrets.token_hex(16)
        digest = hashlib.sha256(body).hexdigest()
        text = "\n".join([timestamp, nonce, request.method, target, digest])
        mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        request.headers["Sluice-Key"] = key
        request.headers["Sluice-Timestamp"] = timestamp
        request.headers["Sluice-Nonce"] = nonce
        request.headers["Sluice-Signature"] = f"v1={mac}"
        return request


schemathesis.auth.set_from_requests(Signed())


# The keys that sign. The tool finds them in the list of keys, and would revoke them.
OURS = {DEV[name].split(".", 1)[0] for name in DEV if name.endswith("api_key")}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path_parameters and case.path_parameters.get("id") in OURS:
        case.path_parameters["id"] = "key_" + "0" * 26


ANSWERS = collections.Counter()


@schemathesis.hook
def after_call(context, case, response):
    ANSWERS[response.status_code] += 1


atexit.register(lambda: print("answers:", dict(sorted(ANSWERS.items()))))


@schemathesis.check
def a_refusal_has_a_stable_code_and_a_remedy(ctx, response, case):
    if response.status_code < 400:
        return
    kind = response.headers.get("content-type", [""])[0]
    assert kind.startswith("application/problem+json"), f"a refusal of type {kind!r}"
    problem = response.json()
    assert problem.get("code"), "a refusal without a code"
    assert problem.get("status") == response.status_code, "the body names another status"
    assert problem.get("detail") and problem.get("title"), "a refusal without words"
    assert problem["code"] != "internal", "a refusal that explains nothing"
    # Otherwise nothing behind the door was asked.
    assert response.status_code not in (401, 429), f"turned away at the door: {problem['code']}"
