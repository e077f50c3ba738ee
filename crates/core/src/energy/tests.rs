//! The order machine, its evidence, its breaker and its choices.

mod breaker;
mod choice;
mod closed;
mod evidence;
mod samples;
mod table;
