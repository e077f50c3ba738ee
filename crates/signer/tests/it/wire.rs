//! The wire: the same answers as in process, a socket of its owner alone, and strangers who send rubbish.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sluice_core::attempt::Kind;
use sluice_core::id::WalletId;
use sluice_core::intent::{Approved, DeploymentId};
use sluice_core::port::signer::{Setter, Signature, SignerError, SignerRefusal, SlotRecord, Ticket};
use sluice_core::slot::Slot;
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;
use sluice_signer::client::Client;
use sluice_signer::server::Server;

use crate::house::{
    Asked, NOW, Pair, asks, bumped, deployment, not_now, pair, pay, payment, refused, signer, slot, ulid,
    usd, void, wallet,
};

/// A server, its clock and a client.
struct Remote {
    client: Client,
    clock: Arc<AtomicI64>,
    _server: Server,
}

fn start(path: &Path) -> Remote {
    let clock = Arc::new(AtomicI64::new(NOW.micros()));
    let shown = Arc::clone(&clock);
    let now = move || Timestamp::from_micros(shown.load(Ordering::SeqCst));
    let server = Server::start(Arc::new(signer()), path, Setter::Engine, Arc::new(now)).unwrap();
    Remote { client: client(path.to_owned(), deployment()), clock, _server: server }
}

fn client(path: PathBuf, deployment: DeploymentId) -> Client {
    Client::new(path, deployment, Duration::from_secs(30))
}

impl Asked for Remote {
    fn admits(
        &self,
        epoch: i64,
        payments: &[Approved],
        now: Timestamp,
    ) -> Vec<Result<Ticket, SignerRefusal>> {
        self.clock.store(now.micros(), Ordering::SeqCst);
        self.client.admit(wallet(), epoch, payments).unwrap()
    }

    fn try_sign(
        &self,
        pairs: &[Pair],
        now: Timestamp,
    ) -> Result<Vec<Result<Signature, SignerRefusal>>, SignerError> {
        self.clock.store(now.micros(), Ordering::SeqCst);
        self.client.sign(&asks(pairs))
    }

    fn closes(&self, epoch: i64, slot: &Slot, now: Timestamp) -> Result<SlotRecord, SignerRefusal> {
        self.clock.store(now.micros(), Ordering::SeqCst);
        self.client.close(wallet(), epoch, slot).unwrap()
    }
}

/// A bit of everything, as text.
fn scenario(signer: &impl Asked, pairs: &[Pair], payments: &[Approved]) -> Vec<String> {
    let mut said = vec![format!("{:?}", signer.admits(1, payments, NOW))];
    for pair in pairs {
        said.push(format!("{:?}", signer.sign_one(pair)));
    }
    said.push(format!("{:?}", signer.signs(pairs, NOW)));
    for nonce in [0, 1, 2, 50] {
        said.push(format!("{:?}", signer.closes(1, &slot(nonce), NOW)));
    }
    said.push(format!("{:?}", signer.closes(0, &slot(51), NOW)));
    said
}

#[test]
fn the_same_scenario_gives_the_same_answers_over_the_wire() {
    let dir = tempfile::tempdir().unwrap();
    let mut odd = payment("odd", usd(20_000));
    odd.payment.memo = Some("메모 \"quoted\"\n".into());
    odd.payment.expires_at = Some(NOW);
    let payments = vec![payment("a", usd(10)), payment("b", usd(20)), odd, payment("c", usd(30))];
    let mut stranger = pay(3, &payments[0]);
    stranger.request.wallet = WalletId::new(ulid(404));
    let pairs = vec![
        pay(0, &payments[0]),
        pair(Kind::Pay, 0, &payments[..1], bumped(1)),
        void(0, &payments[..1]),
        pair(Kind::Pay, 0, &payments[..1], bumped(2)),
        pay(1, &payments[1]),
        pay(2, &payments[1]),
        stranger,
        pay(4, &payment("unadmitted", usd(1))),
        void(5, &[]),
    ];
    let (local, remote) = (signer(), start(&dir.path().join("s")));
    assert_eq!(scenario(&local, &pairs, &payments), scenario(&remote, &pairs, &payments));
    assert_eq!(
        local.export(1, 1_000).unwrap(),
        remote.client.export(1, 1_000).unwrap(),
        "and the same journal"
    );
    assert_eq!(local.hello(Some(wallet())).unwrap(), remote.client.hello(Some(wallet())).unwrap());
    for scope in [Scope::All, Scope::Wallet(wallet())] {
        let seq = remote.client.stop(&scope, "drill").unwrap();
        assert_eq!(local.stop(&scope, Setter::Engine, "drill", NOW).unwrap(), seq);
    }
    assert_eq!(local.stops().unwrap(), remote.client.stops().unwrap());
    remote.client.lift(&Scope::All, None, "over").unwrap();
    local.lift(&Scope::All, Setter::Engine, None, "over", NOW).unwrap();
    let shown = local.show(wallet(), [9; 32], NOW).unwrap();
    assert_eq!(shown, remote.client.show(wallet(), [9; 32]).unwrap());
    assert_eq!(local.held().unwrap(), remote.client.held().unwrap());
    assert_eq!(local.bar(wallet(), "over", NOW), remote.client.bar(wallet(), "over"));
    assert_eq!(local.held().unwrap(), remote.client.held().unwrap());
    assert_eq!(remote.client.stops().unwrap().len(), 1);
}

#[test]
fn a_client_reconnects_and_asks_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let service = Arc::new(signer());
    let serve = || Server::start(Arc::clone(&service), &path, Setter::Engine, Arc::new(|| NOW)).unwrap();
    let server = serve();
    let client = client(path.clone(), deployment());
    let before = client.hello(None).unwrap();
    server.stop();
    assert!(matches!(client.hello(None), Err(SignerError::Down(_))));
    let server = serve();
    assert_eq!(client.hello(None).unwrap(), before);
    server.stop();
    let _server = serve();
    assert_eq!(client.hello(None).unwrap(), before, "also when it breaks between two questions");
}

#[test]
fn the_socket_is_its_owners_and_taken_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let remote = start(&path);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        Server::start(Arc::new(signer()), &path, Setter::Engine, Arc::new(|| NOW)).is_err(),
        "somebody answers there"
    );
    drop(remote);
    assert!(!path.exists());
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(start(&path).client.hello(None).is_ok(), "a dead socket is replaced");
}

#[test]
fn another_deployment_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let _remote = start(&path);
    let stranger = client(path, DeploymentId("restored copy".into()));
    assert!(matches!(stranger.hello(None), Err(SignerError::Down(why)) if why.contains("deployment")));
}

#[test]
fn rubbish_is_answered_or_cut_off_and_harms_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let remote = start(&path);
    for body in [
        &b"{}"[..],
        b"not json",
        br#"{"v":9,"deployment":"test","question":{"ask":"stops"}}"#,
        br#"{"v":1,"deployment":"test","question":{"ask":"sign_digest","digest":"00"}}"#,
        br#"{"v":1,"deployment":"test","question":{"ask":"close","wallet":"wa_x","epoch":1,"slot":"?"}}"#,
    ] {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(&u32::try_from(body.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut reply = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut reply).unwrap();
        assert!(String::from_utf8(reply).unwrap().contains("\"down\""));
    }
    let mut greedy = UnixStream::connect(&path).unwrap();
    greedy.write_all(&u32::MAX.to_be_bytes()).unwrap();
    assert_eq!(greedy.read(&mut [0; 1]).unwrap(), 0, "cut off");
    drop(UnixStream::connect(&path).unwrap());
    assert!(remote.client.hello(None).is_ok());
}

#[test]
fn callers_share_one_signer_without_losing_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let _remote = start(&path);
    std::thread::scope(|scope| {
        for caller in 0..6u64 {
            let client = client(path.clone(), deployment());
            scope.spawn(move || {
                for order in 0..10u64 {
                    let approved = payment(&format!("{caller}/{order}"), usd(1));
                    client.admit(wallet(), 1, std::slice::from_ref(&approved)).unwrap().remove(0).unwrap();
                    let pair = pay(caller * 100 + order, &approved);
                    let signature =
                        client.sign(&asks(std::slice::from_ref(&pair))).unwrap().remove(0).unwrap();
                    let decoded = sluice_codec::evm::decode(&signature.raw).unwrap();
                    assert_eq!(decoded.nonce, caller * 100 + order);
                }
            });
        }
    });
}

#[test]
fn through_the_console_nothing_is_signed_and_what_it_stops_the_engine_cannot_lift() {
    let dir = tempfile::tempdir().unwrap();
    let service = Arc::new(signer());
    let door = |name, setter| {
        let path = dir.path().join(name);
        let server = Server::start(Arc::clone(&service), &path, setter, Arc::new(|| NOW)).unwrap();
        (server, client(path, deployment()))
    };
    let ((_one, engine), (_two, console)) = (door("e", Setter::Engine), door("c", Setter::Console));
    let place = console.stop(&Scope::All, "a person").unwrap();
    engine.lift(&Scope::All, Some(place), "an engine in other hands").unwrap();
    engine.lift(&Scope::All, None, "it tries again").unwrap();
    let shown = engine.hello(None).unwrap().stops;
    assert_eq!((shown.len(), shown[0].setter, shown[0].journal_seq), (1, Setter::Console, place));
    let approved = [payment("order-1", usd(1))];
    assert_eq!(refused(engine.admit(wallet(), 1, &approved).unwrap().remove(0)), not_now("stopped"));
    assert!(matches!(console.admit(wallet(), 1, &approved), Err(SignerError::Down(_))));
    assert!(matches!(console.sign(&asks(&[void(0, &[])])), Err(SignerError::Down(_))));
    assert!(matches!(console.bar(wallet(), "by mistake"), Err(SignerError::Down(_))));
    console.lift(&Scope::All, None, "over").unwrap();
    assert!(engine.admit(wallet(), 1, &approved).unwrap().remove(0).is_ok());
}
