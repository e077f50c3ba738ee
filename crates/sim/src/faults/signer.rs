//! The signer as a process sees it: with faults, and with a witness on what it signs.

use std::fmt::Debug;

use sluice_core::attempt::{Durable, Kind, Unsigned};
use sluice_core::intent::SigningRequest;
use sluice_core::port::around::signer::{Answer, Around};
use sluice_core::port::signer::{Signature, Signer, SignerError, SignerRefusal};

use super::Chaos;

// A lost answer and a lost question look the same to whoever asks a signer: its journal knows.
fn lost(why: String) -> SignerError {
    SignerError::Down(why)
}

/// Some voids are refused for good, as by a signer whose fee caps were lowered: the same attempt always, another one of
/// the slot most likely not. A refused void is drawn again, or its nonce holds up the lane for ever.
fn moody(request: &SigningRequest) -> Option<SignerRefusal> {
    let refused = request.kind == Kind::Void && request.digest[0].is_multiple_of(4);
    let detail = "this void, in this simulation".to_owned();
    refused.then(|| SignerRefusal { code: "cap_fee".into(), detail, permanent: true })
}

impl Around for Chaos {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(self.site.ask(call, make, lost, lost))
    }

    fn sign<'a>(
        &'a self,
        inner: &'a dyn Signer,
        requests: &'a [(SigningRequest, Durable<Unsigned>)],
    ) -> Answer<'a, Vec<Result<Signature, SignerRefusal>>> {
        let dead = self.witness.dead_among(requests);
        let make = move || -> Answer<'a, _> {
            let dead = dead.clone();
            Box::pin(async move {
                self.witness.asked(self.site.process, requests);
                let asked: Vec<_> =
                    requests.iter().filter(|(request, _)| moody(request).is_none()).cloned().collect();
                let mut signed = inner.sign(&asked).await?.into_iter();
                let answers: Vec<_> = requests
                    .iter()
                    .filter_map(|(request, _)| moody(request).map(Err).or_else(|| signed.next()))
                    .collect();
                self.witness.signed(self.site.process, requests, &answers, &dead);
                Ok(answers)
            })
        };
        self.around("signer.sign", make)
    }
}
