//! The `object` field: every resource says what it is, so that a log line or a webhook body explains itself.

/// Makes one-word enums, one for each resource: serde then writes the word and refuses any other.
macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident ($schema:ident) = $word:tt;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[schema(as = $schema)] // the plain name is that of the resource
        pub enum $name {
            /// The only value.
            #[default]
            #[serde(rename = $word)]
            Is,
        }
    )+};
}

tags! {
    /// `alert`
    Alert (AlertObject) = "alert";
    /// `api_key`
    ApiKey (ApiKeyObject) = "api_key";
    /// `asset`
    Asset (AssetObject) = "asset";
    /// `attention`
    Attention (AttentionObject) = "attention";
    /// `chain`
    Chain (ChainObject) = "chain";
    /// `command`
    Command (CommandObject) = "command";
    /// `energy`
    Energy (EnergyObject) = "energy";
    /// `energy_account`
    EnergyAccount (EnergyAccountObject) = "energy_account";
    /// `energy_credit`
    EnergyCredit (EnergyCreditObject) = "energy_credit";
    /// `energy_credit_entry`
    EnergyCreditEntry (EnergyCreditEntryObject) = "energy_credit_entry";
    /// `energy_forecast`
    EnergyForecast (EnergyForecastObject) = "energy_forecast";
    /// `energy_order`
    EnergyOrder (EnergyOrderObject) = "energy_order";
    /// `energy_plan`
    EnergyPlan (EnergyPlanObject) = "energy_plan";
    /// `energy_price`
    EnergyPrice (EnergyPriceObject) = "energy_price";
    /// `energy_quote`
    EnergyQuote (EnergyQuoteObject) = "energy_quote";
    /// `energy_request`
    EnergyRequest (EnergyRequestObject) = "energy_request";
    /// `energy_topup`
    EnergyTopUp (EnergyTopUpObject) = "energy_topup";
    /// `event`
    Event (EventObject) = "event";
    /// `funding`
    Funding (FundingObject) = "funding";
    /// `health`
    Health (HealthObject) = "health";
    /// `key_statement`
    KeyStatement (KeyStatementObject) = "key_statement";
    /// `lane`
    Lane (LaneObject) = "lane";
    /// `limit`
    Limit (LimitObject) = "limit";
    /// `list`
    List (ListObject) = "list";
    /// `me`
    Me (MeObject) = "me";
    /// `partner`
    Partner (PartnerObject) = "partner";
    /// `readiness`
    Readiness (ReadinessObject) = "readiness";
    /// `reconciliation`
    Reconciliation (ReconciliationObject) = "reconciliation";
    /// `movement_check`
    MovementCheck (MovementCheckObject) = "movement_check";
    /// `restored`
    Restored (RestoredObject) = "restored";
    /// `signature_request`
    SignatureRequest (SignatureRequestObject) = "signature_request";
    /// `stake_check`
    StakeCheck (StakeCheckObject) = "stake_check";
    /// `statement`
    Statement (StatementObject) = "statement";
    /// `stats`
    Stats (StatsObject) = "stats";
    /// `stop`
    Stop (StopObject) = "stop";
    /// `treasury`
    Treasury (TreasuryObject) = "treasury";
    /// `wallet`
    Wallet (WalletObject) = "wallet";
    /// `wallet_check`
    WalletCheck (WalletCheckObject) = "wallet_check";
    /// `withdrawal`
    Withdrawal (WithdrawalObject) = "withdrawal";
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_tag_is_exactly_its_word() {
        assert_eq!(serde_json::to_string(&super::Withdrawal::Is).ok().as_deref(), Some("\"withdrawal\""));
        assert!(serde_json::from_str::<super::Withdrawal>("\"wallet\"").is_err());
    }
}
