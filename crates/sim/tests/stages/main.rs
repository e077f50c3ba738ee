//! What single stages promise, driven by hand where a whole history would show it only by chance.

mod bench;
mod books;
mod copied;
mod cuts;
mod desk;
mod energy;
mod evidence;
mod fill;
mod forks;
mod house;
mod keep;
mod liars;
mod lost;
mod marks;
mod old_copy;
mod oracle;
mod overtaken;
mod restore;
mod revived;
mod strangers;
mod sweeps;
mod tell;
mod tiers;
mod unrecorded;
mod window;
