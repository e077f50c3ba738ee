//! `POST /v1/keys/{id}/revoke`: revokes a key for ever. Here it stops at once, in other processes within a second. Where
//! keys that it made still work, the request says whether they are revoked too.

use sluice_api::key::{Children, RevokeApiKey};
use sluice_api::problem::{Code, Refusal};
use sluice_core::id::KeyId;
use sluice_core::partner::ApiKey;

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::wire;

/// Looks for keys that were made while others were revoked.
const LOOKS_MAX: usize = 8;
/// Keys that are named in a refusal.
const NAMED_MAX: usize = 10;

pub(crate) async fn run(call: Call) -> Answer {
    let body: RevokeApiKey = call.body()?;
    let id = call.id(KeyId::parse)?;
    let key = call.registry().key(id).await?.filter(|key| call.caller.acts_for(key.partner));
    let key = key.ok_or_else(Reject::not_found)?;
    if body.children.is_none() {
        let made = working(&call, id).await?;
        if !made.is_empty() {
            return Err(has_children(&made));
        }
    }
    // First the maker: it makes no other while its children are revoked.
    revoke(&call, &key, &body.reason).await?;
    if body.children == Some(Children::Revoke) {
        descend(&call, id, &body.reason).await?;
    }
    let key = call.registry().key(id).await?.ok_or_else(Reject::not_found)?;
    ok(&wire::key::key(&key))
}

async fn revoke(call: &Call, key: &ApiKey, reason: &str) -> Result<(), Reject> {
    call.registry().revoke_key(key.partner, key.id, call.cause(reason)).await?;
    call.server.keys.forget(key.id);
    Ok(())
}

/// Revokes whatever came of a key, oldest first. Cut off in between, it is done by asking again.
async fn descend(call: &Call, id: KeyId, reason: &str) -> Result<(), Reject> {
    for _ in 0..LOOKS_MAX {
        let made = working(call, id).await?;
        if made.is_empty() {
            return Ok(());
        }
        for key in &made {
            revoke(call, key, reason).await?;
        }
    }
    match working(call, id).await? {
        made if made.is_empty() => Ok(()),
        made => Err(has_children(&made)),
    }
}

/// Keys that came of this one and still work.
async fn working(call: &Call, id: KeyId) -> Result<Vec<ApiKey>, Reject> {
    let mut made = call.registry().keys_made_by(id).await?;
    made.retain(|key| key.expires_at.is_none_or(|end| call.now < end));
    Ok(made)
}

fn has_children(made: &[ApiKey]) -> Reject {
    let mut names: Vec<String> = made.iter().take(NAMED_MAX).map(|key| key.id.to_string()).collect();
    if made.len() > NAMED_MAX {
        names.push("...".to_owned());
    }
    Refusal::new(Code::KeyHasChildren).with("count", made.len()).with("keys", names.join(", ")).into()
}
