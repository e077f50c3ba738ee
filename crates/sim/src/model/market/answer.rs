//! What the vendors answer.

use sluice_core::amount::Cost;
use sluice_core::port::market::{
    Ask, Found, NoAnswer, Placed, ProviderId, Quote, QuoteRequest, Recovery, Rejection, Shown, VendorId,
};
use sluice_core::time::Timestamp;

use super::plan::{Lie, Placing, Wrong};
use super::{Sale, Stall, Vendor};

impl Stall {
    /// What it would cost now; taken for the price until then.
    ///
    /// # Errors
    /// [`NoAnswer`] of a vendor that is not there.
    pub fn quote(
        &self,
        vendor: &VendorId,
        request: &QuoteRequest,
        now_us: i64,
        valid_until: Timestamp,
    ) -> Result<Quote, NoAnswer> {
        let desks = self.desks();
        let Some(it) = desks.place_of(vendor).and_then(|place| desks.vendors.get(place)) else {
            return Err(NoAnswer::NoVendor { vendor: vendor.clone() });
        };
        let energy = request.energy.max(it.facts.energy_min);
        let duration_s = it.facts.durations.at_least(request.duration_s).unwrap_or(request.duration_s);
        let total_sun = Cost(it.price(energy, now_us).into());
        Ok(Quote { vendor: vendor.clone(), energy, duration_s, total_sun, valid_until })
    }

    /// Sells, and the place of what was sold; or does not. A vendor that knows our ids answers the order that is there.
    pub fn place(&self, ask: &Ask, now_us: i64) -> (Placed, Option<usize>) {
        let mut desks = self.desks();
        let no = |why| (Placed::Rejected(why), None);
        let Some(place) = desks.place_of(&ask.vendor) else { return no(Rejection::NotSent) };
        let known =
            |sale: &&Sale| sale.vendor == place && sale.ask.order == ask.order && sale.is_known(now_us);
        let again = desks.sales.iter().find(known).map(|sale| (sale.name.clone(), sale.charged_sun));
        let Some(vendor) = desks.vendors.get_mut(place) else { return no(Rejection::NotSent) };
        let accepted = |provider_id, charged_sun: u64, says: bool| Placed::Accepted {
            provider_id,
            charged_sun: says.then(|| Cost(charged_sun.into())),
        };
        let says = vendor.says_price;
        if vendor.facts.recovery == Recovery::Repeat
            && let Some((name, charged_sun)) = again
        {
            return (accepted(name, charged_sun, says), None);
        }
        let mishap = vendor.plan.get(vendor.heard).cloned().unwrap_or_default();
        vendor.heard += 1;
        let price = vendor.price(ask.energy, now_us);
        let (least, most) = (vendor.facts.energy_min, vendor.facts.energy_max);
        let over = |sun: u64| vendor.facts.caps_price && u128::from(sun) > ask.max_total_sun.0;
        let total_sun = match mishap.placing {
            Placing::Dearer(permille) => price.saturating_mul(1_000 + permille) / 1_000,
            Placing::Well | Placing::LostBefore | Placing::LostAfter | Placing::Refused(_) => price,
        };
        let over = over(total_sun);
        desks.meets(mishap.placing.as_str());
        match mishap.placing {
            Placing::Refused(why) => return no(why),
            Placing::LostBefore => return (Placed::Unknown("no reply".into()), None),
            Placing::Well | Placing::LostAfter | Placing::Dearer(_) => {}
        }
        if ask.energy < least {
            return no(Rejection::TooLittle);
        }
        if ask.energy > most {
            return no(Rejection::TooMuch);
        }
        if over {
            return no(Rejection::Price);
        }
        let Some(sold) = desks.sell(place, ask, total_sun, &mishap, now_us) else {
            return no(Rejection::NoFunds);
        };
        let placed = match (mishap.placing, desks.sales.get(sold)) {
            (Placing::LostAfter, _) | (_, None) => Placed::Unknown("no reply".into()),
            (_, Some(sale)) => accepted(sale.name.clone(), total_sun, says),
        };
        (placed, Some(sold))
    }

    /// How an order fares, in the vendor's words. It says that it delivered when its time has come, wherever that went.
    pub fn lookup(&self, ask: &Ask, name: &ProviderId, now_us: i64) -> Found {
        let mut desks = self.desks();
        let of = |sale: &&Sale| sale.name == *name && sale.ask.vendor == ask.vendor;
        let known = desks.sales.iter().find(of).map(|sale| sale.is_known(now_us));
        if known == Some(false) {
            desks.meets("forgotten");
        }
        let known = |sale: &&Sale| of(sale) && sale.is_known(now_us);
        let Some(sale) = desks.sales.iter().find(known) else { return Found::NotFound };
        let Some(vendor) = desks.vendors.get(sale.vendor) else { return Found::NotFound };
        if sale.mute {
            return Found::Unknown("an answer that is not listed".into());
        }
        let due = || sale.loans.iter().filter(|loan| loan.at_us <= now_us);
        let txids = due().filter_map(|loan| loan.lent.as_ref()).map(|tx| tx.hash);
        let shown = Shown {
            energy: due().map(|loan| loan.energy).sum(),
            txids: if vendor.names_txids { txids.collect() } else { vec![] },
            charged_sun: vendor.says_price.then(|| Cost(sale.charged_sun.into())),
        };
        match sale.refunds_at_us {
            Some(_) if sale.kept_sun() == 0 => Found::Refunded,
            Some(_) => Found::Failed(shown),
            None if shown.energy >= ask.energy => Found::Delivered(shown),
            None if shown.energy > 0 => Found::Partial(shown),
            None => Found::Pending(shown),
        }
    }

    /// What our account holds, it says.
    ///
    /// # Errors
    /// [`NoAnswer`] of a vendor that is not there.
    pub fn balance(&self, vendor: &VendorId, now_us: i64) -> Result<Cost, NoAnswer> {
        let mut desks = self.desks();
        let Some(it) = desks.place_of(vendor).and_then(|place| desks.vendors.get(place)) else {
            return Err(NoAnswer::NoVendor { vendor: vendor.clone() });
        };
        let (told_sun, held_sun) = (it.told_sun(now_us), it.held_sun());
        if told_sun != held_sun {
            desks.meets("lied_about_the_account");
        }
        Ok(Cost(told_sun.into()))
    }
}

impl Vendor {
    /// What it says that our account holds.
    fn told_sun(&self, now_us: i64) -> u64 {
        let lies = |lie: &&Lie| self.booked && (lie.from_us..lie.until_us).contains(&now_us);
        match self.lies.iter().find(lies).map(|lie| lie.how) {
            None => self.held_sun(),
            Some(Wrong::Behind(us)) => self.held_at(now_us - us),
            Some(Wrong::By(sun)) => self.held_sun().saturating_add_signed(sun),
        }
    }
}
