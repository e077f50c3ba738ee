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
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sluice_core::attempt::Unsigned;
use sluice_core::intent::SigningRequest;
use sluice_core::port::signer::{Setter, SignerError};
use sluice_core::stop::Scope;
use sluice_core::time::Timestamp;

use crate::service::{Ask, SigningService};
use crate::wire::{self, Call, Malformed, Outcome, Question, Reply, convert};

/// Connections at a time; one more is closed at once.
const CONNECTIONS_MAX: usize = 32;
/// How often a waiting connection looks whether the server stops.
const TICK: Duration = Duration::from_millis(200);
/// A caller that has begun a frame must finish it within this many ticks.
const FRAME_TICKS_MAX: u32 = 50;
/// A caller that does not take its answer loses the connection.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// The signer's clock: its own, never the caller's.
pub type ClockFn = dyn Fn() -> Timestamp + Send + Sync;

/// A running server. Dropping it stops it and waits for the calls under way.
pub struct Server {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
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
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = thread::Builder::new().name("signer-accept".into()).spawn(move || {
            accept(&listener, &Door { service: &service, door, clock: clock.as_ref() }, &flag)
        })?;
        Ok(Self { path: path.to_owned(), stop, thread: Some(thread) })
    }

    /// Stops it; returns when the last call under way was answered.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // `accept` has no timeout: one more connection makes it look at the flag.
        let _woken = UnixStream::connect(&self.path);
        if let Some(thread) = self.thread.take() {
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

fn accept(listener: &UnixListener, door: &Door<'_>, stop: &AtomicBool) {
    let open = AtomicUsize::new(0);
    thread::scope(|scope| {
        for stream in listener.incoming() {
            if stop.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
                open.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let open = &open;
            let started = thread::Builder::new().name("signer-call".into()).spawn_scoped(scope, move || {
                let _why = serve(stream, door, stop);
                open.fetch_sub(1, Ordering::SeqCst);
            });
            if started.is_err() {
                open.fetch_sub(1, Ordering::SeqCst);
            }
        }
    });
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

/// Waits for the next frame as long as the server runs, and for the rest of a begun one not long.
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
                    let late = self.begun && self.ticks > FRAME_TICKS_MAX;
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
