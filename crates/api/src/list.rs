//! Pages. Every list is answered in pages with an opaque cursor; nothing is ever skipped by number.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tag;

/// Items of a page when the caller does not say.
pub const LIMIT_DEFAULT: u32 = 20;
/// The most items of a page.
pub const LIMIT_MAX: u32 = 100;
/// The most characters of a cursor.
pub const CURSOR_CHARS_MAX: usize = 512;

/// One page of a list, in the order of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// Always `list`.
    pub object: tag::List,
    /// The items; at most as many as `limit`.
    pub data: Vec<T>,
    /// Whether another page follows.
    pub has_more: bool,
    /// What to send as `cursor` for the next page; `null` on the last one. Opaque, and good only with the same filters.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page. Another page follows exactly when there is a cursor for it.
    pub fn page(data: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { object: tag::List::Is, data, has_more: next_cursor.is_some(), next_cursor }
    }

    /// Everything there is.
    pub fn whole(data: Vec<T>) -> Self {
        Self::page(data, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_whether_another_follows() {
        let page = List::page(vec![1, 2], Some("next".into()));
        let json = serde_json::to_value(&page).expect("serialises");
        assert_eq!(
            json,
            serde_json::json!({"object":"list","data":[1,2],"has_more":true,"next_cursor":"next"})
        );
        assert_eq!(serde_json::from_value::<List<i32>>(json).ok(), Some(page));
        assert!(!List::whole(vec![1]).has_more);
    }
}
