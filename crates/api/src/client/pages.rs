//! Walking a list page by page.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;

use super::transport::Call;
use super::{Client, ClientError};
use crate::list::List;
use crate::query::Query;

/// A list that is fetched page by page as its items are taken.
#[derive(Debug)]
pub struct Pages<'a, T, Q> {
    client: &'a Client,
    path: String,
    query: Q,
    turn: fn(&mut Q, String),
    taken: VecDeque<T>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    After(String),
    End,
}

impl<'a, T: DeserializeOwned, Q: Query> Pages<'a, T, Q> {
    /// `turn` puts a cursor into the query.
    pub(super) fn new(
        client: &'a Client,
        path: impl Into<String>,
        query: Q,
        turn: fn(&mut Q, String),
    ) -> Self {
        Self { client, path: path.into(), query, turn, taken: VecDeque::new(), next: Next::First }
    }

    /// The next item; `None` after the last one.
    ///
    /// # Errors
    /// What the request for the next page fails with. Asking again asks for the same page again.
    pub async fn next(&mut self) -> Result<Option<T>, ClientError> {
        loop {
            if let Some(item) = self.taken.pop_front() {
                return Ok(Some(item));
            }
            let before = match &self.next {
                Next::End => return Ok(None),
                Next::First => None,
                Next::After(cursor) => Some(cursor.clone()),
            };
            if let Some(cursor) = &before {
                (self.turn)(&mut self.query, cursor.clone());
            }
            let page: List<T> = self.client.call(Call::get(self.path.as_str()).asking(&self.query)).await?;
            self.next = match page.next_cursor {
                Some(cursor) if page.has_more => {
                    // Otherwise a confused server would keep us here for ever.
                    if before.as_deref() == Some(&cursor) {
                        let why = "with the cursor it was asked with".to_owned();
                        return Err(ClientError::NotUnderstood { status: 200, why });
                    }
                    Next::After(cursor)
                }
                _ => Next::End,
            };
            self.taken = page.data.into();
        }
    }

    /// The rest of the list, at most `max` items.
    ///
    /// # Errors
    /// What the request for a page fails with; the items before it are lost with it.
    pub async fn take(&mut self, max: usize) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        while items.len() < max {
            match self.next().await? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        Ok(items)
    }
}
