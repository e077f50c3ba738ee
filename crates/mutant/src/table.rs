//! Who notices which rule, as data: the tests of the simulator and of the program play each row, and `docs/mutants.md`
//! shows it.

use crate::Mutant;

/// What one of those who look does about a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It notices, by this check.
    Notices(&'static str),
    /// It is not its to notice, for this reason; in the same run it finds nothing.
    NotIts(&'static str),
    /// No scene of it is played there, for this reason: nothing is known of it.
    NotPlayed(&'static str),
}

/// A rule that is off, and who notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The money rule.
    pub rule: &'static str,
    /// The wrapper that switches it off.
    pub mutant: Mutant,
    /// What does not happen any more, and what else has to be off or away where the rule is held twice.
    pub off: &'static str,
    /// The simulator: the name of the invariant that its oracle finds broken.
    pub simulator: Look,
    /// The kill harness, with real processes, databases and a chain: what its judges say.
    pub harness: Look,
    /// The auditor, over the list of what the caller was told: its finding.
    pub auditor: Look,
}

/// Why a rule about clocks is for the simulator.
const ONE_CLOCK: &str = "processes of one machine share its clock";

/// The table.
pub const TABLE: [Row; 7] = [
    Row {
        rule: "M1",
        mutant: Mutant::NoIdentity,
        off: "an external id is not looked up: every order is a new withdrawal",
        simulator: Look::Notices("M1 one identity"),
        harness: Look::Notices("each_paid_once"),
        auditor: Look::Notices("paid_twice"),
    },
    Row {
        rule: "M2",
        mutant: Mutant::SendsFirst,
        off: "bytes are sent before their signature is stored; and the signer, which logs first too, gets its journal back as it was before it signed",
        simulator: Look::Notices("M2 signature before bytes"),
        harness: Look::Notices("none_paid"),
        auditor: Look::Notices("ended_but_paid"),
    },
    Row {
        rule: "M4",
        mutant: Mutant::ForgedDeath,
        off: "the chain port says of every slot with an attempt that it reverted, final and deep; where one operator says so, two persons believe it",
        simulator: Look::Notices("M4 dead is dead on chain"),
        harness: Look::Notices("each_paid_once"),
        auditor: Look::Notices("paid_twice"),
    },
    Row {
        rule: "M4",
        mutant: Mutant::OwnClock,
        off: "where a slot ends by time (TRON), the clock of the process says when, and not the time of solid blocks; clocks are wrong by hours",
        simulator: Look::Notices("M4 dead is dead on chain"),
        harness: Look::NotPlayed(ONE_CLOCK),
        auditor: Look::NotPlayed(ONE_CLOCK),
    },
    Row {
        rule: "M7",
        mutant: Mutant::NoFence,
        off: "the store does not look at the epoch of whoever writes",
        simulator: Look::Notices("M7 no write with a stale epoch"),
        harness: Look::Notices("fenced"),
        auditor: Look::NotIts("versions of rows keep the money right; who wrote is not on the chain"),
    },
    Row {
        rule: "M8",
        mutant: Mutant::NoLimit,
        off: "an order is accepted without being counted against its limits",
        simulator: Look::Notices("M8 what is accepted is within the day"),
        harness: Look::Notices("no_more_than"),
        auditor: Look::NotIts("each was ordered and paid once; a limit is on no list and not on the chain"),
    },
    Row {
        rule: "M17",
        mutant: Mutant::NoJournal,
        off: "what the signer's journal tells is not read: a store from an older copy takes itself for a present one",
        simulator: Look::Notices("M17 a store that went back pays nothing"),
        harness: Look::Notices("each_paid_once"),
        auditor: Look::Notices("paid_twice"),
    },
];

/// The table as `docs/mutants.md` shows it.
pub fn text() -> String {
    let look = |look| match look {
        Look::Notices(by) => format!("notices: `{by}`"),
        Look::NotIts(why) => format!("not its: {why}"),
        Look::NotPlayed(why) => format!("not played: {why}"),
    };
    let rows = TABLE.iter().map(|row| {
        let (name, looks) = (row.mutant.name(), [row.simulator, row.harness, row.auditor].map(look));
        format!("| {} | `{name}`: {} | {} |\n", row.rule, row.off, looks.join(" | "))
    });
    let head = "| rule | what is off | simulator | kill harness | auditor |\n|---|---|---|---|---|\n";
    head.to_owned() + &rows.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_table_has_a_mutant_of_its_own_and_everybody_notices_something() {
        let mut seen = vec![];
        for row in TABLE {
            assert!(!seen.contains(&row.mutant), "{row:?}");
            seen.push(row.mutant);
            assert_eq!(row.mutant.name().parse(), Ok(row.mutant));
            assert!(matches!(row.simulator, Look::Notices(_)), "the simulator sees every port: {row:?}");
        }
        for look in [|row: &Row| row.harness, |row: &Row| row.auditor] {
            assert!(TABLE.iter().any(|row| matches!(look(row), Look::Notices(_))));
        }
    }

    #[test]
    fn the_page_shows_the_table() {
        let page = include_str!("../../../docs/mutants.md");
        assert!(
            page.contains(&format!("\n\n{}\n", text())),
            "docs/mutants.md has another table:\n{}",
            text()
        );
    }
}
