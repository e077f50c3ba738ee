//! `/v1`, one module per resource, one file per route. Every handler is behind [`crate::auth`].

pub(crate) mod alerts;
pub(crate) mod assets;
pub(crate) mod attention;
pub(crate) mod chains;
pub(crate) mod commands;
pub(crate) mod energy;
pub(crate) mod events;
pub(crate) mod keys;
pub(crate) mod lanes;
pub(crate) mod limits;
pub(crate) mod me;
pub(crate) mod partners;
pub(crate) mod reconciliations;
pub(crate) mod restored;
pub(crate) mod signatures;
pub(crate) mod statements;
pub(crate) mod stats;
pub(crate) mod stops;
pub(crate) mod treasury;
pub(crate) mod wallets;
pub(crate) mod withdrawals;
