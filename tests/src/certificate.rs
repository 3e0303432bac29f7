//! Certificates of an API server and of who asks it, by an authority of their own.

use std::sync::Arc;

use anyhow::Result;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair,
};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// A server's side of TLS, and what a client needs.
pub(crate) struct Certificates {
    /// Takes clients with a certificate of the authority's and clients without any, as API servers do.
    pub(crate) server: Arc<ServerConfig>,
    /// The authority's certificate, in PEM.
    pub(crate) authority: String,
    /// A client's certificate and key, in PEM.
    pub(crate) client: (String, String),
}

impl Certificates {
    /// A new authority's certificates, the server's for 127.0.0.1 and localhost.
    pub(crate) fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "a test's authority");
        let key = KeyPair::generate()?;
        let authority = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);

        let key = KeyPair::generate()?;
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let server = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        let server = server_side(&authority, &server, &key)?;

        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client = params.signed_by(&key, &issuer)?;
        Ok(Self {
            server: Arc::new(server),
            authority: authority.pem(),
            client: (client.pem(), key.serialize_pem()),
        })
    }
}

fn server_side(
    authority: &Certificate,
    server: &Certificate,
    key: &KeyPair,
) -> Result<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![server.der().clone()], key)?)
}
