//! What concurrent callers share: the commit that accepts, the read before it, and the nonces of requests.
//!
//! The statements of a group are written for all of it at once. When one of them breaks the group (a defect, for every
//! expected conflict is an answer), each caller is tried alone: it refuses itself alone.

use std::sync::Arc;

use sluice_core::asset::AssetId;
use sluice_core::id::PartnerId;
use sluice_core::port::store::{Accepted, Intake, IntakeFacts, StoreError};

use super::gather::Gather;
use super::unread::Found;
use super::{Context, accept, facts};
use crate::db::{Observer, Shared};
use crate::registry::nonce::{self, Nonce};
use crate::sql::SqlError;

/// Times a group is tried when another transaction was in the way.
const TRIES: usize = 5;

type Answers<A> = Vec<Result<A, StoreError>>;

/// The groups of one process.
pub(crate) struct Groups {
    pub(crate) accept: Gather<Intake, Accepted>,
    pub(crate) facts: Gather<(PartnerId, AssetId), Found<Option<IntakeFacts>>>,
    pub(crate) nonces: Gather<Nonce, bool>,
}

impl Groups {
    pub(crate) fn start(db: &Shared, context: &Context, observer: &Observer) -> Self {
        let (committing, asking, noting) = (db.clone(), db.clone(), db.clone());
        let (context, observer) = (context.clone(), Arc::clone(observer));
        Self {
            accept: Gather::start(move |intakes| {
                let (db, context, observer) = (committing.clone(), context.clone(), Arc::clone(&observer));
                Box::pin(async move { commit(&db, &context, &observer, &intakes).await })
            }),
            facts: Gather::start(move |asked| {
                let db = asking.clone();
                Box::pin(async move { read(&db, asked).await })
            }),
            nonces: Gather::start(move |nonces| {
                let db = noting.clone();
                Box::pin(async move { note(&db, nonces).await })
            }),
        }
    }
}

async fn commit(
    db: &Shared,
    context: &Context,
    observer: &Observer,
    intakes: &[Intake],
) -> Answers<Accepted> {
    match together(db, context, intakes).await {
        Ok(answers) => {
            told(observer, &answers);
            answers.into_iter().map(Ok).collect()
        }
        Err(SqlError::Store(error @ (StoreError::Down(_) | StoreError::Unknown(_)))) => {
            intakes.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut answers = Vec::with_capacity(intakes.len());
            for intake in intakes {
                let alone = together(db, context, std::slice::from_ref(intake)).await;
                if let Ok(answers) = &alone {
                    told(observer, answers);
                }
                let none = || StoreError::Statement("a group of one has no answer".into());
                answers.push(
                    alone.map_err(StoreError::from).and_then(|mut answers| answers.pop().ok_or_else(none)),
                );
            }
            answers
        }
    }
}

fn told(observer: &Observer, answers: &[Accepted]) {
    if let Some(meter) = observer.get() {
        meter.accepted(answers);
    }
}

async fn together(db: &Shared, context: &Context, intakes: &[Intake]) -> Result<Vec<Accepted>, SqlError> {
    let mut tries = 1;
    loop {
        let (group, context) = (intakes.to_vec(), context.clone());
        let done = db
            .try_write(move |conn| Box::pin(async move { accept::group(conn, &context, group).await }))
            .await;
        match done {
            Err(SqlError::Retry(_)) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

/// The facts begin to be read after the last of the group has asked: none of them sees an older moment than it would alone.
async fn read(db: &Shared, asked: Vec<(PartnerId, AssetId)>) -> Answers<Found<Option<IntakeFacts>>> {
    let questions = asked.clone();
    let read = db.read(move |conn| Box::pin(async move { facts::intake(conn, &questions).await })).await;
    match read {
        // Said once, by whoever comes first.
        Ok((facts, mut unread)) => {
            facts.into_iter().map(|one| Ok((one, std::mem::take(&mut unread)))).collect()
        }
        Err(error) => asked.iter().map(|_| Err(error.clone())).collect(),
    }
}

async fn note(db: &Shared, nonces: Vec<Nonce>) -> Answers<bool> {
    let group = nonces.clone();
    let done = db.statement(move |conn| Box::pin(async move { nonce::first_uses(conn, &group).await })).await;
    match done {
        Ok(firsts) => firsts.into_iter().map(Ok).collect(),
        Err(SqlError::Store(error @ (StoreError::Down(_) | StoreError::Unknown(_)))) => {
            nonces.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut answers = Vec::with_capacity(nonces.len());
            for one in nonces {
                let alone = db.statement(move |conn| {
                    Box::pin(async move { nonce::first_uses(conn, std::slice::from_ref(&one)).await })
                });
                let first = alone.await.map_err(StoreError::from);
                answers.push(first.map(|firsts| firsts.contains(&true)));
            }
            answers
        }
    }
}
