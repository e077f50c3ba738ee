//! Asks a property of very many inputs. Every fuzz target of the workspace includes this file.
//!
//! In an ordinary test the inputs are spoiled examples, always the same ones. `cargo xtask fuzz` builds the same targets
//! with `--cfg fuzzing` and with counters in every branch; then libFuzzer chooses, and looks for branches it has not seen.

/// What a target starts from.
pub struct Examples<'a> {
    /// Inputs worth spoiling.
    pub seeds: &'a [&'a [u8]],
    /// Pieces that mean something in this language.
    pub words: &'a [&'a str],
}

/// Inputs of an ordinary test.
#[cfg(not(fuzzing))]
const INPUTS: u64 = 150_000;
/// Longest input, bytes.
#[cfg(not(fuzzing))]
const BYTES_MAX: usize = 4_096;

/// Asks it of every example, and then of spoiled ones.
#[cfg(not(fuzzing))]
pub fn drive(examples: &Examples<'_>, property: impl Fn(&[u8])) {
    for seed in examples.seeds {
        asked(seed, 0, &property);
    }
    for number in 1..=INPUTS {
        asked(&spoiled(examples, number), number, &property);
    }
}

#[cfg(not(fuzzing))]
fn asked(input: &[u8], number: u64, property: &impl Fn(&[u8])) {
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| property(input)));
    if let Err(why) = asked {
        eprintln!("input {number}: {:?}", String::from_utf8_lossy(input));
        std::panic::resume_unwind(why);
    }
}

/// An example after one to six changes, by its number alone.
#[cfg(not(fuzzing))]
fn spoiled(examples: &Examples<'_>, number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // SplitMix64: https://prng.di.unimi.it/splitmix64.c
    let mut below = |end: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % u64::try_from(end.max(1)).unwrap()).unwrap()
    };
    let mut input = examples.seeds[below(examples.seeds.len())].to_vec();
    for _ in 0..=below(6) {
        let at = below(input.len() + 1);
        let end = at + below(input.len() - at + 1).min(1 + below(24));
        let other = examples.seeds[below(examples.seeds.len())];
        match below(8) {
            0 if at < input.len() => input[at] ^= 1 << below(8),
            1 if at < input.len() => input[at] = u8::try_from(below(256)).unwrap(),
            2 => drop(input.drain(at..end)),
            3 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            4 | 5 => {
                let word = examples.words[below(examples.words.len())];
                input.splice(at..end, word.bytes());
            }
            6 if !other.is_empty() => {
                let from = below(other.len());
                input.splice(at..end, other[from..].iter().copied().take(40));
            }
            _ => {
                let digit = b"0123456789abcdefABCDEF.-+ \"\n"[below(27)];
                input.insert(at, digit);
            }
        }
        input.truncate(BYTES_MAX);
    }
    input
}

/// Hands it to libFuzzer, with the examples as the first inputs of its folder.
#[cfg(fuzzing)]
pub fn drive(examples: &Examples<'_>, property: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    #[expect(clippy::disallowed_methods, reason = "how libFuzzer is told where its inputs lie")]
    let words = std::env::var("BOLERO_LIBFUZZER_ARGS").expect("run it by `cargo xtask fuzz`");
    let folder = std::path::Path::new(words.split(' ').next().unwrap());
    let whole = examples.seeds.iter().map(|seed| seed.to_vec());
    let pieces = examples.words.iter().map(|word| word.as_bytes().to_vec());
    for (number, seed) in whole.chain(pieces).enumerate() {
        std::fs::write(folder.join(format!("example-{number}")), seed).unwrap();
    }
    bolero::check!().for_each(|input: &[u8]| property(input));
}
