//! The REST server of a process, from listening to the end of its last request.

use std::sync::Arc;

use sluice_core::id::KeyId;
use sluice_http::{Api, ChainFacts, HttpConfig, SecretBox};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::config::{Config, quorum};
use crate::engine::Engine;
use crate::error::StartError;
use crate::secrets::Sealer;
use crate::world::random;

impl SecretBox for Sealer {
    fn seal(&self, key: KeyId, secret: &[u8]) -> Vec<u8> {
        Self::seal(self, &key.to_string(), secret)
    }

    fn open(&self, key: KeyId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Self::open(self, &key.to_string(), sealed).ok().map(Zeroizing::new)
    }

    fn fresh(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(random())
    }
}

/// Binds the address.
///
/// # Errors
/// [`StartError::Listen`].
pub async fn listen(address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| StartError::Listen { address: address.to_owned(), why: error.to_string() })
}

/// What the server is given, from configuration and engine.
///
/// # Errors
/// [`StartError::Config`].
pub fn api(
    engine: &Engine,
    config: &Config,
    sealer: Arc<Sealer>,
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
) -> Result<Api, StartError> {
    let chains = config.chains.clone();
    let chain_facts = Arc::new(move |id: sluice_core::chain::ChainId| {
        let Some(chain) = chains.iter().find(|chain| chain.id == id.to_string()) else {
            return ChainFacts::default();
        };
        let operators: std::collections::BTreeSet<_> =
            chain.nodes.iter().map(|node| &node.operator).collect();
        ChainFacts {
            quorum: u32::try_from(quorum(chain)).unwrap_or(u32::MAX),
            operators: u32::try_from(operators.len()).unwrap_or(u32::MAX),
        }
    });
    Ok(Api {
        ports: engine.ports.clone(),
        reader: engine.reader.clone(),
        registry: engine.registry.clone(),
        deployment: engine.deployment.clone(),
        config: http(config)?,
        treasury: config.treasury()?,
        secrets: sealer,
        metrics,
        chain_facts,
    })
}

fn http(config: &Config) -> Result<HttpConfig, StartError> {
    let server = config.server.http()?;
    let runbooks = config.alerts.runbooks_url.clone().unwrap_or(server.runbooks);
    Ok(HttpConfig { runbooks, ..server })
}
