//! Versions of evidence.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of a shape, as its first member. It reads from this number alone: a row of a newer version does not read
/// by chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct V<const N: u32>;

impl<const N: u32> Serialize for V<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

impl<'de, const N: u32> Deserialize<'de> for V<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            known if known == N => Ok(Self),
            other => Err(D::Error::custom(format!("version {other}, and this program knows {N}"))),
        }
    }
}
