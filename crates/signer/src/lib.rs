//! The signer: the smallest trusted code. It holds keys, its own journal and its own caps, and trusts nobody.
//!
//! Synchronous, and a role of its own: in production it is another process on another host, reached over
//! [`server`]; in `sluice dev` and in the simulator [`SigningService`] is called directly. Both ways give the same
//! answers.
//!
//! Where to start: [`SigningService::sign`] is the whole story, `guard` is what it refuses, `journal` is what it
//! remembers, [`key`] is what it signs with.
//!
//! # What it stops, and what it cannot
//! It assumes that engine, store and network may be in the hands of an attacker. Such an attacker
//! - cannot have anything signed but an approved payment of an enrolled wallet in an enrolled asset, or a void: the
//!   bytes are rebuilt here, from decimals pinned here, and no raw digest is ever signed;
//! - cannot pay more than a payment's cap or an hour's cap by new payments, however many calls run in parallel;
//! - cannot pay one payment in two slots at will. The signer does not see the chain, so it cannot know that a former
//!   slot is dead. It insists that the former slot was closed before anything was signed for it, or that its last
//!   signature is [`Caps::reslot_after_ms`] old; it freezes the former slot for ever; and it allows
//!   [`Caps::reslots_max`] such slots in a payment's life. A void proves nothing here, for it may lose the race. Each
//!   slot counts against its hour, and a ticket covers one slot within an hour: the worst a liar can take in an hour is
//!   the hourly cap, and every step is journaled;
//! - cannot spend more of a wallet's coin on fees in an hour than [`ChainCaps::cost_hourly_max`], by whatever mix of
//!   payments, bumps and voids, nor close or void nonces further ahead than [`ChainCaps::nonce_ahead_max`];
//! - cannot lift a stop that a person set here, nor bar a key that is in use;
//! - can stop payments: refusing is always safe.
//!
//! # Invariants
//! - The intent to sign is committed before the key is used, and a signature before it is returned. A crash between
//!   the two costs nothing: the same request gives the same bytes (RFC 6979).
//! - A slot pays one payment, for ever (M3). Once its void is reserved, or it is closed, no payment is signed in it.
//! - A payment has one live slot (M1); the journal's unique index says so too.
//! - The lowest epoch that is obeyed never falls (M7).
//! - The same attempt gets the same signature; the same attempt with another digest gets none.
//! - A stop in the journal's own transaction stops paying signatures and bumps; voids stay possible (M12).
//! - The journal is append-only, dense and chained; everything else in it can be rebuilt from it ([`verify`]).
//! - A proof of holding a key is a statement made here, in a form that is no transaction, no typed data and no login.
//! - A barred key signs nothing, for ever. Its slots can still be closed.
//! - A signature is returned only after it was checked: low `s`, and the wallet's own address recovered from it.
//!
//! [`verify`]: SigningService::verify

mod archive;
pub mod caps;
pub mod client;
mod guard;
mod journal;
pub mod key;
mod refusal;
pub mod server;
mod service;
mod wire;

pub use archive::{Archive, RebuildError};
pub use caps::{AssetCaps, Caps, ChainCaps};
pub use journal::{Fact, Head, JournalAt, JournalEntry, JournalError, Reserve, Tampered};
pub use key::{Key, KeyError, KeyRing, Raw};
pub use refusal::Code;
pub use service::{Ask, EnrolError, Enrolled, OpenError, SigningService};
