//! One file per promise. Every promise is kept by real processes: the `sluice` binary, SQLite or PostgreSQL, and anvil.
//! Who judges is the chain: its logs are read with a client of the tests' own, against the list the caller wrote before
//! its first call, never against the engine's tables.

mod harness;

mod audit;
mod backup;
mod both;
mod cancel;
mod chaos;
mod chaos_command;
mod chaos_lies;
mod chaos_pool;
mod copies;
mod crash;
mod database_down;
mod demo;
mod energy;
mod energy_pool;
mod energy_requests;
mod evidence;
mod fees;
mod freeze;
mod identity;
mod install;
mod kills;
mod limits;
mod market_command;
mod mutants;
mod neighbours;
mod one_command;
mod operators;
mod pays;
mod poison;
mod reorg;
mod restore;
mod signature_requests;
mod signer;
mod signer_window;
mod speed;
mod statement;
mod stop;
mod sweeps;
mod takeover;
mod tiers;
mod tron;
mod tron_chaos;
mod tron_coin;
mod tron_errands;
mod tron_kills;
mod tron_sim_command;
mod tron_sim_kept;
mod trouble;
mod two_persons;
mod wallets;
mod ways_out;
