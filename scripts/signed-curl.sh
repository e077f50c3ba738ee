#!/usr/bin/env bash
# signed-curl.sh METHOD TARGET [BODY]
#
# One signed request with nothing but curl and openssl, to SLUICE_URL with the key in SLUICE_KEY (`<key id>.<secret>`).
# docs/signing.md explains each line.
set -euo pipefail

method=$1 target=$2 body=${3:-}
id=${SLUICE_KEY%%.*} secret=${SLUICE_KEY#*.}
timestamp=$(date +%s%3N)
nonce=$(openssl rand -hex 16)
digest=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d' ' -f1)
signature=$(printf '%s\n%s\n%s\n%s\n%s' "$timestamp" "$nonce" "$method" "$target" "$digest" |
    openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)

curl -sS --fail-with-body -X "$method" "$SLUICE_URL$target" ${body:+--data-binary "$body"} \
    -H 'Content-Type: application/json' -H "Sluice-Key: $id" -H "Sluice-Timestamp: $timestamp" \
    -H "Sluice-Nonce: $nonce" -H "Sluice-Signature: v1=$signature"
