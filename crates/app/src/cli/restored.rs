//! `sluice restored`: what was found when the database went back in time, and what is left to do.

use sluice_api::problem::Lang;
use sluice_api::restored::{FoundAs, Left, LeftToDo, RestoredState};

use super::fail::{Exit, Fail};
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, Table, fields};
use super::times;
use super::words::{self, pick};

/// Prints it.
pub(super) async fn run(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let found = session.client.restored().await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&found)?;
        return Ok(Exit::Done);
    }
    let lang = screen.lang;
    screen.line(state(lang, found.state))?;
    if found.state == RestoredState::Never {
        return Ok(Exit::Done);
    }
    let time =
        |time: &Option<_>| time.as_ref().map_or_else(|| "-".to_owned(), |time| times::full(time, lang));
    let place = |place: Option<u64>| place.map_or_else(|| "-".to_owned(), |place| place.to_string());
    let imported = format!("{} .. {}", place(found.journal_from), place(found.journal_to));
    fields(
        screen,
        &[
            (pick(lang, "evidence", "근거"), Cell::new(found.evidence.as_deref().unwrap_or("-"))),
            (pick(lang, "copied", "복사 시각"), Cell::new(time(&found.copied_at))),
            (pick(lang, "noticed", "발견 시각"), Cell::new(time(&found.noticed_at))),
            (pick(lang, "imported", "가져온 시각"), Cell::new(time(&found.imported_at))),
            (pick(lang, "journal", "저널"), Cell::new(imported)),
            (
                pick(lang, "attempts that the database had lost", "데이터베이스가 잃었던 시도"),
                Cell::new(match lang {
                    Lang::En => format!(
                        "{}: {} followed again, {} without a transfer",
                        found.attempts_carried.saturating_add(found.attempts_lost),
                        found.attempts_carried,
                        found.attempts_lost
                    ),
                    Lang::Ko => format!(
                        "{}건: 다시 추적 {}건, 이체 없음 {}건",
                        found.attempts_carried.saturating_add(found.attempts_lost),
                        found.attempts_carried,
                        found.attempts_lost
                    ),
                }),
            ),
        ],
    )?;
    if !found.withdrawals.is_empty() {
        screen.line("")?;
        let head = [
            pick(lang, "withdrawal", "출금"),
            pick(lang, "external id", "외부 ID"),
            pick(lang, "found", "발견"),
            pick(lang, "status", "상태"),
        ];
        let mut table = Table::of(&head);
        for one in &found.withdrawals {
            table.row(vec![
                Cell::new(&one.id),
                Cell::new(&one.external_id),
                Cell::new(as_found(lang, one.found)),
                words::status_cell(lang, one.status),
            ]);
        }
        table.print(screen)?;
    }
    if found.withdrawals_more > 0 {
        screen.line(&match lang {
            Lang::En => format!(".. and {} more", found.withdrawals_more),
            Lang::Ko => format!(".. 외 {}건", found.withdrawals_more),
        })?;
    }
    if !found.wallets.is_empty() {
        screen.line("")?;
        let mut table = Table::of(&[
            pick(lang, "wallet", "지갑"),
            pick(lang, "unexplained transactions", "설명되지 않은 트랜잭션"),
        ]);
        for wallet in &found.wallets {
            table.row(vec![Cell::new(&wallet.id), Cell::number(wallet.unexplained)]);
        }
        table.print(screen)?;
    }
    if !found.left.is_empty() {
        screen.line("")?;
        screen.line(pick(lang, "Left to do:", "남은 일:"))?;
        for (number, left) in found.left.iter().enumerate() {
            screen.line(&format!("{}. {}", number.saturating_add(1), to_do(lang, left)))?;
        }
    }
    Ok(Exit::Done)
}

const fn state(lang: Lang, state: RestoredState) -> &'static str {
    match (lang, state) {
        (Lang::En, RestoredState::Never) => "This database never went back in time.",
        (Lang::Ko, RestoredState::Never) => "이 데이터베이스는 과거로 되돌아간 적이 없습니다.",
        (Lang::En, RestoredState::Pending) => {
            "This database went back in time and was not compared with the signer's journal yet. Everything is shut."
        }
        (Lang::Ko, RestoredState::Pending) => {
            "데이터베이스가 과거로 되돌아갔고 아직 서명 서버의 저널과 대조하지 못했습니다. 모두 닫혀 있습니다."
        }
        (Lang::En, RestoredState::Persons) => {
            "This database went back in time. What the journal has was imported; the rest waits for persons."
        }
        (Lang::Ko, RestoredState::Persons) => {
            "데이터베이스가 과거로 되돌아갔습니다. 저널의 내용은 가져왔고 나머지는 담당자를 기다립니다."
        }
        (Lang::En, RestoredState::Over) => "This database went back in time. Nothing of it is left to do.",
        (Lang::Ko, RestoredState::Over) => "데이터베이스가 과거로 되돌아갔습니다. 남은 일은 없습니다.",
    }
}

const fn as_found(lang: Lang, found: FoundAs) -> &'static str {
    match (lang, found) {
        (Lang::En, FoundAs::Carried) => "followed again",
        (Lang::Ko, FoundAs::Carried) => "다시 추적",
        (Lang::En, FoundAs::PaidBeforeRestore) => "signed in the lost time",
        (Lang::Ko, FoundAs::PaidBeforeRestore) => "잃어버린 기간에 서명됨",
        (Lang::En, FoundAs::StoreWentBack) => "not known",
        (Lang::Ko, FoundAs::StoreWentBack) => "알 수 없음",
    }
}

fn to_do(lang: Lang, left: &Left) -> String {
    let count = left.count;
    match (lang, left.step) {
        (Lang::En, LeftToDo::BringTheJournal) => {
            "Start the signer with the journal that this database has seen: see its alerts (sluice alerts)."
                .into()
        }
        (Lang::Ko, LeftToDo::BringTheJournal) => {
            "이 데이터베이스가 알고 있는 저널로 서명 서버를 시작하세요. 경보를 확인하세요(sluice alerts)."
                .into()
        }
        (Lang::En, LeftToDo::ExplainTransactions) => {
            format!("Explain {count} transactions: sluice lane show <wa_..>, sluice lane adopt.")
        }
        (Lang::Ko, LeftToDo::ExplainTransactions) => {
            format!("트랜잭션 {count}건을 설명하세요: sluice lane show <wa_..>, sluice lane adopt.")
        }
        (Lang::En, LeftToDo::ResolvePaid) => {
            format!(
                "Resolve {count} that were signed in the lost time: sluice attention resolve, or give-up."
            )
        }
        (Lang::Ko, LeftToDo::ResolvePaid) => {
            format!("잃어버린 기간에 서명된 {count}건을 해결하세요: sluice attention resolve 또는 give-up.")
        }
        (Lang::En, LeftToDo::DecideDoubtful) => {
            format!("Ask the partners about {count}, then: sluice attention redrive, or give-up.")
        }
        (Lang::Ko, LeftToDo::DecideDoubtful) => {
            format!("{count}건을 파트너에게 확인한 뒤 처리하세요: sluice attention redrive 또는 give-up.")
        }
        (Lang::En, LeftToDo::UnfreezeLanes) => {
            format!("Unfreeze {count} lanes: sluice lane unfreeze, two persons.")
        }
        (Lang::Ko, LeftToDo::UnfreezeLanes) => {
            format!("레인 {count}개의 동결을 해제하세요: sluice lane unfreeze, 두 사람.")
        }
        (Lang::En, LeftToDo::LiftTheStop) => {
            "Lift the stop of everything: sluice stops, sluice resume, two persons of the platform.".into()
        }
        (Lang::Ko, LeftToDo::LiftTheStop) => {
            "전체 중지를 해제하세요: sluice stops, sluice resume, 플랫폼 담당자 두 사람.".into()
        }
    }
}
