//! Pages: keyset, never by number. A cursor says after which key to go on, and of which list it is.

use sha2::{Digest as _, Sha256};
use sluice_api::list::List;
use sluice_api::problem::Code;
use sluice_api::query::Page;

use crate::problem::Reject;

/// The most rows of a list that has no keyset in the store: they are read whole and cut here. Each of those lists is
/// bounded by what people set up (keys, wallets) or by alerting long before (attention, alerts).
pub(crate) const WHOLE_MAX: usize = 1_000;

/// Which list a cursor belongs to: its path and its filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing(String);

impl Listing {
    /// `filters` are what narrows the list; a cursor is good only with the same ones.
    pub fn of(path: &str, filters: &[(&'static str, String)]) -> Self {
        let mut hash = Sha256::new();
        hash.update(path);
        for (name, value) in filters.iter().filter(|(name, _)| *name != "limit" && *name != "cursor") {
            hash.update(format!("\n{}={name}{}={value}", name.len(), value.len()));
        }
        Self(hex::encode(&hash.finalize()[..6]))
    }

    /// The cursor that goes on after `key`.
    pub fn cursor(&self, key: &str) -> String {
        format!("{}{}", self.0, hex::encode(key))
    }

    /// The key in a cursor of this list.
    ///
    /// # Errors
    /// `cursor_invalid` for a cursor of another list or filter, or none of ours.
    pub fn key(&self, cursor: &str) -> Result<String, Reject> {
        let key = cursor.strip_prefix(&self.0).and_then(|key| hex::decode(key).ok());
        let key = key.and_then(|key| String::from_utf8(key).ok());
        key.ok_or_else(|| Reject::new(Code::CursorInvalid))
    }

    /// Cuts a page out of a whole list. `key` orders the items and names each of them; keys are compared as text.
    ///
    /// # Errors
    /// `cursor_invalid`.
    pub fn page<T>(
        &self,
        mut items: Vec<T>,
        page: &Page,
        key: impl Fn(&T) -> String,
    ) -> Result<List<T>, Reject> {
        items.sort_by_cached_key(&key);
        if let Some(cursor) = &page.cursor {
            let after = self.key(cursor)?;
            items.retain(|item| key(item) > after);
        }
        Ok(self.first(items, page, key))
    }

    /// A page of items that are in order already, one more than fits when another page follows.
    pub fn first<T>(&self, mut items: Vec<T>, page: &Page, key: impl Fn(&T) -> String) -> List<T> {
        let more = items.len() > limit(page);
        items.truncate(limit(page));
        let next = items.last().filter(|_| more).map(|last| self.cursor(&key(last)));
        List::page(items, next)
    }
}

/// Items of a page.
pub(crate) fn limit(page: &Page) -> usize {
    usize::try_from(page.limit()).unwrap_or(1)
}

/// A key that orders times newest first.
pub(crate) fn newest_first(micros: i64) -> String {
    format!("{:020}", i64::MAX.saturating_sub(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_to_the_whole_list() {
        let listing = Listing::of("/v1/x", &[]);
        let items: Vec<u32> = (0..57).rev().collect();
        let key = |item: &u32| format!("{item:04}");
        let (mut page, mut seen) = (Page { limit: Some(10), cursor: None }, vec![]);
        loop {
            let list = listing.page(items.clone(), &page, key).unwrap();
            assert!(list.data.len() <= 10);
            seen.extend(list.data);
            match list.next_cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        assert_eq!(seen, (0..57).collect::<Vec<_>>());
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let listing = Listing::of("/v1/x", &[("status", "held".into())]);
        let cursor = listing.cursor("k");
        assert_eq!(listing.key(&cursor).unwrap(), "k");
        assert_eq!(Listing::of("/v1/x", &[("status", "held".into()), ("limit", "7".into())]), listing);
        for other in [Listing::of("/v1/x", &[]), Listing::of("/v1/y", &[("status", "held".into())])] {
            assert_eq!(other.key(&cursor).unwrap_err().refusal.code, Code::CursorInvalid);
        }
        for wrong in ["", "zz", "..", &cursor[..cursor.len() - 1]] {
            assert!(listing.key(wrong).is_err(), "{wrong}");
        }
    }
}
