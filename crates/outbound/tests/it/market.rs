//! Vendors of energy against the simulators of their wires.

mod conformance;
mod faults;
mod plans;
mod stall;
mod strangers;
