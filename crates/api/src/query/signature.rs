//! Which signature requests are asked for.

use super::{CURSOR, LIMIT, Page, Parameter, Query, text, word};
use crate::problem::Code;

/// The most characters of an id.
const ID_CHARS_MAX: usize = 64;

/// Which signature requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureQuery {
    /// Of this desk only.
    pub wallet: Option<String>,
    /// Those that have not ended, or those that have; all when left out.
    pub open: Option<bool>,
    /// The page.
    pub page: Page,
}

impl Query for SignatureQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("wallet", ID_CHARS_MAX, "Of this desk only."),
        word("open", &["true", "false"], "Those that have not ended, or those that have; all when left out."),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match (name, value) {
            ("wallet", _) => self.wallet = Some(value.to_owned()),
            ("open", "true") => self.open = Some(true),
            ("open", "false") => self.open = Some(false),
            ("open", _) => return Err(Code::WordUnknown),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let wallet = self.wallet.clone().map(|wallet| ("wallet", wallet));
        let open = self.open.map(|open| ("open", open.to_string()));
        wallet.into_iter().chain(open).chain(self.page.give()).collect()
    }
}
