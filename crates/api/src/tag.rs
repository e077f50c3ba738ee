//! The `object` field: every resource says what it is, so that a log line or a webhook body explains itself.

/// Makes one-word enums, one for each resource: serde then writes the word and refuses any other.
macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $word:tt;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[schema(as = tag::$name)]
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
    Alert = "alert";
    /// `api_key`
    ApiKey = "api_key";
    /// `asset`
    Asset = "asset";
    /// `attention`
    Attention = "attention";
    /// `chain`
    Chain = "chain";
    /// `command`
    Command = "command";
    /// `event`
    Event = "event";
    /// `health`
    Health = "health";
    /// `lane`
    Lane = "lane";
    /// `limit`
    Limit = "limit";
    /// `list`
    List = "list";
    /// `partner`
    Partner = "partner";
    /// `readiness`
    Readiness = "readiness";
    /// `stats`
    Stats = "stats";
    /// `stop`
    Stop = "stop";
    /// `wallet`
    Wallet = "wallet";
    /// `withdrawal`
    Withdrawal = "withdrawal";
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_tag_is_exactly_its_word() {
        assert_eq!(serde_json::to_string(&super::Withdrawal::Is).ok().as_deref(), Some("\"withdrawal\""));
        assert!(serde_json::from_str::<super::Withdrawal>("\"wallet\"").is_err());
    }
}
