//! Fuzz targets: amounts and addresses as strangers write them.

mod drive;

use drive::{Examples, drive};

use crate::address::{AddressError, EvmAddress};
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
