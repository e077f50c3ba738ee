//! Sinks, vendors and client against real sockets on this machine.

mod alertmanager;
mod client;
mod mail;
mod market;
mod sample;
mod server;
mod sinks;
mod smtp;
