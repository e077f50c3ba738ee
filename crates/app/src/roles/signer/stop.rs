//! `sluice signer stop`, `lift` and `stops`: a person on the signer's machine stops payments there, whatever the engine
//! does. The engine sees such a stop, and cannot lift it. It reaches the running signer through its console, a socket
//! of its own.

use std::path::Path;
use std::time::Duration;

use clap::Subcommand;
use serde_json::json;
use sluice_api::problem::Lang;
use sluice_core::intent::DeploymentId;
use sluice_core::port::signer::{Setter, Standing};
use sluice_core::stop::Scope;
use sluice_signer::client::Client;

use super::SignerConfig;
use crate::cli::Global;
use crate::config::ConfigError;
use crate::error::StartError;

/// Longest wait for the signer's answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is done with stops.
#[derive(Debug, Subcommand)]
pub enum StopCommand {
    /// Stop payments at the signer itself; only `sluice signer lift` ends it · 서명 서버에서 직접 지급을 중지합니다
    Stop {
        #[command(flatten)]
        of: Of,
        /// Why; kept for ever in the journal
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// End a stop that was set here · 여기에서 설정한 중지를 해제합니다
    Lift {
        #[command(flatten)]
        of: Of,
        /// Why; kept for ever in the journal
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List the stops in force at the signer, and who set them · 서명 서버에 적용 중인 중지를 봅니다
    Stops,
}

/// How much.
#[derive(Clone, Debug, clap::Args)]
pub struct Of {
    /// How much: all, partner, chain, asset, wallet
    #[arg(long)]
    scope: String,
    /// What exactly: a partner's id, a chain (eip155:137), an asset's id, a wallet's id; nothing for `all`
    #[arg(long, value_name = "ID", default_value = "")]
    subject: String,
}

impl Of {
    fn scope(&self) -> Result<Scope, StartError> {
        let wrong = || ConfigError::Value {
            key: "--scope".into(),
            why: format!("{} {} is nothing that can be stopped", self.scope, self.subject).into(),
        };
        Ok(Scope::from_parts(&self.scope, &self.subject).ok_or_else(wrong)?)
    }
}

/// Does it, and shows what is in force then.
///
/// # Errors
/// [`StartError`]: one sentence. A signer that does not run signs nothing either.
pub fn run(config: &Path, command: StopCommand, global: &Global) -> Result<(), StartError> {
    let config = SignerConfig::read(config)?;
    let deployment = DeploymentId(config.keys.deployment.clone());
    let signer = Client::new(config.console(), deployment, PATIENCE);
    match command {
        StopCommand::Stop { of, reason } => {
            signer.stop(&of.scope()?, &reason).map_err(StartError::Signer)?;
        }
        StopCommand::Lift { of, reason } => {
            signer.lift(&of.scope()?, None, &reason).map_err(StartError::Signer)?;
        }
        StopCommand::Stops => {}
    }
    show(&signer.stops().map_err(StartError::Signer)?, global);
    Ok(())
}

fn show(stops: &[Standing], global: &Global) {
    for stop in stops {
        let (scope, subject) = stop.scope.parts();
        if global.json {
            let said = json!({
                "scope": scope, "subject": subject, "set_by": stop.setter.as_str(), "reason": stop.reason,
                "journal_seq": stop.journal_seq,
            });
            println!("{said}");
            continue;
        }
        let who = match (global.lang(), stop.setter) {
            (Lang::En, Setter::Console) => "set here",
            (Lang::En, Setter::Engine) => "set by the engine",
            (Lang::Ko, Setter::Console) => "이 서버에서 설정",
            (Lang::Ko, Setter::Engine) => "엔진이 설정",
        };
        println!("{scope} {subject}  ({who})  {}", stop.reason);
    }
    if stops.is_empty() && !global.json {
        println!(
            "{}",
            match global.lang() {
                Lang::En => "Nothing is stopped at this signer.",
                Lang::Ko => "이 서명 서버에 적용 중인 중지가 없습니다.",
            }
        );
    }
}
