//! What nodes' words mean, in one place: by name first. TRON's API has names where others have numbers.
//!
//! Nothing about money is decided here (M5): whatever is not listed means "possibly taken", and a result that is not listed
//! is no outcome.

use super::node::{Executed, NodeError, Said};

/// `{"Error": ".."}`, and a question that a contract's node refuses: it answered, and says nothing about its health.
pub const REFUSED: i64 = 0;

/// Of a text, as much as a person needs.
const TEXT_MAX: usize = 300;

/// What an answer to `broadcasthex` suggests. Sources: `GrpcAPI.Return.response_code` of java-tron, and where each is given
/// in `Wallet.broadcastTransaction`.
///
/// - `SUCCESS`: in the pool. Whether it will do what it should is for a block to say.
/// - `DUP_TRANSACTION_ERROR`: the node has it, or has only seen it: with `node.rpc.trxCacheEnable` an id is kept before it is
///   looked at, so a second try after a refusal is called a duplicate too.
/// - `BANDWITH_ERROR`: bandwidth, or TRX to burn for it, is short.
/// - `NOT_ENOUGH_EFFECTIVE_CONNECTION` comes after it went into the pool, `TAPOS_ERROR` and `TRANSACTION_EXPIRATION_ERROR`
///   from a node that lags or stands on a fork, `SIGERROR` and the rest from one node's state: unclear, all of them.
pub fn said(code: &str, message: &str) -> Said {
    match code {
        "SUCCESS" => Said::Taken,
        "DUP_TRANSACTION_ERROR" => Said::Duplicate,
        "BANDWITH_ERROR" => Said::NoFunds,
        _ => Said::Other(short(&format!("{code}: {message}"))),
    }
}

/// Failures that a block or a receipt can name: `Transaction.Result.contractResult` of the protocol.
const FAILURES: [&str; 13] = [
    "REVERT",
    "BAD_JUMP_DESTINATION",
    "OUT_OF_MEMORY",
    "PRECOMPILED_CONTRACT",
    "STACK_TOO_SMALL",
    "STACK_TOO_LARGE",
    "ILLEGAL_OPERATION",
    "STACK_OVERFLOW",
    "OUT_OF_TIME",
    "JVM_STACK_OVER_FLOW",
    "UNKNOWN",
    "TRANSFER_FAILED",
    "INVALID_CODE",
];

/// What execution came to, by its name. `DEFAULT` and a name that is not listed are `None`: no outcome.
pub fn executed(name: &str) -> Option<Executed> {
    match name {
        "SUCCESS" => Some(Executed::Success),
        "OUT_OF_ENERGY" => Some(Executed::OutOfEnergy),
        other => FAILURES.contains(&other).then_some(Executed::Failed),
    }
}

/// What a body that is an error says: `{"Error": ".."}`, or the bare text of a node without history.
pub fn refused(text: &str) -> NodeError {
    // The node's own limit of questions: ask another one.
    if text.contains("lack of computing resources") {
        return NodeError::Transport(short(text));
    }
    NodeError::Rpc { code: REFUSED, message: short(text) }
}

/// At most [`TEXT_MAX`] letters.
pub(super) fn short(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_means_something() {
        assert_eq!(said("SUCCESS", ""), Said::Taken);
        assert_eq!(said("DUP_TRANSACTION_ERROR", "dup"), Said::Duplicate);
        assert_eq!(said("BANDWITH_ERROR", "x"), Said::NoFunds);
        for code in [
            "SIGERROR",
            "CONTRACT_VALIDATE_ERROR",
            "CONTRACT_EXE_ERROR",
            "TAPOS_ERROR",
            "TOO_BIG_TRANSACTION_ERROR",
            "TRANSACTION_EXPIRATION_ERROR",
            "SERVER_BUSY",
            "NO_CONNECTION",
            "NOT_ENOUGH_EFFECTIVE_CONNECTION",
            "BLOCK_UNSOLIDIFIED",
            "OTHER_ERROR",
            "BANDWIDTH_ERROR",
            "success",
            "",
        ] {
            assert_eq!(said(code, "why"), Said::Other(format!("{code}: why")));
        }
        assert!(
            matches!(said("OTHER_ERROR", &"x".repeat(1_000)), Said::Other(text) if text.len() == TEXT_MAX)
        );
    }

    #[test]
    fn a_result_without_a_known_name_is_no_outcome() {
        assert_eq!(executed("SUCCESS"), Some(Executed::Success));
        assert_eq!(executed("OUT_OF_ENERGY"), Some(Executed::OutOfEnergy));
        assert_eq!(executed("REVERT"), Some(Executed::Failed));
        assert_eq!(executed("OUT_OF_TIME"), Some(Executed::Failed));
        for name in ["DEFAULT", "", "success", "SUCESS", "FAILED", "NEW_IN_THE_NEXT_RELEASE"] {
            assert_eq!(executed(name), None, "{name}");
        }
    }

    #[test]
    fn a_node_at_its_limit_is_not_well_and_one_without_history_answers() {
        assert!(matches!(refused("lack of computing resources"), NodeError::Transport(_)));
        assert!(matches!(
            refused("this API is closed because this node is a lite fullnode"),
            NodeError::Rpc { .. }
        ));
    }
}
