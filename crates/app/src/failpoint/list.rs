//! Every failpoint there is: the methods of the ports, before and after each. The tests here hold the list against the
//! sources of the ports, so no method can be added without a place where it is killed.

use sluice_core::port::around;

use super::{chain, deliver, key, market, reader, registry, store};

/// What in the ports is no failpoint, and why.
pub const LEFT_OUT: [(&str, &str); 13] = [
    ("chain.profile", "answers from memory"),
    ("chain.disproved", "a note in memory about a node"),
    ("chain.contradicted", "a note in memory about a node"),
    ("chain.nodes", "answers from memory"),
    ("chain.troubles", "answers from memory"),
    ("key.address", "answers from memory"),
    ("clock", "reads a clock: nothing is between before and after"),
    ("entropy", "draws numbers: nothing is between before and after"),
    ("wake", "waits and signals inside the process: a signal may be lost at any time"),
    ("meter", "figures for people, in memory"),
    ("node", "under the chain: what becomes of a question to a node is chaos_rpc's to vary"),
    ("sink", "under deliver: strangers' servers"),
    ("market.vendors", "answers from memory"),
];

/// Every call that is a failpoint: `store.apply`.
pub fn calls() -> impl Iterator<Item = &'static str> {
    let ports: [&[&str]; 8] = [
        &around::store::CALLS,
        &around::signer::CALLS,
        &chain::CALLS,
        &reader::CALLS,
        &registry::CALLS,
        &deliver::CALLS,
        &market::CALLS,
        &key::CALLS,
    ];
    ports.into_iter().flatten().copied()
}

/// The states a commit may bring a transfer to: each is a failpoint of its own, `store.apply/built`.
pub const STATES: [&str; 26] = store::STATES;

/// Every failpoint of the engine and of the signer, with its side: `store.apply/built:after`.
pub fn points() -> Vec<String> {
    let states = STATES.iter().map(|state| format!("store.apply/{state}"));
    let places = calls().map(str::to_owned).chain(states);
    places.flat_map(|place| ["before", "after"].map(|side| format!("{place}:{side}"))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A port: its name in points, its trait, the source of the trait, and of what is around it.
    const PORTS: [(&str, &str, &str, &str); 8] = [
        (
            "store",
            "Store",
            include_str!("../../../core/src/port/store.rs"),
            include_str!("../../../core/src/port/around/store.rs"),
        ),
        (
            "signer",
            "Signer",
            include_str!("../../../core/src/port/signer.rs"),
            include_str!("../../../core/src/port/around/signer.rs"),
        ),
        ("chain", "Chain", include_str!("../../../core/src/port/chain.rs"), include_str!("chain.rs")),
        ("reader", "Reader", include_str!("../../../core/src/port/reader.rs"), include_str!("reader.rs")),
        (
            "registry",
            "Registry",
            include_str!("../../../core/src/port/registry.rs"),
            include_str!("registry.rs"),
        ),
        ("deliver", "Deliver", include_str!("../../../core/src/port/deliver.rs"), include_str!("deliver.rs")),
        ("market", "Market", include_str!("../../../core/src/port/market.rs"), include_str!("market.rs")),
        ("key", "Key", include_str!("../../../signer/src/key.rs"), include_str!("key.rs")),
    ];

    /// The methods of a trait, by its source.
    fn methods(source: &str, name: &str) -> Vec<String> {
        let from = source.find(&format!("pub trait {name}")).unwrap_or_else(|| panic!("no trait {name}"));
        let body = &source[from..];
        let body = &body[..body.find("\n}").expect("it ends")];
        let begun = body.lines().filter_map(|line| line.strip_prefix("    fn "));
        let named =
            begun.map(|rest| rest.split(['(', '<']).next().expect("a name").to_owned()).collect::<Vec<_>>();
        assert!(!named.is_empty(), "{name} has methods");
        named
    }

    #[test]
    fn the_list_is_the_methods_of_the_ports() {
        let listed: BTreeSet<&str> = calls().collect();
        assert_eq!(listed.len(), calls().count(), "none is listed twice");
        let mut there = BTreeSet::new();
        for (port, name, source, _) in PORTS {
            there.extend(methods(source, name).into_iter().map(|method| format!("{port}.{method}")));
        }
        let left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|(name, _)| *name).collect();
        for method in &there {
            let (on, off) = (listed.contains(&**method), left_out.contains(&**method));
            assert!(on != off, "{method} is listed or left out with a reason, and not both");
        }
        for name in listed.iter().chain(left_out.iter().filter(|name| name.contains('.'))) {
            assert!(there.contains(*name), "{name} is no method of a port");
        }
    }

    #[test]
    fn every_trait_of_the_ports_is_here_or_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/src/port");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let Ok(source) = std::fs::read_to_string(&path) else { continue };
            for rest in source.lines().filter_map(|line| line.strip_prefix("pub trait ")) {
                let name = rest.split([':', ' ']).next().unwrap();
                let (here, port) = (PORTS.iter().any(|(_, it, ..)| *it == name), name.to_lowercase());
                let left_out = LEFT_OUT.iter().any(|(it, _)| *it == port);
                assert!(here || left_out, "{name} in {} has no failpoints and no reason", path.display());
            }
        }
    }

    #[test]
    fn each_that_is_listed_is_around_the_call_of_its_name() {
        for (port, _, _, around) in PORTS {
            let code = &around[around.find("];").expect("the list ends")..];
            let prefix = format!("{port}.");
            for call in calls().filter(|call| call.starts_with(&prefix)) {
                assert!(code.contains(&format!("\"{call}\"")), "{call} is around nothing");
            }
        }
    }

    #[test]
    fn a_point_is_named_as_it_is_armed() {
        for point in points() {
            let parsed = super::super::Point::parse(&format!("{point}:1:kill"));
            let parsed = parsed.unwrap_or_else(|| panic!("{point}"));
            assert!(calls().any(|call| call == parsed.call), "{point}");
        }
    }
}
