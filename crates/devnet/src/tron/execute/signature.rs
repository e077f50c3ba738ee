//! Whether the signatures of a transaction suffice for the permission it names.

use super::{
    super::{
        address::Address,
        key::BadSignature,
        state::{Permission, PermissionKind, Permissions, State},
        tx::Tx,
        view::View,
    },
    Refusal,
};

/// Signatures that any transaction may have.
const SIGNATURES_MAX: usize = 5;

/// Why signatures cannot be weighed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::tron) enum SignatureError {
    /// Not 65 bytes.
    #[error("{0}")]
    Format(BadSignature),
    /// Nobody made it.
    #[error("{0}")]
    Compute(BadSignature),
    /// Somebody did who may not, or twice, or for something else.
    #[error("{0}")]
    Permission(String),
}

/// Checks a transaction's signatures against the state.
pub(in crate::tron) fn check(state: &State, tx: &Tx) -> Result<(), Refusal> {
    let refused = |text: &str| Refusal::Signature(text.to_owned());
    if tx.signatures.is_empty() || tx.contract.is_none() {
        return Err(refused("miss sig or contract"));
    }
    if tx.signatures.len() > SIGNATURES_MAX {
        return Err(refused("too many signatures"));
    }
    // Since 4.8.2 nothing longer is relayed: it would be another transaction of the same id.
    if let Some(long) = tx.signatures.iter().find(|signature| signature.len() > 68) {
        return Err(Refusal::Signature(format!("Signature size is {}", long.len())));
    }
    let permission = find(&View::newest(state, 0, 0), tx, &OFFERED);
    let permission = permission.map_err(|error| Refusal::Signature(error.to_string()))?;
    let weighed = weigh(&permission, tx).map_err(|error| Refusal::Signature(error.to_string()))?;
    let weight: i64 = weighed.iter().map(|(_, weight)| *weight).fold(0, i64::saturating_add);
    if weight < permission.threshold {
        return Err(refused("sig error"));
    }
    Ok(())
}

/// How the network words a permission that a transaction may not use, when it is offered and when it is weighed.
struct Words {
    none: &'static str,
    kind: &'static str,
    denied: &'static str,
}

/// The network's own spelling.
const OFFERED: Words =
    Words { none: "permission isn't exit", kind: "Permission type is error", denied: "Permission denied" };
const WEIGHED: Words = Words {
    none: "Permission for this, does not exist!",
    kind: "Permission type is wrong!",
    denied: "Permission denied!",
};

/// The permission a transaction names, if it is good for its contract; refused in the words for one that is weighed.
pub(in crate::tron) fn permission_of(view: &View<'_>, tx: &Tx) -> Result<Permission, SignatureError> {
    find(view, tx, &WEIGHED)
}

fn find(view: &View<'_>, tx: &Tx, words: &Words) -> Result<Permission, SignatureError> {
    let refused = |text: &str| SignatureError::Permission(text.to_owned());
    let (Some(contract), Some(owner)) = (&tx.contract, tx.owner) else {
        return Err(refused(words.none));
    };
    let id = contract.permission_id;
    let permission = match view.account(&owner) {
        Some(account) => account.permissions.by_id(id).cloned(),
        None => Permissions::of(owner).by_id(id).cloned(),
    };
    let permission = permission.ok_or_else(|| refused(words.none))?;
    if id != 0 {
        if permission.kind != PermissionKind::Active {
            return Err(refused(words.kind));
        }
        if !permission.allows(contract.kind) {
            return Err(refused(words.denied));
        }
    }
    Ok(permission)
}

/// Who signed, and with what weight.
pub(in crate::tron) fn weigh(
    permission: &Permission,
    tx: &Tx,
) -> Result<Vec<(Address, i64)>, SignatureError> {
    if tx.signatures.len() > permission.keys.len() {
        return Err(SignatureError::Permission(format!(
            "Signature count is {} more than key counts of permission : {}",
            tx.signatures.len(),
            permission.keys.len()
        )));
    }
    let mut weighed: Vec<(Address, i64)> = Vec::new();
    for (signature, signer) in tx.signatures.iter().zip(&tx.signers) {
        let signer = signer.clone().map_err(|error| match error {
            BadSignature::Size(_) => SignatureError::Format(error),
            BadSignature::Header(_) | BadSignature::Unrecoverable => SignatureError::Compute(error),
        })?;
        let weight = permission.weight(&signer);
        if weight == 0 {
            let signature = hex::encode(signature);
            return Err(SignatureError::Permission(format!(
                "{signature} is signed by {signer} but it is not contained of permission."
            )));
        }
        if weighed.iter().any(|(known, _)| *known == signer) {
            return Err(SignatureError::Permission(format!("{signer} has signed twice!")));
        }
        weighed.push((signer, weight));
    }
    Ok(weighed)
}
