//! TRON's addresses: base58 of 25 bytes, which are `41`, 20 bytes of the account, and four of the SHA-256 of the SHA-256 of
//! what is before them.

use sha2::{Digest as _, Sha256};

const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// What every address begins with.
pub(crate) const PREFIX: u8 = 0x41;
/// Letters of an address: 25 bytes that begin with `41` always have as many.
const LENGTH: usize = 34;

/// The account of an address; none if a letter, the length, the prefix or the checksum is wrong.
pub(crate) fn read(text: &str) -> Option<[u8; 20]> {
    if text.len() != LENGTH {
        return None;
    }
    let mut bytes = [0_u8; 25];
    for letter in text.bytes() {
        let mut carry = u32::try_from(LETTERS.iter().position(|it| *it == letter)?).ok()?;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let (body, sum) = bytes.split_at(21);
    let (prefix, account) = body.split_first()?;
    (*prefix == PREFIX && checksum(body) == sum).then_some(())?;
    account.try_into().ok()
}

/// The address of an account.
pub(crate) fn shown(account: [u8; 20]) -> String {
    let mut bytes = [&[PREFIX][..], &account].concat();
    bytes.extend(checksum(&bytes));
    // Digits of base 58, the lowest first.
    let mut digits: Vec<usize> = Vec::with_capacity(LENGTH);
    for byte in bytes {
        let mut carry = usize::from(byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    digits.iter().rev().filter_map(|digit| LETTERS.get(*digit)).map(|letter| char::from(*letter)).collect()
}

fn checksum(body: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(Sha256::digest(body)));
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_those_of_tronweb() {
        for (base58, account) in [
            ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "a614f803b6fd780986a42c78ec9c7f77e6ded13c"),
            ("TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC", "7e5f4552091a69125d5dfcb7b8c2659029395bdf"),
            ("TPL66VK2gCXNCD7EJg9pgJRfqcRazjhUZY", "928c9af0651632157ef27a2cf17ca72c575a4d21"),
            ("TE2H9hWjzYdwzDFRJfx9BFhr4MmjH1CHaz", "2c7536e3605d9c16a7a3d7b1898e529396a65c23"),
        ] {
            let read = read(base58).unwrap();
            assert_eq!((hex::encode(read), shown(read)), (account.to_owned(), base58.to_owned()));
        }
    }

    #[test]
    fn what_is_not_whole_is_no_address() {
        for wrong in [
            "",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6tt",
            // One letter changed, a letter that base58 has not, Bitcoin's prefix.
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj60",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_account_reads_back_and_no_changed_letter_does(account: [u8; 20], at in 0..LENGTH, to in 0..58_usize) {
            let text = shown(account);
            prop_assert_eq!(read(&text), Some(account));
            let mut changed = text.clone().into_bytes();
            changed[at] = LETTERS[to];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert!(changed == text || read(&changed) != Some(account));
        }
    }
}
