//! The messages of the node's API as tables: number, JSON name and kind of each field.
//!
//! One table reads and writes a message on the wire and in both of its JSON forms, so that they cannot disagree.
//! Numbers and names are those of the public protocol definition (`Tron.proto` and its contracts).

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// int32 and int64: a JSON number.
    Int,
    /// A JSON boolean.
    Bool,
    /// A JSON string, the constant's name.
    Enum(&'static [(i64, &'static str)]),
    /// Hexadecimal in either form.
    Bytes,
    /// An address: hexadecimal, or base58 where the request said `visible`.
    Address,
    /// A text in bytes: hexadecimal, or the text itself where the request said `visible`.
    Text,
    /// A protobuf string: itself in either form.
    String,
    /// A message.
    Message(&'static Schema),
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct FieldOf {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) list: bool,
}

/// A message.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) name: &'static str,
    pub(super) fields: &'static [FieldOf],
}

const fn one(number: u32, name: &'static str, kind: Kind) -> FieldOf {
    FieldOf { number, name, kind, list: false }
}

const fn list(number: u32, name: &'static str, kind: Kind) -> FieldOf {
    FieldOf { number, name, kind, list: true }
}

const OWNER: FieldOf = one(1, "owner_address", Kind::Address);
const RESOURCE: Kind = Kind::Enum(&[(0, "BANDWIDTH"), (1, "ENERGY"), (2, "TRON_POWER")]);

pub(super) static ACCOUNT_CREATE: Schema = Schema {
    name: "AccountCreateContract",
    fields: &[
        OWNER,
        one(2, "account_address", Kind::Address),
        one(3, "type", Kind::Enum(&[(0, "Normal"), (1, "AssetIssue"), (2, "Contract")])),
    ],
};

pub(super) static TRANSFER: Schema = Schema {
    name: "TransferContract",
    fields: &[OWNER, one(2, "to_address", Kind::Address), one(3, "amount", Kind::Int)],
};

pub(super) static TRIGGER: Schema = Schema {
    name: "TriggerSmartContract",
    fields: &[
        OWNER,
        one(2, "contract_address", Kind::Address),
        one(3, "call_value", Kind::Int),
        one(4, "data", Kind::Bytes),
        one(5, "call_token_value", Kind::Int),
        one(6, "token_id", Kind::Int),
    ],
};

static KEY: Schema =
    Schema { name: "Key", fields: &[one(1, "address", Kind::Address), one(2, "weight", Kind::Int)] };

pub(super) static PERMISSION: Schema = Schema {
    name: "Permission",
    fields: &[
        one(1, "type", Kind::Enum(&[(0, "Owner"), (1, "Witness"), (2, "Active")])),
        one(2, "id", Kind::Int),
        one(3, "permission_name", Kind::String),
        one(4, "threshold", Kind::Int),
        one(5, "parent_id", Kind::Int),
        one(6, "operations", Kind::Bytes),
        list(7, "keys", Kind::Message(&KEY)),
    ],
};

pub(super) static PERMISSION_UPDATE: Schema = Schema {
    name: "AccountPermissionUpdateContract",
    fields: &[
        OWNER,
        one(2, "owner", Kind::Message(&PERMISSION)),
        one(3, "witness", Kind::Message(&PERMISSION)),
        list(4, "actives", Kind::Message(&PERMISSION)),
    ],
};

pub(super) static FREEZE: Schema = Schema {
    name: "FreezeBalanceV2Contract",
    fields: &[OWNER, one(2, "frozen_balance", Kind::Int), one(3, "resource", RESOURCE)],
};

pub(super) static UNFREEZE: Schema = Schema {
    name: "UnfreezeBalanceV2Contract",
    fields: &[OWNER, one(2, "unfreeze_balance", Kind::Int), one(3, "resource", RESOURCE)],
};

pub(super) static WITHDRAW_EXPIRE_UNFREEZE: Schema =
    Schema { name: "WithdrawExpireUnfreezeContract", fields: &[OWNER] };

pub(super) static CANCEL_ALL_UNFREEZE: Schema =
    Schema { name: "CancelAllUnfreezeV2Contract", fields: &[OWNER] };

pub(super) static DELEGATE: Schema = Schema {
    name: "DelegateResourceContract",
    fields: &[
        OWNER,
        one(2, "resource", RESOURCE),
        one(3, "balance", Kind::Int),
        one(4, "receiver_address", Kind::Address),
        one(5, "lock", Kind::Bool),
        one(6, "lock_period", Kind::Int),
    ],
};

pub(super) static UNDELEGATE: Schema = Schema {
    name: "UnDelegateResourceContract",
    fields: &[
        OWNER,
        one(2, "resource", RESOURCE),
        one(3, "balance", Kind::Int),
        one(4, "receiver_address", Kind::Address),
    ],
};

/// The contract types that are executed, by number and by the name JSON has for them.
pub(super) static CONTRACTS: &[(i64, &Schema)] = &[
    (0, &ACCOUNT_CREATE),
    (1, &TRANSFER),
    (31, &TRIGGER),
    (46, &PERMISSION_UPDATE),
    (54, &FREEZE),
    (55, &UNFREEZE),
    (56, &WITHDRAW_EXPIRE_UNFREEZE),
    (57, &DELEGATE),
    (58, &UNDELEGATE),
    (59, &CANCEL_ALL_UNFREEZE),
];

/// What `raw_data` has beside its contract, which JSON shows in its own way.
pub(super) static RAW: Schema = Schema {
    name: "raw",
    fields: &[
        one(1, "ref_block_bytes", Kind::Bytes),
        one(3, "ref_block_num", Kind::Int),
        one(4, "ref_block_hash", Kind::Bytes),
        one(8, "expiration", Kind::Int),
        one(10, "data", Kind::Text),
        one(14, "timestamp", Kind::Int),
        one(18, "fee_limit", Kind::Int),
    ],
};

/// The numbers of the fields of `raw_data`.
pub(super) mod raw {
    pub(in crate::tron) const REF_BLOCK_BYTES: u32 = 1;
    pub(in crate::tron) const REF_BLOCK_HASH: u32 = 4;
    pub(in crate::tron) const EXPIRATION: u32 = 8;
    pub(in crate::tron) const DATA: u32 = 10;
    pub(in crate::tron) const CONTRACT: u32 = 11;
    pub(in crate::tron) const TIMESTAMP: u32 = 14;
    pub(in crate::tron) const FEE_LIMIT: u32 = 18;
}

/// The contract type of this number.
pub(super) fn contract(number: i64) -> Option<&'static Schema> {
    CONTRACTS.iter().find(|(one, _)| *one == number).map(|(_, schema)| *schema)
}

/// The contract type of this name.
pub(super) fn contract_named(name: &str) -> Option<(i64, &'static Schema)> {
    CONTRACTS.iter().find(|(_, schema)| schema.name == name).copied()
}
