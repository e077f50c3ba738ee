//! Promises of the signer, each test named after one.

#[path = "it/attacks.rs"]
mod attacks;
#[path = "it/caps.rs"]
mod caps;
#[path = "it/errands.rs"]
mod errands;
#[path = "it/gas.rs"]
mod gas;
#[path = "it/house.rs"]
mod house;
#[path = "it/journal.rs"]
mod journal;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/places.rs"]
mod places;
#[path = "it/possession.rs"]
mod possession;
#[path = "it/slots.rs"]
mod slots;
#[path = "it/speed.rs"]
mod speed;
#[path = "it/stops.rs"]
mod stops;
#[path = "it/wire.rs"]
mod wire;
