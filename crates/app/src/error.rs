//! Why a process does not start: one sentence that says what is wrong and what to do, in Korean or English, a stable code
//! and an exit code.

use std::process::ExitCode;

use sluice_api::problem::Lang;
use sluice_core::port::signer::SignerError;
use sluice_core::port::store::StoreError;
#[cfg(feature = "dev")]
use sluice_devnet::anvil::AnvilError;
use sluice_store::OpenError;

use crate::config::{Both, ConfigError};

/// Why a process does not start. It displays in English; [`StartError::said`] speaks the caller's language.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database does not open.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signer.
    #[error("the signer cannot be used: {0}; start it with `sluice signer`, or check signer.socket")]
    Signer(#[source] SignerError),
    /// A node's URL.
    #[error("chains.{chain}: the node of {operator} cannot be used: {why}")]
    Node {
        /// Chain.
        chain: String,
        /// Operator.
        operator: String,
        /// Why.
        why: String,
    },
    /// A node of another chain.
    #[error("{node} is a node of chain {found}, not {expected}: check chains.nodes")]
    OtherChain {
        /// Node.
        node: String,
        /// What it says.
        found: u64,
        /// What is configured.
        expected: u64,
    },
    /// A token that is not what the configuration says.
    #[error(
        "{node} does not show a token with {expected} decimals at {asset}: check assets.contract and assets.decimals"
    )]
    OtherToken {
        /// CAIP-19 id.
        asset: String,
        /// Who says so.
        node: String,
        /// What is configured.
        expected: u8,
    },
    /// The port.
    #[error(
        "cannot listen on {address}: {why}; another program may use the port, choose one with server.listen or --listen"
    )]
    Listen {
        /// Address.
        address: String,
        /// Why.
        why: String,
    },
    /// A folder or file.
    #[error("{path} cannot be used: {why}; check that it exists and that this user may write there")]
    Path {
        /// Path.
        path: String,
        /// Why.
        why: String,
    },
    /// The local chain.
    #[cfg(feature = "dev")]
    #[error("{}", anvil_in_english(.0))]
    Anvil(#[from] AnvilError),
    /// A loop ended by itself, in a process that had started.
    #[error(
        "a loop of the engine ended by itself, which is a defect; the log says which, and a restart goes on"
    )]
    LoopEnded,
    /// One sentence in both languages.
    #[error("{0}")]
    Said(Both),
    /// A copy does not hold what it should.
    #[error("{0}")]
    Broken(Both),
    /// Something outside cannot be used, in both languages.
    #[error("{0}")]
    Outside(Both),
    /// Anything else that is one sentence already.
    #[error("{0}")]
    Other(String),
}

impl StartError {
    /// 1 for a copy that is no good, 2 for what the configuration must change, 3 for what the world must change (sysexits
    /// would say 65, 78 and 69).
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Broken(_) => ExitCode::from(1),
            Self::Config(_)
            | Self::OtherChain { .. }
            | Self::OtherToken { .. }
            | Self::Node { .. }
            | Self::Said(_) => ExitCode::from(2),
            #[cfg(feature = "dev")]
            Self::Anvil(_) => ExitCode::from(3),
            Self::Database(_)
            | Self::Store(_)
            | Self::Signer(_)
            | Self::Listen { .. }
            | Self::Path { .. }
            | Self::LoopEnded
            | Self::Outside(_)
            | Self::Other(_) => ExitCode::from(3),
        }
    }

    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(ConfigError::Unreadable { .. }) => "config_unreadable",
            Self::Config(ConfigError::Malformed { .. }) => "config_malformed",
            Self::Config(ConfigError::Value { .. }) => "config_value",
            Self::Database(OpenError::Newer { .. }) => "database_newer",
            Self::Database(OpenError::Deployment { .. }) => "database_of_another_deployment",
            Self::Database(_) | Self::Store(_) => "database_unusable",
            Self::Signer(_) => "signer_unusable",
            Self::Node { .. } => "node_unusable",
            Self::OtherChain { .. } => "node_of_another_chain",
            Self::OtherToken { .. } => "token_differs",
            Self::Listen { .. } => "port_unusable",
            Self::Path { .. } => "path_unusable",
            Self::LoopEnded => "loop_ended",
            #[cfg(feature = "dev")]
            Self::Anvil(_) => "local_chain_unusable",
            Self::Broken(_) => "copy_broken",
            Self::Outside(_) => "outside_unusable",
            Self::Said(_) | Self::Other(_) => "not_started",
        }
    }

    /// The sentence in a language. What other programs and the system said stays in their words.
    pub fn said(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Ko => self.korean(),
        }
    }

    fn korean(&self) -> String {
        match self {
            Self::Config(ConfigError::Unreadable { path, why }) => {
                format!(
                    "설정 파일 {path}을(를) 읽을 수 없습니다: {why}. --config로 지정하거나 config/*.example.toml을 복사해 시작하세요"
                )
            }
            Self::Config(ConfigError::Malformed { path, why }) => {
                format!("설정 파일 {path}이(가) 올바르지 않습니다: {why}")
            }
            Self::Config(ConfigError::Value { key, why }) => format!("{key}: {}", why.ko),
            Self::Database(OpenError::Url(url)) => format!(
                "{url:?}은(는) 데이터베이스 주소가 아닙니다. sqlite:///파일/경로 또는 postgres://.. 형식으로 쓰세요"
            ),
            Self::Database(OpenError::WithoutPostgres) => {
                "이 빌드에는 PostgreSQL이 없습니다. `postgres` 기능을 켜고 다시 빌드하세요".to_owned()
            }
            Self::Database(OpenError::Newer { found, known }) => format!(
                "데이터베이스의 스키마 버전은 {found}이고 이 프로그램은 {known}까지 압니다. 더 새로운 Sluice가 기록한 \
                 데이터베이스이므로 그 버전을 실행하거나 백업을 복원하세요"
            ),
            Self::Database(OpenError::Deployment { found, expected }) => {
                format!("이 데이터베이스는 설치 {found:?}의 것이며 {expected:?}의 것이 아닙니다")
            }
            Self::Database(OpenError::Store(error)) | Self::Store(error) => {
                format!("데이터베이스를 쓸 수 없습니다: {error}")
            }
            Self::Signer(error) => format!(
                "서명 서버를 쓸 수 없습니다: {error}. `sluice signer`로 시작하거나 signer.socket을 확인하세요"
            ),
            Self::Node { chain, operator, why } => {
                format!("chains.{chain}: {operator}의 노드를 쓸 수 없습니다: {why}")
            }
            Self::OtherChain { node, found, expected } => format!(
                "{node}은(는) 체인 {expected}이 아니라 체인 {found}의 노드입니다. chains.nodes를 확인하세요"
            ),
            Self::OtherToken { asset, node, expected } => format!(
                "{node}에 따르면 {asset}은(는) 소수 자릿수가 {expected}인 토큰이 아닙니다. assets.contract와 assets.decimals를 확인하세요"
            ),
            Self::Listen { address, why } => format!(
                "{address}에서 요청을 받을 수 없습니다: {why}. 다른 프로그램이 포트를 쓰고 있을 수 있습니다. \
                 server.listen이나 --listen으로 다른 포트를 고르세요"
            ),
            Self::Path { path, why } => format!(
                "{path}을(를) 쓸 수 없습니다: {why}. 경로가 있는지, 이 사용자가 쓸 수 있는지 확인하세요"
            ),
            #[cfg(feature = "dev")]
            Self::Anvil(error) => anvil_in_korean(error),
            Self::LoopEnded => "엔진의 작업 하나가 스스로 끝났습니다. 결함이며, 어느 작업인지는 로그에 있습니다. 다시 시작하면 이어서 \
                 진행합니다"
                .to_owned(),
            Self::Said(both) | Self::Broken(both) | Self::Outside(both) => both.ko.clone(),
            Self::Other(text) => text.clone(),
        }
    }
}

/// Anvil's own words, and how this program is told of another port.
#[cfg(feature = "dev")]
fn anvil_in_english(error: &AnvilError) -> String {
    match error {
        AnvilError::PortInUse { port } => {
            format!(
                "port {port} is in use; stop what listens there, or choose another port with --chain-port"
            )
        }
        other => other.to_string(),
    }
}

#[cfg(feature = "dev")]
fn anvil_in_korean(error: &AnvilError) -> String {
    match error {
        AnvilError::NotFound { looked } => format!(
            "anvil을 {looked}에서 찾을 수 없습니다. `make tools`로 설치하거나 SLUICE_ANVIL로 위치를 지정하세요"
        ),
        AnvilError::NoNativeBinary { platform, .. } => format!(
            "이 컴퓨터({platform})용 anvil 실행 파일이 없습니다. `make tools`로 설치하거나 SLUICE_ANVIL로 위치를 지정하세요"
        ),
        AnvilError::PortInUse { port } => format!(
            "포트 {port}을(를) 이미 다른 프로그램이 쓰고 있습니다. 그 프로그램을 끝내거나 --chain-port로 다른 포트를 고르세요"
        ),
        AnvilError::SavedChainDamaged { path, last_words } => format!(
            "저장된 체인 {}을(를) 읽을 수 없습니다({last_words}). 새로 시작하려면 이 파일과 옛 체인을 기억하는 데이터베이스를 \
             함께 지우세요",
            path.display()
        ),
        other => format!("로컬 체인을 시작할 수 없습니다: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_one_sentence_in_both_languages() {
        let path = || "/x".to_owned();
        let why = || "permission denied".to_owned();
        let all = [
            StartError::Config(ConfigError::Unreadable { path: path(), why: why() }),
            StartError::Config(ConfigError::Malformed { path: path(), why: why() }),
            StartError::Config(ConfigError::Value {
                key: "a.b".into(),
                why: Both::new("it is wrong", "틀립니다"),
            }),
            StartError::Database(OpenError::Newer { found: 9, known: 1 }),
            StartError::Database(OpenError::Url("x".into())),
            StartError::Database(OpenError::WithoutPostgres),
            StartError::Database(OpenError::Deployment { found: "a".into(), expected: "b".into() }),
            StartError::Store(StoreError::Down("x".into())),
            StartError::Signer(SignerError::Down("x".into())),
            StartError::Node { chain: "eip155:1".into(), operator: "a".into(), why: why() },
            StartError::OtherChain { node: "a/b".into(), found: 1, expected: 2 },
            StartError::OtherToken { asset: "a".into(), node: "b".into(), expected: 6 },
            StartError::Listen { address: "127.0.0.1:1".into(), why: why() },
            StartError::Path { path: path(), why: why() },
            StartError::Said(Both::new("no", "아니요")),
            StartError::Broken(Both::new("no", "아니요")),
            StartError::Outside(Both::new("no", "아니요")),
        ];
        for error in &all {
            let (en, ko) = (error.said(Lang::En), error.said(Lang::Ko));
            assert!(!en.contains('\n') && !ko.contains('\n'), "{en}");
            assert!(ko.chars().any(|it| ('가'..='힣').contains(&it)), "{ko}");
            assert!(!en.chars().any(|it| ('가'..='힣').contains(&it)), "{en}");
        }
    }
}
