//! Who may sign for an account, with what weight, and for which contract types.

use sluice_core::address::TronAddress;

use super::call::ContractType;
use super::message;

/// Keys of one permission.
const KEYS_MAX: usize = 5;
/// Active permissions of one account.
const ACTIVES_MAX: usize = 8;
/// Length of a permission's name, in UTF-16 units as Java counts.
const NAME_MAX: usize = 32;

/// The contract types an active permission may sign: 32 bytes, bit `n % 8` of byte `n / 8` for type `n`. A type alone: no
/// permission restricts the contract called, the recipient or the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operations(pub [u8; 32]);

impl Operations {
    /// Exactly these types.
    pub fn of(types: &[ContractType]) -> Self {
        let mut bits = [0; 32];
        for kind in types {
            let number = kind.number();
            bits[usize::from(number / 8)] |= 1 << (number % 8);
        }
        Self(bits)
    }

    /// Whether it may sign a type, by its number.
    pub const fn allow(&self, number: u8) -> bool {
        self.0[(number / 8) as usize] & (1 << (number % 8)) != 0
    }
}

/// A key and its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Account whose key it is.
    pub address: TronAddress,
    /// What its signature adds to the sum.
    pub weight: i64,
}

/// A permission of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Its number in the account, as nodes report it. In an update nodes ignore it and count anew.
    pub id: i32,
    /// Name.
    pub name: String,
    /// Sum of weights that signs.
    pub threshold: i64,
    /// What an active permission may sign. Absent for the owner's and the witness's.
    pub operations: Option<Operations>,
    /// At most five keys, each once; a witness's has exactly one.
    pub keys: Vec<Key>,
}

/// Why permissions are not those of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PermissionError {
    /// None or more than eight active permissions.
    #[error("an account has one to eight active permissions, not {0}")]
    Actives(usize),
    /// None, more than five, the same one twice, or more than one for a witness.
    #[error("a permission has one to five keys, each once, and a witness's exactly one")]
    Keys,
    /// A weight or threshold below 1, or a threshold that no sum of its keys reaches: the account would be lost.
    #[error("a threshold that its keys cannot reach, or a weight below 1")]
    Threshold,
    /// Longer than 32 letters.
    #[error("the name of a permission has at most 32 letters")]
    Name,
    /// An active permission without operations, or another one with them.
    #[error("an active permission, and no other, says what it may sign")]
    Operations,
}

impl Permission {
    pub(super) fn message(&self, kind: i32) -> message::Permission {
        message::Permission {
            r#type: kind,
            id: self.id,
            permission_name: self.name.clone(),
            threshold: self.threshold,
            operations: self.operations.map_or_else(Vec::new, |operations| operations.0.to_vec()),
            keys: self.keys.iter().map(Key::message).collect(),
        }
    }

    /// Reads it; `None` for another kind than expected, operations of another length than 32, or an address of another
    /// shape.
    pub(super) fn read(message: message::Permission, kind: i32) -> Option<Self> {
        (message.r#type == kind).then_some(())?;
        let operations = if message.operations.is_empty() {
            None
        } else {
            Some(Operations(message.operations.try_into().ok()?))
        };
        let keys = message.keys.iter().map(Key::read).collect::<Option<_>>()?;
        Some(Self {
            id: message.id,
            name: message.permission_name,
            threshold: message.threshold,
            operations,
            keys,
        })
    }

    /// With `keys_max` keys, and operations where it is an active one.
    fn check(&self, keys_max: usize, active: bool) -> Result<(), PermissionError> {
        if self.name.encode_utf16().count() > NAME_MAX {
            return Err(PermissionError::Name);
        }
        if self.operations.is_some() != active {
            return Err(PermissionError::Operations);
        }
        let twice =
            |(at, key): (usize, &Key)| self.keys[..at].iter().any(|other| other.address == key.address);
        if self.keys.is_empty() || self.keys.len() > keys_max || self.keys.iter().enumerate().any(twice) {
            return Err(PermissionError::Keys);
        }
        let sum = self.keys.iter().try_fold(0i64, |sum, key| sum.checked_add(key.weight));
        let reached = sum.is_some_and(|sum| (1..=sum).contains(&self.threshold));
        if !reached || self.keys.iter().any(|key| key.weight < 1) {
            return Err(PermissionError::Threshold);
        }
        Ok(())
    }
}

impl Key {
    fn message(&self) -> message::Key {
        message::Key { address: self.address.to_21().to_vec(), weight: self.weight }
    }

    fn read(message: &message::Key) -> Option<Self> {
        Some(Self { address: TronAddress::read_21(&message.address)?, weight: message.weight })
    }
}

/// Whether an account can have these permissions, by the rules of java-tron's `AccountPermissionUpdateActuator`.
pub(super) fn check(
    owner: &Permission,
    witness: Option<&Permission>,
    actives: &[Permission],
) -> Result<(), PermissionError> {
    if actives.is_empty() || actives.len() > ACTIVES_MAX {
        return Err(PermissionError::Actives(actives.len()));
    }
    owner.check(KEYS_MAX, false)?;
    witness.map_or(Ok(()), |witness| witness.check(1, false))?;
    actives.iter().try_for_each(|active| active.check(KEYS_MAX, true))
}
