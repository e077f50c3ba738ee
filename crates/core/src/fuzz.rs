//! Fuzz targets: amounts and addresses as strangers write them.

mod drive;

use drive::{Examples, drive};

use sha2::{Digest, Sha256};

use crate::address::{AddressError, EvmAddress, TronAddress};
use crate::amount::{Amount, AmountError};

const AMOUNTS: Examples<'_> = Examples {
    seeds: &[
        b"6|12.5",
        b"6|0",
        b"6|0.000001",
        b"9|9223372036.854775807",
        b"0|9223372036854775807",
        b"6|1.000000",
        b"6|00.1",
        b"2|1e3",
        b"6|-1",
        b"6|9223372036854.775808",
        b"6|1,000",
        b"6|.5",
        b"6|5.",
        b"6| 1",
        "6|１２".as_bytes(),
    ],
    words: &[
        "0",
        "00",
        "9",
        ".",
        "-",
        "+",
        "e",
        "_",
        ",",
        " ",
        "9223372036854775807",
        "922337203685477580800",
        "0x1f",
        "٣",
    ],
};

/// What the text says, by a reading of its own: digits as they stand, in a wider integer.
fn model(text: &str, precision: u8) -> Result<u128, AmountError> {
    let bytes = text.as_bytes();
    let point = bytes.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &b"0"[..]),
    };
    let plain = |part: &[u8]| !part.is_empty() && part.iter().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || (whole[0] == b'0' && whole.len() != 1) {
        return Err(AmountError::Malformed);
    }
    let places = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    if places > usize::from(precision) {
        return Err(AmountError::TooPrecise { precision });
    }
    let digits = whole.iter().chain(&fraction[..places]);
    let read =
        digits.fold(0u128, |sum, digit| sum.saturating_mul(10).saturating_add(u128::from(digit - b'0')));
    let atoms = (places..usize::from(precision)).fold(read, |sum, _| sum.saturating_mul(10));
    if atoms > i64::MAX as u128 { Err(AmountError::OutOfRange) } else { Ok(atoms) }
}

#[test]
fn amounts_mean_what_their_digits_say_and_print_as_they_were_written() {
    drive(&AMOUNTS, |input| {
        let Some((precision, text)) = input.split_first() else { return };
        let (precision, text) = (precision % 10, text.strip_prefix(b"|").unwrap_or(text));
        let Ok(text) = std::str::from_utf8(text) else { return };
        let read = Amount::parse(text, precision);
        let atoms = read.map(|amount| u128::try_from(amount.atoms()).unwrap());
        assert_eq!(atoms, model(text, precision));
        let positive = Amount::parse_positive(text, precision);
        let Ok(amount) = read else { return assert_eq!(positive, read) };
        let expected = if amount == Amount::ZERO { Err(AmountError::NotPositive) } else { Ok(amount) };
        assert_eq!(positive, expected);
        let printed = amount.text(precision);
        assert_eq!(Amount::parse(&printed, precision), Ok(amount));
        // One spelling, up to zeros at the end.
        let shortest = text.contains('.').then(|| text.trim_end_matches('0').trim_end_matches('.'));
        assert_eq!(printed, shortest.unwrap_or(text));
    });
}

const ADDRESSES: Examples<'_> = Examples {
    seeds: &[
        b"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        b"0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359",
        b"0xDBF03B407C01E7CD3CBEA99509D93F8DDDC8C6FB",
        b"0x0000000000000000000000000000000000000000",
        b"0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        b"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        b"TJRabPrwbZy45sbavfcjinPJC18kjpRTv8",
    ],
    words: &["0x", "0X", "a", "A", "0", "5aAeb6053F", "ffffffff", " ", "\0", "ａ"],
};

#[test]
fn addresses_have_one_value_and_a_wrong_letter_case_has_none() {
    drive(&ADDRESSES, |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let digits = text.strip_prefix("0x").unwrap_or("");
        let formed = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match EvmAddress::parse(text) {
            Ok(address) => {
                assert!(formed && address.0 != [0; 20]);
                assert_eq!(address.key(), text.to_lowercase());
                assert_eq!(EvmAddress::parse(&address.key()), Ok(address));
                let printed = address.to_string();
                assert_eq!(EvmAddress::parse(&printed), Ok(address));
                let mixed = digits != digits.to_lowercase() && digits != digits.to_uppercase();
                assert!(!mixed || printed == text, "{text} is no spelling of {printed}");
            }
            Err(AddressError::Malformed) => assert!(!formed, "{text}"),
            Err(AddressError::Zero) => assert!(formed && digits.bytes().all(|digit| digit == b'0')),
            Err(AddressError::Checksum) => {
                let right = EvmAddress::parse(&text.to_lowercase()).unwrap().to_string();
                assert!(formed && right != text && right.eq_ignore_ascii_case(text));
            }
        }
    });
}

const TRON_ADDRESSES: Examples<'_> = Examples {
    seeds: &[
        b"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        b"TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC",
        b"TE2H9hWjzYdwzDFRJfx9BFhr4MmjH1CHaz",
        // Nobody's: the zero address with a right checksum.
        b"T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
        b"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T",
        b"TzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzZ",
        b"T111111111111111111111111111111111",
        b"41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
        b"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        // The 21 bytes of an address, and of one with another prefix.
        b"Aaaaaaaaaaaaaaaaaaaaa",
        b"A\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\xa0aaaaaaaaaaaaaaaaaaaa",
    ],
    words: &["T", "1", "z", "0", "O", "I", "l", "t", "A", "R7NHqjeKQx", " ", "\0", "Ｔ"],
};
const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// What the text says, digit by digit as on paper.
fn tron_model(text: &str) -> Result<[u8; 20], AddressError> {
    if text.len() != 34 || !text.starts_with('T') {
        return Err(AddressError::Malformed);
    }
    let mut bytes = [0u8; 25];
    for letter in text.bytes() {
        let digit = LETTERS.iter().position(|it| *it == letter).ok_or(AddressError::Malformed)?;
        let mut carry = u32::try_from(digit).unwrap();
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry % 256).unwrap();
            carry /= 256;
        }
        assert_eq!(carry, 0, "34 letters that begin with T are 25 bytes");
    }
    if check(&bytes[..21]) != bytes[21..] {
        return Err(AddressError::Checksum);
    }
    if bytes[0] != 0x41 {
        return Err(AddressError::Malformed);
    }
    let account: [u8; 20] = bytes[1..21].try_into().unwrap();
    if account == [0; 20] { Err(AddressError::Zero) } else { Ok(account) }
}

fn check(account: &[u8]) -> [u8; 4] {
    Sha256::digest(Sha256::digest(account))[..4].try_into().unwrap()
}

/// The bytes as a number of letters.
fn spelled(bytes: &[u8]) -> String {
    let (mut left, mut text) = (bytes.to_vec(), vec![]);
    while left.iter().any(|byte| *byte != 0) {
        let mut rest = 0;
        for byte in &mut left {
            let here = rest * 256 + u32::from(*byte);
            *byte = u8::try_from(here / 58).unwrap();
            rest = here % 58;
        }
        text.push(LETTERS[usize::try_from(rest).unwrap()]);
    }
    text.reverse();
    String::from_utf8(text).unwrap()
}

#[test]
fn tron_addresses_have_one_spelling_and_a_wrong_letter_has_none() {
    let asked = |text: &str| {
        let read = TronAddress::parse(text);
        assert_eq!(read.map(|it| it.0), tron_model(text), "{text}");
        if let Ok(address) = read {
            assert_eq!((address.to_string().as_str(), address.key().as_str()), (text, text));
            assert_eq!(TronAddress::read_21(&address.to_21()), Some(address));
        }
    };
    drive(&TRON_ADDRESSES, |input| {
        if let Ok(text) = std::str::from_utf8(input) {
            asked(text);
        }
        // No spoiled text has a right checksum: here the first bytes are given theirs.
        let Some(account) = input.first_chunk::<21>() else {
            return assert_eq!(TronAddress::read_21(input), None);
        };
        let text = spelled(&[account, &check(account)[..]].concat());
        asked(&text);
        let read = TronAddress::read_21(account);
        assert_eq!(read.is_some(), account[0] == 0x41);
        let spelled = read.map(|it| it.to_string());
        assert_eq!(spelled, (account[0] == 0x41).then_some(text));
        assert_eq!(TronAddress::read_21(input).is_some(), read.is_some() && input.len() == 21);
    });
}
