//! Groups: callers that come while a group is under way share the next one, so that a busy server asks the
//! database as often as an idle one. No timer: a lone caller is served at once, and a group is as large as the one before
//! it was slow.
//!
//! A task of its own does the work, so that a caller who goes away (a closed HTTP connection) takes nobody's answer with
//! it.

use sluice_core::port::Fut;
use sluice_core::port::store::StoreError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// Callers that may wait; more of them wait for a place (M14).
const QUEUE: usize = 4_096;
/// Callers that share an answer's cost.
const GROUP: usize = 256;

type Answer<A> = Result<A, StoreError>;

struct Waiting<Q, A> {
    question: Q,
    reply: oneshot::Sender<Answer<A>>,
}

/// The task and the way to it. It ends with its owner.
pub(crate) struct Gather<Q, A> {
    queue: mpsc::Sender<Waiting<Q, A>>,
    _task: JoinSet<()>,
}

impl<Q: Send + 'static, A: Send + 'static> Gather<Q, A> {
    /// `work` answers a group: each question, in order.
    pub(crate) fn start(
        work: impl Fn(Vec<Q>) -> Fut<'static, Vec<Answer<A>>> + Send + Sync + 'static,
    ) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Waiting<Q, A>>(QUEUE);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut group = Vec::with_capacity(GROUP);
            while waiting.recv_many(&mut group, GROUP).await > 0 {
                let (questions, replies): (Vec<Q>, Vec<_>) =
                    group.drain(..).map(|one| (one.question, one.reply)).unzip();
                let answers = work(questions).await;
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // A caller that went away has stopped waiting, not undone anything.
                    drop(reply.send(answer));
                }
            }
        });
        Self { queue, _task: task }
    }

    pub(crate) async fn ask(&self, question: Q) -> Answer<A> {
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Down("the task of a group has ended".into());
        self.queue.send(Waiting { question, reply }).await.map_err(|_| gone())?;
        // The task died between taking the question and answering it.
        answer.await.map_err(|_| StoreError::Unknown("the task of a group has ended".into()))?
    }
}
