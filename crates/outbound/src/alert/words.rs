//! Where the runbooks are, and whose an alert of no partner is.

use sluice_core::alert::Code;

/// Where the runbooks are when nobody published them elsewhere.
pub(super) const RUNBOOKS: &str = "docs/runbooks.md";

/// The owner of what belongs to no partner.
pub(super) const PLATFORM: &str = "hq";

/// Where to read what to do.
pub(super) fn runbook(base: &str, code: Code) -> String {
    format!("{base}#{}", code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_runbook_under_its_own_heading_in_both_languages() {
        let runbooks = include_str!("../../../../docs/runbooks.md");
        for code in Code::ALL {
            let (ko, en) = (code.words().title_ko, code.words().title_en);
            let anchor = format!("<a id=\"{}\"></a>", code.as_str());
            let section =
                runbooks.split(&anchor).nth(1).unwrap_or_else(|| panic!("no {anchor} in docs/runbooks.md"));
            let heading = section.trim_start().lines().next().unwrap_or_default();
            assert!(heading.contains(ko) && heading.contains(en), "{}: {heading:?}", code.as_str());
        }
        // Other sections are procedures; those of an alert say its severity and its subject.
        let of_alerts =
            runbooks.lines().filter(|line| line.contains("`, P") && line.contains("The subject is"));
        assert_eq!(of_alerts.count(), Code::ALL.len(), "no runbook without a code");
    }
}
