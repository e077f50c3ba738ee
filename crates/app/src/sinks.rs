//! Alert sinks from configuration.

use std::sync::Arc;

use sluice_core::port::deliver::Deliver;
use sluice_outbound::alert::{Alertmanager, Language, Mail, Settings, Sinks};

use crate::config::{self, Alerts, Both};
use crate::error::StartError;

/// All sinks a configuration names, as one. The log is always among them.
///
/// # Errors
/// [`StartError`]: a sink cannot be used as configured.
pub fn open(alerts: &Alerts) -> Result<Arc<dyn Deliver>, StartError> {
    // The operator named it: it may well be in the operator's own network.
    let alertmanager = alerts.alertmanager_url.as_ref().map(|url| Alertmanager::at(url.clone(), true));
    let mail = match (&alerts.smtp_url, &alerts.mail_from) {
        (Some(url), Some(from)) => {
            let language = alerts.language.map(|language| match language {
                config::Language::Ko => Language::Ko,
                config::Language::En => Language::En,
            });
            Some(Mail { language, ..Mail::via(url.clone(), from.clone(), alerts.mail_to.clone()) })
        }
        (None, None) => None,
        _ => {
            return Err(StartError::Said(Both::new(
                "alerts: set smtp_url and mail_from together, or neither",
                "alerts: smtp_url과 mail_from은 함께 설정하거나 둘 다 빼야 합니다",
            )));
        }
    };
    let settings = Settings { alertmanager, mail, runbooks: alerts.runbooks_url.clone() };
    match Sinks::open(settings) {
        Ok(sinks) => Ok(Arc::new(sinks)),
        Err(error) => Err(StartError::Other(format!("alerts: {error}"))),
    }
}
