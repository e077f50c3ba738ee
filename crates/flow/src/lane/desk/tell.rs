//! In: bytes that were made, and of which nobody was told. Out: told, once the signer's journal holds a mark from after they were
//! made: a store from before them is found out by that mark, shut, and kept quiet until they have expired (M17). A crash leaves
//! them made, and another mark is as good.

use sluice_core::hand_out::State;
use sluice_core::port::store::Change;
use sluice_core::withdrawal::Waiting;

use crate::StageError;
use crate::journal::{self, Standing};
use crate::lane::Lane;
use crate::lane::sign::signer_down;

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    if !lane.view.hand_outs.iter().any(|it| matches!(it.state, State::Made(_))) {
        return Ok(());
    }
    lane.view.stops = lane.ports.store.stops().await?;
    let made: Vec<_> = lane
        .view
        .hand_outs
        .iter()
        .filter(|it| match &it.state {
            State::Made(made) => {
                lane.transfers().any(|transfer| transfer.id == made.transfer && !lane.stopped(transfer))
            }
            State::Wished | State::Told(_) | State::Lapsed { .. } => false,
        })
        .cloned()
        .collect();
    // What nobody was told of expires by itself.
    if made.is_empty() {
        lane.blocked_by(Waiting::Stop);
        return Ok(());
    }
    if !lane.wallet().hands_out(lane.now()) {
        lane.blocked_by(Waiting::Person);
        return Ok(());
    }
    match journal::mark(lane.ports).await {
        Ok(Standing::Together) => {}
        Ok(Standing::WentBack) => return lane.reload().await,
        Err(StageError::Signer(error)) => {
            signer_down(lane, &error.to_string());
            return Ok(());
        }
        Err(other) => return Err(other),
    }
    let mut changes = Vec::new();
    for it in made {
        changes.push(Change {
            hand_outs: vec![it.tell()?],
            cause: Some(lane.cause("hand_out")),
            ..Change::default()
        });
    }
    lane.apply(changes).await?;
    Ok(())
}
