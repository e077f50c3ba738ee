//! Why a node does not take a transaction, in its codes and words.

/// Why a transaction is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) enum Refusal {
    /// Signatures do not suffice.
    Signature(String),
    /// The contract's own rules.
    Validate(String),
    /// Neither bandwidth nor TRX for it.
    Resource,
    /// It is known already, or was seen already.
    Duplicate,
    /// It was seen already: said before anything else is looked at.
    Seen,
    /// Its reference block is not of this chain.
    Tapos,
    /// Too long.
    TooBig(String),
    /// Its time is over, or too far.
    Expired,
    /// The pool is full.
    Busy,
    /// No peer.
    NoConnection,
    /// It is in the pool, and no peer was told of it.
    NotBroadcast,
    /// Blocks do not become final.
    Unsolidified,
    /// Anything else.
    Other(String),
}

/// What a node answers to a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Verdict {
    pub(in crate::tron) result: bool,
    pub(in crate::tron) code: &'static str,
    pub(in crate::tron) message: String,
}

impl Verdict {
    pub(in crate::tron) fn success() -> Self {
        Self { result: true, code: "SUCCESS", message: String::new() }
    }
}

impl Refusal {
    pub(in crate::tron) fn verdict(&self) -> Verdict {
        let (code, message) = match self {
            Self::Signature(text) => ("SIGERROR", format!("Validate signature error: {text}")),
            Self::Validate(text) => ("CONTRACT_VALIDATE_ERROR", format!("Contract validate error : {text}")),
            Self::Resource => ("BANDWITH_ERROR", "Account resource insufficient error.".to_owned()),
            Self::Duplicate => ("DUP_TRANSACTION_ERROR", "Dup transaction.".to_owned()),
            Self::Seen => ("DUP_TRANSACTION_ERROR", "Transaction already exists.".to_owned()),
            Self::Tapos => ("TAPOS_ERROR", "Tapos check error.".to_owned()),
            Self::TooBig(text) => ("TOO_BIG_TRANSACTION_ERROR", text.clone()),
            Self::Expired => ("TRANSACTION_EXPIRATION_ERROR", "Transaction expired".to_owned()),
            Self::Busy => ("SERVER_BUSY", "Server busy.".to_owned()),
            Self::NoConnection => ("NO_CONNECTION", "No connection.".to_owned()),
            Self::NotBroadcast => ("NOT_ENOUGH_EFFECTIVE_CONNECTION", "P2P broadcast failed.".to_owned()),
            Self::Unsolidified => ("BLOCK_UNSOLIDIFIED", "Block unsolidified.".to_owned()),
            Self::Other(text) => ("OTHER_ERROR", format!("Error: {text}")),
        };
        Verdict { result: false, code, message }
    }
}
