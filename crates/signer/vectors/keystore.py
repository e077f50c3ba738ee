"""Golden keystore for crates/signer, made by an implementation that shares no code with it.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install eth-keyfile==0.10.0 && /tmp/v/bin/python keystore.py > keystore.json
"""

import json

from eth_keyfile import create_keyfile_json

SECRET = bytes([0x42] * 32)
print(json.dumps(create_keyfile_json(SECRET, "correct horse 배터리".encode(), kdf="scrypt", iterations=4096), indent=1))
