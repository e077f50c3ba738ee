#!/usr/bin/env python3
"""Makes intent.json from the written rules alone: RFC 8785 through Python's json, SHA-256 through hashlib, Keccak below.

Independent of the Rust code on purpose. Run: python3 intent.py > intent.json
"""
import hashlib
import json

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def keccak256(data: bytes) -> bytes:
    """Keccak-256 (the original padding), after the Keccak reference: FIPS 202 section 3 with pad 0x01."""
    constants, lfsr = [], 1
    for _ in range(24):
        constant = 0
        for bit in range(7):
            if lfsr & 1:
                constant |= 1 << ((1 << bit) - 1)
            lfsr = (lfsr << 1) ^ (0x171 if lfsr & 0x80 else 0)
        constants.append(constant)
    mask = (1 << 64) - 1
    rotate = lambda word, by: ((word << by) | (word >> (64 - by))) & mask if by else word
    state = [[0] * 5 for _ in range(5)]
    rate = 136
    padded = bytearray(data) + b"\x01"
    padded += b"\x00" * (-len(padded) % rate)
    padded[-1] |= 0x80
    for start in range(0, len(padded), rate):
        for lane in range(rate // 8):
            word = int.from_bytes(padded[start + 8 * lane:start + 8 * lane + 8], "little")
            state[lane % 5][lane // 5] ^= word
        for constant in constants:
            c = [state[x][0] ^ state[x][1] ^ state[x][2] ^ state[x][3] ^ state[x][4] for x in range(5)]
            d = [c[(x - 1) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
            state = [[state[x][y] ^ d[x] for y in range(5)] for x in range(5)]
            x, y, current = 1, 0, state[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, state[x][y] = state[x][y], rotate(current, ((t + 1) * (t + 2) // 2) % 64)
            for y in range(5):
                row = [state[x][y] for x in range(5)]
                for x in range(5):
                    state[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & mask)
            state[0][0] ^= constant
    return b"".join(state[lane % 5][lane // 5].to_bytes(8, "little") for lane in range(4))


assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def ulid(millis: int, chance: int) -> str:
    number = (millis << 80) | chance
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(25, -1, -1))


def base58check(payload: bytes) -> str:
    """Base58 with four bytes of a double SHA-256 behind the payload, as Bitcoin and TRON write addresses."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    whole = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(whole, "big"), ""
    while number:
        number, place = divmod(number, 58)
        text = alphabet[place] + text
    return "1" * (len(whole) - len(whole.lstrip(b"\x00"))) + text


# USDT, as it is known everywhere.
USDT = base58check(bytes.fromhex("41a614f803b6fd780986a42c78ec9c7f77e6ded13c"))
assert USDT == "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"


def canonical(value) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(domain: str, value) -> str:
    return hashlib.sha256(domain.encode() + b"\x00" + canonical(value).encode()).hexdigest()


MILLIS = 1_700_000_000_000
partner = "pt_" + ulid(MILLIS, 7)
key = keccak256(
    b"sluice/payment-key/v1\x00"
    + canonical({"deployment": "demo", "external_id": "order-1", "partner": partner}).encode()
).hex()
payment = {
    "amount": "12.5",
    "asset": "eip155:137/erc20:0x" + "3c" * 20,
    "key": key,
    "partner": partner,
    "to": "0x" + "aa" * 20,
    "v": "1",
    "withdrawal": "wd_" + ulid(MILLIS, 7),
}
payment_hash = digest("sluice/payment/v1", payment)
request = {
    "at": "2023-11-14T22:13:20.000000Z",
    "attempt": "at_" + ulid(MILLIS, 8),
    "digest": "05" * 32,
    "epoch": "3",
    "gas_limit": "65000",
    "kind": "pay",
    "max_fee_wei": "60000000000",
    "payments": [{"approvals": [], "decision": "policy 1", "payment": payment}],
    "slot": "eip155:137/nonce/0x" + "01" * 20 + "/7",
    "tip_wei": "30000000000",
    "v": "1",
    "wallet": "wa_" + ulid(MILLIS, 9),
}
on_tron = {
    **payment,
    "asset": "tron:728126428/trc20:" + USDT,
    "to": base58check(b"\x41" + b"\xaa" * 20),
}
on_tron_hash = digest("sluice/payment/v1", on_tron)
evm_alone = ("gas_limit", "max_fee_wei", "tip_wei")
tron_request = {
    **{name: value for name, value in request.items() if name not in evm_alone},
    "expires_at_ms": "1700000060000",
    "fee_limit_sun": "30000000",
    "made_at_ms": "1700000000001",
    "payments": [{"approvals": [], "decision": "policy 1", "payment": on_tron}],
    "permission": "2",
    "reference_hash": "06" * 32,
    "reference_number": "66500000",
    "slot": "tron:728126428/tx/" + "04" * 32,
}
print(json.dumps({
    "payment": {"canonical": canonical(payment), "hash": payment_hash, "key": key},
    "request": {
        "canonical": canonical(request),
        "hash": digest("sluice/signing-request/v1", request),
        "payment_hash": digest("sluice/payments/v1", [payment_hash]),
    },
    "tron_request": {
        "canonical": canonical(tron_request),
        "hash": digest("sluice/signing-request/v1", tron_request),
        "payment_hash": digest("sluice/payments/v1", [on_tron_hash]),
    },
}, indent=1))
