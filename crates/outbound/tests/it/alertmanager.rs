//! Alertmanager's v2 API, as the wire shows it.

use serde_json::Value;
use sluice_core::alert::{Alert, Code};
use sluice_core::port::deliver::Deliver as _;
use sluice_outbound::Secret;
use sluice_outbound::alert::{Alertmanager, Settings, Sinks, Unusable};

use crate::sample::{alert, at, resolved};
use crate::server::{Manner, Server};

fn open(server: &Server) -> Sinks {
    let mut alertmanager = Alertmanager::at(format!("{}/prefix/", server.url()), true);
    alertmanager.limits.total_ms = 3_000;
    alertmanager.authorization = Some(Secret::new("Bearer abc".into()));
    let runbooks = Some("https://docs.example.com/runbooks".into());
    Sinks::open(Settings { alertmanager: Some(alertmanager), mail: None, runbooks }).unwrap()
}

fn bodies(server: &Server) -> Vec<Value> {
    server.seen().iter().map(|seen| serde_json::from_str(&seen.body).unwrap()).collect()
}

#[tokio::test]
async fn an_alert_arrives_in_the_shape_of_the_v2_api() {
    let server = Server::start(Manner::Answers(200, String::new())).await;
    let raised = alert(1, Code::FundsShort);
    open(&server).alerts(std::slice::from_ref(&raised)).await.unwrap();
    let head = server.seen()[0].head.to_lowercase();
    assert!(head.starts_with("post /prefix/api/v2/alerts http/1.1"), "{head}");
    assert!(head.contains("content-type: application/json") && head.contains("authorization: bearer abc"));
    let body = &bodies(&server)[0];
    assert_eq!(body.as_array().unwrap().len(), 1);
    let partner = raised.raise.partner.unwrap().to_string();
    let labels = [
        ("alertname", "funds_short"),
        ("severity", "P2"),
        ("subject", "wa_1"),
        ("partner", partner.as_str()),
    ];
    for (label, value) in labels {
        assert_eq!(body[0]["labels"][label], value);
    }
    assert_eq!(body[0]["annotations"]["summary"], raised.raise.detail);
    assert_eq!(body[0]["annotations"]["runbook_url"], "https://docs.example.com/runbooks#funds_short");
    assert_eq!(body[0]["annotations"]["title_ko"], "핫월렛 잔액 부족");
    assert_eq!(body[0]["startsAt"], at(0).to_string());
    let ends_at = body[0]["endsAt"].as_str().unwrap();
    assert!(ends_at > at(86_400_000).to_string().as_str(), "it lasts: an absent end would mean five minutes");
}

#[tokio::test]
async fn a_resolved_alert_sets_its_end() {
    let server = Server::start(Manner::Answers(200, String::new())).await;
    let (sinks, raised) = (open(&server), alert(1, Code::LaneFrozen));
    sinks.alerts(std::slice::from_ref(&raised)).await.unwrap();
    sinks.alerts(&[resolved(&raised)]).await.unwrap();
    let bodies = bodies(&server);
    assert_eq!(bodies[1][0]["endsAt"], at(90_000).to_string());
    assert_eq!(
        bodies[1][0]["labels"], bodies[0][0]["labels"],
        "the same labels, or it would be another alert"
    );
}

#[tokio::test]
async fn the_platforms_own_alert_names_hq_and_who_took_it() {
    let server = Server::start(Manner::Answers(200, String::new())).await;
    let mut raised = alert(1, Code::NodesDown);
    raised.raise.partner = None;
    raised.acknowledged_by = Some("op_1".into());
    open(&server).alerts(&[raised]).await.unwrap();
    let body = &bodies(&server)[0][0];
    assert_eq!(
        (&body["labels"]["partner"], &body["annotations"]["acknowledged_by"]),
        (&"hq".into(), &"op_1".into())
    );
}

#[tokio::test]
async fn one_refused_alert_refuses_itself_alone() {
    let server = Server::start(Manner::Refuses(400, "wa_2")).await;
    let alerts: Vec<Alert> = (1..=3).map(|number| alert(number, Code::GasLow)).collect();
    let sinks = open(&server);
    let error = sinks.alerts(&alerts).await.unwrap_err();
    assert_eq!(
        (error.sink.as_str(), error.why.as_str()),
        ("alertmanager", "status 400: no"),
        "printable, short"
    );
    let single = |subject: &str| {
        bodies(&server)
            .iter()
            .filter(|it| it.as_array().unwrap().len() == 1 && it[0]["labels"]["subject"] == *subject)
            .count()
    };
    assert_eq!([single("wa_1"), single("wa_2"), single("wa_3")], [1, 1, 1]);
    sinks.alerts(&alerts).await.unwrap_err();
    assert_eq!(
        [single("wa_1"), single("wa_2"), single("wa_3")],
        [1, 2, 1],
        "the taken ones are not sent again"
    );
}

#[tokio::test]
async fn a_slow_alertmanager_times_out_and_is_tried_again() {
    let server = Server::start(Manner::Sleeps).await;
    let (sinks, raised) = (open(&server), [alert(1, Code::LaneIdle)]);
    for attempt in 1..=2 {
        let error = sinks.alerts(&raised).await.unwrap_err();
        assert_eq!(error.why, "no reply within 3000 ms");
        assert_eq!(server.seen().len(), attempt);
    }
}

#[tokio::test]
async fn an_alertmanager_in_our_own_network_must_be_named_as_such() {
    let server = Server::start(Manner::Answers(200, String::new())).await;
    let alertmanager = Some(Alertmanager::at(server.url(), false));
    let refused = Sinks::open(Settings { alertmanager, ..Settings::default() });
    assert!(matches!(refused.map(|_| ()), Err(Unusable::Alertmanager { .. })));
    assert!(server.seen().is_empty());
}
