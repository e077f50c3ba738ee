//! The auditor as a program, against a real chain on which each kind of break was made on purpose.

mod breaks;
mod files;
mod liar;
mod nodes;
mod stage;
mod tron;
