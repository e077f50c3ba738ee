//! The two languages of the command line. A text stands beside its translation in the code, so that neither can be
//! forgotten and both have the same facts: the compiler sees to it.

use sluice_api::alert::Severity;
use sluice_api::asset::AssetState;
use sluice_api::attention::WayOut;
use sluice_api::chain::ChainState;
use sluice_api::health::Verdict;
use sluice_api::lane::LaneState;
use sluice_api::problem::{Lang, status_title, wait_text};
use sluice_api::status::{Status, WaitKind, WithdrawalType};
use sluice_api::wallet::{WalletCustody, WalletRole, WalletRule, WalletState};
use sluice_api::withdrawal::{TransactionKind, TransactionStatus};

use super::screen::Style;
use super::table::Cell;

/// A sentence with facts, in the reader's language: `say!(lang, "{n} paid", "{n}건 지급")`.
macro_rules! say {
    ($lang:expr, $en:literal, $ko:literal $(,)?) => {
        match $lang {
            ::sluice_api::problem::Lang::En => ::std::format!($en),
            ::sluice_api::problem::Lang::Ko => ::std::format!($ko),
        }
    };
}
pub(super) use say;

/// A fixed text in the reader's language.
pub(super) const fn pick(lang: Lang, en: &'static str, ko: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

/// What people call a status.
pub(super) fn status(lang: Lang, status: Status) -> &'static str {
    status_title(lang, status)
}

/// The colour of a status. It repeats what the word says.
pub(super) const fn status_style(status: Status) -> Style {
    match status {
        Status::Completed => Style::Green,
        Status::Held => Style::Yellow,
        Status::NeedsAttention | Status::Rejected | Status::Failed => Style::Red,
        Status::Cancelled => Style::Dim,
        Status::Pending
        | Status::Approved
        | Status::Queued
        | Status::WalletFunded
        | Status::EnergyRequested
        | Status::EnergyReceived
        | Status::Processing
        | Status::Signing
        | Status::Broadcast
        | Status::Confirming => Style::Cyan,
    }
}

/// A status as an entry of a table.
pub(super) fn status_cell(lang: Lang, of: Status) -> Cell {
    Cell::styled(status_style(of), status(lang, of))
}

/// What it waits for, in a few words.
pub(super) fn wait(lang: Lang, kind: WaitKind) -> &'static str {
    &wait_text(lang, kind).title
}

/// What people call a type.
pub(super) const fn withdrawal_type(lang: Lang, kind: WithdrawalType) -> &'static str {
    match kind {
        WithdrawalType::Immediate => pick(lang, "Immediate", "즉시"),
        WithdrawalType::Regular => pick(lang, "Regular", "일반"),
        WithdrawalType::Scheduled => pick(lang, "Scheduled", "예약"),
    }
}

/// What a transaction is for.
pub(super) const fn transaction_kind(lang: Lang, kind: TransactionKind) -> &'static str {
    match kind {
        TransactionKind::Pay => pick(lang, "Payment", "지급"),
        TransactionKind::Void => pick(lang, "Void (pays nothing)", "무효화(지급 없음)"),
    }
}

/// Where a transaction stands.
pub(super) const fn transaction_status(lang: Lang, status: TransactionStatus) -> &'static str {
    match status {
        TransactionStatus::Signed => pick(lang, "Signed", "서명됨"),
        TransactionStatus::Sent => pick(lang, "Sent", "전송됨"),
        TransactionStatus::Included => pick(lang, "In a block", "블록 포함"),
        TransactionStatus::Final => pick(lang, "Final", "최종 확정"),
        TransactionStatus::Reverted => pick(lang, "Reverted", "되돌려짐"),
        TransactionStatus::Replaced => pick(lang, "Replaced", "대체됨"),
        TransactionStatus::Dead => pick(lang, "Never executed", "실행되지 않음"),
    }
}

/// Whether a lane takes work.
pub(super) fn lane_state(lang: Lang, state: LaneState) -> Cell {
    let (style, word) = match state {
        LaneState::Open => (Style::Green, pick(lang, "Open", "운영 중")),
        LaneState::Paused => (Style::Yellow, pick(lang, "Paused", "일시 중지")),
        LaneState::Draining => (Style::Yellow, pick(lang, "Draining", "비우는 중")),
        LaneState::Frozen => (Style::Red, pick(lang, "Frozen", "동결")),
        LaneState::Stopped => (Style::Red, pick(lang, "Stopped", "중지됨")),
    };
    Cell::styled(style, word)
}

/// Where a wallet is in its life.
pub(super) fn wallet_state(lang: Lang, state: WalletState) -> Cell {
    let (style, word) = match state {
        WalletState::Adopting => (Style::Cyan, pick(lang, "Being adopted", "편입 중")),
        WalletState::Active => (Style::Green, pick(lang, "In service", "사용 중")),
        WalletState::Frozen => (Style::Red, pick(lang, "Frozen", "동결")),
        WalletState::Retiring => (Style::Yellow, pick(lang, "Being retired", "폐기 중")),
        WalletState::Retired => (Style::Dim, pick(lang, "Retired", "폐기됨")),
    };
    Cell::styled(style, word)
}

/// What is asked of a wallet before it comes into service.
pub(super) const fn wallet_rule(lang: Lang, rule: WalletRule) -> &'static str {
    match rule {
        WalletRule::KeyHeld => pick(lang, "The signer holds its key", "서명 서버에 키가 있습니다"),
        WalletRule::KeyShown => pick(lang, "The signer has shown it", "서명 서버가 키 보유를 증명했습니다"),
        WalletRule::Free => pick(lang, "Not managed yet", "아직 관리 중이 아닌 주소입니다"),
        WalletRule::Plain => pick(lang, "No code, no delegation", "코드와 위임이 없습니다"),
        WalletRule::NonceSettled => pick(lang, "One nonce everywhere", "논스가 모두 같습니다"),
        WalletRule::BalanceSettled => pick(lang, "What it holds is final", "잔액이 확정되었습니다"),
        WalletRule::ChainFollowed => pick(lang, "The chain is followed", "체인을 따라잡았습니다"),
    }
}

/// What a wallet is for.
pub(super) const fn wallet_role(lang: Lang, role: WalletRole) -> &'static str {
    match role {
        WalletRole::Hot => pick(lang, "Hot", "핫"),
        WalletRole::Warm => pick(lang, "Warm", "웜"),
        WalletRole::Cold => pick(lang, "Cold", "콜드"),
        WalletRole::Gas => pick(lang, "Gas", "가스"),
        WalletRole::Safe => pick(lang, "Safe", "구조"),
    }
}

/// Who holds the key of a wallet.
pub(super) const fn wallet_custody(lang: Lang, custody: WalletCustody) -> &'static str {
    match custody {
        WalletCustody::Managed => pick(lang, "managed", "직접 관리"),
        WalletCustody::External => pick(lang, "external", "외부 보관"),
    }
}

/// How well a chain can be read.
pub(super) fn chain_state(lang: Lang, state: ChainState) -> Cell {
    verdict(
        lang,
        match state {
            ChainState::Ok => Verdict::Ok,
            ChainState::Degraded => Verdict::Degraded,
            ChainState::Down => Verdict::Down,
        },
    )
}

/// How a part is.
pub(super) fn verdict(lang: Lang, verdict: Verdict) -> Cell {
    let (style, word) = match verdict {
        Verdict::Ok => (Style::Green, pick(lang, "Ok", "정상")),
        Verdict::Degraded => (Style::Yellow, pick(lang, "Degraded", "저하")),
        Verdict::Down => (Style::Red, pick(lang, "Down", "중단")),
    };
    Cell::styled(style, word)
}

/// Whether an asset is paid.
pub(super) fn asset_state(lang: Lang, state: AssetState) -> Cell {
    let (style, word) = match state {
        AssetState::Active => (Style::Green, pick(lang, "Payable", "지급 가능")),
        AssetState::Paused => (Style::Yellow, pick(lang, "Paused", "일시 중지")),
    };
    Cell::styled(style, word)
}

/// How soon a person must look.
pub(super) fn severity(severity: Severity) -> Cell {
    let style = match severity {
        Severity::P1 => Style::Red,
        Severity::P2 => Style::Yellow,
        Severity::P3 | Severity::P4 => Style::Plain,
    };
    Cell::styled(style, severity.as_str())
}

/// The command that takes a way out.
pub(super) const fn way_out(way: WayOut) -> &'static str {
    match way {
        WayOut::Redrive => "redrive",
        WayOut::Resolve => "resolve",
        WayOut::GiveUp => "give-up",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_the_same_facts_in_both_languages() {
        let n = 3;
        assert_eq!(say!(Lang::En, "{n} paid", "{n}건 지급"), "3 paid");
        assert_eq!(say!(Lang::Ko, "{n} paid", "{n}건 지급"), "3건 지급");
    }

    #[test]
    fn bad_news_is_never_green() {
        for &status in Status::ALL {
            assert_eq!(status_style(status) == Style::Green, status == Status::Completed, "{status}");
        }
    }
}
