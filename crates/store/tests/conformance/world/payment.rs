//! The steps of a payment, from the queue to its proof.

use super::*;
use sluice_core::journal::Seen;
use sluice_core::receipt::Estimate;

impl World {
    /// `assign` and `plan`, as one change.
    pub fn planned(&self, withdrawal: Withdrawal) -> (Change, Transfer) {
        let id = TransferId::new(self.ulid());
        let approved = withdrawal.approved_payment().unwrap();
        let pays = vec![(withdrawal.id, approved)];
        let transfer =
            Transfer::plan(id, self.partner.id, self.wallet.id, self.asset.clone(), pays, self.now());
        let planned = transfer.after().clone();
        let assigned = withdrawal.assign(id, self.wallet.id, self.now()).unwrap();
        (Change { withdrawals: vec![assigned], transfers: vec![transfer], ..self.change() }, planned)
    }

    pub async fn plan(&self, withdrawal: Withdrawal) -> Transfer {
        let (change, planned) = self.planned(withdrawal);
        self.applied(change).await;
        planned
    }

    pub async fn fuelled(&self, planned: Transfer) -> Transfer {
        self.fuelled_as(planned, None).await
    }

    /// Fuelled, with what it was expected to cost.
    pub async fn fuelled_as(&self, planned: Transfer, estimate: Option<Estimate>) -> Transfer {
        let funded = planned.fund(block(90), self.now()).unwrap();
        let fuelled =
            funded.then(|it| it.fuel(65_000, Cost(2_000_000_000_000_000), estimate, self.now())).unwrap();
        let transfer = fuelled.after().clone();
        self.applied(Change { transfers: vec![fuelled], ..self.change() }).await;
        transfer
    }

    pub fn unsigned(&self, transfer: &Transfer, nonce: u64, kind: AttemptKind, serial: u32) -> Unsigned {
        Unsigned {
            id: AttemptId::new(self.ulid()),
            transfer: transfer.id,
            serial,
            kind,
            slot: Slot::EvmNonce {
                chain: self.wallet.chain,
                sender: self.wallet.address.evm().unwrap(),
                nonce,
            },
            terms: Terms::Evm(Fees {
                gas_limit: 65_000,
                max_fee_wei: 30_000_000_000,
                tip_wei: 30_000_000_000,
            }),
            bytes: vec![2, 0xf8, 1],
            digest: [9; 32],
            built_at: self.now(),
        }
    }

    pub async fn built(&self, fuelled: Transfer, nonce: u64) -> (Transfer, Unsigned) {
        let attempt = self.unsigned(&fuelled, nonce, AttemptKind::Pay, 0);
        let built = fuelled.build(attempt, self.now()).unwrap();
        let (transfer, attempt) = (built.transfer.after().clone(), built.attempt.clone());
        self.applied(Change {
            transfers: vec![built.transfer],
            attempts: vec![built.attempt],
            ..self.change()
        })
        .await;
        (transfer, attempt)
    }

    pub fn sign(&self, attempt: &Unsigned) -> Signed {
        let mut txid = [0; 32];
        txid[..16].copy_from_slice(&self.entropy.bits().to_be_bytes());
        Signed {
            unsigned: attempt.clone(),
            raw: vec![2, 0xf8, 1, 0xff],
            txid,
            journal_seq: 3,
            signed_at: self.now(),
        }
    }

    pub async fn signed(&self, built: Transfer, attempt: &Unsigned) -> (Transfer, Signed) {
        let asked = built.ask(self.now()).unwrap();
        let transfer = asked.after().clone();
        self.applied(Change { transfers: vec![asked], ..self.change() }).await;
        let signature = self.sign(attempt);
        let step = transfer.signed(&signature, 100, self.now()).unwrap();
        let transfer = step.after().clone();
        let change = Change {
            transfers: vec![step],
            signatures: vec![signature.clone()],
            journal_seq: Some(Seen { from: 0, to: signature.journal_seq }),
            ..self.change()
        };
        self.applied(change).await;
        (transfer, signature)
    }

    pub fn inclusion(&self, signed: &Signed, number: u64, effect: Effect) -> Inclusion {
        Inclusion {
            attempt: signed.unsigned.id,
            txid: signed.txid,
            block: block(number),
            effect,
            cost: Cost(1_500_000_000_000_000),
            returned: Amount::ZERO,
        }
    }

    pub async fn seen(&self, transfer: Transfer, signed: &Signed, number: u64, effect: Effect) -> Transfer {
        let seen = transfer.see(self.inclusion(signed, number, effect), self.now()).unwrap();
        let transfer = seen.after().clone();
        self.applied(Change { transfers: vec![seen], ..self.change() }).await;
        transfer
    }

    /// The end of a transfer by a final reading; not yet applied.
    pub fn settled(&self, transfer: Transfer, inclusion: Inclusion) -> (Change, Proof) {
        let reading = quorum(SlotReading::Ours(inclusion), block(500));
        let settled = transfer.settle(&reading, None, ProofId::new(self.ulid()), 2, self.now()).unwrap();
        let Settled::Ended { transfer, proof } = settled else { panic!("{settled:?}") };
        let proof = *proof;
        (Change { transfers: vec![*transfer], proofs: vec![proof.clone()], ..self.change() }, proof)
    }

    /// From accepted to signed with nonce `nonce`.
    pub async fn sent(&self, external_id: &str, nonce: u64) -> (WithdrawalId, Transfer, Signed) {
        let withdrawal = self.accepted(external_id).await;
        let id = withdrawal.id;
        let fuelled = self.fuelled(self.plan(withdrawal).await).await;
        let (built, attempt) = self.built(fuelled, nonce).await;
        let (transfer, signed) = self.signed(built, &attempt).await;
        (id, transfer, signed)
    }

    /// From accepted to paid.
    pub async fn paid(&self, external_id: &str, nonce: u64) -> (WithdrawalId, Proof) {
        let (id, transfer, signed) = self.sent(external_id, nonce).await;
        let effect = Effect::Paid { log_index: 1 };
        let seen = self.seen(transfer, &signed, 101, effect).await;
        let (mut change, proof) = self.settled(seen, self.inclusion(&signed, 101, effect));
        change.withdrawals = vec![self.withdrawal(id).await.pay(&proof, self.now()).unwrap()];
        self.applied(change).await;
        (id, proof)
    }
}
