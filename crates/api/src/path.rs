//! Where things are. The server routes by these, the client fills them in, the OpenAPI document lists them.

/// The longest request target (path and query) that is signed or read, in bytes.
pub const TARGET_BYTES_MAX: usize = 8 * 1024;

/// POST creates, GET lists.
pub const WITHDRAWALS: &str = "/v1/withdrawals";
/// GET reads one.
pub const WITHDRAWAL: &str = "/v1/withdrawals/{id}";
/// POST asks to call it off.
pub const WITHDRAWAL_CANCEL: &str = "/v1/withdrawals/{id}/cancel";
/// GET tells what happened to it, oldest first.
pub const WITHDRAWAL_EVENTS: &str = "/v1/withdrawals/{id}/events";
/// GET reads the feed after a number.
pub const EVENTS: &str = "/v1/events";
/// GET follows the feed as server-sent events.
pub const EVENTS_STREAM: &str = "/v1/events/stream";
/// GET counts and sums.
pub const STATS: &str = "/v1/stats";
/// GET tells what each wallet of a partner did on a day.
pub const STATEMENTS: &str = "/v1/statements";
/// GET tells limits and their use, POST sets some.
pub const LIMITS: &str = "/v1/limits";
/// GET lists.
pub const ASSETS: &str = "/v1/assets";
/// GET lists.
pub const CHAINS: &str = "/v1/chains";
/// GET lists, POST adopts one.
pub const WALLETS: &str = "/v1/wallets";
/// GET reads one.
pub const WALLET: &str = "/v1/wallets/{id}";
/// POST looks at one without adopting it.
pub const WALLETS_CHECK: &str = "/v1/wallets/check";
/// POST has one looked at whose key somebody else holds.
pub const WALLETS_REGISTER: &str = "/v1/wallets/register";
/// POST takes it out of service.
pub const WALLET_RETIRE: &str = "/v1/wallets/{id}/retire";
/// POST compares its books with the chain now.
pub const WALLET_RECONCILE: &str = "/v1/wallets/{id}/reconcile";
/// GET tells what is signed to show its key.
pub const WALLET_KEY_STATEMENT: &str = "/v1/wallets/{id}/key-statement";
/// POST shows its key.
pub const WALLET_SHOW_KEY: &str = "/v1/wallets/{id}/show-key";
/// GET lists what comparisons of books and chain found.
pub const RECONCILIATIONS: &str = "/v1/reconciliations";
/// GET tells what tiers hold, should hold, and what is proposed.
pub const TREASURY: &str = "/v1/treasury";
/// GET tells what withdrawals that wait need.
pub const TREASURY_FUNDING: &str = "/v1/treasury/funding";
/// POST orders one.
pub const TREASURY_REFILLS: &str = "/v1/treasury/refills";
/// POST looks at one without ordering it.
pub const TREASURY_REFILLS_CHECK: &str = "/v1/treasury/refills/check";
/// Sweeps of lanes.
pub const TREASURY_SWEEPS: &str = "/v1/treasury/sweeps";
/// Sweeps, judged and not ordered.
pub const TREASURY_SWEEPS_CHECK: &str = "/v1/treasury/sweeps/check";
/// GET lists what people are asked to sign.
pub const SIGNATURE_REQUESTS: &str = "/v1/signature-requests";
/// GET reads one, by the id of its errand.
pub const SIGNATURE_REQUEST: &str = "/v1/signature-requests/{id}";
/// POST takes its bytes in hand.
pub const SIGNATURE_REQUEST_HAND_OUT: &str = "/v1/signature-requests/{id}/hand-out";
/// POST hands a signature in.
pub const SIGNATURE_REQUEST_SUBMIT: &str = "/v1/signature-requests/{id}/submit";
/// GET tells how lanes stand with their energy.
pub const ENERGY: &str = "/v1/energy";
/// GET lists what vendors of energy asked.
pub const ENERGY_PRICES: &str = "/v1/energy/prices";
/// GET lists what was ordered.
pub const ENERGY_ORDERS: &str = "/v1/energy/orders";
/// POST says what a vendor has kept for it.
pub const ENERGY_ORDER_RESOLVE: &str = "/v1/energy/orders/{id}/resolve";
/// POST asks to have energy got ahead, GET lists.
pub const ENERGY_REQUESTS: &str = "/v1/energy/requests";
/// GET reads one.
pub const ENERGY_REQUEST: &str = "/v1/energy/requests/{id}";
/// POST calls it off.
pub const ENERGY_REQUEST_CANCEL: &str = "/v1/energy/requests/{id}/cancel";
/// GET lists accounts at vendors.
pub const ENERGY_ACCOUNTS: &str = "/v1/energy/accounts";
/// POST books what was paid in at a vendor.
pub const ENERGY_ACCOUNT_BOOK: &str = "/v1/energy/accounts/{id}/book";
/// GET tells what a partner has paid ahead.
pub const ENERGY_CREDIT: &str = "/v1/energy/credit";
/// GET lists what moved that.
pub const ENERGY_CREDIT_ENTRIES: &str = "/v1/energy/credit/entries";
/// GET lists top-ups that are nobody's yet.
pub const ENERGY_TOPUPS: &str = "/v1/energy/topups";
/// POST says whose a top-up is.
pub const ENERGY_TOPUP_ASSIGN: &str = "/v1/energy/topups/{id}/assign";
/// POST orders a stake, or the end of one.
pub const ENERGY_STAKES: &str = "/v1/energy/stakes";
/// POST looks at one without ordering it.
pub const ENERGY_STAKES_CHECK: &str = "/v1/energy/stakes/check";
/// GET tells what is expected.
pub const ENERGY_FORECAST: &str = "/v1/energy/forecast";
/// GET tells what should be staked.
pub const ENERGY_PLAN: &str = "/v1/energy/plan";
/// POST tells what payouts would take. Nothing is ordered.
pub const ENERGY_QUOTE: &str = "/v1/energy/quote";
/// GET lists.
pub const LANES: &str = "/v1/lanes";
/// GET reads one.
pub const LANE: &str = "/v1/lanes/{id}";
/// POST pauses it.
pub const LANE_PAUSE: &str = "/v1/lanes/{id}/pause";
/// POST opens it again.
pub const LANE_RESUME: &str = "/v1/lanes/{id}/resume";
/// POST lets it finish and take nothing new.
pub const LANE_DRAIN: &str = "/v1/lanes/{id}/drain";
/// POST offers more for its oldest transaction.
pub const LANE_SPEED_UP: &str = "/v1/lanes/{id}/speed-up";
/// POST sets its fee cap for a time.
pub const LANE_CAP: &str = "/v1/lanes/{id}/cap";
/// POST explains a transaction.
pub const LANE_ADOPT: &str = "/v1/lanes/{id}/adopt";
/// POST opens it after a reconciliation.
pub const LANE_UNFREEZE: &str = "/v1/lanes/{id}/unfreeze";
/// GET lists what needs a person.
pub const ATTENTION: &str = "/v1/attention";
/// GET reads one, by the withdrawal's id.
pub const ATTENTION_ITEM: &str = "/v1/attention/{id}";
/// POST tries it again.
pub const ATTENTION_REDRIVE: &str = "/v1/attention/{id}/redrive";
/// POST completes it on evidence.
pub const ATTENTION_RESOLVE: &str = "/v1/attention/{id}/resolve";
/// POST ends it unpaid.
pub const ATTENTION_GIVE_UP: &str = "/v1/attention/{id}/give-up";
/// GET lists commands that take two persons.
pub const COMMANDS: &str = "/v1/commands";
/// GET reads one.
pub const COMMAND: &str = "/v1/commands/{id}";
/// POST takes it back.
pub const COMMAND_WITHDRAW: &str = "/v1/commands/{id}/withdraw";
/// GET lists.
pub const ALERTS: &str = "/v1/alerts";
/// POST says that somebody looks into it.
pub const ALERT_ACKNOWLEDGE: &str = "/v1/alerts/{id}/acknowledge";
/// GET lists, POST stops.
pub const STOPS: &str = "/v1/stops";
/// GET reads one, with what has been confirmed since.
pub const STOP: &str = "/v1/stops/{id}";
/// POST lifts it.
pub const STOP_LIFT: &str = "/v1/stops/{id}/lift";
/// GET tells what was found when the database went back, and what is left to do.
pub const RESTORED: &str = "/v1/restored";
/// GET lists, POST creates.
pub const PARTNERS: &str = "/v1/partners";
/// GET reads one.
pub const PARTNER: &str = "/v1/partners/{id}";
/// GET lists, POST creates.
pub const KEYS: &str = "/v1/keys";
/// POST revokes it.
pub const KEY_REVOKE: &str = "/v1/keys/{id}/revoke";
/// GET: who the caller is. With any key.
pub const ME: &str = "/v1/me";
/// GET: the process answers. Without credentials.
pub const HEALTH: &str = "/health";
/// GET: the process can work. Without credentials.
pub const READY: &str = "/ready";
/// GET: Prometheus metrics, on the operators' port.
pub const METRICS: &str = "/metrics";
/// GET: the OpenAPI document. Without credentials.
pub const OPENAPI: &str = "/openapi.json";

/// The most characters of an id in a path: those of a transaction, in hexadecimal behind `0x`.
pub const ID_CHARS_MAX: usize = 66;

/// Puts an id in the place of `{id}`. `None` for what cannot be an id: 1 to 66 letters, digits, `-` or `_`. Escaping
/// would not do: URL readers resolve `..` in a path, escaped or not, and reach another route.
pub fn with_id(template: &str, id: &str) -> Option<String> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    ((1..=ID_CHARS_MAX).contains(&id.len()) && plain).then(|| template.replace("{id}", id))
}

/// Percent-encodes everything but letters, digits and `-._~` (RFC 3986, unreserved).
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Reverses [`encode`]; a `+` stands for itself. `None` for a broken escape or for bytes that are not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            bytes.push(high * 16 + low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_reach_another_route() {
        assert_eq!(with_id(WITHDRAWAL, "wd_1").as_deref(), Some("/v1/withdrawals/wd_1"));
        let txid = format!("0x{}", "ab".repeat(32));
        assert!(with_id(ENERGY_TOPUP_ASSIGN, &txid).is_some_and(|path| path.contains(&txid)));
        for wrong in [
            "",
            ".",
            "..",
            "%2e%2e",
            "a/b",
            "a?b",
            "a#b",
            "a b",
            "{id}",
            "\u{ac00}",
            &"i".repeat(ID_CHARS_MAX + 1),
        ] {
            assert_eq!(with_id(WITHDRAWAL, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["", "plain-._~", "a b&c=d+e%f", "출금 1호", "\u{0}\n"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(decode("a+b").as_deref(), Some("a+b"));
        for broken in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
