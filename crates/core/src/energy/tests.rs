//! The machines of orders and loans, their evidence, the breaker and the choices.

mod breaker;
mod choice;
mod closed;
mod costs;
mod credit;
mod evidence;
mod loan;
mod pool;
mod prepayment;
mod request;
mod samples;
mod table;
mod top_up;
mod whose;
