//! Group commit for PostgreSQL: requests that arrive while a commit is under way share the next one. No timer: a lone
//! request is committed at once, and a group is as large as the last commit was slow.
//!
//! A task of its own owns the transaction, so that a caller who goes away (a closed HTTP connection) takes nobody's
//! commit with it. The statements of a group are written for all of its requests at once. When one of them breaks the
//! group (a defect, for every expected conflict is an answer), each request is tried alone: it refuses itself alone.

use sluice_core::port::store::{Accepted, Intake, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{Context, accept};
use crate::db::{Observer, Pg};
use crate::sql::SqlError;

/// Requests that may wait; more callers wait for a place (M14).
const QUEUE: usize = 4_096;
/// Requests that share a commit.
const GROUP: usize = 256;
/// Times a group is tried when another transaction was in the way.
const TRIES: usize = 5;

type Answer = Result<Accepted, StoreError>;

struct Waiting {
    intake: Intake,
    reply: oneshot::Sender<Answer>,
}

/// The task and the way to it. It ends with its owner.
pub(crate) struct Committer {
    queue: mpsc::Sender<Waiting>,
    _task: JoinSet<()>,
}

impl Committer {
    pub(crate) fn start(pg: Pg, context: Context, observer: Observer) -> Self {
        let (queue, mut waiting) = mpsc::channel(QUEUE);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut group = Vec::with_capacity(GROUP);
            while waiting.recv_many(&mut group, GROUP).await > 0 {
                commit(&pg, &context, &observer, std::mem::take(&mut group)).await;
            }
        });
        Self { queue, _task: task }
    }

    pub(crate) async fn accept(&self, intake: Intake) -> Answer {
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Down("the committer has ended".into());
        self.queue.send(Waiting { intake, reply }).await.map_err(|_| gone())?;
        // The task died between taking the request and answering it.
        answer.await.map_err(|_| StoreError::Unknown("the committer has ended".into()))?
    }
}

async fn commit(pg: &Pg, context: &Context, observer: &Observer, group: Vec<Waiting>) {
    let (intakes, replies): (Vec<Intake>, Vec<_>) =
        group.into_iter().map(|one| (one.intake, one.reply)).unzip();
    let answers: Vec<Answer> = match together(pg, context, &intakes).await {
        Ok(answers) => {
            told(observer, &answers);
            answers.into_iter().map(Ok).collect()
        }
        Err(SqlError::Store(error @ (StoreError::Down(_) | StoreError::Unknown(_)))) => {
            intakes.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut answers = Vec::with_capacity(intakes.len());
            for intake in &intakes {
                let alone = together(pg, context, std::slice::from_ref(intake)).await;
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
    };
    for (reply, answer) in replies.into_iter().zip(answers) {
        // A caller that went away has stopped waiting, not undone anything.
        drop(reply.send(answer));
    }
}

pub(super) fn told(observer: &Observer, answers: &[Accepted]) {
    if let Some(meter) = observer.get() {
        meter.accepted(answers);
    }
}

async fn together(pg: &Pg, context: &Context, intakes: &[Intake]) -> Result<Vec<Accepted>, SqlError> {
    let mut tries = 1;
    loop {
        let (group, context) = (intakes.to_vec(), context.clone());
        let done = pg
            .try_write(move |conn| Box::pin(async move { accept::group(conn, &context, group).await }))
            .await;
        match done {
            Err(SqlError::Retry(_)) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}
