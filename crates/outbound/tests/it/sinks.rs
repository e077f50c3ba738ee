//! All sinks as one: each is told, whatever becomes of the others.

use std::sync::{Arc, Mutex};

use sluice_core::alert::{Alert, Code};
use sluice_core::port::Fut;
use sluice_core::port::deliver::Deliver as _;
use sluice_outbound::alert::{Alertmanager, Mail, Settings, Sink, Sinks};

use crate::sample::{alert, resolved};
use crate::server::{Manner, Server};
use crate::smtp::{self, Receiver};

#[tokio::test]
async fn one_failing_sink_does_not_hide_the_others_and_the_others_are_told_once() {
    let (server, receiver) = (
        Server::start(Manner::Answers(503, "later".into())).await,
        Receiver::start(smtp::Manner::Takes).await,
    );
    let sinks = Sinks::open(Settings {
        alertmanager: Some(Alertmanager::at(server.url(), true)),
        mail: Some(Mail::via(
            format!("smtp://{}", receiver.address),
            "sluice@example.com",
            vec!["oncall@example.com".into()],
        )),
        runbooks: None,
    })
    .unwrap();
    let raised = [alert(1, Code::LaneFrozen)];
    for attempt in 1..=3 {
        let error = sinks.alerts(&raised).await.unwrap_err();
        assert_eq!((error.sink.as_str(), error.why.as_str()), ("alertmanager", "status 503: later"));
        assert_eq!((server.seen().len(), receiver.mails().len()), (attempt, 1));
    }
    sinks.alerts(&[resolved(&raised[0])]).await.unwrap_err();
    assert_eq!(receiver.mails().len(), 2, "the end is news");
}

/// A sink that writes down whom it was told of, and refuses while it is told to.
#[derive(Clone, Default)]
struct Notebook {
    told: Arc<Mutex<Vec<String>>>,
    refuses: Arc<Mutex<bool>>,
}

impl Sink for Notebook {
    fn name(&self) -> &'static str {
        "notebook"
    }

    fn hand<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Vec<Result<(), String>>> {
        let refuses = *self.refuses.lock().unwrap();
        self.told.lock().unwrap().extend(alerts.iter().map(|alert| alert.raise.code.as_str().to_owned()));
        let answer = if refuses { Err("full".to_owned()) } else { Ok(()) };
        Box::pin(async move { vec![answer; alerts.len()] })
    }
}

#[tokio::test]
async fn the_most_urgent_alert_is_told_first() {
    let notebook = Notebook::default();
    let sinks = Sinks::of(vec![Box::new(notebook.clone())]);
    let alerts = [
        alert(1, Code::SingleSource),
        alert(2, Code::DeadlineMissed),
        alert(3, Code::LaneFrozen),
        alert(4, Code::GasLow),
    ];
    sinks.alerts(&alerts).await.unwrap();
    assert_eq!(
        *notebook.told.lock().unwrap(),
        ["lane_frozen", "gas_low", "deadline_missed", "single_source"]
    );
}

#[tokio::test]
async fn what_was_refused_is_handed_over_again_and_every_refusal_is_named() {
    let (calm, sulking) = (Notebook::default(), Notebook::default());
    *sulking.refuses.lock().unwrap() = true;
    let sinks = Sinks::of(vec![Box::new(sulking.clone()), Box::new(calm.clone()), Box::new(sulking.clone())]);
    let raised = [alert(1, Code::GasLow)];
    let error = sinks.alerts(&raised).await.unwrap_err();
    assert_eq!((error.sink.as_str(), error.why.as_str()), ("notebook; notebook", "full; full"));
    *sulking.refuses.lock().unwrap() = false;
    sinks.alerts(&raised).await.unwrap();
    assert_eq!((calm.told.lock().unwrap().len(), sulking.told.lock().unwrap().len()), (1, 4));
}
