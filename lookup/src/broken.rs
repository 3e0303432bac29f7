//! An exchange with the API that was not finished: whose trouble it is.

use std::error::Error;
use std::io;

use http_body_util::LengthLimitError;

use crate::access::Api;
use crate::error::LookupError;

/// What an error of the client means; or, where it answered at more length than is read, that.
pub(crate) fn broken(
    api: &Api,
    error: &(dyn Error + 'static),
    limit: usize,
) -> Result<LookupError, String> {
    if causes(error).any(|cause| cause.is::<LengthLimitError>()) {
        return Err(format!("it is longer than {limit} bytes"));
    }
    let (server, credentials) = (api.server.clone(), api.credentials.clone());
    if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        let why = tls.to_string();
        return Ok(LookupError::Tls {
            server,
            credentials,
            why,
        });
    }
    let why = causes(error).last().map(ToString::to_string);
    Ok(LookupError::Unreachable {
        server,
        credentials,
        why: why.unwrap_or_default(),
    })
}

/// An error and what caused it, outermost first. An I/O error carries its cause where `source` does not lead.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let carried = error.downcast_ref().and_then(io::Error::get_ref);
        carried.map_or_else(|| error.source(), |inner| Some(inner))
    })
}
