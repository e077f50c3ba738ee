//! What anvil prints: on which port it listens, and why it would not.

use std::{
    collections::VecDeque,
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Child,
    sync::oneshot,
    task::JoinSet,
};

use super::{AnvilConfig, AnvilError};

/// How many lines of complaint an error repeats.
const KEPT: usize = 6;

/// Anvil's output, read for as long as this is kept, so that anvil never waits for a reader.
#[derive(Debug)]
pub(super) struct Words {
    listening: Option<oneshot::Receiver<u16>>,
    complaints: Arc<Mutex<VecDeque<String>>>,
    readers: JoinSet<()>,
}

impl Words {
    /// Reads a child's output until it ends.
    pub(super) fn listen(child: &mut Child, silent: bool) -> Self {
        let (tell, listening) = oneshot::channel();
        let mut tell = Some(tell);
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(each_line(stdout, silent, move |line| {
                if let Some(port) = port_in(&line)
                    && let Some(tell) = tell.take()
                {
                    // Nobody listens any more if the start was given up.
                    let _ = tell.send(port);
                }
            }));
        }
        let complaints = Arc::new(Mutex::new(VecDeque::with_capacity(KEPT)));
        if let Some(stderr) = child.stderr.take() {
            let complaints = Arc::clone(&complaints);
            readers.spawn(each_line(stderr, silent, move |line| {
                let mut kept = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                if !line.trim().is_empty() && !line.contains("try '--help'") {
                    if kept.len() == KEPT {
                        kept.pop_front();
                    }
                    kept.push_back(line.trim().to_owned());
                }
            }));
        }
        Self { listening: Some(listening), complaints, readers }
    }

    /// The port, once anvil listens there; none if it ended instead.
    pub(super) async fn port(&mut self) -> Option<u16> {
        self.listening.take()?.await.ok()
    }

    /// The last complaints.
    pub(super) fn last(&self) -> String {
        let kept = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            return "it said nothing".to_owned();
        }
        kept.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    /// What the end of the child means.
    pub(super) async fn why_ended(mut self, status: ExitStatus, config: &AnvilConfig) -> AnvilError {
        // The last lines may still be on their way through the pipes.
        let read_out = async { while self.readers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), read_out).await;
        let last_words = self.last();
        match &config.saved_chain {
            _ if last_words.contains("Address already in use") => AnvilError::PortInUse { port: config.port },
            Some(saved) if last_words.contains("'--state") => {
                AnvilError::SavedChainDamaged { path: saved.path.clone(), last_words }
            }
            _ => AnvilError::Ended { status, last_words },
        }
    }
}

/// Hands on each line, and copies it to our standard error unless told not to.
async fn each_line(from: impl AsyncRead + Unpin, silent: bool, mut hand_on: impl FnMut(String)) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        match from.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let line = String::from_utf8_lossy(&line);
                if !silent {
                    eprintln!("anvil: {}", line.trim_end());
                }
                hand_on(line.into_owned());
            }
        }
    }
}

/// The port in `Listening on 127.0.0.1:8545`, which anvil prints when, and only when, it holds it.
fn port_in(line: &str) -> Option<u16> {
    line.trim().strip_prefix("Listening on 127.0.0.1:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_line_that_says_it_and_from_no_other() {
        assert_eq!(port_in("Listening on 127.0.0.1:46573\n"), Some(46_573));
        assert_eq!(port_in("Listening on 0.0.0.0:46573"), None);
        assert_eq!(port_in("(0) 0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"), None);
    }
}
