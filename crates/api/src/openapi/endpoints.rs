//! Every route: who may call it, what it takes and what it answers. The server's router is tested against this table.

use utoipa::ToSchema;

use super::{Endpoint, Method, Reply, Shape};
use crate::alert::Alert;
use crate::asset::Asset;
use crate::attention::{Attention, Resolve};
use crate::chain::Chain;
use crate::command::{Because, Command};
use crate::energy::{
    AssignTopUp, BookTopUp, Energy, EnergyAccount, EnergyCredit, EnergyCreditEntry, EnergyForecast,
    EnergyOrder, EnergyPlan, EnergyPrice, EnergyQuote, EnergyRequest, EnergyTopUp, OrderStake, QuoteEnergy,
    RequestEnergy, ResolveEnergyOrder, StakeCheck,
};
use crate::event::Event;
use crate::health::{Health, Readiness};
use crate::key::{ApiKey, CreateApiKey, CreatedApiKey, RevokeApiKey, Scope};
use crate::lane::{AdoptTransaction, Lane, SetCap, SpeedUp};
use crate::limit::{Limit, SetLimit};
use crate::me::Me;
use crate::partner::{CreatePartner, Partner};
use crate::path;
use crate::query::{
    AlertQuery, CommandQuery, EnergyCreditQuery, EnergyOrderQuery, EnergyPriceQuery, EnergyQuery,
    EnergyRequestQuery, EnergyTopUpQuery, EventQuery, FundingQuery, Page, Query, ReconciliationQuery,
    SignatureQuery, StatementQuery, StatsQuery, TreasuryQuery, WalletQuery, WithdrawalQuery,
};
use crate::reconciliation::Reconciliation;
use crate::restored::Restored;
use crate::signature::{
    HandOutRequest, KeyStatement, MovementCheck, OrderMovement, ShowKey, SignatureRequest, SubmitSignature,
};
use crate::statement::Statement;
use crate::stats::Stats;
use crate::stop::{CreateStop, Stop};
use crate::treasury::{Funding, Treasury};
use crate::wallet::{AdoptWallet, RegisterWallet, Wallet, WalletCheck};
use crate::withdrawal::{CancelWithdrawal, CreateWithdrawal, Withdrawal};

const fn get(
    id: &'static str,
    path: &'static str,
    scope: Option<Scope>,
    reply: Reply,
    doc: &'static str,
) -> Endpoint {
    Endpoint {
        id,
        method: Method::Get,
        path,
        scope,
        any_key: false,
        query: &[],
        body: None,
        replies: &[200],
        reply,
        doc,
    }
}

const fn post<B: ToSchema>(
    id: &'static str,
    path: &'static str,
    scope: Scope,
    reply: Reply,
    doc: &'static str,
) -> Endpoint {
    let body = Some(Shape::of::<B>());
    Endpoint {
        id,
        method: Method::Post,
        path,
        scope: Some(scope),
        any_key: false,
        query: &[],
        body,
        replies: &[201],
        reply,
        doc,
    }
}

/// Most things people do are answered with 200, or with 202 while another person is missing.
const fn command<B: ToSchema>(
    id: &'static str,
    path: &'static str,
    scope: Scope,
    doc: &'static str,
) -> Endpoint {
    post::<B>(id, path, scope, Reply::One(Shape::of::<Command>()), doc).answers(&[200, 202])
}

const fn one<T: ToSchema>() -> Reply {
    Reply::One(Shape::of::<T>())
}

const fn list<T: ToSchema>() -> Reply {
    Reply::List(Shape::of::<T>())
}

use Scope::{
    AlertsOperate, AttentionOperate, CommandsRead, KeysManage, LanesOperate, PartnersManage,
    SignaturesHandOut, StopLift, StopSet, TreasuryOperate, WalletsManage, WalletsRead, WithdrawalsCancel,
    WithdrawalsCreate, WithdrawalsRead,
};

/// Every route of the API, in the order of the documentation.
#[rustfmt::skip] // one route reads as one paragraph
pub static ENDPOINTS: &[Endpoint] = &[
    post::<CreateWithdrawal>("createWithdrawal", path::WITHDRAWALS, WithdrawalsCreate, one::<Withdrawal>(),
        "Asks for one payment. 201 when it was created, 200 when the same external id or idempotency key with the same \
         content had created it before. A refusal by policy or limit is a stored withdrawal with status `rejected`.")
        .answers(&[201, 200]),
    get("listWithdrawals", path::WITHDRAWALS, Some(WithdrawalsRead), list::<Withdrawal>(),
        "Lists withdrawals, newest first.")
        .filtered(WithdrawalQuery::PARAMETERS),
    get("getWithdrawal", path::WITHDRAWAL, Some(WithdrawalsRead), one::<Withdrawal>(), "Reads a withdrawal."),
    post::<CancelWithdrawal>("cancelWithdrawal", path::WITHDRAWAL_CANCEL, WithdrawalsCancel, one::<Withdrawal>(),
        "Asks to call a withdrawal off. 200 when it is cancelled; 202 when a signature was asked for before: then \
         `cancel_requested` is set and the withdrawal ends `completed` or `cancelled`.")
        .answers(&[200, 202]),
    get("listWithdrawalEvents", path::WITHDRAWAL_EVENTS, Some(WithdrawalsRead), list::<Event>(),
        "Tells what happened to a withdrawal, oldest first.")
        .filtered(Page::PARAMETERS),
    get("listEvents", path::EVENTS, Some(WithdrawalsRead), list::<Event>(),
        "Reads the partner's feed after a number. Numbers have no gaps. Send `feed_id` with the number: after a restore of \
         the database they are given out again, and `feed_changed` says so.")
        .filtered(EventQuery::PARAMETERS),
    get("streamEvents", path::EVENTS_STREAM, Some(WithdrawalsRead), Reply::Stream(Shape::of::<Event>()),
        "Follows the feed. Each message has the event's feed and number as its `id`; `Last-Event-ID` goes on after it. The \
         stream ends when the feed changes.")
        .filtered(EventQuery::PARAMETERS),
    get("getStats", path::STATS, Some(WithdrawalsRead), one::<Stats>(),
        "Counts and sums withdrawals created in a range, by status and type.")
        .filtered(StatsQuery::PARAMETERS),
    get("getStatement", path::STATEMENTS, Some(WalletsRead), one::<Statement>(),
        "Tells what each wallet of a partner held before and after a day, and what lies between, from the books. Beside it \
         what the chain holds at a final block that is named; where the two cannot be compared now, it says why.")
        .filtered(StatementQuery::PARAMETERS),
    get("listLimits", path::LIMITS, Some(WithdrawalsRead), list::<Limit>(), "Tells limits and their use.")
        .filtered(Page::PARAMETERS),
    post::<SetLimit>("setLimit", path::LIMITS, PartnersManage, list::<Limit>(),
        "Sets the limits of a partner for an asset; tells them as they stand then.")
        .answers(&[200]),
    get("listAssets", path::ASSETS, Some(WithdrawalsRead), list::<Asset>(), "Lists what can be paid.")
        .filtered(Page::PARAMETERS),
    get("listChains", path::CHAINS, Some(WithdrawalsRead), list::<Chain>(), "Lists chains as they look to us now.")
        .filtered(Page::PARAMETERS),
    get("listWallets", path::WALLETS, Some(WalletsRead), list::<Wallet>(), "Lists wallets with their balances.")
        .filtered(Page::PARAMETERS),
    get("getWallet", path::WALLET, Some(WalletsRead), one::<Wallet>(), "Reads a wallet with its balances.")
        .filtered(WalletQuery::PARAMETERS),
    post::<AdoptWallet>("adoptWallet", path::WALLETS, WalletsManage, one::<Wallet>(),
        "Takes a wallet of the signer into service: the key is shown, the account is plain and quiet, its opening balance \
         is booked at a final block. Refused with the first rule that is not met. A hot one is a lane and pays; a warm or \
         cold one is looked at and reconciled, and pays no withdrawal."),
    post::<AdoptWallet>("checkWallet", path::WALLETS_CHECK, WalletsManage, one::<WalletCheck>(),
        "Lists every rule of an adoption and whether it is met. Changes nothing.")
        .answers(&[200]),
    command::<RegisterWallet>("registerWallet", path::WALLETS_REGISTER, WalletsManage,
        "Has a wallet looked at whose key somebody else holds: what it holds is booked at a final block and reconciled from \
         then on. It never pays a withdrawal, and nothing is sent to it before `trusted_from`. Two persons. The command's \
         subject is the account (CAIP-10); once it is done, the wallet is in the list."),
    command::<Because>("retireWallet", path::WALLET_RETIRE, WalletsManage,
        "Takes a paused, drained or frozen wallet out of service: proven empty at a final block, its key barred at the \
         signer for ever. Refused with what it still holds. A wallet whose key somebody else holds is looked at no longer. \
         Two persons."),
    get("getKeyStatement", path::WALLET_KEY_STATEMENT, Some(WalletsManage), one::<KeyStatement>(),
        "Tells the text that whoever holds the key of an external wallet signs to show it."),
    post::<ShowKey>("showKey", path::WALLET_SHOW_KEY, WalletsManage, one::<Wallet>(),
        "Shows the key of an external wallet on TRON by a signed text. From then on it is a desk: refills of it are handed out to \
         be signed. The account has to be plain and quiet.")
        .answers(&[200]),
    post::<Because>("reconcileWallet", path::WALLET_RECONCILE, WalletsManage, one::<Reconciliation>(),
        "Compares the books of a wallet with the chain at its final block, now, and keeps what was found. It books nothing: the \
         house does so by itself every half minute, and raises an alert where something is missing."),
    get("listReconciliations", path::RECONCILIATIONS, Some(WalletsRead), list::<Reconciliation>(),
        "Lists what comparisons of books and chain found, newest first.")
        .filtered(ReconciliationQuery::PARAMETERS),
    get("getTreasury", path::TREASURY, Some(WalletsRead), one::<Treasury>(),
        "Tells for each asset what hot, warm and cold wallets hold and should hold, what is expected to leave, where the targets \
         are in conflict, and what is proposed. Nothing is moved.")
        .filtered(TreasuryQuery::PARAMETERS),
    get("getFunding", path::TREASURY_FUNDING, Some(WalletsRead), one::<Funding>(),
        "Tells what withdrawals that wait need of each asset and of what its chain takes, beside what lanes have.")
        .filtered(FundingQuery::PARAMETERS),
    post::<OrderMovement>("orderRefill", path::TREASURY_REFILLS, TreasuryOperate, one::<SignatureRequest>(),
        "Orders a refill: so much of a token from a desk to another wallet of the same partner and chain. It waits as a signature \
         request until a person takes its bytes and signs them. 201 when it was ordered, 200 when the same external id had \
         ordered it before. A wallet has one refill of an asset open at most.")
        .answers(&[201, 200]),
    post::<OrderMovement>("checkRefill", path::TREASURY_REFILLS_CHECK, TreasuryOperate, one::<MovementCheck>(),
        "Judges a refill by every rule of its order, and tells what the desk has. Nothing is ordered.")
        .answers(&[200]),
    post::<OrderMovement>("orderSweep", path::TREASURY_SWEEPS, TreasuryOperate, one::<Withdrawal>(),
        "Orders a sweep: so much of a token from a lane to a warm or cold wallet of the same partner and chain whose key somebody \
         else holds. It is a withdrawal of the kind `sweep` that this lane pays, once it has more than its payments take. 201 when \
         it was ordered, 200 when the same external id had ordered it before. One movement of an asset to a wallet is open at most.")
        .answers(&[201, 200]),
    post::<OrderMovement>("checkSweep", path::TREASURY_SWEEPS_CHECK, TreasuryOperate, one::<MovementCheck>(),
        "Judges a sweep by every rule of its order, and tells what the lane has. Nothing is ordered.")
        .answers(&[200]),
    get("listSignatureRequests", path::SIGNATURE_REQUESTS, Some(WalletsRead), list::<SignatureRequest>(),
        "Lists what people are asked to sign with keys that this installation does not hold, newest first.")
        .filtered(SignatureQuery::PARAMETERS),
    get("getSignatureRequest", path::SIGNATURE_REQUEST, Some(WalletsRead), one::<SignatureRequest>(),
        "Reads one. Its bytes are told to whoever has them in hand."),
    post::<HandOutRequest>("handOutSignatureRequest", path::SIGNATURE_REQUEST_HAND_OUT, SignaturesHandOut,
        one::<SignatureRequest>(),
        "Takes the bytes in hand, to sign them. 202 while they are being made: ask again. 200 with the bytes, always the same ones \
         until the chain has shown that they were never used; they count as in flight from then on, whether a signature comes \
         back or not. The holder has them alone for ten minutes.")
        .answers(&[200, 202]),
    post::<SubmitSignature>("submitSignature", path::SIGNATURE_REQUEST_SUBMIT, SignaturesHandOut, one::<SignatureRequest>(),
        "Hands a signature in. It is compared with what was handed out, and with the key of the desk; then it is sent. Handed in \
         twice it is one. Whoever signed may have sent it himself: that is the same transaction.")
        .answers(&[200]),
    get("getEnergy", path::ENERGY, Some(WalletsRead), one::<Energy>(),
        "Tells how each lane on TRON stands with its energy: what is there and what its own is, the mode and what that allows, when          its energy runs out, what it waits for, and what it burned this hour.")
        .filtered(EnergyQuery::PARAMETERS),
    get("listEnergyPrices", path::ENERGY_PRICES, Some(WalletsRead), list::<EnergyPrice>(),
        "Lists what vendors of energy asked, five minutes at a time, newest first. They are asked when a lane needs energy or          somebody asks for a quote; 90 days are kept.")
        .filtered(EnergyPriceQuery::PARAMETERS),
    get("listEnergyOrders", path::ENERGY_ORDERS, Some(WalletsRead), list::<EnergyOrder>(),
        "Lists what was ordered for lanes, newest first.")
        .filtered(EnergyOrderQuery::PARAMETERS),
    command::<ResolveEnergyOrder>("resolveEnergyOrder", path::ENERGY_ORDER_RESOLVE, AttentionOperate,
        "Says what a vendor has kept for an order that account and chain do not explain, by the vendor's own statement. Refused \
         while the order may still be delivered. Two persons of the platform."),
    post::<RequestEnergy>("requestEnergy", path::ENERGY_REQUESTS, LanesOperate, one::<EnergyRequest>(),
        "Asks to have energy got ahead for withdrawals that no lane has taken yet. 201 when it was made, 200 when the same external id \
         with the same content had made it before. What it would take and cost is told by a quote. It orders nothing itself: its lane \
         asks for the energy as it does for its own payouts, within the same caps.")
        .answers(&[201, 200]),
    get("listEnergyRequests", path::ENERGY_REQUESTS, Some(WalletsRead), list::<EnergyRequest>(),
        "Lists requests for energy, newest first.")
        .filtered(EnergyRequestQuery::PARAMETERS),
    get("getEnergyRequest", path::ENERGY_REQUEST, Some(WalletsRead), one::<EnergyRequest>(), "Reads a request for energy."),
    post::<Because>("cancelEnergyRequest", path::ENERGY_REQUEST_CANCEL, LanesOperate, one::<EnergyRequest>(),
        "Calls a request for energy off. What was ordered for it already comes all the same.")
        .answers(&[200]),
    get("listEnergyAccounts", path::ENERGY_ACCOUNTS, Some(WalletsRead), list::<EnergyAccount>(),
        "Lists accounts at vendors of energy by our books, for the platform.")
        .filtered(Page::PARAMETERS),
    command::<BookTopUp>("bookEnergyTopUp", path::ENERGY_ACCOUNT_BOOK, AttentionOperate,
        "Books what was paid in at a vendor of energy after its account was opened, once for each reference. Two persons of the \
         platform."),
    get("getEnergyCredit", path::ENERGY_CREDIT, Some(WalletsRead), one::<EnergyCredit>(),
        "Tells what a partner has paid ahead or owes for energy of the platform's own stake, how it pays, what that costs now, and \
         where TRX is sent to top up.")
        .filtered(EnergyQuery::PARAMETERS),
    get("listEnergyCreditEntries", path::ENERGY_CREDIT_ENTRIES, Some(WalletsRead), list::<EnergyCreditEntry>(),
        "Lists what moved that: top-ups, the charge of each loan and what was given back, newest first.")
        .filtered(EnergyCreditQuery::PARAMETERS),
    get("listEnergyTopUps", path::ENERGY_TOPUPS, Some(WalletsRead), list::<EnergyTopUp>(),
        "Lists top-ups that came from accounts which nobody has shown to be its own and are nobody's yet, oldest first: the first 64. For \
         the platform.")
        .filtered(EnergyTopUpQuery::PARAMETERS),
    post::<AssignTopUp>("assignEnergyTopUp", path::ENERGY_TOPUP_ASSIGN, PartnersManage, one::<EnergyTopUp>(),
        "Says whose a top-up is that came from an account which nobody has shown to be its own: it is credited, once.")
        .answers(&[200]),
    post::<OrderStake>("orderStake", path::ENERGY_STAKES, TreasuryOperate, one::<Withdrawal>(),
        "Orders a stake of a lane's TRX, or the end of one. It is a withdrawal of the kind `stake` or `unstake` that this lane does; \
         the chain holds back what is given up for 14 days. The signer must allow the lane's key to do it. 201 when it was ordered, \
         200 when the same external id had ordered it before.")
        .answers(&[201, 200]),
    post::<OrderStake>("checkStake", path::ENERGY_STAKES_CHECK, TreasuryOperate, one::<StakeCheck>(),
        "Judges a stake by every rule of its order, and tells what the lane has and has staked. Nothing is ordered.")
        .answers(&[200]),
    get("getEnergyForecast", path::ENERGY_FORECAST, Some(WalletsRead), one::<EnergyForecast>(),
        "Tells what payouts are expected by hour and weekday, and the energy for them.")
        .filtered(EnergyQuery::PARAMETERS),
    get("getEnergyPlan", path::ENERGY_PLAN, Some(WalletsRead), one::<EnergyPlan>(),
        "Tells what should be staked for what is expected, whether staking or buying is cheaper now, and whether and in which steps          a stake should be given up. Nothing is done.")
        .filtered(EnergyQuery::PARAMETERS),
    post::<QuoteEnergy>("quoteEnergy", path::ENERGY_QUOTE, WalletsRead, one::<EnergyQuote>(),
        "Tells the energy that payouts or withdrawals take, what of it lanes have, and what the rest costs at each source beside          burning. Nothing is ordered and nothing is reserved.")
        .answers(&[200]),
    get("listLanes", path::LANES, Some(WalletsRead), list::<Lane>(), "Lists lanes and desks: whatever transfers leave by.").filtered(Page::PARAMETERS),
    get("getLane", path::LANE, Some(WalletsRead), one::<Lane>(), "Reads a lane."),
    command::<Because>("pauseLane", path::LANE_PAUSE, LanesOperate, "Signs and sends nothing new; follows what was sent."),
    command::<Because>("resumeLane", path::LANE_RESUME, LanesOperate, "Opens a paused or drained lane."),
    command::<Because>("drainLane", path::LANE_DRAIN, LanesOperate, "Finishes what has a slot and takes nothing new."),
    command::<SpeedUp>("speedUpLane", path::LANE_SPEED_UP, LanesOperate,
        "Offers more for the oldest unfinished transaction, in the same slot and within the caps."),
    command::<SetCap>("capLane", path::LANE_CAP, LanesOperate, "Sets the fee cap for a time."),
    command::<AdoptTransaction>("adoptTransaction", path::LANE_ADOPT, LanesOperate,
        "Explains a final transaction of the lane's wallet that no attempt of ours explains: what left is booked. Two \
         persons."),
    command::<Because>("unfreezeLane", path::LANE_UNFREEZE, LanesOperate,
        "Opens a frozen lane after every transaction is explained. Two persons."),
    get("listAttention", path::ATTENTION, Some(AttentionOperate), list::<Attention>(), "Lists what needs a person.")
        .filtered(Page::PARAMETERS),
    get("getAttention", path::ATTENTION_ITEM, Some(AttentionOperate), one::<Attention>(),
        "Reads what needs a person, by the withdrawal's id."),
    command::<Because>("redriveWithdrawal", path::ATTENTION_REDRIVE, AttentionOperate,
        "Tries it again. Every gate runs again. Two persons where one node operator's word is the proof of death."),
    command::<Resolve>("resolveWithdrawal", path::ATTENTION_RESOLVE, AttentionOperate,
        "Completes it with evidence that it was paid. It can never be paid again. Two persons."),
    command::<Because>("giveUpWithdrawal", path::ATTENTION_GIVE_UP, AttentionOperate,
        "Ends it unpaid. Refused while any signed transaction lacks its proof of death."),
    get("listCommands", path::COMMANDS, Some(CommandsRead), list::<Command>(),
        "Lists commands that take two persons, newest first. Giving the same command as another person does it.")
        .filtered(CommandQuery::PARAMETERS),
    get("getCommand", path::COMMAND, Some(CommandsRead), one::<Command>(), "Reads a command that takes two persons."),
    command::<Because>("withdrawCommand", path::COMMAND_WITHDRAW, CommandsRead,
        "Takes back a command that waits for its second person. Whoever may give it may take it back.")
        .answers(&[200]),
    get("listAlerts", path::ALERTS, Some(AlertsOperate), list::<Alert>(), "Lists alerts, the most urgent first.")
        .filtered(AlertQuery::PARAMETERS),
    post::<Because>("acknowledgeAlert", path::ALERT_ACKNOWLEDGE, AlertsOperate, one::<Alert>(),
        "Says that you look into it.")
        .answers(&[200]),
    get("listStops", path::STOPS, Some(StopSet), list::<Stop>(), "Lists stops, newest first.").filtered(Page::PARAMETERS),
    get("getStop", path::STOP, Some(StopSet), one::<Stop>(), "Reads a stop, with what has been confirmed since."),
    post::<CreateStop>("createStop", path::STOPS, StopSet, one::<Stop>(),
        "Stops payments. The answer lists what cannot be recalled and every process that has not confirmed."),
    command::<Because>("liftStop", path::STOP_LIFT, StopLift, "Lifts a stop. Two persons."),
    get("getRestored", path::RESTORED, Some(AttentionOperate), one::<Restored>(),
        "Tells what was found when the database was restored from a copy, or went back in time otherwise, and what is left \
         to do. A partner sees its own."),
    get("listPartners", path::PARTNERS, Some(PartnersManage), list::<Partner>(), "Lists partners.")
        .filtered(Page::PARAMETERS),
    get("getPartner", path::PARTNER, Some(PartnersManage), one::<Partner>(), "Reads a partner."),
    post::<CreatePartner>("createPartner", path::PARTNERS, PartnersManage, one::<Partner>(), "Creates a partner."),
    get("listKeys", path::KEYS, Some(KeysManage), list::<ApiKey>(), "Lists keys, without their secrets.")
        .filtered(Page::PARAMETERS),
    post::<CreateApiKey>("createKey", path::KEYS, KeysManage, one::<CreatedApiKey>(),
        "Creates a key. Its secret is shown in this answer and never again."),
    post::<RevokeApiKey>("revokeKey", path::KEY_REVOKE, KeysManage, one::<ApiKey>(),
        "Revokes a key, at once and for ever. Where keys that it made still work, the request says what becomes of them.")
        .answers(&[200]),
    get("getMe", path::ME, None, one::<Me>(), "Says who the caller is: key, partner, scopes, networks, and the time here.")
        .with_any_key(),
    get("getHealth", path::HEALTH, None, one::<Health>(), "Says that the process answers."),
    get("getReadiness", path::READY, None, one::<Readiness>(), "Says whether this process should be sent requests.")
        .answers(&[200, 503]),
];
