//! What single stages promise, driven by hand where a whole history would show it only by chance.

mod bench;
mod evidence;
mod tell;
mod window;
