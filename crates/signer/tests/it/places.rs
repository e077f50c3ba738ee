//! Connections: one that hangs keeps no other caller waiting, and a place is given back whatever becomes of its holder.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use sluice_core::port::signer::{Setter, SignerError};
use sluice_signer::client::{CONNECTIONS_MAX, Client};
use sluice_signer::server::Server;

use crate::house::{NOW, deployment, signer};

/// Connections that the server takes.
const PLACES: usize = 8 * CONNECTIONS_MAX;

fn client(path: &Path, timeout_ms: u64) -> Client {
    Client::new(path.to_owned(), deployment(), Duration::from_millis(timeout_ms))
}

fn serve(path: &Path) -> Server {
    Server::start(Arc::new(signer()), path, Setter::Engine, Arc::new(|| NOW)).unwrap()
}

/// Why the signer is down.
fn down<T>(answer: Result<T, SignerError>) -> String {
    match answer {
        Err(SignerError::Down(why)) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it answered"),
    }
}

/// Asks until the answer comes: what was given back a moment ago may not be free yet.
fn answers(client: &Client) {
    for _ in 0..1_000 {
        if client.hello(None).is_ok() {
            return;
        }
        thread::park_timeout(Duration::from_millis(5));
    }
    panic!("{}", down(client.hello(None)));
}

#[test]
fn a_connection_that_hangs_keeps_no_other_caller_waiting_and_ends_at_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let hanging = UnixListener::bind(&path).unwrap();
    let client = client(&path, 3_000);
    thread::scope(|scope| {
        let first = scope.spawn(|| down(client.hello(None)));
        let (mut held, _) = hanging.accept().unwrap();
        drop(hanging);
        let _server = serve(&path);
        for _ in 0..100 {
            client.hello(None).unwrap();
        }
        assert!(!first.is_finished(), "others were answered while the first one waits");
        // A byte of an answer now and then is none either.
        held.write_all(&1_000u32.to_be_bytes()).unwrap();
        for _ in 0..40 {
            if held.write_all(&[0]).is_err() {
                break;
            }
            thread::park_timeout(Duration::from_millis(100));
        }
        // Its socket is closed a moment before its thread ends.
        for _ in 0..100 {
            if first.is_finished() {
                break;
            }
            thread::park_timeout(Duration::from_millis(20));
        }
        assert!(first.is_finished(), "the deadline is for all of a call");
        let why = first.join().unwrap();
        assert!(why.contains("timed out") || why.contains("temporarily"), "{why}");
    });
}

#[test]
fn a_client_makes_no_more_connections_than_it_says_and_waits_for_none_longer_than_for_an_answer() {
    let timeout_ms = 3_000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let hanging = UnixListener::bind(&path).unwrap();
    let client = client(&path, timeout_ms);
    thread::scope(|scope| {
        let asking: Vec<_> = (0..CONNECTIONS_MAX).map(|_| scope.spawn(|| down(client.hello(None)))).collect();
        let _held: Vec<_> = (0..CONNECTIONS_MAX).map(|_| hanging.accept().unwrap()).collect();
        let last = scope.spawn(|| down(client.hello(None)));
        thread::park_timeout(Duration::from_millis(300));
        hanging.set_nonblocking(true).unwrap();
        let one_more = hanging.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(one_more, Err(std::io::ErrorKind::WouldBlock), "it waits for a place");
        assert!(!last.is_finished(), "as long as for an answer");
        // The first of the others gives up a moment before it does, so it may still be given that place.
        let why = last.join().unwrap();
        assert!(why.contains("every connection") || why.contains("timed out"), "{why}");
        for it in asking {
            it.join().unwrap();
        }
    });
}

#[test]
fn who_finds_no_place_is_told_so_and_counted_and_served_once_one_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let server = serve(&path);
    let mut taken: Vec<UnixStream> = (0..PLACES).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let client = client(&path, 5_000);
    // One behind the last: by then every one before it has its place.
    let why = down(client.hello(None));
    assert!(why.contains("connections of the signer are taken"), "{why}");
    assert!(server.unserved().turned_away >= 1);
    taken.clear();
    answers(&client);
}

#[test]
fn a_place_is_given_back_also_by_a_call_that_panics_and_by_one_that_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let calls = AtomicUsize::new(0);
    // The clock is read before the service is entered: what panics here has locked nothing.
    let clock = move || {
        assert!(calls.fetch_add(1, Ordering::SeqCst) > PLACES, "a drill");
        NOW
    };
    let _server = Server::start(Arc::new(signer()), &path, Setter::Engine, Arc::new(clock)).unwrap();
    let client = client(&path, 5_000);
    for _ in 0..=PLACES {
        down(client.hello(None));
    }
    for _ in 0..=PLACES {
        let mut greedy = UnixStream::connect(&path).unwrap();
        greedy.write_all(&u32::MAX.to_be_bytes()).unwrap();
        assert_eq!(greedy.read(&mut [0; 1]).unwrap(), 0, "cut off");
    }
    answers(&client);
}
