//! The signer as a process: a Unix socket that only its owner may open, one thread per connection, all of them bounded.
//!
//! There are two doors: the engine's, and the console's, for people on this machine. Both speak the same frames; what is
//! stopped through one is lifted through that one alone, and through the console nothing is signed.
//!
//! Who may connect is the file system's decision (mode 0600). Over a network the same frames go through mTLS; that
//! listener belongs to the role that owns the certificates.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sluice_core::attempt::Unsigned;
use sluice_core::intent::SigningRequest;
use sluice_core::port::signer::{Setter, SignerError};
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;

use crate::service::{Ask, SigningService};
use crate::wire::{self, Call, Malformed, Outcome, Question, Reply, convert};

/// Connections at a time: a full pool of each of eight engine processes. One more is told so and closed.
const CONNECTIONS_MAX: usize = 8 * crate::client::CONNECTIONS_MAX;
/// How often a waiting connection looks whether the server stops.
const TICK: Duration = Duration::from_millis(200);
/// A caller that has begun a frame must finish it within this many ticks.
const FRAME_TICKS_MAX: u32 = 50;
/// A caller that begins none for so many ticks (a minute) loses the connection: its place is for another.
const IDLE_TICKS_MAX: u32 = 300;
/// Pause after a connection could not be taken: without a free file descriptor the next try fails at once, too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// A caller that does not take its answer loses the connection.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// The signer's clock: its own, never the caller's.
pub type ClockFn = dyn Fn() -> Timestamp + Send + Sync;

/// Connections that were not served, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unserved {
    /// Tries to take a connection that the operating system refused: most often for want of a file descriptor.
    pub failed: u64,
    /// Connections closed because every place was taken.
    pub turned_away: u64,
}

/// A running server. Dropping it stops it and waits for the calls under way.
pub struct Server {
    path: PathBuf,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// What the threads of a server share.
#[derive(Default)]
struct State {
    stop: AtomicBool,
    open: AtomicUsize,
    failed: AtomicU64,
    turned_away: AtomicU64,
}

impl Server {
    /// Listens on `path`. A socket that nobody listens on any more is replaced; one that somebody does is not.
    ///
    /// # Errors
    /// The path cannot be bound, or another server answers on it ([`io::ErrorKind::AddrInUse`]).
    pub fn start(
        service: Arc<SigningService>,
        path: &Path,
        door: Setter,
        clock: Arc<ClockFn>,
    ) -> io::Result<Self> {
        let listener = listen(path)?;
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let thread = thread::Builder::new().name("signer-accept".into()).spawn(move || {
            accept(&listener, &Door { service: &service, door, clock: clock.as_ref() }, &shared)
        })?;
        Ok(Self { path: path.to_owned(), state, thread: Some(thread) })
    }

    /// Connections that were not served.
    pub fn unserved(&self) -> Unserved {
        let count = |it: &AtomicU64| it.load(Ordering::SeqCst);
        Unserved { failed: count(&self.state.failed), turned_away: count(&self.state.turned_away) }
    }

    /// Stops it; returns when the last call under way was answered.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        // `accept` has no timeout: one more connection makes it look at the flag.
        let _woken = UnixStream::connect(&self.path);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ended = thread.join();
        }
        let _gone = std::fs::remove_file(&self.path);
    }
}

/// Binds beside the path, closes the socket to others, and only then puts it where callers look.
fn listen(path: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "a signer answers on this socket"));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    if beside.exists() {
        std::fs::remove_file(&beside)?;
    }
    let listener = UnixListener::bind(&beside)?;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&beside, path)?;
    Ok(listener)
}

/// What a connection reaches.
struct Door<'a> {
    service: &'a SigningService,
    door: Setter,
    clock: &'a ClockFn,
}

/// A place of a connection, given back whatever becomes of its thread.
struct Place<'a>(&'a State);

impl<'a> Place<'a> {
    fn take(state: &'a State) -> Option<Self> {
        let place = Self(state);
        (state.open.fetch_add(1, Ordering::SeqCst) < CONNECTIONS_MAX).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

fn accept(listener: &UnixListener, door: &Door<'_>, state: &State) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            if state.stop.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else {
                state.failed.fetch_add(1, Ordering::SeqCst);
                thread::park_timeout(ACCEPT_PAUSE);
                continue;
            };
            let Some(place) = Place::take(state) else {
                state.turned_away.fetch_add(1, Ordering::SeqCst);
                turn_away(stream);
                continue;
            };
            let started = thread::Builder::new().name("signer-call".into()).spawn_scoped(scope, move || {
                let _held = place;
                let _why = serve(stream, door, &state.stop);
            });
            if started.is_err() {
                state.failed.fetch_add(1, Ordering::SeqCst);
                thread::park_timeout(ACCEPT_PAUSE);
            }
        }
    });
}

/// Tells a caller for whom there is no place. One that does not listen is closed all the same.
fn turn_away(mut stream: UnixStream) {
    let why = format!("all {CONNECTIONS_MAX} connections of the signer are taken");
    let _told = stream
        .set_write_timeout(Some(TICK))
        .and_then(|()| wire::write_frame(&mut stream, &Reply::Down { why }));
}

fn serve(stream: UnixStream, door: &Door<'_>, stop: &AtomicBool) -> io::Result<()> {
    stream.set_read_timeout(Some(TICK))?;
    stream.set_write_timeout(Some(WRITE_MAX))?;
    let mut patient = Patient { stream, stop, ticks: 0, begun: false };
    loop {
        (patient.begun, patient.ticks) = (false, 0);
        let frame = wire::read_frame(&mut patient)?;
        let reply = reply(&frame, door);
        wire::write_frame(&mut patient.stream, &reply)?;
    }
}

/// Waits for the next frame for a minute, while the server runs, and for the rest of a begun one not long.
struct Patient<'a> {
    stream: UnixStream,
    stop: &'a AtomicBool,
    ticks: u32,
    begun: bool,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    self.ticks = self.ticks.saturating_add(1);
                    let late = self.ticks > if self.begun { FRAME_TICKS_MAX } else { IDLE_TICKS_MAX };
                    if late || self.stop.load(Ordering::SeqCst) {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Ok(count) => {
                    if !self.begun {
                        (self.begun, self.ticks) = (true, 0);
                    }
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Answers one frame, whatever it holds.
fn reply(frame: &[u8], door: &Door<'_>) -> Reply {
    let service = door.service;
    let call: Call = match serde_json::from_slice(frame) {
        Ok(call) => call,
        Err(error) => return Reply::Down { why: format!("malformed call: {error}") },
    };
    if call.v != wire::VERSION {
        return Reply::Down {
            why: format!("wire version {}, and this signer speaks {}", call.v, wire::VERSION),
        };
    }
    if call.deployment != service.deployment().0 {
        return Reply::Down {
            why: format!("this signer belongs to deployment {:?}", service.deployment().0),
        };
    }
    if door.door == Setter::Console && !call.question.is_of_the_console() {
        return Reply::Down {
            why: "the console stops, lifts and looks; payments come through the engine's socket".into(),
        };
    }
    match dispatch(call.question, service, door.door, (door.clock)()) {
        Ok(Ok(reply)) => reply,
        Ok(Err(SignerError::Journal(why))) => Reply::Journal { why },
        Ok(Err(SignerError::Down(why))) => Reply::Down { why },
        Err(malformed) => Reply::Down { why: malformed.to_string() },
    }
}

fn dispatch(
    question: Question,
    service: &SigningService,
    door: Setter,
    now: Timestamp,
) -> Result<Result<Reply, SignerError>, Malformed> {
    Ok(match question {
        Question::Hello { wallet } => {
            let wallet = wallet.as_deref().map(convert::wallet).transpose()?;
            service.hello(wallet).map(Reply::from)
        }
        Question::Admit { wallet, epoch, payments } => {
            let payments: Vec<_> = payments.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
            service.admit(convert::wallet(&wallet)?, epoch, &payments, now).map(|tickets| Reply::Admitted {
                tickets: tickets
                    .into_iter()
                    .map(|ticket| Outcome::of(ticket.map(|ticket| ticket.journal_seq)))
                    .collect(),
            })
        }
        Question::Sign { requests } => {
            let pairs: Vec<(SigningRequest, Unsigned)> =
                requests.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
            let asks: Vec<_> = pairs.iter().map(|(request, unsigned)| Ask { request, unsigned }).collect();
            service.sign(&asks, now).map(|signatures| Reply::Signed {
                signatures: signatures.into_iter().map(Outcome::of).collect(),
            })
        }
        Question::Close { wallet, epoch, slot } => service
            .close(convert::wallet(&wallet)?, epoch, &convert::slot(&slot)?, now)
            .map(|record| Reply::Closed { record: Outcome::of(record) }),
        Question::Held => {
            service.held().map(|held| Reply::Held { wallets: held.into_iter().map(Into::into).collect() })
        }
        Question::Show { wallet, challenge } => service
            .show(convert::wallet(&wallet)?, convert::challenge(&challenge)?, now)
            .map(|shown| Reply::Shown { signature: Outcome::of(shown) }),
        Question::Bar { wallet, reason } => service
            .bar(convert::wallet(&wallet)?, &reason, now)
            .map(|place| Reply::Barred { place: Outcome::of(place) }),
        Question::Export { from_seq, limit } => service
            .export(from_seq, limit)
            .map(|entries| Reply::Entries { entries: entries.into_iter().map(Into::into).collect() }),
        Question::Mark { mark } => service.mark(mark, now).map(|journal_seq| Reply::Noted { journal_seq }),
        Question::Stop { scope, subject, reason } => service
            .stop(&read_scope(&scope, &subject)?, door, &reason, now)
            .map(|journal_seq| Reply::Noted { journal_seq }),
        Question::Lift { scope, subject, reason, read_at } => service
            .lift(&read_scope(&scope, &subject)?, door, read_at, &reason, now)
            .map(|journal_seq| Reply::Noted { journal_seq }),
        Question::Stops => {
            service.stops().map(|stops| Reply::Stops { stops: stops.into_iter().map(Into::into).collect() })
        }
    })
}

fn read_scope(kind: &str, subject: &str) -> Result<Scope, Malformed> {
    Scope::from_parts(kind, subject).ok_or(Malformed("scope"))
}
