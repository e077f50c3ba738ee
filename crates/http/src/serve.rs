//! From a socket to the router: bounded connections, timed headers, an orderly end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service as _;

use crate::api::Api;
use crate::routes::build;
use crate::server::Server;

/// Longest time from a connection, or from its last answer, to a whole request head. Longer than the 60 s after which
/// usual load balancers close an idle connection: otherwise ours would close first, under a request on its way.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// Longest time requests have to finish once the process is asked to end.
const GRACE: Duration = Duration::from_secs(10);
/// Rest after a failure to accept: the process may be out of file descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Serves until `shutdown` ends: then no connection is taken any more, event streams end, requests have ten seconds to
/// finish, and it returns.
///
/// # Errors
/// [`io::Error`] when the listener's own address cannot be read.
pub async fn serve(
    listener: TcpListener,
    api: Api,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "The API is open");
    let connections_max = api.config.connections_max;
    let server = Server::new(api);
    let router = build(&server);
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < connections_max => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, router.clone(), server.closing.subscribe()));
                }
                Err(error) => {
                    tracing::warn!(error = %error, "A connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            },
        }
    }
    server.closing.send_replace(true);
    let all_gone = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_gone).await.is_err() {
        tracing::warn!("Requests did not finish in time and are cut off; their callers ask again");
    }
    Ok(())
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, mut closing: watch::Receiver<bool>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.call(request).await.map_err(|never: Infallible| match never {})
        }
    });
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "A connection is gone");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = &mut connection => ended,
        () = closed(&mut closing) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "A connection ended early");
    }
}

/// Ends when the process is asked to end.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the server itself is gone: the same.
    let _ended = closing.wait_for(|closing| *closing).await.is_ok();
}
