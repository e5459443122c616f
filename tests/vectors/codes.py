#!/usr/bin/env python3
"""A second implementation of the codes, which verifies the gateway's golden vectors.

The secret is the bytes 0 to 31 and the kid is 1. The name of a code of a later key generation ends in its number, and
that of a pass printed after one revocation in REVOKED. Prints a line for each code."""

import base64
import hashlib
import hmac
import struct

SECRET = bytes(range(32))
KID = 1
PERSON = 0x0123456789ABCDEF
VENUE = 0xFEDCBA9876543210
STEP = 54_709_440


def mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def code(key: bytes, domain: bytes, body: bytes) -> str:
    return base64.urlsafe_b64encode(body + mac(key, domain, body)[:16]).rstrip(b"=").decode()


master = mac(SECRET, b"scangate master key", bytes([KID]))
person = mac(master, b"scangate person key", struct.pack(">Q", PERSON))
person_3 = mac(master, b"scangate person key", struct.pack(">QB", PERSON, 3))
door = mac(master, b"scangate door key", struct.pack(">QH", VENUE, 3))
server = mac(master, b"scangate server key")

print("PERSON_CODE", code(person, b"scangate person code", struct.pack(">BBQI", 1, KID, PERSON, STEP)))
print("RESIDENT_TOKEN", code(person, b"scangate resident token", struct.pack(">BBQI", 2, KID, PERSON, STEP)))
print("PAPER_PASS", code(server, b"scangate paper pass", struct.pack(">BBQI", 3, KID, PERSON, 19_000)))
print("PERSON_KEY_3", person_3.hex())
print("PERSON_CODE_3", code(person_3, b"scangate person code", struct.pack(">BBQI", 1, KID, PERSON, STEP)))
pass_body = struct.pack(">BBQI", 3, KID, PERSON, 19_000)
for name, state in (("PAPER_PASS_3", b"\x03"), ("PAPER_PASS_3_REVOKED", b"\x03\x01"), ("PAPER_PASS_REVOKED", b"\x00\x01")):
    sealed = pass_body + mac(server, b"scangate paper pass", pass_body, state)[:16]
    print(name, base64.urlsafe_b64encode(sealed).rstrip(b"=").decode())
print("POSTER_CODE", code(server, b"scangate poster code", struct.pack(">BBQH", 0x11, KID, VENUE, 7)))
print("DOOR_CODE", code(door, b"scangate door code", struct.pack(">BBQHI", 0x12, KID, VENUE, 3, STEP)))
