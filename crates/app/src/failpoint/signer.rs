//! The signer, each call a failpoint.

use std::fmt::Debug;
use std::sync::Arc;

use sluice_core::port::around::signer::{Answer, Around, Wrapped};
use sluice_core::port::signer::Signer;

use super::{EachCall, Failpoint};

pub(super) fn wrap(inner: Arc<dyn Signer>, point: &Arc<Failpoint>) -> Arc<dyn Signer> {
    Arc::new(Wrapped { inner, by: EachCall(point.clone()) })
}

impl Around for EachCall {
    fn around<'a, T: Debug + Send + 'a>(
        &'a self,
        call: &'static str,
        make: impl Fn() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(self.0.around(call, vec![], make()))
    }
}
