"""Golden vectors for crates/codec, made by an implementation that shares no code with it.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install eth-account==0.14.0 eth-abi==6.0.0 && /tmp/v/bin/python evm.py > evm.json

eth-account encodes, signs (RFC 6979, low s) and recovers; eth-abi makes call data and answers. The keys are numbers that
hold nothing anywhere.
"""

import json

from eth_abi import encode
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils import keccak

SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

KEYS = [
    "0x" + "01" * 32,
    "0x" + "42" * 32,
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",  # the first account of every anvil
    "0x" + f"{SECP256K1_N - 1:064x}",
]

USDC = "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"
PEG = "0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d"
TO = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"


def call(name, types, values):
    return (keccak(text=f"{name}({','.join(types)})")[:4] + encode(types, values)).hex()


# chain, nonce, gas, max fee, tip, asset (contract or None), precision, decimals, atoms, recipient
PAYS = [
    (137, 0, 65_000, 60_000_000_002, 30_000_000_000, USDC, 6, 6, 12_500_000, TO),
    (137, 7, 65_000, 66_000_000_003, 33_000_000_000, USDC, 6, 6, 1, TO),
    (1, 127, 65_000, 10**9, 0, USDC, 6, 6, 2**63 - 1, TO),
    (56, 128, 90_000, 50_000_000, 50_000_000, PEG, 6, 18, 12_500_000, TO),
    (56, 2**32, 90_000, 2**64, 2**64, PEG, 6, 18, 2**63 - 1, TO),
    (42161, 256, 3_000_000, 20_000_000, 0, USDC, 6, 6, 999_999_999_999, TO),
    (31337, 2**63, 21_000, 2**100, 1, None, 9, 18, 1, TO),
    (1, 2**64 - 2, 21_000, 2**127 - 1, 2**127 - 1, None, 9, 18, 123_456_789, TO),
    (137, 55, 65_000, 60_000_000_002, 30_000_000_000, USDC, 6, 6, 255, "0x00000000000000000000000000000000000000ff"),
]

VOIDS = [
    (137, 0, 21_000, 60_000_000_002, 30_000_000_000),
    (42161, 3, 500_000, 20_000_000, 0),
    (56, 2**40, 21_000, 2**90, 2**80),
]


def transaction(key, fields):
    account = Account.from_key(key)
    unsigned = TypedTransaction.from_dict(fields)
    signed = account.sign_transaction(fields)
    # eth-account keeps the unsigned form to itself; its hash is what it signs.
    return {
        "key": key[2:],
        "sender": account.address.lower(),
        "digest": unsigned.hash().hex(),
        "r": f"{signed.r:064x}",
        "s": f"{signed.s:064x}",
        "y": signed.v,
        "raw": signed.raw_transaction.hex(),
        "txid": signed.hash.hex(),
        "recovered": Account.recover_transaction(signed.raw_transaction).lower(),
    }


def fields(chain, nonce, gas, max_fee, tip, to, value, data):
    return {
        "type": 2,
        "chainId": chain,
        "nonce": nonce,
        "gas": gas,
        "maxFeePerGas": max_fee,
        "maxPriorityFeePerGas": tip,
        "to": bytes.fromhex(to[2:]),
        "value": value,
        "data": "0x" + data,
        "accessList": [],
    }


pays = []
for index, (chain, nonce, gas, max_fee, tip, contract, precision, decimals, atoms, to) in enumerate(PAYS):
    units = atoms * 10 ** (decimals - precision)
    data = call("transfer", ["address", "uint256"], [to, units]) if contract else ""
    target, value = (contract, 0) if contract else (to, units)
    pays.append(
        {
            "chain_id": chain,
            "nonce": str(nonce),
            "gas_limit": gas,
            "max_fee_wei": str(max_fee),
            "tip_wei": str(tip),
            "contract": contract,
            "precision": precision,
            "decimals": decimals,
            "atoms": str(atoms),
            "units": str(units),
            "to": to,
            "data": data,
            **transaction(KEYS[index % len(KEYS)], fields(chain, nonce, gas, max_fee, tip, target, value, data)),
        }
    )

voids = []
for index, (chain, nonce, gas, max_fee, tip) in enumerate(VOIDS):
    key = KEYS[index % len(KEYS)]
    sender = Account.from_key(key).address
    voids.append(
        {
            "chain_id": chain,
            "nonce": str(nonce),
            "gas_limit": gas,
            "max_fee_wei": str(max_fee),
            "tip_wei": str(tip),
            **transaction(key, fields(chain, nonce, gas, max_fee, tip, sender, 0, "")),
        }
    )

print(
    json.dumps(
        {
            "pays": pays,
            "voids": voids,
            "calls": {
                "transfer": call("transfer", ["address", "uint256"], [TO, 12_500_000]),
                "balance_of": call("balanceOf", ["address"], [TO]),
                "is_blacklisted": call("isBlacklisted", ["address"], [TO]),
                "paused": call("paused", [], []),
                "decimals": call("decimals", [], []),
                "account": TO,
                "units": "12500000",
            },
            "answers": {
                "true": encode(["bool"], [True]).hex(),
                "false": encode(["bool"], [False]).hex(),
                "six": encode(["uint8"], [6]).hex(),
                "most": encode(["uint256"], [2**256 - 1]).hex(),
            },
            "topics": {
                "transfer": keccak(text="Transfer(address,address,uint256)").hex(),
                "approval": keccak(text="Approval(address,address,uint256)").hex(),
            },
            "public_keys": [
                {
                    "public": Account.from_key(key)._key_obj.public_key.to_bytes().hex(),
                    "address": Account.from_key(key).address.lower(),
                }
                for key in KEYS
            ],
        },
        indent=1,
        ensure_ascii=False,
    )
)
