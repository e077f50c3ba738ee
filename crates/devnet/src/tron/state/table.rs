//! A map that remembers, layer by layer, what was there before.

use std::collections::{BTreeMap, VecDeque};

/// A map with layers. Layer 0 is the oldest that can be taken back.
#[derive(Debug)]
pub(in crate::tron) struct Table<K, V> {
    now: BTreeMap<K, V>,
    /// What each key was before the layer changed it.
    layers: VecDeque<BTreeMap<K, Option<V>>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { now: BTreeMap::new(), layers: VecDeque::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub(in crate::tron) fn get(&self, key: &K) -> Option<&V> {
        self.now.get(key)
    }

    /// As it was before this layer was opened.
    pub(in crate::tron) fn at(&self, layer: usize, key: &K) -> Option<&V> {
        let before = self.layers.iter().skip(layer).find_map(|changes| changes.get(key));
        before.map_or_else(|| self.now.get(key), Option::as_ref)
    }

    /// The keys of a range that are there now or were there in some layer.
    pub(in crate::tron) fn known_keys(&self, range: impl std::ops::RangeBounds<K> + Clone) -> Vec<K> {
        let mut keys: Vec<K> = self.now.range(range.clone()).map(|(key, _)| key.clone()).collect();
        for changes in &self.layers {
            keys.extend(changes.range(range.clone()).map(|(key, _)| key.clone()));
        }
        keys.sort();
        keys.dedup();
        keys
    }

    pub(in crate::tron) fn set(&mut self, key: K, value: Option<V>) {
        let before = match value {
            Some(value) => self.now.insert(key.clone(), value),
            None => self.now.remove(&key),
        };
        if let Some(changes) = self.layers.back_mut() {
            changes.entry(key).or_insert(before);
        }
    }

    pub(super) fn open(&mut self) {
        self.layers.push_back(BTreeMap::new());
    }

    pub(super) fn merge(&mut self) {
        let Some(newest) = self.layers.pop_back() else { return };
        if let Some(below) = self.layers.back_mut() {
            for (key, before) in newest {
                below.entry(key).or_insert(before);
            }
        }
    }

    pub(super) fn undo(&mut self) {
        for (key, before) in self.layers.pop_back().unwrap_or_default() {
            match before {
                Some(value) => self.now.insert(key, value),
                None => self.now.remove(&key),
            };
        }
    }

    pub(super) fn settle_oldest(&mut self) {
        self.layers.pop_front();
    }

    pub(super) fn layers(&self) -> usize {
        self.layers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_read_taken_back_and_merged() {
        let mut table: Table<u8, u8> = Table::default();
        table.set(1, Some(10));
        table.open();
        table.set(1, Some(11));
        table.set(2, Some(20));
        table.open();
        table.set(1, None);
        table.set(1, Some(12));
        assert_eq!((table.at(0, &1), table.at(0, &2)), (Some(&10), None));
        assert_eq!((table.at(1, &1), table.at(2, &1)), (Some(&11), Some(&12)));
        table.undo();
        assert_eq!(table.get(&1), Some(&11));
        table.open();
        table.set(1, None);
        table.merge();
        assert_eq!((table.get(&1), table.layers()), (None, 1));
        assert_eq!(table.known_keys(0..9), [1, 2]);
        table.undo();
        assert_eq!((table.get(&1), table.get(&2)), (Some(&10), None));
    }

    #[test]
    fn what_is_settled_cannot_be_taken_back() {
        let mut table: Table<u8, u8> = Table::default();
        table.open();
        table.set(1, Some(1));
        table.open();
        table.set(1, Some(2));
        table.settle_oldest();
        table.undo();
        table.undo();
        assert_eq!(table.get(&1), Some(&1));
    }
}
