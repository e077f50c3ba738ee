//! What `sluice tron-sim --state FILE` says about the file.

use sluice_api::problem::Lang;
use sluice_devnet::tron::{Resumed, StateError};

use crate::config::Both;
use crate::error::StartError;

/// The one line in the person's language.
pub(in crate::roles) fn line(said: Both, lang: Lang) -> String {
    match lang {
        Lang::En => said.en,
        Lang::Ko => said.ko,
    }
}

/// A last record that was not whole.
pub(in crate::roles) fn cut_off(bytes: u64) -> Both {
    Both::new(
        format!(
            "warning: the state ended within a record that nobody had seen yet; its {bytes} bytes are cut off"
        ),
        format!(
            "주의: 상태 파일이 아무도 보지 못한 기록 중간에서 끝나, 마지막 {bytes}바이트를 잘라 냈습니다"
        ),
    )
}

/// Where the chain goes on.
pub(in crate::roles) fn goes_on(resumed: &Resumed, head: u64) -> Both {
    let Resumed { blocks, transactions, .. } = resumed;
    Both::new(
        format!("It goes on from block {head}: {blocks} blocks and {transactions} transactions were kept."),
        format!(
            "{head}번 블록에서 이어 갑니다. 블록 {blocks}개와 거래 {transactions}건이 보관되어 있습니다."
        ),
    )
}

/// The disk is full, say.
pub(in crate::roles) fn unwritten(why: &str) -> Both {
    Both::new(
        format!("{why}; what was answered is kept, so make room and start again"),
        format!(
            "상태 파일에 더 쓸 수 없습니다: {why}. 지금까지 답한 것은 보관되어 있으니 공간을 마련하고 다시 시작하세요"
        ),
    )
}

/// Why the chain does not go on from the file.
pub(in crate::roles) fn refused(error: &StateError) -> StartError {
    let both = |ko: String| Both::new(error.to_string(), ko);
    match error {
        StateError::Unusable { path, source } => {
            StartError::Path { path: path.display().to_string(), why: source.to_string() }
        }
        StateError::InUse { path } => StartError::Outside(both(format!(
            "{}: 실행 중인 다른 tron-sim이 쓰고 있습니다. 그것을 끝내거나 다른 파일을 지정하세요",
            path.display()
        ))),
        StateError::NotOurs { path } => StartError::Said(both(format!(
            "{}: tron-sim의 상태 파일이 아닙니다. 다른 파일을 지정하세요",
            path.display()
        ))),
        StateError::OtherVersion { path, version, known } => StartError::Said(both(format!(
            "{}: 형식이 {version}인데 이 프로그램은 {known}만 읽습니다. 다른 파일을 지정하거나 그 파일을 쓴 프로그램을 실행하세요",
            path.display()
        ))),
        StateError::OtherChain { path, what, there, asked } => StartError::Said(both(format!(
            "{}: 다른 체인입니다({what}: {there}, 요청: {asked}). 같은 값으로 시작하거나 다른 파일을 지정하세요",
            path.display()
        ))),
        StateError::Damaged { path, at_bytes } => StartError::Broken(both(format!(
            "{}: {at_bytes}번째 바이트가 손상되었습니다. 온전한 사본을 쓰거나 다른 파일을 지정하세요",
            path.display()
        ))),
        StateError::Diverged { path, block } => StartError::Broken(both(format!(
            "{}: {block}번 블록의 결과가 기록될 때와 다릅니다. 그 파일을 쓴 프로그램을 실행하거나 다른 파일을 지정하세요",
            path.display()
        ))),
    }
}
