//! [`super::Evm`] over scripted nodes that lie, lag and fail. Nothing here waits, so no executor is needed: every future
//! is ready when it is polled, which also shows that the crate names no runtime above `http`.

mod accounts;
mod debts;
mod fake;
mod heads;
mod health;
mod money;
mod preflight;
mod slots;
mod watch;
