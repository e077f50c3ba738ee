//! Every code a problem can carry, with its HTTP status, whether the same request may succeed later, and the
//! placeholders its text has.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:tt, $status:literal, $retry:ident, [$($param:literal),*];)+) => {
        crate::words::words! {
            /// A stable code. Programs decide by it; people read the catalogue's text for it.
            Code { $($(#[$doc])* $name = $word,)+ }
        }

        impl Code {
            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// Whether the same request, sent again later and signed anew, may succeed. Sending a creation again is safe
            /// in any case: its `external_id` makes it one withdrawal.
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$name => codes!(@retry $retry)),+ }
            }

            /// The placeholders of its detail text, the same in every language.
            pub const fn params(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($param),*]),+ }
            }
        }
    };
    (@retry later) => { true };
    (@retry never) => { false };
}

codes! {
    /// No credentials, or an incomplete set of them.
    Unauthenticated = "unauthenticated", 401, never, [];
    /// A credential header does not have its form.
    AuthMalformed = "auth_malformed", 401, never, ["header"];
    /// No such key.
    KeyUnknown = "key_unknown", 401, never, [];
    /// The key's time is over.
    KeyExpired = "key_expired", 401, never, ["expired_at"];
    /// Somebody revoked the key.
    KeyRevoked = "key_revoked", 401, never, [];
    /// The signature is not that of this request by this key.
    SignatureInvalid = "signature_invalid", 401, never, [];
    /// The caller's clock is too far from ours.
    TimestampOutOfWindow = "timestamp_out_of_window", 401, never, ["skew_ms", "window_ms"];
    /// The nonce was used before.
    NonceReplayed = "nonce_replayed", 401, never, [];
    /// A plain bearer key outside test mode.
    BearerOnlyInTest = "bearer_only_in_test", 401, never, [];
    /// The caller's address is not on the key's list.
    IpNotAllowed = "ip_not_allowed", 403, never, ["ip"];
    /// The key lacks the scope of this route.
    ScopeMissing = "scope_missing", 403, never, ["scope"];
    /// A key cannot hand out what it does not have.
    ScopeExceedsOwn = "scope_exceeds_own", 403, never, ["scope"];
    /// A key bound to addresses makes none for others.
    IpExceedsOwn = "ip_exceeds_own", 403, never, ["value"];
    /// A key with an end makes none that lasts longer.
    ExpiryExceedsOwn = "expiry_exceeds_own", 403, never, ["expires_at"];
    /// The key made others that still work, and the request does not say what becomes of them.
    KeyHasChildren = "key_has_children", 409, never, ["count", "keys"];
    /// The partner is suspended.
    PartnerSuspended = "partner_suspended", 403, never, [];
    /// The command waits for another person, and the key cannot be told from the first one's.
    SecondPersonRequired = "second_person_required", 403, never, ["command", "command_id"];
    /// The command waits for another person, and the key is younger than the command.
    SecondPersonTooNew = "second_person_too_new", 403, never, ["command_id", "asked_at"];
    /// Only keys of the platform may do this.
    PlatformOnly = "platform_only", 403, never, [];
    /// Only keys of the platform may have the scope.
    ScopePlatformOnly = "scope_platform_only", 403, never, ["scope"];

    /// Nothing there, or nothing this key may see.
    NotFound = "not_found", 404, never, [];
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, never, ["method", "allowed"];
    /// The body is not declared as JSON.
    MediaTypeUnsupported = "media_type_unsupported", 415, never, [];
    /// The body is longer than we read.
    BodyTooLarge = "body_too_large", 413, never, ["max_bytes"];
    /// The body is not JSON.
    BodyNotJson = "body_not_json", 400, never, ["line", "column"];
    /// The body is JSON, and not what this route takes.
    BodyInvalid = "body_invalid", 422, never, ["expected"];
    /// A field is missing or empty.
    FieldRequired = "field_required", 422, never, ["field"];
    /// A field this route does not know.
    FieldUnknown = "field_unknown", 422, never, ["field", "known"];
    /// The same field twice.
    FieldRepeated = "field_repeated", 422, never, ["field"];
    /// Another kind of JSON value was expected.
    FieldWrongType = "field_wrong_type", 422, never, ["field", "expected"];
    /// Too many characters.
    FieldTooLong = "field_too_long", 422, never, ["field", "length", "max"];
    /// Too many entries.
    FieldTooMany = "field_too_many", 422, never, ["field", "count", "max"];
    /// A word that is not on the field's list.
    WordUnknown = "word_unknown", 422, never, ["field", "value", "known"];
    /// Control characters in a text.
    TextMalformed = "text_malformed", 422, never, ["field"];
    /// A name given by the caller with characters we do not keep.
    NameMalformed = "name_malformed", 422, never, ["field", "max"];
    /// An amount as a JSON number.
    AmountNotString = "amount_not_string", 422, never, ["field"];
    /// An amount that is more than digits and one point.
    AmountMalformed = "amount_malformed", 422, never, ["field", "value"];
    /// Zero, where something must be paid.
    AmountNotPositive = "amount_not_positive", 422, never, ["field"];
    /// More digits after the point than the asset has in our books.
    AmountTooPrecise = "amount_too_precise", 422, never, ["value", "asset", "max"];
    /// More than can be booked.
    AmountOutOfRange = "amount_out_of_range", 422, never, ["value", "asset", "max"];
    /// Not an address of that chain.
    AddressMalformed = "address_malformed", 422, never, ["chain"];
    /// The letter case or check digits are wrong.
    AddressChecksum = "address_checksum", 422, never, [];
    /// The zero address.
    AddressZero = "address_zero", 422, never, [];
    /// The token's own contract.
    AddressIsToken = "address_is_token", 422, never, ["asset"];
    /// A wallet that this installation manages.
    AddressIsOwnWallet = "address_is_own_wallet", 422, never, [];
    /// No such asset for this partner.
    AssetUnknown = "asset_unknown", 422, never, ["asset"];
    /// The asset takes no new withdrawals now.
    AssetPaused = "asset_paused", 409, later, ["asset"];
    /// Not a type of withdrawal.
    TypeUnknown = "type_unknown", 422, never, ["value", "known"];
    /// A scheduled withdrawal without its time.
    ScheduledForRequired = "scheduled_for_required", 422, never, [];
    /// A time on a withdrawal that is not scheduled.
    ScheduledForUnexpected = "scheduled_for_unexpected", 422, never, ["type"];
    /// A time that has passed.
    ScheduledForPast = "scheduled_for_past", 422, never, ["value"];
    /// A time too far ahead.
    ScheduledForTooFar = "scheduled_for_too_far", 422, never, ["value", "max_days"];
    /// An external id with characters we do not keep.
    ExternalIdMalformed = "external_id_malformed", 422, never, ["max"];
    /// The external id belongs to a withdrawal with other content.
    ExternalIdConflict = "external_id_conflict", 409, never, ["external_id", "withdrawal_id"];
    /// An idempotency key with characters we do not keep.
    IdempotencyKeyMalformed = "idempotency_key_malformed", 400, never, ["max"];
    /// The idempotency key belongs to a request with other content.
    IdempotencyKeyConflict = "idempotency_key_conflict", 409, never, ["withdrawal_id"];
    /// A query parameter this route does not know.
    QueryUnknown = "query_unknown", 400, never, ["parameter", "known"];
    /// A query parameter that is repeated, badly escaped or not of its kind.
    QueryMalformed = "query_malformed", 400, never, ["parameter"];
    /// A cursor we did not hand out, or one of another list.
    CursorInvalid = "cursor_invalid", 400, never, [];
    /// The number was read from another life of the feed: the database was restored from a copy since.
    FeedChanged = "feed_changed", 409, never, ["feed_id"];
    /// A page size outside its bounds.
    LimitOutOfRange = "limit_out_of_range", 400, never, ["value", "max"];
    /// Not an RFC 3339 time with an offset.
    TimeMalformed = "time_malformed", 422, never, ["field", "value"];
    /// A time outside the bounds of its field.
    TimeOutOfRange = "time_out_of_range", 422, never, ["field", "value", "min", "max"];
    /// Not a transaction id of that chain.
    TxidMalformed = "txid_malformed", 422, never, ["chain"];
    /// Not an IP address or CIDR range.
    IpMalformed = "ip_malformed", 422, never, ["value"];
    /// Not a usable Ed25519 public key.
    PublicKeyMalformed = "public_key_malformed", 422, never, [];
    /// Not an IANA time zone.
    TimezoneUnknown = "timezone_unknown", 422, never, ["value"];
    /// A fee cap outside what the configuration allows.
    FeeCapOutOfRange = "fee_cap_out_of_range", 422, never, ["value", "max"];

    /// More than one withdrawal may be.
    LimitPerTransactionExceeded = "limit_per_transaction_exceeded", 422, never, ["limit", "asset"];
    /// More than may leave in a day.
    LimitDailyExceeded = "limit_daily_exceeded", 422, never, ["limit", "asset", "resets_at"];
    /// The withdrawal is past the point where it can be called off.
    NotCancellable = "not_cancellable", 409, never, ["status"];
    /// The thing is in a state this command does not start from.
    StateConflict = "state_conflict", 409, never, ["thing", "state", "command"];
    /// Another command of this kind waits on the same thing, and says something else.
    CommandOpen = "command_open", 409, never, ["command", "subject", "command_id"];
    /// The thing moved on since the caller read it.
    VersionConflict = "version_conflict", 409, never, ["expected", "actual"];
    /// The evidence does not show what is claimed.
    EvidenceInsufficient = "evidence_insufficient", 422, never, ["why"];
    /// An attempt could still be executed by the chain.
    AttemptsNotDead = "attempts_not_dead", 409, later, ["count"];
    /// No chain of that id is configured.
    ChainUnknown = "chain_unknown", 422, never, ["chain"];
    /// The signer holds no key of that account for this partner.
    WalletKeyNotHeld = "wallet_key_not_held", 422, never, ["address", "chain"];
    /// The key of that account is barred: it left service before.
    WalletKeyBarred = "wallet_key_barred", 409, never, ["address"];
    /// The signer did not show that it holds the key.
    WalletKeyNotShown = "wallet_key_not_shown", 409, later, ["address", "why"];
    /// The address is managed already.
    WalletManaged = "wallet_managed", 409, never, ["address"];
    /// The account carries code or a delegation.
    WalletNotPlain = "wallet_not_plain", 409, never, ["address"];
    /// Transactions of the account are pending or not final.
    WalletNotQuiet = "wallet_not_quiet", 409, later, ["pending", "latest", "finalized"];
    /// Something is on its way to the account or from it.
    WalletBalanceMoving = "wallet_balance_moving", 409, later, ["asset"];
    /// The chain is not followed up to its final block.
    ChainNotFollowed = "chain_not_followed", 409, later, ["followed", "finalized"];
    /// A role that no wallet is worked in yet.
    WalletRoleUnsupported = "wallet_role_unsupported", 422, never, ["role"];
    /// Books and chain cannot be compared now.
    NotComparable = "not_comparable", 409, later, ["why"];
    /// The wallet, or its lane, still holds something.
    WalletNotEmpty = "wallet_not_empty", 409, later, ["why"];
    /// The wallet did things that nobody has explained yet.
    TransactionsNotExplained = "transactions_not_explained", 409, later, ["count", "txids", "block"];
    /// The store and the signer's journal are not of the same time.
    JournalApart = "journal_apart", 409, later, [];
    /// The engine made that transaction.
    TransactionIsOurs = "transaction_is_ours", 409, never, ["txid"];
    /// No final block holds that transaction.
    TransactionNotFinal = "transaction_not_final", 409, later, ["txid"];
    /// That transaction did nothing to this wallet.
    TransactionOfOtherWallet = "transaction_of_other_wallet", 422, never, ["txid"];
    /// That transaction was explained before.
    TransactionAdopted = "transaction_adopted", 409, never, ["txid"];
    /// More than a fee left the wallet by it.
    AdoptionMovedValue = "adoption_moved_value", 422, never, ["type"];
    /// Nothing but a fee left the wallet by it.
    AdoptionMovedNothing = "adoption_moved_nothing", 422, never, ["type"];
    /// No transaction of the lane is outside that a dearer one could replace.
    NothingToSpeedUp = "nothing_to_speed_up", 409, later, [];
    /// The account at a vendor of energy was not opened yet.
    EnergyAccountNotOpen = "energy_account_not_open", 409, later, ["vendor"];
    /// Another payment was booked under this reference.
    EnergyReferenceTaken = "energy_reference_taken", 409, never, ["vendor", "reference"];
    /// An order of energy may still be delivered.
    EnergyOrderUnsettled = "energy_order_unsettled", 409, later, ["order", "until"];
    /// The signature does not show that somebody holds the key of that account now.
    KeyNotShown = "key_not_shown", 422, never, ["address", "why"];
    /// Nothing of that wallet is handed out: its key was not shown.
    WalletNoDesk = "wallet_no_desk", 409, never, ["wallet_id"];
    /// Nothing is swept from that wallet or staked by it: it is no lane that takes work.
    WalletNoLane = "wallet_no_lane", 409, later, ["wallet_id"];
    /// Nothing is staked by that wallet: its chain has no stakes.
    WalletNotTron = "wallet_not_tron", 422, never, ["wallet_id"];
    /// Less than the chain takes for a stake.
    StakeTooSmall = "stake_too_small", 422, never, ["value", "min"];
    /// The desk is paused, frozen or kept quiet.
    DeskShut = "desk_shut", 409, later, ["wallet_id"];
    /// Nothing is sent to that wallet by a refill or a sweep.
    WalletNotRefillable = "wallet_not_refillable", 409, later, ["wallet_id"];
    /// A refill or a sweep moves a token of the wallet's chain.
    AssetNotRefillable = "asset_not_refillable", 422, never, ["asset"];
    /// A refill or a sweep of this asset to the wallet is open.
    RefillOpen = "refill_open", 409, later, ["wallet_id"];
    /// A time to live outside its bounds.
    MinutesOutOfRange = "minutes_out_of_range", 422, never, ["value", "min", "max"];
    /// Somebody else has the bytes in hand.
    SignatureRequestHeld = "signature_request_held", 409, later, ["holder", "until"];
    /// It has ended, or is where nothing of it is handed out.
    SignatureRequestNotDue = "signature_request_not_due", 409, never, ["status"];
    /// Its time is over, and the chain has yet to show that it was not used.
    HandOutUnsettled = "hand_out_unsettled", 409, later, [];
    /// Nothing of it was handed out.
    NotHandedOut = "not_handed_out", 409, never, [];
    /// Its time was over before a signature came back.
    HandOutExpired = "hand_out_expired", 409, never, [];
    /// What came back is another transaction than was handed out.
    TransactionDiffers = "transaction_differs", 422, never, ["name", "stored", "returned"];
    /// What came back is no transaction that reads.
    TransactionUnreadable = "transaction_unreadable", 422, never, ["why"];
    /// Not hex, or not as long as a signature is.
    SignatureMalformed = "signature_malformed", 422, never, [];
    /// Another key signed, or other bytes were signed.
    SignatureOfOtherKey = "signature_of_other_key", 422, never, ["wanted", "found"];
    /// Another request for energy has that external id.
    EnergyRequestConflict = "energy_request_conflict", 409, never, ["external_id", "request"];
    /// An open request asks for a withdrawal's energy already.
    EnergyAlreadyRequested = "energy_already_requested", 409, later, ["withdrawal", "request"];
    /// A withdrawal waits for no energy of that lane.
    EnergyNotAwaited = "energy_not_awaited", 422, never, ["withdrawal"];
    /// Several lanes could have the energy.
    EnergyLaneRequired = "energy_lane_required", 422, never, ["count"];
    /// No lane could have the energy.
    EnergyLaneAbsent = "energy_lane_absent", 409, later, ["chain"];
    /// The caps leave no room for a dearer attempt.
    FeeAtCap = "fee_at_cap", 409, later, ["needed", "cap"];
    /// Another thing already has that name.
    NameTaken = "name_taken", 409, never, ["name"];

    /// Too many requests from this key.
    RateLimited = "rate_limited", 429, later, ["retry_after_s"];
    /// More than this server can take now.
    Overloaded = "overloaded", 503, later, ["retry_after_s"];
    /// A stop is in force.
    Stopped = "stopped", 503, later, [];
    /// The answer took too long; whether it was done is to be asked.
    TimedOut = "timed_out", 503, later, [];
    /// The database does not answer.
    StoreUnavailable = "store_unavailable", 503, later, [];
    /// No node of the chain answers, or too few agree.
    NodeUnavailable = "node_unavailable", 503, later, ["chain"];
    /// The signer does not answer.
    SignerUnavailable = "signer_unavailable", 503, later, [];
    /// A defect of ours.
    Internal = "internal", 500, later, [];
}

crate::words::words! {
    /// Why a withdrawal ended, waits for a person, or why a lane stands still. Stable, like [`Code`].
    ReasonCode {
        /// The token's issuer bars the recipient.
        RecipientBlacklisted = "recipient_blacklisted",
        /// The token's issuer bars our wallet.
        SenderBlacklisted = "sender_blacklisted",
        /// The token's issuer has paused the token.
        TokenPaused = "token_paused",
        /// The token has other decimals on chain than in the configuration.
        TokenDiffers = "token_differs",
        /// The recipient is a contract that refuses the payment.
        RecipientReverts = "recipient_reverts",
        /// The transfer reverts for another cause.
        TransferReverts = "transfer_reverts",
        /// The wallet has no native coin for fees.
        GasEmpty = "gas_empty",
        /// The wallet does not hold enough of the asset.
        FundsShort = "funds_short",
        /// The network asks more than the highest fee we may pay.
        FeeCapReached = "fee_cap_reached",
        /// A hold ran out before it was met.
        HoldExpired = "hold_expired",
        /// The partner called it off.
        CancelledByPartner = "cancelled_by_partner",
        /// An operator called it off.
        CancelledByOperator = "cancelled_by_operator",
        /// A person gave up on it, with proof that nothing can be paid any more.
        GaveUp = "gave_up",
        /// The signer refuses for good.
        SignerRefused = "signer_refused",
        /// Every permitted try was made.
        RetriesExhausted = "retries_exhausted",
        /// Its slot is dead by the word of one operator only: a new slot takes a person.
        SingleSourceDeath = "single_source_death",
        /// The deaths of several of its slots left the chain at once: each of them may pay.
        SlotsReopened = "slots_reopened",
        /// It was signed before the store was restored from a backup; the transaction that paid it completes it.
        PaidBeforeRestore = "paid_before_restore",
        /// The store was restored from a backup and does not know what was decided about it since.
        StoreWentBack = "store_went_back",
        /// A transaction that is not ours consumed its slot and may have paid the recipient.
        SlotConsumedByStranger = "slot_consumed_by_stranger",
        /// Our own transaction in its slot moved something else than was asked.
        PaymentDiffers = "payment_differs",
        /// Its lane is frozen.
        LaneFrozen = "lane_frozen",
        /// Above the limit for one withdrawal.
        LimitPerTransaction = "limit_per_transaction",
        /// Above the limit for a day.
        LimitDaily = "limit_daily",
        /// Paid by a transaction that was not ours; proven on chain.
        PaidElsewhere = "paid_elsewhere",
        /// The block of a completed payment left the chain.
        Reopened = "reopened",
        /// A policy rule refused it.
        PolicyRejected = "policy_rejected",
        /// An approver refused it.
        ApprovalDenied = "approval_denied",
        /// Screening found the recipient on a list.
        AddressBlocked = "address_blocked",
        /// A stop is in force.
        Stopped = "stopped",
        /// An operator paused the lane.
        PausedByOperator = "paused_by_operator",
        /// An operator is emptying the lane.
        DrainedByOperator = "drained_by_operator",
        /// The wallet sent or permitted something that no stored attempt explains.
        UnexplainedTransfer = "unexplained_transfer",
        /// Equal failures in a row.
        BreakerOpen = "breaker_open",
        /// Store and signer or chain disagree about the past.
        StoreBehind = "store_behind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_an_error_status() {
        for &code in Code::ALL {
            assert!((400..=599).contains(&code.status()), "{code}");
        }
    }

    #[test]
    fn what_may_succeed_later_is_never_a_fault_of_the_request_itself() {
        for code in Code::ALL.iter().filter(|code| code.is_retryable()) {
            assert!(matches!(code.status(), 409 | 429 | 500 | 503), "{code}");
        }
    }
}
