//! Chance from a seed: xoshiro256** filled by splitmix64 (<https://prng.di.unimi.it>). Small, fast, and ours, so that a
//! dependency's update can never change what a seed means.

/// A stream of numbers that its seed alone decides.
#[derive(Clone, Debug)]
pub struct Rng([u64; 4]);

/// One step of splitmix64: also a good mixer of one word.
pub const fn mix(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        let a = mix(seed);
        let b = mix(a);
        let c = mix(b);
        Self([a, b, c, mix(c)])
    }

    /// An independent stream for one purpose: what one part of the world draws never shifts what another draws, so a
    /// history stays recognisable when a fault is dropped from it.
    pub const fn of(seed: u64, purpose: u64) -> Self {
        Self::new(mix(seed) ^ mix(purpose.wrapping_mul(0x2545_f491_4f6c_dd1d)))
    }

    /// 64 bits.
    pub const fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let out = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = b << 17;
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ shifted, d.rotate_left(45)];
        out
    }

    /// A number in `0..end`; 0 when `end` is 0. (Bias below 2^-32 for the small ranges used here.)
    pub const fn below(&mut self, end: u64) -> u64 {
        ((self.bits() as u128 * end as u128) >> 64) as u64
    }

    /// A number in `low..=high`.
    pub const fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// An index into something of this length.
    pub const fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// True in `permille` of 1000 cases.
    pub const fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.index(of.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The reference implementation's first outputs for the state 1, 2, 3, 4.
    #[test]
    fn it_is_xoshiro256_starstar() {
        let mut rng = Rng([1, 2, 3, 4]);
        assert_eq!(
            [rng.bits(), rng.bits(), rng.bits(), rng.bits()],
            [11520, 0, 1509978240, 1215971899390074240]
        );
    }

    #[test]
    fn a_range_is_filled_and_never_left() {
        let mut rng = Rng::new(7);
        let mut seen = [false; 5];
        for _ in 0..200 {
            seen[rng.index(5)] = true;
            let value = rng.within(3, 9);
            assert!((3..=9).contains(&value));
        }
        assert_eq!(seen, [true; 5]);
    }
}
