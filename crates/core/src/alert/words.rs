//! What each alert is called and what it says, in Korean and English. `docs/runbooks.md` has a section with each of the
//! titles. The figures of one case are the alert's detail, which the engine writes in English.

use super::Code;

/// One kind of alert in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Title in Korean.
    pub title_ko: &'static str,
    /// Title in English.
    pub title_en: &'static str,
    /// What it means, one sentence, in Korean.
    pub says_ko: &'static str,
    /// What it means, one sentence, in English.
    pub says_en: &'static str,
}

impl Code {
    /// This kind in words.
    pub const fn words(self) -> Words {
        let (title_ko, title_en, says_ko, says_en) = match self {
            Self::LaneFrozen => (
                "레인 동결",
                "Lane frozen",
                "설명되지 않는 출금이 지갑에서 나가 레인을 동결했습니다.",
                "Something left this wallet that no payment of ours explains; its lane is frozen.",
            ),
            Self::ClaimUnconfirmed => (
                "확인되지 않은 출금 주장",
                "Claim unconfirmed",
                "노드 한 곳만 이 지갑에서 우리가 하지 않은 출금이 있었다고 답합니다. 다른 운영사의 확인을 기다립니다.",
                "One node alone shows something leaving this wallet; other operators are asked.",
            ),
            Self::FinalityReversed => (
                "최종 확정 뒤집힘",
                "Finality reversed",
                "최종 확정된 블록이 체인에서 사라져 같은 슬롯에서 다시 전송하고 있습니다.",
                "A final block under a payment left the chain; the same bytes are sent again in the same slot.",
            ),
            Self::NodesDisagree => (
                "노드 불일치",
                "Nodes disagree",
                "운영사가 다른 노드들이 최종 블록에 대해 서로 다르게 답합니다.",
                "Nodes of different operators contradict each other about a final block.",
            ),
            Self::StoreWentBack => (
                "저장소 과거로 되돌아감",
                "Store went back in time",
                "저장소가 서명 서버나 체인보다 과거 상태입니다.",
                "The store is older than the signer or the chain; the lane is shut.",
            ),
            Self::ReconciliationDifference => (
                "장부와 체인 불일치",
                "Books and chain differ",
                "지갑 잔액이 장부보다 적습니다.",
                "The wallet holds less than the books say.",
            ),
            Self::BreakerOpen => (
                "차단기 열림",
                "Breaker open",
                "연속으로 되돌려졌거나 발행사가 거부하여 이 지갑에서 새로 전송하지 않습니다.",
                "Transfers reverted in a row, or the issuer refuses; nothing new is sent from this wallet.",
            ),
            Self::LaneIdle => (
                "레인 정지",
                "Lane idle",
                "처리할 출금이 있는데 레인이 전송하지 않습니다.",
                "The lane has due work and does not send.",
            ),
            Self::FeeAtCap => (
                "수수료 상한 도달",
                "Fee at its cap",
                "네트워크 수수료가 상한보다 높아 기다리고 있습니다.",
                "The network asks for more than the fee cap allows; the lane waits.",
            ),
            Self::FinalityStalled => (
                "최종 확정 지연",
                "Finality stalled",
                "체인의 최종 확정 블록이 평소보다 오래 멈춰 있습니다.",
                "The chain's final block has not moved for much longer than usual.",
            ),
            Self::NodesDown => (
                "노드 응답 없음",
                "Nodes down",
                "체인의 노드가 응답하지 않거나 합의에 필요한 수보다 적습니다.",
                "No node of the chain answers, or too few to agree.",
            ),
            Self::SignerDown => (
                "서명 서버 응답 없음",
                "Signer down",
                "서명 서버가 응답하지 않거나 저널을 기록하지 못합니다.",
                "The signer does not answer, or cannot write its journal.",
            ),
            Self::SignerRefused => (
                "서명 거부",
                "Signer refused",
                "서명 서버가 이 레인의 요청을 거부했습니다.",
                "The signer refuses requests of this lane.",
            ),
            Self::NeedsAttention => (
                "담당자 확인 필요",
                "Needs attention",
                "담당자만 결정할 수 있는 출금입니다. 결정 전에는 환불하지 마세요.",
                "Only a person can decide about this withdrawal; do not refund before that.",
            ),
            Self::FundsShort => (
                "핫월렛 잔액 부족",
                "Funds short",
                "예정된 출금을 처리할 핫월렛 잔액이 부족합니다.",
                "The hot wallet has not enough of an asset for what is due.",
            ),
            Self::GasLow => (
                "가스 부족",
                "Gas low",
                "지갑에 네트워크 수수료로 쓸 코인이 부족합니다.",
                "The wallet cannot pay for gas at the present price.",
            ),
            Self::EnergyShort => (
                "에너지 부족",
                "Energy short",
                "에너지를 구하지 못했고, 이번 한 시간에 소각할 수 있는 TRX 한도에 도달했습니다.",
                "No energy comes, and as much TRX as an hour allows is burned or may be.",
            ),
            Self::EnergyLow => (
                "에너지 20% 미만",
                "Energy below 20 %",
                "에너지가 20% 미만입니다. TRX를 추가로 스테이킹하거나 에너지를 미리 구매하세요.",
                "Less than 20 % of the wallet's own energy is left; stake more TRX, or buy energy ahead.",
            ),
            Self::EnergyUnusual => (
                "비정상적인 에너지 사용",
                "Unusual use of energy",
                "지갑이 최근 한 시간 동안 예상보다 훨씬 많은 에너지를 사용했습니다.",
                "A wallet uses far more energy within an hour than its payouts were expected to take.",
            ),
            Self::EnergyUnresolved => (
                "에너지 주문 미해결",
                "Energy order unresolved",
                "에너지 판매자에게 지급했거나 지급했을 수 있는 금액이 에너지로도 잔액으로도 확인되지 않습니다.",
                "A vendor took money for energy, or may have, and neither the energy nor the money is accounted for.",
            ),
            Self::EnergyCreditLow => (
                "에너지 잔액·한도 부족",
                "Energy credit low",
                "파트너의 에너지 선불 잔액이 기준보다 적거나, 후불 한도가 거의 찼습니다. 풀 지갑으로 TRX를 보내세요.",
                "A partner has paid little ahead for energy of the pool, or owes nearly as much as it may; send TRX to the pool's wallet.",
            ),
            Self::EnergyTopupUnknown => (
                "출처를 알 수 없는 에너지 충전",
                "Energy top-up of nobody",
                "소유가 확인되지 않은 주소에서 풀 지갑으로 TRX가 들어왔습니다. 어느 파트너의 충전인지 지정하세요.",
                "TRX came to the pool's wallet from an address that nobody has shown to be its own; say whose top-up it is.",
            ),
            Self::SignatureAwaited => (
                "서명 대기 중인 보충 이체",
                "Refill awaits a signature",
                "주문한 보충 이체를 30분 넘게 아무도 서명하지 않았습니다. 서명 요청을 가져가 서명하거나, 주문을 취소하세요.",
                "A refill was ordered and nobody took it in hand within half an hour; sign it, or cancel it.",
            ),
            Self::DeadlineMissed => (
                "처리 기한 초과",
                "Deadline missed",
                "약속한 처리 시간을 넘겼습니다. 지급은 계속 진행됩니다.",
                "It is later than its type promises; it is still going to be paid.",
            ),
            Self::UnsettledFull => (
                "미확정 이체 한도 도달",
                "Too much unsettled",
                "최종 확정되지 않은 이체가 한도에 도달해 새로 전송하지 않습니다.",
                "Too many transfers of the lane are not final yet; it sends nothing until some are.",
            ),
            Self::ClockSkew => (
                "시계 차이",
                "Clock skew",
                "새 블록의 시각과 서버 시계가 1분 넘게 다릅니다.",
                "A new block and our clock differ by more than a minute.",
            ),
            Self::UnknownState => (
                "알 수 없는 상태",
                "Unknown state",
                "더 새로운 버전이 기록했거나 손상된 행을 건너뛰었습니다.",
                "A row was written by a newer version, or is damaged; it is left alone.",
            ),
            Self::SingleSource => (
                "단일 노드 운영사",
                "Single source",
                "최종 확정을 노드 운영사 한 곳의 답에만 의존합니다.",
                "Completion rests on one node operator's word.",
            ),
        };
        Words { title_ko, title_en, says_ko, says_en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_of_its_own_in_both_languages() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let words = code.words();
            for text in [words.title_ko, words.title_en, words.says_ko, words.says_en] {
                assert!(!text.is_empty() && seen.insert(text), "{}: {text:?}", code.as_str());
            }
            for korean in [words.title_ko, words.says_ko] {
                assert!(korean.chars().any(|it| ('가'..='힣').contains(&it)), "{korean}");
            }
        }
    }
}
