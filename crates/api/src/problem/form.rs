//! What a field or a body takes, as a word: the catalogues say it in the caller's language.

crate::words::words! {
    /// What is expected where something else was sent.
    Form {
        /// JSON that can be read.
        Json = "json",
        /// A JSON object.
        JsonObject = "json_object",
        /// A JSON string.
        JsonString = "json_string",
        /// A list of JSON strings.
        JsonStrings = "json_strings",
        /// A JSON number without a point.
        WholeNumber = "whole_number",
        /// A JSON object whose values are strings.
        Labels = "labels",
        /// Values inside the bounds that the API document names.
        Documented = "documented",
        /// A body that comes to its end.
        CompleteBody = "complete_body",
        /// The id of a partner.
        PartnerId = "partner_id",
        /// The id of a wallet.
        WalletId = "wallet_id",
        /// The CAIP-2 id of a chain.
        ChainId = "chain_id",
        /// The CAIP-19 id of an asset.
        AssetId = "asset_id",
        /// Nothing, because everything is stopped.
        NoSubject = "no_subject",
        /// Nothing, because HMAC keys have no public half.
        NoPublicKey = "no_public_key",
    }
}
