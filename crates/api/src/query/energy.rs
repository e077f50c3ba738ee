//! Whose energy is asked for, which orders and which prices.

use super::{CURSOR, LIMIT, Page, Parameter, Query, text};
use crate::problem::Code;
use crate::text::Time;
use crate::withdrawal::EXTERNAL_ID_CHARS_MAX;

/// The most characters of an id, a chain or a vendor.
const ID_CHARS_MAX: usize = 64;

/// Whose energy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnergyQuery {
    /// Whose; the caller's own when left out.
    pub partner: Option<String>,
    /// On which chain; the first one of TRON when left out.
    pub chain: Option<String>,
}

impl Query for EnergyQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("partner", ID_CHARS_MAX, "Whose; the caller's own when left out. The platform names one."),
        text("chain", ID_CHARS_MAX, "CAIP-2 id of the chain; the first one of TRON when left out."),
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "partner" => self.partner = Some(value.to_owned()),
            "chain" => self.chain = Some(value.to_owned()),
            _ => return Err(Code::QueryMalformed),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let all = [("partner", self.partner.clone()), ("chain", self.chain.clone())];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Whose credit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnergyCreditQuery {
    /// Whose; the caller's own when left out.
    pub partner: Option<String>,
    /// On which chain; the first one of TRON when left out.
    pub chain: Option<String>,
    /// The page.
    pub page: Page,
}

impl Query for EnergyCreditQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("partner", ID_CHARS_MAX, "Whose; the caller's own when left out. The platform names one."),
        text("chain", ID_CHARS_MAX, "CAIP-2 id of the chain; the first one of TRON when left out."),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "partner" => self.partner = Some(value.to_owned()),
            "chain" => self.chain = Some(value.to_owned()),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let all = [("partner", self.partner.clone()), ("chain", self.chain.clone())];
        let all = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
        all.chain(self.page.give()).collect()
    }
}

/// Which top-ups of the energy pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnergyTopUpQuery {
    /// On which chain; the first one of TRON when left out.
    pub chain: Option<String>,
    /// The page.
    pub page: Page,
}

impl Query for EnergyTopUpQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("chain", ID_CHARS_MAX, "CAIP-2 id of the chain; the first one of TRON when left out."),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "chain" => self.chain = Some(value.to_owned()),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let chain = self.chain.clone().map(|chain| ("chain", chain));
        chain.into_iter().chain(self.page.give()).collect()
    }
}

/// Which orders of energy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnergyOrderQuery {
    /// For this wallet only.
    pub wallet: Option<String>,
    /// The page.
    pub page: Page,
}

impl Query for EnergyOrderQuery {
    const PARAMETERS: &'static [Parameter] =
        &[text("wallet", ID_CHARS_MAX, "For this wallet only."), LIMIT, CURSOR];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "wallet" => self.wallet = Some(value.to_owned()),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let wallet = self.wallet.clone().map(|wallet| ("wallet", wallet));
        wallet.into_iter().chain(self.page.give()).collect()
    }
}

/// Which prices of energy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnergyPriceQuery {
    /// On which chain; the first one of TRON when left out.
    pub chain: Option<String>,
    /// Of this vendor only.
    pub vendor: Option<String>,
    /// Asked at this time or later.
    pub from: Option<Time>,
    /// Asked before.
    pub to: Option<Time>,
    /// The page.
    pub page: Page,
}

impl Query for EnergyPriceQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("chain", ID_CHARS_MAX, "CAIP-2 id of the chain; the first one of TRON when left out."),
        text("vendor", ID_CHARS_MAX, "Of this vendor only."),
        text("from", 40, "Asked at this time or later (RFC 3339); a week before the end when left out."),
        text("to", 40, "Asked before this time (RFC 3339); now when left out."),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "chain" => self.chain = Some(value.to_owned()),
            "vendor" => self.vendor = Some(value.to_owned()),
            "from" => self.from = Some(Time::new(value)),
            "to" => self.to = Some(Time::new(value)),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("chain", self.chain.clone()),
            ("vendor", self.vendor.clone()),
            ("from", self.from.as_ref().map(Time::to_string)),
            ("to", self.to.as_ref().map(Time::to_string)),
        ];
        let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        filters.chain(self.page.give()).collect()
    }
}

/// Which requests for energy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnergyRequestQuery {
    /// For this wallet only.
    pub wallet: Option<String>,
    /// The one of this name only.
    pub external_id: Option<String>,
    /// The page.
    pub page: Page,
}

impl Query for EnergyRequestQuery {
    const PARAMETERS: &'static [Parameter] = &[
        text("wallet", ID_CHARS_MAX, "For this wallet only."),
        text("external_id", EXTERNAL_ID_CHARS_MAX, "Only the request with this external id."),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "wallet" => self.wallet = Some(value.to_owned()),
            "external_id" => self.external_id = Some(value.to_owned()),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let all = [("wallet", self.wallet.clone()), ("external_id", self.external_id.clone())];
        let all = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
        all.chain(self.page.give()).collect()
    }
}
