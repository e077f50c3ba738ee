use serde::Deserialize;

use super::*;
use crate::problem::{Code, Refusal};

#[derive(Deserialize)]
struct Golden {
    keys: Keys,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Keys {
    hmac_secret: String,
    ed25519_seed: String,
    ed25519_public_key: String,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    timestamp_ms: u64,
    nonce: String,
    method: String,
    target: String,
    body: String,
    canonical: String,
    hmac: String,
    ed25519: String,
}

impl Vector {
    fn request(&self) -> Request<'_> {
        let Self { timestamp_ms, nonce, method, target, body, .. } = self;
        Request { timestamp_ms: *timestamp_ms, nonce, method, target, body: body.as_bytes() }
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../vectors/signing.json")).expect("the vectors are right")
}

impl Keys {
    fn seed(&self) -> [u8; 32] {
        hex::decode(&self.ed25519_seed).expect("hex").try_into().expect("32 bytes")
    }

    fn pairs(&self) -> [(SigningSecret, VerifyingSecret); 2] {
        [
            (SigningSecret::hmac(&self.hmac_secret), VerifyingSecret::hmac(&self.hmac_secret)),
            (
                SigningSecret::ed25519(&self.seed()),
                VerifyingSecret::ed25519(&self.ed25519_public_key).expect("a good key"),
            ),
        ]
    }
}

#[test]
fn signatures_equal_those_of_an_independent_implementation() {
    let golden = golden();
    let [(hmac, hmac_check), (ed25519, ed25519_check)] = golden.keys.pairs();
    assert!(golden.vectors.len() >= 7);
    for vector in &golden.vectors {
        let request = vector.request();
        assert_eq!(request.canonical().as_deref(), Ok(&*vector.canonical), "{}", vector.name);
        assert_eq!(
            hmac.sign(&request).map(|s| s.to_string()).as_deref(),
            Ok(&*vector.hmac),
            "{}",
            vector.name
        );
        assert_eq!(
            ed25519.sign(&request).map(|s| s.to_string()).as_deref(),
            Ok(&*vector.ed25519),
            "{}",
            vector.name
        );
        let hmac_signature = Signature::parse(&vector.hmac).expect("parses");
        let ed25519_signature = Signature::parse(&vector.ed25519).expect("parses");
        assert!(hmac_check.verify(&request, &hmac_signature));
        assert!(ed25519_check.verify(&request, &ed25519_signature));
        assert!(!hmac_check.verify(&request, &ed25519_signature), "a signature of the other kind never fits");
        assert!(!ed25519_check.verify(&request, &hmac_signature));
    }
    assert_eq!(ed25519.public_key().map(|key| STANDARD.encode(key)), Some(golden.keys.ed25519_public_key));
}

#[test]
fn every_mutation_of_a_request_is_refused() {
    let golden = golden();
    for (signing, verifying) in golden.keys.pairs() {
        for vector in &golden.vectors {
            let right = vector.request();
            let signature = signing.sign(&right).expect("signable");
            let (nonce, body) = (format!("{}x", &right.nonce[1..]), [right.body, b" "].concat());
            let (target, query) = (format!("{}/", right.target), format!("{}?", right.target));
            for wrong in [
                Request { timestamp_ms: right.timestamp_ms + 1, ..right },
                Request { nonce: &nonce, ..right },
                Request { method: "PUT", ..right },
                Request { target: &target, ..right },
                Request { target: &query, ..right },
                Request { body: &body, ..right },
            ] {
                assert!(!verifying.verify(&wrong, &signature), "{}: {wrong:?}", vector.name);
            }
            assert!(verifying.verify(&right, &signature));
        }
    }
}

#[test]
fn every_flipped_bit_of_a_signature_is_refused() {
    let golden = golden();
    let request = golden.vectors[4].request();
    let [(hmac, hmac_check), (ed25519, ed25519_check)] = golden.keys.pairs();
    let (Ok(Signature::Hmac(mac)), Ok(Signature::Ed25519(signature))) =
        (hmac.sign(&request), ed25519.sign(&request))
    else {
        panic!("two kinds")
    };
    for bit in 0..256 {
        let mut wrong = mac;
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(!hmac_check.verify(&request, &Signature::Hmac(wrong)));
    }
    for bit in 0..512 {
        let mut wrong = signature;
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(!ed25519_check.verify(&request, &Signature::Ed25519(wrong)));
    }
}

#[test]
fn another_key_does_not_fit() {
    let golden = golden();
    let request = golden.vectors[0].request();
    let [(hmac, _), (ed25519, _)] = golden.keys.pairs();
    let other = VerifyingSecret::hmac("sk_test_b4f0c1d2e3a495867788990011223345");
    assert!(!other.verify(&request, &hmac.sign(&request).expect("signable")));
    let other = SigningSecret::ed25519(&[7; 32]).public_key().expect("has one");
    let other = VerifyingSecret::ed25519(&STANDARD.encode(other)).expect("a good key");
    assert!(!other.verify(&request, &ed25519.sign(&request).expect("signable")));
}

#[test]
fn what_would_make_the_text_ambiguous_is_not_signable() {
    let right = Request { timestamp_ms: 1, nonce: "0123456789abcdef", method: "GET", target: "/", body: b"" };
    assert!(right.canonical().is_ok());
    let long = format!("/{}", "a".repeat(TARGET_BYTES_MAX));
    for (wrong, why) in [
        (Request { nonce: "short", ..right }, Unsignable::Nonce),
        (Request { nonce: "0123456789abcde\n", ..right }, Unsignable::Nonce),
        (Request { nonce: &"n".repeat(65), ..right }, Unsignable::Nonce),
        (Request { method: "get", ..right }, Unsignable::Method),
        (Request { method: "", ..right }, Unsignable::Method),
        (Request { method: "GET\nX", ..right }, Unsignable::Method),
        (Request { target: "", ..right }, Unsignable::Target),
        (Request { target: "v1", ..right }, Unsignable::Target),
        (Request { target: "/a\nb", ..right }, Unsignable::Target),
        (Request { target: "/a b", ..right }, Unsignable::Target),
        (Request { target: "/출금", ..right }, Unsignable::Target),
        (Request { target: &long, ..right }, Unsignable::Target),
    ] {
        assert_eq!(wrong.canonical(), Err(why), "{wrong:?}");
        let key = VerifyingSecret::hmac("sk_test_b4f0c1d2e3a49586");
        assert!(!key.verify(&wrong, &Signature::Hmac([0; 32])));
    }
}

#[test]
fn a_signature_has_one_spelling() {
    let vector = &golden().vectors[0];
    for wrong in [
        String::new(),
        "v1".into(),
        "v1=".into(),
        "v2=00".into(),
        vector.hmac.to_uppercase(),
        vector.hmac.replace("v1=", "v1= "),
        vector.hmac[..vector.hmac.len() - 1].into(),
        format!("{}0", vector.hmac),
        format!("v1={}", vector.hmac[3..].to_uppercase()),
        vector.ed25519.trim_end_matches('=').into(),
        vector.ed25519.replace("v1ed25519", "v1"),
        format!("{} ", vector.ed25519),
        // The last character before the padding carries four unused bits; only zero bits are accepted.
        vector.ed25519.replace("Cg==", "Ch=="),
    ] {
        assert_eq!(Signature::parse(&wrong), None, "{wrong:?}");
    }
}

#[test]
fn weak_and_malformed_public_keys_are_refused() {
    assert!(VerifyingSecret::ed25519(&STANDARD.encode([0; 32])).is_none(), "of small order");
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(VerifyingSecret::ed25519(&STANDARD.encode(identity)).is_none(), "the identity");
    assert!(VerifyingSecret::ed25519(&STANDARD.encode([0; 31])).is_none());
    assert!(VerifyingSecret::ed25519("not base64").is_none());
}

const RIGHT: [(&str, &str); 4] = [
    ("sluice-key", "key_01JD2Q8XK5T7M3N9P4R6S8V0WA"),
    ("SLUICE-TIMESTAMP", "1795226523000"),
    ("Sluice-Nonce", "0123456789abcdef"),
    ("Sluice-Signature", "v1=7e9a0c23e6c6aab38968c1cbf1aba6477e5da5fd426aae5f52d833b5ace427f5"),
];

fn parse(headers: &[(&str, &str)]) -> Result<Presented, AuthError> {
    parse_headers(headers.iter().map(|(name, value)| (*name, value.as_bytes())))
}

fn signed() -> Signed {
    match parse(&RIGHT) {
        Ok(Presented::Signed(signed)) => signed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn headers_are_read_in_any_order_and_case_among_others() {
    let mut headers = RIGHT.to_vec();
    headers.reverse();
    headers.push(("Accept", "*/*"));
    assert!(matches!(parse(&headers), Ok(Presented::Signed(read)) if read == signed()));
    let key = VerifyingSecret::hmac(&golden().keys.hmac_secret);
    assert_eq!(signed().verify(&key, "GET", "/v1/assets", b""), Ok(()));
    assert_eq!(signed().verify(&key, "GET", "/v1/assets?", b""), Err(AuthError::Signature));
    assert_eq!(signed().verify(&key, "POST", "/v1/assets", b""), Err(AuthError::Signature));
}

#[test]
fn a_missing_repeated_or_malformed_header_is_named() {
    assert_eq!(parse(&[]).err(), Some(AuthError::Missing));
    assert_eq!(parse(&RIGHT[..3]).err(), Some(AuthError::Incomplete(HEADER_SIGNATURE)));
    assert_eq!(parse(&RIGHT[1..]).err(), Some(AuthError::Incomplete(HEADER_KEY)));
    for header in RIGHT {
        let mut twice = RIGHT.to_vec();
        twice.push(header);
        assert!(matches!(parse(&twice), Err(AuthError::Repeated(_))));
    }
    for (at, values) in [
        (0, vec!["", "has space", "key.1", "\u{ac00}", &*"k".repeat(65)]),
        (1, vec!["", "0", "01", "-1", "+1", "1.5", "1e3", " 1", "1234567890123456", "\u{661}"]),
        (2, vec!["", "short", "0123456789abcde/", &*"n".repeat(65)]),
        (3, vec!["", "v1=", "v1=zz", "v3=00", "sha256=00"]),
    ] {
        for value in values {
            let mut headers = RIGHT.to_vec();
            headers[at].1 = value;
            assert!(matches!(parse(&headers), Err(AuthError::Malformed(_))), "{value:?}");
        }
    }
    let raw = parse_headers([("Sluice-Key", &b"\xff"[..])]);
    assert_eq!(raw.err(), Some(AuthError::Malformed(HEADER_KEY)));
}

#[test]
fn the_window_is_thirty_seconds_in_both_directions() {
    let signed = signed();
    let at = signed.timestamp_ms;
    for now in [at, at + WINDOW_MS, at - WINDOW_MS] {
        assert_eq!(signed.in_window(now), Ok(()));
    }
    assert_eq!(signed.in_window(at + WINDOW_MS + 1), Err(AuthError::OutOfWindow { skew_ms: 30_001 }));
    assert_eq!(signed.in_window(at - WINDOW_MS - 1), Err(AuthError::OutOfWindow { skew_ms: 30_001 }));
    assert!(signed.in_window(0).is_err() && signed.in_window(u64::MAX).is_err());
}

#[test]
fn a_bearer_key_is_read_compared_and_never_printed() {
    let bearer = |token: &str| parse(&[("Authorization", token)]);
    let Ok(Presented::Bearer(read)) = bearer("Bearer key_1.sk_test_0123456789abcdef") else {
        panic!("a bearer key")
    };
    assert_eq!(read.key_id, "key_1");
    assert!(read.matches("sk_test_0123456789abcdef"));
    assert!(!read.matches("sk_test_0123456789abcdeg"));
    assert!(!read.matches("sk_test_0123456789abcde"));
    assert!(!read.matches(""));
    assert!(read.matches_sha256(&Sha256::digest(b"sk_test_0123456789abcdef").into()));
    assert!(!format!("{read:?}").contains("0123456789"));
    assert!(bearer("bearer key_1.sk_test_0123456789abcdef").is_ok(), "schemes have no letter case");
    for wrong in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer key_1",
        "Bearer key_1.short",
        "Basic a2V5OnNlY3JldA==",
        "Bearer  key_1.sk_test_0123456789abcdef",
        "Bearer key_1.sk_test_0123456789abc def",
    ] {
        assert_eq!(bearer(wrong).err(), Some(AuthError::Malformed(AUTHORIZATION)), "{wrong:?}");
    }
    let both: Vec<_> =
        RIGHT.into_iter().chain([("Authorization", "Bearer key_1.sk_test_0123456789abcdef")]).collect();
    assert_eq!(parse(&both).err(), Some(AuthError::Both));
}

#[test]
fn secrets_are_never_printed() {
    let printed =
        format!("{:?} {:?}", SigningSecret::hmac("very secret"), VerifyingSecret::hmac("very secret"));
    assert!(!printed.contains("very secret"), "{printed}");
}

#[test]
fn every_refusal_of_credentials_is_a_complete_problem() {
    for (error, code) in [
        (AuthError::Missing, Code::Unauthenticated),
        (AuthError::Incomplete(HEADER_KEY), Code::Unauthenticated),
        (AuthError::Repeated(HEADER_KEY), Code::AuthMalformed),
        (AuthError::Malformed(HEADER_KEY), Code::AuthMalformed),
        (AuthError::Both, Code::AuthMalformed),
        (AuthError::OutOfWindow { skew_ms: 31_000 }, Code::TimestampOutOfWindow),
        (AuthError::Signature, Code::SignatureInvalid),
    ] {
        let refusal = Refusal::from(error);
        assert_eq!(refusal.code, code);
        assert!(refusal.is_complete(), "{error:?}");
    }
}
