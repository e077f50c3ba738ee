//! Fuzz target: the headers that say who sends a request.

#[path = "../../../core/src/fuzz/drive.rs"]
mod drive;

use drive::{Examples, drive};

use super::*;
use crate::problem::{Code, Lang, Refusal};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const METHOD: &str = "POST";
const TARGET: &str = "/v1/withdrawals?limit=20";
const BODY: &[u8] = b"{}";

const WORDS: &[&str] = &[
    "Sluice-Key: ",
    "sluice-key: ",
    "Sluice-Timestamp: ",
    "Sluice-Nonce: ",
    "SLUICE-NONCE: ",
    "Sluice-Signature: ",
    "Authorization: ",
    "Bearer ",
    "bearer ",
    "v1=",
    "v1ed25519=",
    "\n",
    ": ",
    "=",
    ".",
    "0",
    "1795226523000",
    "5f3a9c0b7d1e4a2f8c6b",
    "key_1",
    "key_1.0123456789abcdef",
    "aa",
    "AA",
    "\t",
    " ",
    "\u{e9}",
];

/// Lines of `name: value`.
fn headers(input: &[u8]) -> Vec<(&str, &[u8])> {
    input
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let at = line.windows(2).position(|two| two == b": ")?;
            Some((std::str::from_utf8(&line[..at]).ok()?, &line[at + 2..]))
        })
        .collect()
}

fn value<'a>(headers: &[(&str, &'a [u8])], name: &str) -> &'a str {
    let mut found = headers.iter().filter(|header| header.0.eq_ignore_ascii_case(name));
    let text = std::str::from_utf8(found.next().unwrap().1).unwrap();
    assert!(found.next().is_none(), "{name} was there twice");
    text
}

#[test]
fn credentials_have_one_spelling_and_a_refusal_its_code() {
    let request = Request {
        timestamp_ms: 1_795_226_523_000,
        nonce: "5f3a9c0b7d1e4a2f8c6b",
        method: METHOD,
        target: TARGET,
        body: BODY,
    };
    let ours = SigningSecret::hmac(SECRET).sign(&request).unwrap();
    let elliptic = SigningSecret::ed25519(&[7; 32]).sign(&request).unwrap();
    let signed = |signature: &Signature| {
        format!(
            "Sluice-Key: key_1\nSluice-Timestamp: {}\nSluice-Nonce: {}\nSluice-Signature: {signature}",
            request.timestamp_ms, request.nonce
        )
    };
    let seeds = [signed(&ours), signed(&elliptic), format!("Authorization: Bearer key_1.{SECRET}")];
    let seeds: Vec<&[u8]> = seeds.iter().map(String::as_bytes).collect();
    let key = VerifyingSecret::hmac(SECRET);
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        let given = headers(input);
        let backwards = given.iter().rev().copied().collect::<Vec<_>>();
        let read = parse_headers(given.iter().copied());
        assert_eq!(read.is_ok(), parse_headers(backwards).is_ok(), "the order of headers says nothing");
        match read {
            Ok(Presented::Signed(it)) => {
                assert_eq!(it.key_id, value(&given, HEADER_KEY));
                assert_eq!(it.timestamp_ms.to_string(), value(&given, HEADER_TIMESTAMP));
                assert_eq!(it.nonce, value(&given, HEADER_NONCE));
                assert_eq!(it.signature.to_string(), value(&given, HEADER_SIGNATURE));
                let asked = Request { timestamp_ms: it.timestamp_ms, nonce: &it.nonce, ..request };
                assert_eq!(asked.canonical().unwrap().lines().count(), 5, "what has its form can be signed");
                let right = SigningSecret::hmac(SECRET).sign(&asked).unwrap();
                let fits = it.verify(&key, METHOD, TARGET, BODY).is_ok();
                assert_eq!(fits, it.signature == right, "one signature fits, and no other");
                assert!(it.verify(&key, "PUT", TARGET, BODY).is_err(), "of another request");
            }
            Ok(Presented::Bearer(it)) => {
                let (scheme, token) = value(&given, AUTHORIZATION).split_once(' ').unwrap();
                assert!(scheme.eq_ignore_ascii_case("bearer"));
                let (key_id, secret) = token.split_once('.').unwrap();
                assert!(it.key_id == key_id && it.matches(secret) && !it.matches(&secret[1..]));
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                assert!(refusal.is_complete(), "{error:?}");
                for lang in [Lang::Ko, Lang::En] {
                    let problem = refusal.problem(lang);
                    let code = problem.known();
                    assert!(matches!(code, Some(Code::Unauthenticated | Code::AuthMalformed)), "{problem:?}");
                    assert!(problem.status == 401 && !problem.detail.contains('{'), "{problem:?}");
                }
            }
        }
    });
}
