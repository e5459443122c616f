#!/usr/bin/env python3
"""A gate: checks a person in at a running gateway and prints the verdict.

Usage: gate.py BASE-URL CA.pem TERMINAL.token PERSON.json, where PERSON.json is what registration answered.
A real gate scans the code off the person's phone. This one makes the code as the phone does, without the network."""

import base64
import hmac
import http.client
import json
import pathlib
import ssl
import struct
import sys
import time
import urllib.parse

TRIES = 5  # A person does not stand at a gate for longer.


def person_code(person, kid, key):
    """The person's code of the present 30 seconds; gateway/core/src/code has its layout."""
    number = 0
    for character in person[1:]:  # `p` and 13 digits of Crockford's base32.
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(character)
    body = struct.pack(">BBQI", 1, kid, number, int(time.time()) // 30)
    seal = hmac.digest(base64.urlsafe_b64decode(key + "="), b"scangate person code" + body, "sha256")
    return base64.urlsafe_b64encode(body + seal[:16]).decode()


def main(url, certificate, token, phone):
    url = urllib.parse.urlsplit(url)
    trust = ssl.create_default_context(cafile=certificate)
    token = pathlib.Path(token).read_text().strip()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    phone = json.loads(pathlib.Path(phone).read_text())
    for attempt in range(1, TRIES + 1):
        # A refusal stores nothing, so the next attempt sends a fresh code. The gateway may close a connection whose
        # request it has shed, so each attempt has its own.
        client = http.client.HTTPSConnection(url.hostname, url.port, context=trust, timeout=10)
        client.request("POST", "/v1/check-ins", json.dumps({"person": person_code(**phone)}), headers)
        answer = client.getresponse()
        body = json.load(answer)
        if answer.status == 200:
            print(f"{body['verdict']} ({body['colour']}) at {body['venue']['name']}")
            print(f"still to check: {', '.join(body['checks']) or 'nothing'}")
            return
        retry_after = answer.getheader("retry-after")
        if retry_after is None or attempt == TRIES:
            sys.exit(f"{answer.status} {body['code']}: {body['detail']}")
        print(f"{body['code']}: trying again in {retry_after} s", file=sys.stderr)
        time.sleep(int(retry_after))


if len(sys.argv) != 5:
    sys.exit("usage: gate.py BASE-URL CA.pem TERMINAL.token PERSON.json")
main(*sys.argv[1:])
