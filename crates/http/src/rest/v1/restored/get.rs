//! `GET /v1/restored`: what was found when the database went back in time, and what is left to do. A partner sees its own
//! withdrawals and wallets; the stop of everything is told to everybody.

use sluice_api::restored::{FoundAs, FoundWithdrawal, Left, LeftToDo, Restored, RestoredState, ShutWallet};
use sluice_api::tag;
use sluice_core::port::reader::{FoundBack, HowFound, WentBackView};

use crate::call::{Answer, Call, ok};
use crate::wire::time;
use crate::wire::withdrawal::wire_status;

pub(crate) async fn run(call: Call) -> Answer {
    let found = call.reader().went_back(call.caller.sees()).await?;
    ok(&found.as_ref().map_or_else(never, told))
}

fn never() -> Restored {
    Restored {
        object: tag::Restored::Is,
        state: RestoredState::Never,
        evidence: None,
        copied_at: None,
        noticed_at: None,
        shut_at: None,
        imported_at: None,
        journal_from: None,
        journal_to: None,
        attempts_carried: 0,
        attempts_lost: 0,
        withdrawals: vec![],
        withdrawals_more: 0,
        wallets: vec![],
        stopped: false,
        left: vec![],
    }
}

fn told(view: &WentBackView) -> Restored {
    let left = left(view);
    let state = match (view.imported, left.is_empty()) {
        (None, _) => RestoredState::Pending,
        (Some(_), false) => RestoredState::Persons,
        (Some(_), true) => RestoredState::Over,
    };
    Restored {
        object: tag::Restored::Is,
        state,
        evidence: Some(view.evidence.clone()),
        copied_at: view.copied_at.map(time),
        noticed_at: Some(time(view.noticed_at)),
        shut_at: view.shut_at.map(time),
        imported_at: view.imported.map(|(_, at)| time(at)),
        journal_from: view.imported.map(|(seen, _)| seen.from),
        journal_to: view.imported.map(|(seen, _)| seen.to),
        attempts_carried: view.carried,
        attempts_lost: view.lost,
        withdrawals: view.withdrawals.iter().map(found).collect(),
        withdrawals_more: view.more,
        wallets: view
            .wallets
            .iter()
            .map(|shut| ShutWallet { id: shut.wallet.to_string(), unexplained: shut.unexplained })
            .collect(),
        stopped: view.stopped,
        left,
    }
}

fn found(found: &FoundBack) -> FoundWithdrawal {
    FoundWithdrawal {
        id: found.id.to_string(),
        external_id: found.external_id.clone(),
        partner_id: found.partner.to_string(),
        status: wire_status(found.status),
        found: match found.how {
            HowFound::Carried => FoundAs::Carried,
            HowFound::PaidBeforeRestore => FoundAs::PaidBeforeRestore,
            HowFound::StoreWentBack => FoundAs::StoreWentBack,
        },
    }
}

/// In the order in which it is done. What is not named is counted with what waits: none of it is over.
fn left(view: &WentBackView) -> Vec<Left> {
    let of = |how| view.withdrawals.iter().filter(|it| it.how == how).count() as u64;
    let unexplained = view.wallets.iter().fold(0_u64, |sum, shut| sum.saturating_add(shut.unexplained));
    let steps = [
        (LeftToDo::BringTheJournal, u64::from(view.imported.is_none())),
        (LeftToDo::ExplainTransactions, unexplained),
        (LeftToDo::ResolvePaid, of(HowFound::PaidBeforeRestore)),
        (LeftToDo::DecideDoubtful, of(HowFound::StoreWentBack).saturating_add(view.more)),
        (LeftToDo::UnfreezeLanes, view.wallets.len() as u64),
        (LeftToDo::LiftTheStop, u64::from(view.stopped)),
    ];
    steps.into_iter().filter(|(_, count)| *count > 0).map(|(step, count)| Left { step, count }).collect()
}
