//! Who may sign for an account, for what, and with what weight.

use super::super::{
    address::Address,
    wire::{Fields, Malformed},
};

/// What a permission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tron) enum Kind {
    Owner,
    Witness,
    Active,
}

impl Kind {
    /// The constant's name.
    pub(in crate::tron) const fn name(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Witness => "Witness",
            Self::Active => "Active",
        }
    }
}

/// Somebody's weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tron) struct Key {
    pub(in crate::tron) address: Option<Address>,
    pub(in crate::tron) weight: i64,
}

/// A permission of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Permission {
    pub(in crate::tron) kind: Kind,
    pub(in crate::tron) id: i64,
    pub(in crate::tron) name: Vec<u8>,
    pub(in crate::tron) threshold: i64,
    pub(in crate::tron) parent_id: i64,
    /// Bit n of 256: contract type n. Empty for all but active permissions.
    pub(in crate::tron) operations: Vec<u8>,
    pub(in crate::tron) keys: Vec<Key>,
}

/// All of an account's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tron) struct Permissions {
    pub(in crate::tron) owner: Permission,
    pub(in crate::tron) actives: Vec<Permission>,
}

/// What an active permission is good for unless told otherwise, as on the main network.
const DEFAULT_OPERATIONS: [u8; 8] = [0x7f, 0xff, 0x1f, 0xc0, 0x03, 0x3e, 0xc3, 0x0f];

impl Permission {
    pub(in crate::tron) fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let fields = Fields::read(bytes)?;
        let kind = match fields.number(1) {
            0 => Kind::Owner,
            1 => Kind::Witness,
            2 => Kind::Active,
            _ => return Ok(None),
        };
        let key = |bytes| {
            let fields = Fields::read(bytes)?;
            Ok(Key { address: Address::from_wire(fields.bytes(1)), weight: fields.number(2) })
        };
        Ok(Some(Self {
            kind,
            id: fields.number(2),
            name: fields.bytes(3).to_vec(),
            threshold: fields.number(4),
            parent_id: fields.number(5),
            operations: fields.bytes(6).to_vec(),
            keys: fields.each(7).map(key).collect::<Result<_, Malformed>>()?,
        }))
    }

    /// True if it is good for this contract type.
    pub(in crate::tron) fn allows(&self, contract: i64) -> bool {
        let Ok(bit) = usize::try_from(contract) else { return false };
        self.operations.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
    }

    /// The weight of a key; 0 for a stranger.
    pub(in crate::tron) fn weight(&self, address: &Address) -> i64 {
        self.keys.iter().find(|key| key.address.as_ref() == Some(address)).map_or(0, |key| key.weight)
    }
}

impl Permissions {
    /// What an account has that was never told otherwise: its own key for everything.
    pub(in crate::tron) fn of(address: Address) -> Self {
        let own = |kind, id, name: &str, operations| Permission {
            kind,
            id,
            name: name.as_bytes().to_vec(),
            threshold: 1,
            parent_id: 0,
            operations,
            keys: vec![Key { address: Some(address), weight: 1 }],
        };
        let mut operations = DEFAULT_OPERATIONS.to_vec();
        operations.resize(32, 0);
        Self {
            owner: own(Kind::Owner, 0, "owner", Vec::new()),
            actives: vec![own(Kind::Active, 2, "active", operations)],
        }
    }

    pub(in crate::tron) fn by_id(&self, id: i64) -> Option<&Permission> {
        if id == 0 { Some(&self.owner) } else { self.actives.iter().find(|permission| permission.id == id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_active_permission_pays_and_delegates_but_changes_no_permission() {
        let permissions = Permissions::of(Address::new([1; 20]));
        let active = permissions.by_id(2).unwrap();
        for contract in [0, 1, 31, 54, 55, 56, 57, 58, 59] {
            assert!(active.allows(contract), "{contract}");
        }
        for contract in [46, 51, 60, 255, 256, -1, i64::MAX] {
            assert!(!active.allows(contract), "{contract}");
        }
        assert!(permissions.by_id(3).is_none());
        assert_eq!(active.weight(&Address::new([2; 20])), 0);
    }
}
