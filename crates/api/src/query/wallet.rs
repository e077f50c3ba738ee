//! How a wallet is read.

use super::{Parameter, Query, word};
use crate::problem::Code;

/// How a wallet is read: as its balances were last stored, or asked for now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalletQuery {
    /// Ask the chain now.
    pub refresh: bool,
}

impl Query for WalletQuery {
    const PARAMETERS: &'static [Parameter] = &[word(
        "refresh",
        &["true", "false"],
        "Whether the chain is asked for the balances now; `false` when left out: then they are told as last read.",
    )];

    fn take(&mut self, _: &str, value: &str) -> Result<(), Code> {
        match value {
            "true" => self.refresh = true,
            "false" => self.refresh = false,
            _ => return Err(Code::WordUnknown),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        self.refresh.then(|| ("refresh", "true".to_owned())).into_iter().collect()
    }
}
