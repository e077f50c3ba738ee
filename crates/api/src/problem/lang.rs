//! Which language a caller reads.

/// The most bytes of an `Accept-Language` header that are looked at; the rest is ignored.
pub const ACCEPT_LANGUAGE_BYTES_MAX: usize = 512;

crate::words::words! {
    /// A language of the catalogue.
    Lang {
        /// English, the default.
        En = "en",
        /// Korean.
        Ko = "ko",
    }
}

impl Lang {
    /// The language an `Accept-Language` header asks for (RFC 9110 section 12.5.4): the highest weight wins, the earlier
    /// of two equal weights, English when nothing we have is wanted. A malformed range is skipped: a wrong language is
    /// no reason to refuse a withdrawal.
    pub fn from_accept_language(header: &str) -> Self {
        let mut end = header.len().min(ACCEPT_LANGUAGE_BYTES_MAX);
        while !header.is_char_boundary(end) {
            end -= 1;
        }
        let header = &header[..end];
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',') {
            let Some((tag, weight)) = weighted(range) else { continue };
            let lang = match tag {
                // `*` means "any other": what the header names elsewhere has its own weight.
                "*" => [Self::En, Self::Ko].into_iter().find(|lang| !names(header, *lang)),
                _ => Self::of_tag(tag),
            };
            let Some(lang) = lang else { continue };
            if weight > 0 && best.is_none_or(|(highest, _)| weight > highest) {
                best = Some((weight, lang));
            }
        }
        best.map_or(Self::En, |(_, lang)| lang)
    }

    /// `ko`, `ko-KR` and `KO-Kore-KR` are Korean; a language with another primary tag is not ours.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?;
        Self::ALL.iter().copied().find(|lang| primary.eq_ignore_ascii_case(lang.as_str()))
    }
}

/// Whether a header names this language itself, with any weight.
fn names(header: &str, lang: Lang) -> bool {
    header.split(',').filter_map(weighted).any(|(tag, _)| Lang::of_tag(tag) == Some(lang))
}

/// Splits `ko-KR;q=0.8` into its tag and its weight in thousandths.
fn weighted(range: &str) -> Option<(&str, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let mut weight = 1_000;
    for part in parts {
        let (name, value) = part.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("q") {
            weight = thousandths(value.trim())?;
        }
    }
    Some((tag, weight))
}

/// Reads `0`, `0.8`, `1.000`: at most three digits after the point, at most one.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Lang::{self, En, Ko};

    #[test]
    fn the_highest_weight_wins() {
        for (header, lang) in [
            ("", En),
            ("ko", Ko),
            ("ko-KR", Ko),
            ("KO-kore-kr", Ko),
            ("en", En),
            ("fr", En),
            ("fr, ko", Ko),
            ("ko, en", Ko),
            ("en, ko", En),
            ("en;q=0.8, ko;q=0.9", Ko),
            ("en;q=0.8,ko;q=0.7", En),
            ("en ; q=0.123 , ko ; Q=0.124", Ko),
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Ko),
            ("fr-FR, fr;q=0.9, ko;q=0.1", Ko),
        ] {
            assert_eq!(Lang::from_accept_language(header), lang, "{header:?}");
        }
    }

    #[test]
    fn a_weight_of_zero_refuses_a_language() {
        assert_eq!(Lang::from_accept_language("ko;q=0"), En);
        assert_eq!(Lang::from_accept_language("en;q=0, *"), Ko);
        assert_eq!(Lang::from_accept_language("ko;q=0.0, en;q=0.1"), En);
    }

    #[test]
    fn a_star_means_any_other_language() {
        assert_eq!(Lang::from_accept_language("*"), En);
        assert_eq!(Lang::from_accept_language("en;q=0.1, *;q=0.5"), Ko);
        assert_eq!(Lang::from_accept_language("ko;q=0.1, *;q=0.5"), En);
        assert_eq!(Lang::from_accept_language("ko, en;q=0.2, *;q=0.1"), Ko);
    }

    #[test]
    fn nonsense_is_skipped_and_never_fails() {
        for header in [
            ";;;",
            "q=1",
            ",,,",
            "ko;q=2",
            "ko;q=0.1234",
            "ko;q=",
            "ko;q=-1",
            "ko;q",
            "korean",
            "k",
            "\u{1f600}",
        ] {
            assert_eq!(Lang::from_accept_language(header), En, "{header:?}");
        }
        assert_eq!(Lang::from_accept_language("ko;q=abc, ko;q=0.5"), Ko);
        assert_eq!(Lang::from_accept_language("ko;q=1."), Ko);
    }

    #[test]
    fn an_endless_header_is_cut_at_its_bound() {
        let header = format!("{}ko", "\u{ac00},".repeat(10_000));
        assert_eq!(Lang::from_accept_language(&header), En);
    }
}
