//! What an alert is called, in Korean and English.

use sluice_core::alert::Code;

/// Where the runbooks are when nobody published them elsewhere.
pub(super) const RUNBOOKS: &str = "docs/runbooks.md";

/// The owner of what belongs to no partner.
pub(super) const PLATFORM: &str = "hq";

/// Where to read what to do.
pub(super) fn runbook(base: &str, code: Code) -> String {
    format!("{base}#{}", code.as_str())
}

/// Korean, English. `docs/runbooks.md` has a section with each of these headings.
pub(super) const fn title(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::LaneFrozen => ("레인 동결", "Lane frozen"),
        Code::FinalityReversed => ("최종 확정 뒤집힘", "Finality reversed"),
        Code::NodesDisagree => ("노드 불일치", "Nodes disagree"),
        Code::StoreWentBack => ("저장소 과거로 되돌아감", "Store went back in time"),
        Code::ReconciliationDifference => ("장부와 체인 불일치", "Books and chain differ"),
        Code::BreakerOpen => ("차단기 열림", "Breaker open"),
        Code::LaneIdle => ("레인 정지", "Lane idle"),
        Code::FeeAtCap => ("수수료 상한 도달", "Fee at its cap"),
        Code::FinalityStalled => ("최종 확정 지연", "Finality stalled"),
        Code::NodesDown => ("노드 응답 없음", "Nodes down"),
        Code::SignerDown => ("서명 서버 응답 없음", "Signer down"),
        Code::SignerRefused => ("서명 거부", "Signer refused"),
        Code::NeedsAttention => ("담당자 확인 필요", "Needs attention"),
        Code::FundsShort => ("핫월렛 잔액 부족", "Funds short"),
        Code::GasLow => ("가스 부족", "Gas low"),
        Code::DeadlineMissed => ("처리 기한 초과", "Deadline missed"),
        Code::UnsettledFull => ("미확정 이체 한도 도달", "Too much unsettled"),
        Code::ClockSkew => ("시계 차이", "Clock skew"),
        Code::UnknownState => ("알 수 없는 상태", "Unknown state"),
        Code::SingleSource => ("단일 노드 운영사", "Single source"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_runbook_under_its_own_heading_in_both_languages() {
        let runbooks = include_str!("../../../../docs/runbooks.md");
        for code in Code::ALL {
            let (ko, en) = title(*code);
            let anchor = format!("<a id=\"{}\"></a>", code.as_str());
            let section =
                runbooks.split(&anchor).nth(1).unwrap_or_else(|| panic!("no {anchor} in docs/runbooks.md"));
            let heading = section.trim_start().lines().next().unwrap_or_default();
            assert!(heading.contains(ko) && heading.contains(en), "{}: {heading:?}", code.as_str());
        }
        assert_eq!(runbooks.matches("<a id=").count(), Code::ALL.len(), "no runbook without a code");
    }
}
