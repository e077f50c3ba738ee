//! What the client never does: reach where it may not, follow, wait for ever, read without end.

use sluice_outbound::Secret;
use sluice_outbound::client::{Client, ClientError, Limits};
use sluice_outbound::guard::Reach;

use crate::server::{Manner, Server};

fn client(reach: Reach) -> Client {
    let limits = Limits { connect_ms: 3_000, total_ms: 3_000, request_bytes_max: 100, reply_bytes_max: 100 };
    Client::new(reach, limits).unwrap()
}

async fn post(server: &Server) -> Result<u16, ClientError> {
    let client = client(Reach::Private);
    let url = client.url(&server.url()).unwrap();
    client.post_json(&url, b"{}".to_vec(), None).await.map(|reply| reply.status)
}

#[tokio::test]
async fn an_answer_is_handed_on_whatever_its_status() {
    for status in [200, 202, 404, 500] {
        let server = Server::start(Manner::Answers(status, String::new())).await;
        assert_eq!(post(&server).await.unwrap(), status);
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let target = Server::start(Manner::Answers(200, String::new())).await;
    let server = Server::start(Manner::Redirects(target.url())).await;
    assert!(matches!(post(&server).await, Err(ClientError::Redirected { status: 307 })));
    assert_eq!(server.seen().len(), 1);
    assert!(target.seen().is_empty(), "the other place heard nothing");
}

#[tokio::test]
async fn a_private_address_is_refused_before_anything_is_sent() {
    let server = Server::start(Manner::Answers(200, String::new())).await;
    let port = server.address.port();
    let client = client(Reach::Public);
    for host in
        ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "10.0.0.1", "169.254.169.254"]
    {
        let refused = client.url(&format!("https://{host}:{port}/"));
        assert!(matches!(refused, Err(ClientError::Forbidden(_))), "{host}: {refused:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_name_is_judged_by_the_address_it_resolves_to() {
    let server = Server::start(Manner::Answers(200, String::new())).await;
    let named = |scheme: &str| format!("{scheme}://localhost:{}/", server.address.port());
    let public = client(Reach::Public);
    let url = public.url(&named("https")).expect("a name is judged where it is resolved");
    let refused = public.post_json(&url, vec![], None).await;
    assert!(matches!(refused, Err(ClientError::Forbidden(_))), "{refused:?}");
    assert!(server.seen().is_empty());
    let private = client(Reach::Private);
    let url = private.url(&named("http")).unwrap();
    assert_eq!(private.post_json(&url, vec![], None).await.unwrap().status, 200);
}

#[tokio::test]
async fn metadata_is_out_of_reach_even_for_a_private_sink() {
    let refused = client(Reach::Private).url("http://169.254.169.254/latest/meta-data");
    assert!(matches!(refused, Err(ClientError::Forbidden(_))));
}

#[tokio::test]
async fn a_url_that_is_no_plain_web_address_is_refused() {
    let public = client(Reach::Public);
    for url in
        ["http://example.com/", "ftp://example.com/", "https://user:pw@example.com/", "example.com", ""]
    {
        assert!(matches!(public.url(url), Err(ClientError::Url { .. })), "{url}");
    }
    assert!(matches!(client(Reach::Private).url("http://user@127.0.0.1/"), Err(ClientError::Url { .. })));
}

#[tokio::test]
async fn a_slow_answer_times_out_whether_it_sleeps_or_trickles() {
    for manner in [Manner::Sleeps, Manner::Trickles] {
        let server = Server::start(manner).await;
        let answer = post(&server).await;
        assert!(
            matches!(answer, Err(ClientError::TimedOut { ms: 3_000 } | ClientError::ReplyTooLarge { .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn bodies_are_bounded_in_both_directions() {
    let server = Server::start(Manner::Answers(200, "x".repeat(101))).await;
    assert!(matches!(post(&server).await, Err(ClientError::ReplyTooLarge { max: 100 })));
    let server = Server::start(Manner::Answers(200, "x".repeat(100))).await;
    let client = client(Reach::Private);
    let url = client.url(&server.url()).unwrap();
    let refused = client.post_json(&url, vec![b'x'; 101], None).await;
    assert!(matches!(refused, Err(ClientError::RequestTooLarge { bytes: 101, max: 100 })));
    assert!(server.seen().is_empty());
    assert_eq!(client.post_json(&url, vec![b'x'; 100], None).await.unwrap().body.len(), 100);
}

#[tokio::test]
async fn nobody_there_is_an_error_that_names_no_url() {
    let client = client(Reach::Private);
    let url = client.url("http://127.0.0.1:9/very-secret-path").unwrap();
    let error = client.post_json(&url, vec![], None).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreached(_)) && error.nothing_left(), "{error:?}");
    assert!(!format!("{error:?}").contains("very-secret-path"));
}

#[tokio::test]
async fn after_a_connection_nobody_knows_what_has_left() {
    let manners = [Manner::Sleeps, Manner::Trickles, Manner::Redirects("http://127.0.0.1:9/".into())];
    for manner in manners.into_iter().chain([Manner::Answers(200, "x".repeat(101))]) {
        let server = Server::start(manner.clone()).await;
        let error = post(&server).await.unwrap_err();
        assert!(!error.nothing_left(), "{manner:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_secret_reaches_the_wire_and_no_log() {
    let server = Server::start(Manner::Answers(200, String::new())).await;
    let (client, secret) = (client(Reach::Private), Secret::new("Bearer abc".into()));
    let url = client.url(&server.url()).unwrap();
    client.post_json(&url, vec![], Some(&secret)).await.unwrap();
    assert!(server.seen()[0].head.to_lowercase().contains("authorization: bearer abc"));
    assert_eq!(format!("{secret:?}"), "Secret(...)");
}
