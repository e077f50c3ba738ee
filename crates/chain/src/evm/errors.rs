//! What nodes' errors mean, in one place: by JSON-RPC code first, then by the texts that clients are known to use.
//!
//! Nothing about money is decided here (M5). A text only suggests what to try next; whatever is not listed is unclear,
//! which means "possibly accepted".

use sluice_core::port::chain::Heard;

/// Codes under which clients report what their pool thinks of a transaction: the range JSON-RPC 2.0 leaves to servers
/// (geth, bor, bsc, erigon -32000; anvil -32003; Nethermind -32010), and "internal error", into which some proxies wrap
/// it. Parse errors, unknown methods, wrong parameters and HTTP-like codes say nothing about a transaction.
const POOL_CODES: [std::ops::RangeInclusive<i64>; 2] = [-32_099..=-32_000, -32_603..=-32_603];
/// EIP-1474 "limit exceeded": the provider's, not the pool's.
const LIMIT_EXCEEDED: i64 = -32_005;

/// Beginnings of texts, in lower case, and what they mean.
///
/// Sources: go-ethereum `core/txpool/errors.go`, `core/error.go` (bor, bsc and nitro take over both); erigon
/// `txnprovider/txpool/txpoolcfg` (`DiscardReason`); Nethermind `TxPoolErrorMessages`; Besu `RpcErrorType`; anvil 1.7.1
/// `eth/error.rs` and our own runs.
const TEXTS: &[(&str, Heard)] = &[
    // geth ErrAlreadyKnown, erigon AlreadyKnown, Nethermind
    ("already known", Heard::Known),
    // anvil
    ("transaction already imported", Heard::Known),
    // Besu, old geth
    ("known transaction", Heard::Known),
    // erigon DuplicateHash, before and after its renaming
    ("existing tx with same hash", Heard::Known),
    ("existing txn with same hash", Heard::Known),
    // geth ErrNonceTooLow, erigon, Nethermind, Besu, anvil
    ("nonce too low", Heard::NonceConsumed),
    // geth ErrUnderpriced, and the tip floor until 2025; bor added "gas tip cap .., minimum needed 25000000000"
    ("transaction underpriced", Heard::Underpriced),
    // geth ErrTxGasPriceTooLow: the tip floor since 2025 (go-ethereum #31618), and so in bor v2.2
    ("transaction gas price below minimum", Heard::Underpriced),
    // geth ErrReplaceUnderpriced, erigon, Nethermind, anvil
    ("replacement transaction underpriced", Heard::Underpriced),
    // erigon UnderPriced, FeeTooLow, NotReplaced
    ("underpriced", Heard::Underpriced),
    ("fee too low", Heard::Underpriced),
    ("could not replace existing tx", Heard::Underpriced),
    // geth ErrFeeCapTooLow, nitro, anvil
    ("max fee per gas less than block base fee", Heard::Underpriced),
    // nitro and core ErrNonceTooHigh, Nethermind
    ("nonce too high", Heard::Gap),
    ("nonce too far in future", Heard::Gap),
    // geth ErrFutureReplacePending, ErrOutOfOrderTxFromDelegated
    ("future transaction tries to replace pending", Heard::Gap),
    ("gapped-nonce tx from delegated accounts", Heard::Gap),
    // geth ErrInsufficientFunds and ErrInsufficientFundsForTransfer, erigon, Nethermind, anvil
    ("insufficient funds", Heard::NoFunds),
];

/// Codes under which clients report a revert: 3 (geth, bor, bsc, nitro, erigon, anvil), -32015 (Nethermind, Parity).
const REVERT_CODES: [i64; 2] = [3, -32_015];
/// Under -32000, beginnings of texts that mean the call itself fails: geth `core/vm/errors.go` and, for an estimate,
/// `eth/gasestimator`.
const REVERT_TEXTS: [&str; 5] = [
    "execution reverted",
    "invalid opcode",
    "out of gas",
    "stack underflow",
    "gas required exceeds allowance",
];

/// What an error to `eth_sendRawTransaction` suggests.
pub fn heard(code: i64, message: &str) -> Heard {
    let unclear = || Heard::Unclear(format!("{code}: {message}"));
    if code == LIMIT_EXCEEDED || !POOL_CODES.iter().any(|range| range.contains(&code)) {
        return unclear();
    }
    let text = bare(message);
    let found = TEXTS.iter().find(|(beginning, _)| text.starts_with(beginning));
    found.map_or_else(unclear, |(_, heard)| heard.clone())
}

/// Whether an error to `eth_call` or `eth_estimateGas` is the call's own failure, and not the node's. `data` is what the
/// contract returned, if the error carries it.
pub fn is_revert(code: i64, message: &str, data: Option<&[u8]>) -> bool {
    if REVERT_CODES.contains(&code) {
        return true;
    }
    let text = bare(message);
    code == -32_000 && (data.is_some() || REVERT_TEXTS.iter().any(|beginning| text.starts_with(beginning)))
}

/// The text in lower case without a status word in front, such as erigon's `INTERNAL_ERROR: `.
fn bare(message: &str) -> String {
    let is_status =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let text = match message.split_once(": ") {
        Some((word, rest)) if is_status(word) => rest,
        Some(_) | None => message,
    };
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_are_known_to_say_is_understood() {
        for (code, message, meaning) in [
            (-32_000, "already known", Heard::Known),
            (-32_003, "transaction already imported", Heard::Known),
            (-32_000, "nonce too low: next nonce 7, tx nonce 5", Heard::NonceConsumed),
            (-32_010, "nonce too low", Heard::NonceConsumed),
            (-32_001, "Nonce too low", Heard::NonceConsumed),
            (
                -32_000,
                "transaction underpriced: gas tip cap 1, minimum needed 25000000000",
                Heard::Underpriced,
            ),
            (
                -32_000,
                "transaction gas price below minimum: gas tip cap 1500000000, minimum needed 25000000000",
                Heard::Underpriced,
            ),
            (-32_000, "INTERNAL_ERROR: could not replace existing tx", Heard::Underpriced),
            (-32_000, "nonce too high: address 0x00, tx: 9 state: 7", Heard::Gap),
            (-32_000, "insufficient funds for gas * price + value: balance 0", Heard::NoFunds),
            (-32_603, "already known", Heard::Known),
        ] {
            assert_eq!(heard(code, message), meaning, "{code} {message}");
        }
    }

    #[test]
    fn everything_else_is_unclear() {
        for (code, message) in [
            (-32_000, "internal error"),
            (-32_000, "context deadline exceeded"),
            (-32_000, "txpool is full"),
            (-32_005, "already known"),
            (-32_600, "nonce too low"),
            (-32_602, "already known"),
            (429, "insufficient funds on your plan"),
            (3, "nonce too low"),
            (-32_000, "the nonce too low, they say"),
            (0, ""),
        ] {
            assert_eq!(heard(code, message), Heard::Unclear(format!("{code}: {message}")));
        }
    }

    #[test]
    fn a_revert_is_told_from_a_broken_node() {
        assert!(is_revert(3, "execution reverted: Blacklistable: account is blacklisted", Some(&[8])));
        assert!(is_revert(-32_015, "VM execution error.", None));
        assert!(is_revert(-32_000, "execution reverted", None));
        assert!(is_revert(-32_000, "whatever it is called", Some(&[])));
        assert!(!is_revert(-32_000, "header not found", None));
        assert!(!is_revert(-32_000, "missing trie node", None));
        assert!(!is_revert(-32_005, "execution reverted", Some(&[])));
    }
}
