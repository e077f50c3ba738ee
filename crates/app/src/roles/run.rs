//! `sluice run`: a production process. It needs a signer of its own process (M17).

use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use sluice_core::port::Ports;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::{Both, Config};
use crate::engine::{Doors, Engine, Role, assemble};
use crate::error::StartError;
use crate::secrets::Sealer;
use crate::{metrics, serve, signer_link, sinks, telemetry};

/// Starts from a configuration file and works until interrupted, with something around its ports.
///
/// # Errors
/// [`StartError`]: one sentence.
pub async fn run(
    path: &Path,
    roles: &[Role],
    listen: Option<String>,
    around: impl FnOnce(Ports) -> Ports,
) -> Result<(), StartError> {
    telemetry::start("info");
    let config = Config::read(path)?;
    let (Some(socket), Some(deployment)) = (&config.signer.socket, &config.signer.deployment) else {
        return Err(StartError::Said(Both::new(
            "signer.in_process is for `sluice dev` alone: start `sluice signer` and set signer.socket",
            "signer.in_process는 `sluice dev`에서만 쓸 수 있습니다. `sluice signer`를 시작하고 signer.socket을 설정하세요",
        )));
    };
    let roles: BTreeSet<Role> = if roles.is_empty() {
        [Role::Api, Role::Processor, Role::Monitor, Role::Notifier].into()
    } else {
        roles.iter().copied().collect()
    };
    let sealer = Arc::new(Sealer::read(&config.server.sealing_key_file).map_err(StartError::Said)?);
    let listener = match roles.contains(&Role::Api) {
        true => Some(serve::listen(listen.as_deref().unwrap_or(&config.server.listen)).await?),
        false => None,
    };
    let engine =
        assemble(&config, signer_link::socket(socket, deployment), sinks::open(&config.alerts)?, |doors| {
            Doors { ports: around(doors.ports), ..doors }
        })
        .await?;
    let stop = interrupted();
    tracing::info!(owner = %engine.owner, ?roles, "Sluice is running");
    work_and_serve(&engine, &config, sealer, &roles, listener, stop).await
}

/// Runs loops and server until `stop` ends, then lets the server finish what it has.
///
/// # Errors
/// [`StartError`] of the server.
pub async fn work_and_serve(
    engine: &Engine,
    config: &Config,
    sealer: Arc<Sealer>,
    roles: &BTreeSet<Role>,
    listener: Option<TcpListener>,
    stop: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let (stopping, stopped) = watch::channel(false);
    let figures = metrics::start()?;
    let api = serve::api(engine, config, sealer, metrics::renderer(figures.clone()))?;
    let serving = async {
        let Some(listener) = listener.filter(|_| roles.contains(&Role::Api)) else { return Ok(()) };
        let mut stopped = stopped.clone();
        let shutdown = async move {
            // Gone means that this function is over: stopping too.
            let _stopping = stopped.wait_for(|stop| *stop).await;
        };
        sluice_http::serve(listener, api, shutdown).await
    };
    let working = async {
        let ended = engine.work(roles, stopped.clone()).await;
        // A loop that ended by itself ends the process, and not well: whoever minds it starts it again.
        let _nobody_listens = stopping.send(true);
        ended
    };
    let stop = async {
        stop.await;
        let _nobody_listens = stopping.send(true);
        // The two others end now.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        (served, worked) = async { tokio::join!(serving, working) } => {
            served.map_err(|error: std::io::Error| StartError::Other(format!("the server ended: {error}")))?;
            worked
        }
        () = stop => Ok(()),
        () = metrics::sample(engine, &figures) => Ok(()),
    }
}

/// Ends at Ctrl-C or SIGTERM, from this call on: made before anybody is told that the process runs.
pub fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    // Without a handler the signal ends the process at once, which is safe: every crash is.
    let [interrupt, terminate] =
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok());
    async fn caught(signal: Option<Signal>) {
        match signal {
            Some(mut signal) => _ = signal.recv().await,
            None => std::future::pending().await,
        }
    }
    async move {
        tokio::select! {
            () = caught(interrupt) => {}
            () = caught(terminate) => {}
        }
    }
}
