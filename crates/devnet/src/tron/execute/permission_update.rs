//! AccountPermissionUpdateContract: replaces all permissions of an account at once.

use std::sync::Arc;

use super::{
    super::{
        schema,
        state::{Param, Permission, PermissionKind, Permissions, State},
        wire::Fields,
    },
    Invalid, Receipt, burn, owner_of,
};

const ACTIVES_MAX: usize = 8;
const KEYS_MAX: usize = 5;
const NAME_MAX_BYTES: usize = 32;
const FIRST_ACTIVE: i64 = 2;

pub(super) fn execute(state: &mut State, fields: &Fields<'_>, receipt: &mut Receipt) -> Result<(), Invalid> {
    let owner = owner_of(fields, "invalidate ownerAddress")?;
    if state.account(&owner).is_none() {
        return Err("ownerAddress account does not exist".into());
    }
    if !fields.has(2) {
        return Err("owner permission is missed".into());
    }
    if fields.has(3) {
        return Err("account isn't witness can't set witness permission".into());
    }
    let actives: Vec<&[u8]> = fields.each(4).collect();
    if actives.is_empty() {
        return Err("active permission is missed".into());
    }
    if actives.len() > ACTIVES_MAX {
        return Err("active permission is too many".into());
    }
    let owners = read(fields.bytes(2), PermissionKind::Owner, "owner permission type is error")?;
    let actives: Vec<Permission> = (FIRST_ACTIVE..)
        .zip(actives)
        .map(|(id, bytes)| {
            let active = read(bytes, PermissionKind::Active, "active permission type is error")?;
            Ok(Permission { id, ..active })
        })
        .collect::<Result<_, Invalid>>()?;
    let fee = state.params().get(Param::UpdateAccountPermissionFee);
    let short = "Validate AccountPermissionUpdate error, balance is not sufficient.";
    burn(state, owner, fee).map_err(|_| short)?;
    let permissions = Arc::new(Permissions { owner: Permission { id: 0, ..owners }, actives });
    state.change(&owner, |account| account.permissions = permissions);
    receipt.add_fee(fee);
    Ok(())
}

fn read(bytes: &[u8], kind: PermissionKind, otherwise: &str) -> Result<Permission, Invalid> {
    let read = Permission::read(bytes).ok().flatten();
    let permission = read.filter(|permission| permission.kind == kind).ok_or(otherwise)?;
    check(&permission)?;
    Ok(permission)
}

fn check(permission: &Permission) -> Result<(), Invalid> {
    let keys = &permission.keys;
    if keys.len() > KEYS_MAX {
        return Err(Invalid(format!("number of keys in permission should not be greater than {KEYS_MAX}")));
    }
    if keys.is_empty() {
        return Err("key's count should be greater than 0".into());
    }
    if permission.threshold <= 0 {
        return Err("permission's threshold should be greater than 0".into());
    }
    if permission.name.len() > NAME_MAX_BYTES {
        return Err("permission's name is too long".into());
    }
    if permission.parent_id != 0 {
        return Err("permission's parent should be owner".into());
    }
    let mut sum = 0_i64;
    for (place, key) in keys.iter().enumerate() {
        if key.address.is_none() {
            return Err("key is not a validate address".into());
        }
        if keys.iter().take(place).any(|other| other.address == key.address) {
            return Err(Invalid(format!(
                "address should be distinct in permission {}",
                permission.kind.name()
            )));
        }
        if key.weight <= 0 {
            return Err("key's weight should be greater than 0".into());
        }
        sum = sum.checked_add(key.weight).ok_or("long overflow")?;
    }
    if sum < permission.threshold {
        return Err(Invalid(format!(
            "sum of all key's weight should not be less than threshold in permission {}",
            permission.kind.name()
        )));
    }
    operations(permission)
}

fn operations(permission: &Permission) -> Result<(), Invalid> {
    if permission.kind != PermissionKind::Active {
        return if permission.operations.is_empty() {
            Ok(())
        } else {
            Err(Invalid(format!("{} permission needn't operations", permission.kind.name())))
        };
    }
    if permission.operations.len() != 32 {
        return Err("operations size must 32".into());
    }
    // What a permission may be given on the network: every type there is, of which this chain executes some.
    for contract in 0..256_i64 {
        if permission.allows(contract) && contract > 59 && schema::contract(contract).is_none() {
            return Err(Invalid(format!("{contract} isn't a validate ContractType")));
        }
    }
    Ok(())
}
