//! A reading of its own: protobuf by hand, which takes only the one spelling that proto3 writes. Fields in the order of
//! their numbers, varints without padding, nothing that a default would say.

use super::super::{Address, Call, Key, Operations, Permission, Reference, Resource, Terms, Unsigned};

/// A message that is read from front to back.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for place in 0..10 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 127).checked_shl(7 * place)?;
            if byte & 128 == 0 {
                let padded = *byte == 0 && place > 0;
                let past = place == 9 && *byte > 1;
                return (!padded && !past).then_some(value);
            }
        }
        None
    }

    /// Takes the tag, if it is next.
    fn tag(&mut self, number: u64, wire_type: u64) -> bool {
        let before = self.0;
        if self.varint() == Some(number << 3 | wire_type) {
            return true;
        }
        self.0 = before;
        false
    }

    fn run(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (run, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(run)
    }

    fn integer(&mut self, number: u64) -> Option<i64> {
        if !self.tag(number, 0) {
            return Some(0);
        }
        let value = self.varint()?;
        (value != 0).then_some(value.cast_signed())
    }

    fn int32(&mut self, number: u64) -> Option<i32> {
        i32::try_from(self.integer(number)?).ok()
    }

    fn bytes(&mut self, number: u64) -> Option<&'a [u8]> {
        if !self.tag(number, 2) {
            return Some(&[]);
        }
        let run = self.run()?;
        (!run.is_empty()).then_some(run)
    }

    fn address(&mut self, number: u64) -> Option<Address> {
        match self.bytes(number)? {
            [0x41, account @ ..] => Some(Address(account.try_into().ok()?)),
            _ => None,
        }
    }

    fn resource(&mut self, number: u64) -> Option<Resource> {
        [Resource::Bandwidth, Resource::Energy, Resource::TronPower]
            .get(usize::try_from(self.integer(number)?).ok()?)
            .copied()
    }

    /// Messages of one number: those may be empty.
    fn all(&mut self, number: u64) -> Option<Vec<&'a [u8]>> {
        let mut all = Vec::new();
        while self.tag(number, 2) {
            all.push(self.run()?);
        }
        Some(all)
    }

    fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// `Transaction`: raw data and signatures.
pub fn transaction(bytes: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    let mut wire = Wire(bytes);
    let parts = (wire.bytes(1)?, wire.all(2)?);
    wire.end()?;
    Some(parts)
}

/// `Transaction.raw`.
pub fn unsigned(bytes: &[u8]) -> Option<Unsigned> {
    let mut wire = Wire(bytes);
    let reference =
        Reference { bytes: wire.bytes(1)?.try_into().ok()?, hash: wire.bytes(4)?.try_into().ok()? };
    let expiration_ms = wire.integer(8)?;
    let memo = wire.bytes(10)?.to_vec();
    let contracts = wire.all(11)?;
    let timestamp_ms = wire.integer(14)?;
    let fee_limit_sun = wire.integer(18)?;
    wire.end()?;
    let [contract] = contracts[..] else { return None };

    let mut wire = Wire(contract);
    let number = wire.integer(1)?;
    let any = wire.all(2)?;
    let permission_id = wire.int32(5)?;
    wire.end()?;
    let [any] = any[..] else { return None };

    let mut wire = Wire(any);
    let name = std::str::from_utf8(wire.bytes(1)?).ok()?.strip_prefix("type.googleapis.com/protocol.")?;
    let value = wire.bytes(2)?;
    wire.end()?;

    let (owner, call) = call(number, name, value)?;
    let terms = Terms { reference, expiration_ms, timestamp_ms, fee_limit_sun, memo, permission_id };
    Some(Unsigned { owner, call, terms })
}

fn call(number: i64, name: &str, value: &[u8]) -> Option<(Address, Call)> {
    let mut wire = Wire(value);
    let owner = wire.address(1)?;
    let call = match (number, name) {
        (1, "TransferContract") => Call::TrxTransfer { to: wire.address(2)?, sun: wire.integer(3)? },
        (31, "TriggerSmartContract") => {
            let (contract, value_sun) = (wire.address(2)?, wire.integer(3)?);
            Call::Trigger { contract, data: wire.bytes(4)?.to_vec(), value_sun }
        }
        (46, "AccountPermissionUpdateContract") => {
            let (owner, witness, actives) = (wire.all(2)?, wire.all(3)?, wire.all(4)?);
            let [owner] = owner[..] else { return None };
            let witness = match witness[..] {
                [] => None,
                [witness] => Some(permission(witness, 1)?),
                _ => return None,
            };
            let actives = actives.into_iter().map(|active| permission(active, 2)).collect::<Option<_>>()?;
            Call::PermissionUpdate { owner: permission(owner, 0)?, witness, actives }
        }
        (54, "FreezeBalanceV2Contract") => {
            let stake_sun = wire.integer(2)?;
            Call::Freeze { resource: wire.resource(3)?, stake_sun }
        }
        (55, "UnfreezeBalanceV2Contract") => {
            let stake_sun = wire.integer(2)?;
            Call::Unfreeze { resource: wire.resource(3)?, stake_sun }
        }
        (56, "WithdrawExpireUnfreezeContract") => Call::WithdrawExpireUnfreeze,
        (57, "DelegateResourceContract") => {
            let (resource, stake_sun) = (wire.resource(2)?, wire.integer(3)?);
            let receiver = wire.address(4)?;
            let lock_blocks = match (wire.integer(5)?, wire.integer(6)?) {
                (0, 0) => None,
                (1, blocks) => Some(blocks),
                _ => return None,
            };
            Call::Delegate { receiver, resource, stake_sun, lock_blocks }
        }
        (58, "UnDelegateResourceContract") => {
            let (resource, stake_sun) = (wire.resource(2)?, wire.integer(3)?);
            Call::Undelegate { receiver: wire.address(4)?, resource, stake_sun }
        }
        (59, "CancelAllUnfreezeV2Contract") => Call::CancelAllUnfreeze,
        _ => return None,
    };
    wire.end()?;
    Some((owner, call))
}

fn permission(bytes: &[u8], kind: i64) -> Option<Permission> {
    let mut wire = Wire(bytes);
    (wire.integer(1)? == kind).then_some(())?;
    let id = wire.int32(2)?;
    let name = String::from_utf8(wire.bytes(3)?.to_vec()).ok()?;
    let threshold = wire.integer(4)?;
    let operations = match wire.bytes(6)? {
        [] => None,
        bits => Some(Operations(bits.try_into().ok()?)),
    };
    let keys = wire.all(7)?.into_iter().map(key).collect::<Option<_>>()?;
    wire.end()?;
    Some(Permission { id, name, threshold, operations, keys })
}

fn key(bytes: &[u8]) -> Option<Key> {
    let mut wire = Wire(bytes);
    let key = Key { address: wire.address(1)?, weight: wire.integer(2)? };
    wire.end()?;
    Some(key)
}
