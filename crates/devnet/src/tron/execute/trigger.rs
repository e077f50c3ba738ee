//! TriggerSmartContract: calls the test dollar, the one contract this chain has.

use super::{
    super::{
        address::Address,
        state::{Param, Resource, State},
        tx::Tx,
        usdt::{self, Call, Write},
        view::View,
        wire::Fields,
    },
    Env, Invalid, Outcome, Receipt, Refusal, Short, burn, view,
};

/// The contract type's number.
pub(super) const KIND: i64 = 31;
const REVERTED: &str = "REVERT opcode executed";

/// What a call came to within its energy.
#[derive(Debug, Clone)]
pub(in crate::tron) struct Simulated {
    pub(in crate::tron) outcome: Outcome,
    /// With the penalty.
    pub(in crate::tron) energy: i64,
    pub(in crate::tron) penalty: i64,
    pub(in crate::tron) returned: Vec<u8>,
    pub(in crate::tron) message: String,
    pub(in crate::tron) logs: Vec<usdt::Log>,
    writes: Vec<Write>,
}

/// Calls the contract with so much energy, and changes nothing.
pub(in crate::tron) fn simulate(
    view: &View<'_>,
    caller: Address,
    fields: &Fields<'_>,
    energy_limit: i64,
) -> Result<Simulated, Invalid> {
    let mut globals = view.globals();
    let token = Address::from_wire(fields.bytes(2)).filter(|_| globals.tether.contract.is_some());
    let Some(token) = token.filter(|token| Some(*token) == globals.tether.contract) else {
        return Err("No contract or not a smart contract".into());
    };
    let value = fields.number(3);
    if value < 0 {
        return Err("callValue must be >= 0".into());
    }
    if fields.number(5) != 0 || fields.number(6) != 0 {
        return Err("tokenValue and tokenId must be 0: this chain has no TRC-10 tokens".into());
    }
    globals.tether.catch_up(globals.cycle, &globals.params);
    let factor = if globals.params.get(Param::AllowDynamicEnergy) == 1 { globals.tether.factor } else { 0 };
    let Call { returned, work, writes, logs } = usdt::call(view, token, caller, value, fields.bytes(4));
    let (base, energy) = (work.base(), work.with_penalty(factor));
    if energy > energy_limit {
        let penalty = super::super::state::scaled(energy_limit, energy.saturating_sub(base), energy);
        let message = format!(
            "Not enough energy for 'SSTORE' operation executing: curInvokeEnergyLimit[{energy_limit}], \
             curOpEnergy[{base}], penaltyEnergy[{}], usedEnergy[{energy_limit}]",
            energy.saturating_sub(base)
        );
        return Ok(Simulated {
            outcome: Outcome::OutOfEnergy,
            energy: energy_limit,
            penalty,
            returned: Vec::new(),
            message,
            logs: Vec::new(),
            writes: Vec::new(),
        });
    }
    let penalty = energy.saturating_sub(base);
    let (outcome, message, returned) = match returned {
        Ok(returned) => (Outcome::Success, String::new(), returned),
        Err(returned) => (Outcome::Revert, REVERTED.to_owned(), returned),
    };
    Ok(Simulated { outcome, energy, penalty, returned, message, logs, writes })
}

/// Calls the contract, books what it did, and takes what it cost.
pub(super) fn execute(
    state: &mut State,
    env: &Env,
    tx: &Tx,
    caller: Address,
    fields: &Fields<'_>,
    receipt: &mut Receipt,
) -> Result<(), Refusal> {
    let params = state.params();
    let most = params.get(Param::MaxFeeLimit);
    if tx.fee_limit_sun < 0 || tx.fee_limit_sun > most {
        return Err(Refusal::Validate(format!("feeLimit must be >= 0 and <= {most}")));
    }
    let view = view(state, env);
    let account = view.account(&caller).ok_or_else(|| Invalid("no caller".to_owned()))?;
    let call_value = fields.number(3);
    if call_value > account.balance_sun {
        return Err(Refusal::Validate(
            "Validate InternalTransfer error, balance is not sufficient.".to_owned(),
        ));
    }
    let price = params.get(Param::EnergyFee).max(1);
    let staked = view.left(account, Resource::Energy);
    let bought = account.balance_sun.saturating_sub(call_value.max(0)).max(0) / price;
    // The limit caps all energy, also what a stake gives.
    let limit = staked.saturating_add(bought).min(tx.fee_limit_sun / price);
    let done = simulate(&view, caller, fields, limit)?;

    receipt.called = Address::from_wire(fields.bytes(2));
    receipt.outcome = done.outcome;
    receipt.message = done.message;
    receipt.returned = done.returned;
    receipt.logs = done.logs;
    receipt.energy_usage_total = done.energy;
    receipt.energy_penalty_total = done.penalty;
    for write in done.writes {
        apply(state, write);
    }
    state.change_globals(|globals| {
        globals.tether.catch_up(globals.cycle, &params);
        // Without the penalty, and only what was not taken back.
        if done.outcome == Outcome::Success {
            let base = done.energy.saturating_sub(done.penalty);
            globals.tether.used = globals.tether.used.saturating_add(base);
        }
    });
    pay(state, env, caller, done.energy, staked, price, receipt)
}

/// Takes energy from the stake first, and burns TRX for the rest.
fn pay(
    state: &mut State,
    env: &Env,
    caller: Address,
    energy: i64,
    staked: i64,
    price: i64,
    receipt: &mut Receipt,
) -> Result<(), Refusal> {
    if energy <= 0 {
        return Ok(());
    }
    let used = energy.min(staked);
    let slot = env.head_slot;
    state.change(&caller, |account| account.energy.usage = account.energy.usage.with(used, slot));
    receipt.energy_usage = used;
    let fee = energy.saturating_sub(used).saturating_mul(price);
    if fee > 0 {
        let short = || Refusal::Other(format!("{} insufficient balance", caller.hex()));
        burn(state, caller, fee).map_err(|Short| short())?;
        receipt.energy_fee = fee;
        receipt.add_fee(fee);
    }
    Ok(())
}

/// Books one change of the token.
pub(in crate::tron) fn apply(state: &mut State, write: Write) {
    match write {
        Write::Units(holder, units) => state.balances.set(holder, Some(units).filter(|units| *units > 0)),
        Write::Allowance(owner, spender, value) => {
            state.allowances.set((owner, spender), Some(value).filter(|value| *value != [0; 32]));
        }
        Write::Blacklisted(holder, yes) => state.blacklist.set(holder, yes.then_some(())),
        Write::Paused(yes) => state.change_globals(|globals| globals.tether.paused = yes),
        Write::Supply(supply) => state.change_globals(|globals| globals.tether.supply = supply),
    }
}
