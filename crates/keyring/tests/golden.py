#!/usr/bin/env python3
"""Computes golden_v1.txt with Python's own HMAC and SHA-256 and the `cryptography` package's AES-GCM."""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MASTER, KEY_ID = bytes(range(32)), 7
HEADER, NONCE = b"\x01" + struct.pack(">I", KEY_ID), bytes(range(12))


def framed(*parts):
    return b"".join(struct.pack(">Q", len(part)) + part for part in parts)


def derive(purpose, label):
    return hmac.digest(MASTER, framed(b"sipwarden", purpose, label), "sha256")


def seal(plain, purpose, *parts):
    place = hashlib.sha256(b"sipwarden sealed secret\0" + HEADER + framed(purpose, *parts)).digest()
    key = derive(b"sealing key", b"AES-256-GCM")
    return HEADER + NONCE + AESGCM(key).encrypt(NONCE, plain, place)


realm = b"MA_XXXXXXXX.sip.localhost"
ha1 = seal(b"\xa5" * 32, b"ha1", b"MA_XXXXXXXX", b"0123456789abcdef", b"SHA-256", realm, b"office_phone_01")
print("ha1", ha1.hex())
print("named", seal(b"sipwarden", b"named", b"key check").hex())
